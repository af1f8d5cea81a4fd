import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct BackoffTests {
    @Test func pausesDoubleUpToTheLimitAndBeginAnew() {
        var backoff = Backoff(initial: .milliseconds(100), limit: .seconds(1), seed: 1)
        #expect(
            (0..<6).map { _ in backoff.next(shake: 1) } == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        for _ in 0..<100 { #expect(backoff.next(shake: 1) == .seconds(1)) }
        backoff.reset()
        #expect(backoff.next(shake: 0.8) == .milliseconds(80))
    }

    /// `retry.backoff.ms` may be as long as 64 bits: doubled a few times it was more than a duration holds.
    @Test func theLongestPauseDoesNotTrapWhenDoubled() {
        let longest = Duration.milliseconds(Int64.max)
        var backoff = Backoff(initial: longest, limit: longest, seed: 1)
        // A duration times a number with a point is rounded.
        for _ in 0..<30 { #expect(backoff.next(shake: 1) / longest > 0.999) }
        var growing = Backoff(initial: .milliseconds(1 << 50), limit: longest, seed: 1)
        for _ in 0..<30 { _ = growing.next(shake: 1.2) }
        #expect(growing.next(shake: 1) / longest > 0.999)
    }

    @Test func pausesAreShakenByAFifth() {
        var pauses: Set<Duration> = []
        for seed in 0..<100 {
            var backoff = Backoff(initial: .milliseconds(100), limit: .seconds(1), seed: UInt64(seed))
            let pause = backoff.next()
            #expect((.milliseconds(80) ... .milliseconds(120)).contains(pause))
            // The same client counts its failures here or elsewhere.
            #expect(backoff.pause(after: 1) == pause)
            pauses.insert(pause)
        }
        #expect(pauses.count > 90)
    }
}
