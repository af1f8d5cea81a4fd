import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct InstantTests {
    /// A time-out of 9,223,372,036,900 ms was over at once: the last nanoseconds of 64 bits wrapped.
    @Test(
        arguments: [
            (0, Duration.seconds(2), 2_000_000_000), (5, .nanoseconds(-7), -2), (0, .milliseconds(Int64.max), .max),
            (0, .milliseconds(9_223_372_036_854), 9_223_372_036_854_000_000),
            (0, .milliseconds(9_223_372_036_900), .max),
            (0, .milliseconds(-9_223_372_036_900), .min), (.max, .nanoseconds(1), .max), (.min, .nanoseconds(-1), .min),
            (.max, .seconds(-1), .max - 1_000_000_000), (0, .seconds(Int64.min), .min),
            // What no 64 bits of seconds hold, as sums of waits may be, ended the process.
            (0, .seconds(Int64.max) * 2, .max), (.min, .seconds(Int64.max) * 2, .max),
            (.max, .seconds(Int64.min) * 2, .min),
        ] as [(Int64, Duration, Int64)])
    func sumsEndWhereTimeDoes(_ start: Int64, _ duration: Duration, _ sum: Int64) {
        #expect((Instant(nanoseconds: start) + duration).nanoseconds == sum)
    }
}
