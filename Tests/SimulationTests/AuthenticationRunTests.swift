import KafkaWire
import TestSupport
import Testing

@testable import KafkaSimulation

/// Histories in which clients say who they are, and sessions end.
@Suite(.turn(minutes: 10)) struct AuthenticationRunTests {
    typealias Settings = ScenarioPlan.AuthenticationSettings

    private static func plan(_ mechanism: Settings.Mechanism, _ lifetime: Duration?, seed: UInt64 = 5) -> ScenarioPlan {
        var plan = ScenarioPlan(seed: seed)
        plan.duration = .seconds(60)
        (plan.nodes, plan.partitions, plan.producers, plan.members) = (2, 3, 1, 2)
        (plan.transactors, plan.copiers, plan.records) = (1, 1, 100)
        plan.authentication = .init(mechanism, sessionLifetime: lifetime)
        return plan
    }

    /// How often each connection's client has named its mechanism.
    private static func handshakes(_ sent: [SentBytes]) -> [Int] {
        var streams: [Int: [UInt8]] = [:]
        for part in sent where part.isFromClient { streams[part.connection, default: []] += part.bytes }
        return streams.keys.sorted().map { connection in
            var rest = (streams[connection] ?? [])[...]
            var count = 0
            while rest.count >= 8 {
                let head = Array(rest.prefix(6))
                let size = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
                if Int16(head[4]) << 8 | Int16(head[5]) == APIKey.saslHandshake.rawValue { count += 1 }
                rest = rest.dropFirst(4 + size)
            }
            return count
        }
    }

    @Test(arguments: Settings.Mechanism.allCases) func sessionsAreRenewedAndNothingIsLost(mechanism: Settings.Mechanism)
        throws
    {
        let trial = Trial(Self.plan(mechanism, .seconds(4)), records: true)
        #expect(trial.isSound, "\(trial.complaints)")
        let counts = Self.handshakes(trial.outcome.sent)
        #expect(!counts.isEmpty && counts.allSatisfy { $0 >= 1 }, "\(counts)")
        #expect(counts.reduce(0, +) > 3 * counts.count, "\(counts)")
    }

    @Test func sessionsThatNeverEndAreNotRenewed() throws {
        let trial = Trial(Self.plan(.plain, nil), records: true)
        #expect(trial.isSound, "\(trial.complaints)")
        #expect(Self.handshakes(trial.outcome.sent).allSatisfy { $0 == 1 })
    }

    @Test func nobodySaysWhoTheyAreUnasked() throws {
        var plan = Self.plan(.plain, nil)
        plan.authentication = nil
        let trial = Trial(plan, records: true)
        #expect(trial.isSound, "\(trial.complaints)")
        #expect(Self.handshakes(trial.outcome.sent).allSatisfy { $0 == 0 })
    }

    @Test(arguments: Settings.Mechanism.allCases) func aSeedGivesOneRun(mechanism: Settings.Mechanism) throws {
        let plan = Self.plan(mechanism, .seconds(3), seed: 11)
        let one = try ScenarioRun.perform(plan)
        let other = try ScenarioRun.perform(plan)
        #expect(one.digest == other.digest && one.history == other.history)
    }

    @Test func badLinksAreWithstood() throws {
        for seed in 0..<3 as Range<UInt64> {
            let trial = Trial(NamedScenario.expiringSessions.plan(seed: seed, duration: .seconds(120)))
            #expect(trial.isSound, "seed \(seed): \(trial.complaints)")
        }
    }

    // MARK: - Plans

    @Test func oneInFourPlansHasIt() {
        let plans = (0..<400 as Range<UInt64>).map { ScenarioPlan.drawn(seed: $0) }
        let asked = plans.compactMap(\.authentication)
        #expect((70...130).contains(asked.count), "\(asked.count)")
        #expect(Set(asked.map(\.mechanism)) == Set(Settings.Mechanism.allCases))
        let lifetimes = asked.compactMap(\.sessionLifetime)
        #expect(lifetimes.count < asked.count && lifetimes.count > asked.count / 2)
        #expect(lifetimes.allSatisfy { (.seconds(2) ... .seconds(60)).contains($0) })
    }

    @Test func itIsTakenAwayAndTold() {
        let plan = Self.plan(.scramSHA256, .seconds(5))
        #expect("\(plan.authentication.map { "\($0)" } ?? "")" == "SCRAM-SHA-256 with sessions of 5 s")
        var less = plan
        less.authentication?.sessionLifetime = nil
        var none = plan
        none.authentication = nil
        #expect(plan.smaller.contains(less) && plan.smaller.contains(none))
        for (part, word) in [(less, "sessions"), (none, "authentication")] {
            let extract = PlanExtract(of: part, from: plan)
            #expect(extract.options.map { "\($0.name) \($0.value)" } == ["usual \(word)"])
            #expect(extract.applied(to: plan) == part)
            #expect(PlanExtract.Setting(word)?.description == word)
        }
        let line = Trial(plan).timeline().lines.first ?? ""
        #expect(line.contains("SCRAM-SHA-256 with sessions of 5 s"), "\(line)")
    }
}
