import TestSupport
import Testing

@testable import KafkaSimulation

/// What is left of a plan, as options.
@Suite(.turn) struct PlanExtractTests {
    @Test func nothingIsSaidOfAWholePlan() {
        let plan = ScenarioPlan.drawn(seed: 3)
        #expect(PlanExtract(of: plan, from: plan).options.isEmpty)
        #expect(PlanExtract().applied(to: plan) == plan)
    }

    /// Whatever shrinking takes away can be told.
    @Test(arguments: NamedScenario.allCases) func everyStepOfShrinkingCanBeTold(scenario: NamedScenario) {
        for seed in 0..<6 as Range<UInt64> {
            let plan = scenario.plan(seed: seed)
            var part = plan
            for step in 0..<40 {
                let smaller = part.smaller
                guard !smaller.isEmpty else { break }
                for one in smaller {
                    let extract = PlanExtract(of: one, from: plan)
                    #expect(extract.applied(to: plan) == one, "\(scenario), seed \(seed): \(extract.options)")
                }
                part = smaller[(step &* 7 &+ Int(seed)) % smaller.count]
            }
        }
    }

    @Test func theOptionsAreShort() {
        var plan = ScenarioPlan(seed: 1)
        plan.faults = (0..<9).map { .init(.seconds($0), .moveCoordinator(to: $0)) }
        var part = plan
        part.faults = [0, 2, 3, 4, 8].map { plan.faults[$0] }
        part.records = 1
        part.duration = .milliseconds(61_500)
        let options = PlanExtract(of: part, from: plan).options.map { "\($0.name) \($0.value)" }
        #expect(options == ["faults 1,3-5,9", "records 1", "until 61.5s"])
        plan.cluster.speaks = "2.8"
        plan.producerSettings = [.init(), .init()]
        plan.producerSettings[1].keys = 1
        (part.faults, part.producerSettings) = ([], [.init(), .init()])
        var other = part
        (other.transactors, other.copiers, other.groupProtocol) = (1, 2, .consumer)
        other.transactions.hold = .seconds(1)
        #expect(
            PlanExtract(of: part, from: other).options.map { "\($0.name) \($0.value)" } == [
                "transactors 0", "copiers 0", "usual transactions,protocol",
            ])
        #expect(
            PlanExtract(of: part, from: plan).options.map { "\($0.name) \($0.value)" } == [
                "faults none", "records 1", "until 61.5s", "usual producer-2,cluster",
            ])
    }
}
