import TestSupport
import Testing

@testable import KafkaSimulation

/// The plans that have names, as values.
@Suite(.turn) struct NamedScenarioTests {
    @Test(arguments: NamedScenario.allCases) func aPlanFollowsFromItsSeed(scenario: NamedScenario) {
        #expect(scenario.plan(seed: 7) == scenario.plan(seed: 7))
        #expect(scenario.plan(seed: 7) != scenario.plan(seed: 8))
    }

    @Test(arguments: NamedScenario.allCases) func aPlanKeepsToItsTimeAndItsParties(scenario: NamedScenario) {
        for seed in 0..<100 as Range<UInt64> {
            for duration in [nil, Duration.seconds(60), .seconds(1800)] {
                let plan = scenario.plan(seed: seed, duration: duration)
                #expect(plan.seed == seed)
                #expect(plan.duration == duration ?? .seconds(300))
                #expect(plan.records >= 1)
                #expect(plan.faults.map(\.time) == plan.faults.map(\.time).sorted())
                #expect(plan.faults.allSatisfy { $0.time >= .zero && $0.time < plan.duration })
                let known = plan.clientNames + plan.nodeNames + ["kafka"]
                for fault in plan.faults.map(\.fault) {
                    let named = "\(fault)".split(whereSeparator: { " ,".contains($0) }).map(String.init)
                    let parties = named.filter { word in
                        ["node-", "member-", "producer-", "transactor-", "copier-"].contains(where: word.hasPrefix)
                    }
                    #expect(parties.allSatisfy(known.contains), "\(scenario), seed \(seed): \(fault)")
                }
            }
        }
    }

    @Test(arguments: NamedScenario.allCases) func longerIsMore(scenario: NamedScenario) {
        func faults(_ duration: Duration) -> Int {
            (0..<20).reduce(0) { $0 + scenario.plan(seed: $1, duration: duration).faults.count }
        }
        #expect(scenario == .calm ? faults(.seconds(3000)) == 0 : faults(.seconds(3000)) > 5 * faults(.seconds(300)))
        #expect(scenario == .calm || faults(.seconds(300)) > 0)
    }

    @Test func eachHasASentence() {
        let sentences = NamedScenario.allCases.map(\.sentence)
        #expect(Set(sentences).count == sentences.count)
        #expect(sentences.allSatisfy { $0.hasSuffix(".") && $0.count <= 110 })
    }
}
