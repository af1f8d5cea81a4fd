import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// How long something is on its way, whatever a plan says.
@Suite(.turn) struct LatencyTests {
    @Test(
        arguments: [
            (.seconds(2), .seconds(1)...Duration.seconds(3)), (.zero, .zero ... .zero),
            // Its end was before its beginning, which ended the process.
            (.seconds(-2), .zero ... .zero), (.seconds(Int64.min), .zero ... .zero),
        ] as [(Duration, ClosedRange<Duration>)])
    func aboutIsHalfAsMuchMoreOrLess(time: Duration, range: ClosedRange<Duration>) {
        #expect(Latency.about(time) == .uniform(range))
    }

    /// Nothing arrives before it was sent, and what takes longer than time lasts arrives at its end.
    @Test(
        arguments: [
            .constant(.seconds(-5)), .constant(.seconds(Int64.max) * 2), .uniform(.seconds(-9) ... .seconds(-1)),
            .about(.seconds(Int64.max)),
            .tailed(usual: .seconds(-1), rare: .seconds(Int64.min), oneIn: 2),
            .tailed(usual: .seconds(Int64.max), rare: .seconds(Int64.max) * 10, oneIn: 2),
            .tailed(usual: .seconds(1), rare: .seconds(2), oneIn: -1),
        ] as [Latency])
    func drawsStayWithinTime(latency: Latency) {
        var random = RandomSource(seed: 7)
        let now = SimulationState.start
        var sum = Duration.zero
        for _ in 0..<1000 {
            let time = latency.draw(&random)
            #expect(time >= .zero)
            #expect(now + time >= now)
            // As a disk is charged with one after the other.
            sum += time
        }
        #expect(now + sum >= now)
    }

    @Test func aPlanMayHaveLessThanNoTime() throws {
        var plan = ScenarioPlan(seed: 1)
        (plan.duration, plan.records) = (.seconds(30), 20)
        plan.faults = [
            .init(.seconds(-1), .slowLink("producer-1", "kafka", .seconds(-2), for: .seconds(10))),
            .init(.seconds(5), .slowLink("member-1", "kafka", .milliseconds(20), for: .seconds(-10))),
        ]
        let outcome = try ScenarioRun.perform(plan)
        #expect(outcome.objections.isEmpty, "\(outcome.objections)")
    }
}
