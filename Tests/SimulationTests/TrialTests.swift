import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// Plans performed, held against what they promise, and made smaller where that does not hold.
@Suite(.turn(minutes: 10)) struct TrialTests {
    @Test func ofASoundHistoryThereIsNothingToSay() {
        let trial = Trial(NamedScenario.calm.plan(seed: 1, duration: .seconds(30)))
        #expect(trial.isSound && trial.complaints.isEmpty && trial.breaches.isEmpty && trial.outcome.sent.isEmpty)
    }

    #if DEBUG
        @Test func whatFailsIsMadeSmallAndToldAndIsTheSameAgain() {
            var whole = NamedScenario.flappingNetwork.plan(seed: 3, duration: .seconds(60))
            (whole.partitions, whole.members, whole.records) = (3, 3, 20)
            PlantedMistake.$planted.withValue(.assignsTwice) {
                let trial = Trial(whole)
                let rule = Objection.Rule.oneOwner.rawValue
                #expect(trial.breaches.contains(rule), "\(trial.complaints)")
                let small = trial.shrunk(tries: 10)
                #expect(small.faults.count < whole.faults.count)
                #expect(PlanExtract(of: small, from: whole).applied(to: whole) == small)
                let again = Trial(small, records: true)
                #expect(!again.breaches.isDisjoint(with: trial.breaches) && !again.outcome.sent.isEmpty)
                let lines = again.timeline("flapping-network").lines
                #expect(lines.contains { $0.hasSuffix("(broken)  does not hold: \(rule)") }, "\(lines)")
                #expect(lines == Trial(small).timeline("flapping-network").lines)
            }
        }
    #endif
}
