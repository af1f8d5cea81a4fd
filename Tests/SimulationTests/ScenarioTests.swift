import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// Plans as values, and the real client with the real broker under them.
@Suite(.turn(minutes: 10)) struct ScenarioTests {
    /// A plan that fails because of one thing is shrunk to little more than that.
    @Test func aPlanIsShrunkToWhatMatters() {
        for seed in 0..<20 as Range<UInt64> {
            var plan = ScenarioPlan.drawn(seed: seed)
            plan.faults.append(.init(.seconds(280), .moveCoordinator(to: 1)))
            let smallest = plan.shrunk { $0.faults.contains { $0.fault == .moveCoordinator(to: 1) } }
            #expect(smallest.faults.count == 1)
            #expect((smallest.producers, smallest.members, smallest.partitions, smallest.records) == (1, 1, 1, 1))
        }
    }

    // MARK: - Performed

    @Test func withoutFaultsAllIsWell() throws {
        var plan = ScenarioPlan(seed: 1)
        plan.duration = .seconds(60)
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.history.objections().isEmpty, "\(outcome.history.objections())")
        let acknowledged = outcome.history.events.count { if case .acknowledged = $0.what { true } else { false } }
        #expect(acknowledged == 2 * plan.records)
    }

    /// Some of each kind in a history of their own, all nine together one of each.
    @Test(arguments: 0..<9) func everyKindOfFaultIsPerformedAndUndone(part: Int) throws {
        var plan = ScenarioPlan(seed: UInt64(part))
        plan.duration = .seconds(90)
        plan.records = 40
        for (place, row) in PlanTests.each.enumerated() where place % 9 == part {
            plan.faults.append(.init(.seconds(5 + 12 * plan.faults.count), row.fault))
        }
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(plan.faults): \(outcome.objections)")
        let faults = outcome.history.events.compactMap { event in
            if case .fault(let text) = event.what { text } else { nil }
        }
        #expect(faults == plan.faults.map { "\($0.fault)" } + ["all is mended"])
    }

    /// In debug, on a busy machine, few of them in full; `make simulate` has more.
    @Test(arguments: 0..<10 as Range<UInt64>) func aSeedGivesOneRun(seed: UInt64) throws {
        let plan = ScenarioPlan.drawn(seed: seed)
        let first = try ScenarioRun.perform(plan)
        let second = try ScenarioRun.perform(plan)
        #expect(first.digest == second.digest, "seed \(seed)")
        #expect(first.history == second.history, "seed \(seed)")
        #expect(first.objections.isEmpty, "seed \(seed): \(first.objections)")
    }
}
