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
                let known = plan.producerNames + plan.memberNames + plan.nodeNames + ["kafka"]
                for fault in plan.faults.map(\.fault) {
                    let named = "\(fault)".split(whereSeparator: { " ,".contains($0) }).map(String.init)
                    let parties = named.filter { word in
                        ["node-", "member-", "producer-"].contains(where: word.hasPrefix)
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

    @Test(
        arguments: [
            (
                .partition("member-1", "node-2", isOneWay: false, for: .seconds(10)),
                "nothing passes between member-1 and node-2 for 10 s"
            ),
            (
                .partition("member-1", "node-2", isOneWay: true, for: .milliseconds(1500)),
                "nothing passes from member-1 to node-2 for 1.5 s"
            ),
            (.cut("member-1", "node-2", .silent), "connections of member-1 with node-2 are lost, and nobody is told"),
            (
                .cutLater("member-1", "node-2", bytes: 17, .reset),
                "connections of member-1 with node-2 are reset, after 17 bytes more"
            ),
            (
                .slowLink("member-1", "node-2", .milliseconds(20), for: .seconds(3)),
                "what member-1 and node-2 say takes 0.02 s to arrive, for 3 s"
            ),
            (
                .pieces("member-1", "node-2", 1, for: .seconds(3)),
                "what member-1 and node-2 say arrives in pieces of 1 byte, for 3 s"
            ),
            (.stopNode(2, for: .seconds(3)), "node-2 stops for 3 s"),
            (.wrongClock("kafka", by: .seconds(-3)), "the clock of kafka is 3 s slow"),
        ] as [(ScenarioPlan.Fault, String)])
    func aFaultIsTold(fault: ScenarioPlan.Fault, text: String) { #expect("\(fault)" == text) }
}
