import TestSupport
import Testing

@testable import KafkaSimulation

/// Which plans have transactions, and what goes together with them and with the groups' protocols.
@Suite(.turn) struct PlannedTransactionsTests {
    private static let plans = (0..<600 as Range<UInt64>).map { ScenarioPlan.drawn(seed: $0, faults: 20) }

    @Test func someAreDrawnOfEachKind() {
        #expect(Set(Self.plans.map(\.groupProtocol)) == Set(ScenarioPlan.GroupProtocol.allCases))
        #expect(Set(Self.plans.map(\.transactors)) == [0, 1, 2] && Set(Self.plans.map(\.copiers)) == [0, 1, 2])
        let transactions = Self.plans.filter(\.hasTransactions)
        #expect((Self.plans.count / 10...Self.plans.count / 4).contains(transactions.count), "\(transactions.count)")
        #expect(Set(transactions.map(\.transactions.sharesIdentity)) == [true, false])
        #expect(Set(transactions.map(\.transactions.copiesCommitted)) == [true, false])
        #expect(Set(transactions.map { $0.transactions.abortsOneIn == nil }) == [true, false])
    }

    /// A release that does not know the groups' protocol, or of which member the positions in a transaction are, would refuse
    /// all; the ends of transactions are lost with what a leader had alone.
    @Test func whatDoesNotGoTogetherIsNotDrawnTogether() {
        for plan in Self.plans {
            var releases = plan.cluster.speaks.map { [$0] } ?? []
            for occurrence in plan.faults {
                if case .speak(let release, _) = occurrence.fault { releases.append(release) }
            }
            if plan.groupProtocol == .consumer || plan.groupProtocol == .changing {
                #expect(releases.allSatisfy { $0.hasPrefix("4.") }, "seed \(plan.seed)")
            }
            guard plan.hasTransactions else { continue }
            #expect(!releases.contains("2.4"), "seed \(plan.seed)")
            for occurrence in plan.faults {
                switch occurrence.fault {
                case .lagReplicas, .electUncleanly: Issue.record("seed \(plan.seed): \(occurrence.fault)")
                default: break
                }
            }
        }
    }

    @Test func theEndsOfTransactionsMayBeLost() {
        var plan = ScenarioPlan(seed: 1)
        plan.faults = [.init(.seconds(1), .lagReplicas(partition: 0, for: .seconds(5)))]
        #expect(plan.promises.isDrained)
        plan.transactors = 1
        #expect(!plan.promises.isDrained)
        (plan.transactors, plan.copiers, plan.faults) = (0, 1, [])
        #expect(plan.promises.isDrained && plan.promises.isCalm)
        plan.faults = [.init(.seconds(1), .slowClient("copier-1", .seconds(1), for: .seconds(5)))]
        #expect(!plan.promises.isCalm)
    }

    @Test func transactorsMayShareAnIdentity() {
        var plan = ScenarioPlan(seed: 1)
        (plan.transactors, plan.copiers) = (2, 1)
        #expect(Set(plan.transactingNames.map(plan.transactionalId)).count == 3)
        plan.transactions.sharesIdentity = true
        #expect(plan.transactionalId(of: "transactor-1") == plan.transactionalId(of: "transactor-2"))
        #expect(plan.transactionalId(of: "copier-1") == "copier-1")
    }
}
