import KafkaWire

/// The same moment on the broker's clock, which does not go on while it is stopped, and in milliseconds since 1970, as it
/// is kept.
struct WallClock {
    var now: Instant
    var timestamp: Int64

    /// A point on the broker's clock in milliseconds since 1970.
    func milliseconds(_ instant: Instant) -> Int64 {
        timestamp &+ (instant.nanoseconds &- now.nanoseconds) / 1_000_000
    }

    /// A time in milliseconds since 1970 on the broker's clock; now where it lies too far away.
    func instant(_ milliseconds: Int64) -> Instant {
        let (distance, isFar) = (milliseconds &- timestamp).multipliedReportingOverflow(by: 1_000_000)
        return Instant(nanoseconds: isFar ? now.nanoseconds : now.nanoseconds &+ distance)
    }
}
