import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// Transactors, copiers and the groups' protocols, with the real client and the real broker.
@Suite(.turn(minutes: 10)) struct TransactionRunTests {
    private static func plan(_ seed: UInt64) -> ScenarioPlan {
        var plan = ScenarioPlan(seed: seed)
        plan.duration = .seconds(60)
        (plan.partitions, plan.producers, plan.members, plan.records) = (3, 1, 2, 60)
        var strict = ScenarioPlan.MemberSettings()
        strict.readsCommitted = true
        plan.memberSettings = [strict, strict]
        return plan
    }

    private static func endings(_ history: History, of name: String) -> [History.Ending] {
        history.events.compactMap { event in
            if event.who == name, case .transacted(.ended(_, let ending)) = event.what { ending } else { nil }
        }
    }

    @Test func withoutFaultsWhatIsCommittedIsSeenAndCopied() throws {
        var plan = Self.plan(1)
        (plan.transactors, plan.copiers) = (1, 1)
        plan.transactions.abortsOneIn = 3
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
        for name in plan.transactingNames {
            let endings = Self.endings(outcome.history, of: name)
            #expect(Set(endings) == [.committed, .aborted], "\(name): \(endings)")
        }
        let copied = outcome.history.logs.filter { $0.key.topic == "copies" }.values.reduce(0) { $0 + $1.count }
        #expect(copied > plan.records)
        // What was aborted and is in the logs no member has read.
        let read = outcome.history.events.count { event in
            guard event.who.hasPrefix("member-"), case .received(let partition, _, _) = event.what else { return false }
            return partition.topic == "copies"
        }
        #expect(read <= copied)
    }

    /// Each time it is the next epoch, and what was open is not seen.
    @Test func whoIsKilledIsShutOutByItsNextLife() throws {
        var plan = Self.plan(2)
        plan.transactors = 1
        plan.faults = [15, 25, 35, 45].map { .init(.seconds($0), .killClient("transactor-1", restartAfter: .zero)) }
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
        let epochs = outcome.history.events.compactMap { event in
            if case .transacted(.owned("transactor-1", _, let epoch)) = event.what { epoch } else { nil }
        }
        #expect(epochs.count == 5 && epochs == Array(Set(epochs)).sorted(), "\(epochs)")
    }

    @Test func whoSharesAnIdentityIsShutOutAlive() throws {
        var plan = Self.plan(3)
        plan.transactors = 2
        plan.duration = .seconds(120)
        plan.transactions.sharesIdentity = true
        plan.transactions.hold = .seconds(2)
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
        let owners = Set(
            outcome.history.events.compactMap { event in
                if case .transacted(.owned("transactors", _, _)) = event.what { event.who } else { nil }
            })
        #expect(owners == ["transactor-1", "transactor-2"])
    }

    /// The coordinator aborts what takes too long, and the producer goes on, or is made anew.
    @Test func whoIsSlowerThanItsTransactionMayBeIsAborted() throws {
        var plan = Self.plan(4)
        plan.transactors = 1
        plan.transactions.timeout = .seconds(5)
        plan.faults = [.init(.seconds(10), .slowClient("transactor-1", .seconds(12), for: .seconds(25)))]
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
        let endings = Self.endings(outcome.history, of: "transactor-1")
        #expect(endings.contains(.committed) && endings.contains { $0 != .committed }, "\(endings)")
    }

    @Test(arguments: ScenarioPlan.GroupProtocol.allCases) func aGroupGoesByItsProtocol(
        groups: ScenarioPlan.GroupProtocol
    ) throws {
        var plan = Self.plan(5)
        (plan.members, plan.copiers, plan.groupProtocol) = (3, 2, groups)
        plan.faults = (1...3).map { number in
            .init(.seconds(12 * number), .closeMember(number, restartAfter: .seconds(2)))
        }
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
        let joins = outcome.history.events.count { if case .joined = $0.what { true } else { false } }
        #expect(groups == .eager ? joins == 0 : joins > 0)
    }

    @Test(arguments: [NamedScenario.exactlyOnce, .protocolChange], 0..<3 as Range<UInt64>)
    func aNamedOneIsSoundAndGivesOneRun(scenario: NamedScenario, seed: UInt64) throws {
        let plan = scenario.plan(seed: seed, duration: .seconds(120))
        let first = try ScenarioRun.perform(plan)
        #expect(first.objections.isEmpty, "\(scenario), seed \(seed): \(first.objections)")
        #expect(try ScenarioRun.perform(plan).digest == first.digest)
    }

    // MARK: - Where a log ends

    private static func batch(
        _ offset: Int64, of producer: Int64, _ marks: UInt16, ending: ControlBatch.End? = nil
    ) throws -> RecordBatch {
        let bytes: [UInt8]
        if let ending {
            bytes = try ControlBatch.marker(
                ending, producerId: ProducerID(producer), producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0,
                baseOffset: Offset(offset))
        } else {
            var builder = RecordBatchBuilder(capacity: 64)
            [UInt8]("x".utf8).withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 0) }
            var options = RecordBatchBuilder.Options()
            options.marks = RecordBatch.Attributes(rawValue: marks)
            (options.producerId, options.producerEpoch) = (ProducerID(producer), 0)
            options.baseOffset = Offset(offset)
            bytes = try builder.finish(options)
        }
        return try #require(try RecordBatch(Bytes(bytes)))
    }

    @Test func whatIsToBeReadEndsInFrontOfTheEndsOfTransactions() throws {
        var end = LogEnd()
        func add(_ offset: Int64, _ producer: Int64, _ marks: UInt16 = 0, _ ending: ControlBatch.End? = nil) throws {
            end.add(try Self.batch(offset, of: producer, marks, ending: ending))
        }
        #expect(end.lastRecord == nil && end.lastCommitted == nil && !end.isOpen)
        try add(0, -1)
        #expect((end.lastRecord, end.lastCommitted, end.next) == (0, 0, 1))
        try add(1, 7, 1 << 4)
        #expect((end.lastRecord, end.lastCommitted) == (1, 0))
        #expect(end.isOpen)
        try add(2, 8, 1 << 4)
        try add(3, 7, 0, .commit)
        #expect((end.lastRecord, end.lastCommitted) == (2, 1))
        #expect(end.isOpen)
        try add(4, 8, 0, .abort)
        #expect((end.lastRecord, end.lastCommitted, end.next) == (2, 1, 5))
        #expect(!end.isOpen)
        // An end of nothing.
        try add(5, 9, 0, .commit)
        #expect((end.lastRecord, end.lastCommitted, end.next) == (2, 1, 6))
    }
}
