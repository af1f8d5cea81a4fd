import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// Histories in which requests arrive long after their senders have given them up.
@Suite(.turn(minutes: 10)) struct LateRequestTests {
    /// Batches whose time was up left their numbers empty: late requests filled the gaps, and what had gone again under other
    /// numbers was there twice, or out of order.
    @Test(arguments: 0..<12 as Range<UInt64>) func whatIsGivenUpLeavesNoGap(seed: UInt64) throws {
        var plan = ScenarioPlan(seed: seed)
        plan.duration = .seconds(120)
        plan.partitions = 2
        plan.members = 1
        plan.records = 600
        var settings = ScenarioPlan.ProducerSettings()
        settings.requestTimeout = .milliseconds(1500 + 500 * Int64(seed % 4))
        settings.deliveryTimeout = .milliseconds(4000 + 700 * Int64(seed % 5))
        settings.linger = .zero
        settings.batchSize = 200
        plan.producerSettings = [settings, settings]
        for round in 0..<8 as Range<Int64> {
            let time = Duration.seconds(6 + 13 * round)
            let length = Duration.milliseconds(3000 + 900 * ((round + Int64(seed)) % 6))
            let who = "producer-\(round % 2 + 1)"
            plan.faults.append(
                .init(
                    time,
                    round % 3 == 0
                        ? .slowLink(who, "kafka", length, for: length + .seconds(2))
                        : .partition(who, "kafka", isOneWay: round % 3 == 1, for: length)))
        }
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "seed \(seed): \(outcome.objections)")
        let unknown = outcome.history.events.count { if case .refused = $0.what { true } else { false } }
        #expect(unknown > 0, "seed \(seed): nothing was given up")
    }

    /// Two who close a member each started it again, the second beside the first: sockets that it had open were held against it.
    @Test func whoIsClosedTwiceIsStartedOnce() throws {
        for apart in [0, 500, 4000] as [Int64] {
            var plan = ScenarioPlan(seed: 5)
            plan.duration = .seconds(60)
            plan.records = 60
            let restart = Duration.milliseconds(apart / 4)
            for fault in [
                ScenarioPlan.Fault.closeMember(1, restartAfter: restart), .closeProducer(1, restartAfter: restart),
            ] {
                plan.faults.append(.init(.seconds(20), fault))
                plan.faults.append(.init(.seconds(20) + .milliseconds(apart), fault))
            }
            let outcome = try ScenarioRun.perform(plan)
            #expect(outcome.objections.isEmpty, "\(apart): \(outcome.objections)")
        }
    }
}
