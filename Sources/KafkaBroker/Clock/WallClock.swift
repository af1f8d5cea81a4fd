import KafkaWire

/// The same moment on the broker's clock, which does not go on while it is stopped, and in milliseconds since 1970, as it
/// is kept.
struct WallClock {
    var now: Instant
    var timestamp: Int64

    /// A point on the broker's clock in milliseconds since 1970; the ends of time stay that.
    func milliseconds(_ instant: Instant) -> Int64 {
        let (distance, isFar) = instant.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        if isFar || instant == .endOfTime { return instant < now ? .min : .max }
        return timestamp &+ distance / 1_000_000
    }

    /// A time in milliseconds since 1970 on the broker's clock; the nearest that it can show where it lies too far away.
    func instant(_ milliseconds: Int64) -> Instant {
        let (distance, isFar) = milliseconds.subtractingReportingOverflow(timestamp)
        let (nanoseconds, isFarther) = distance.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isBeyond) = now.nanoseconds.addingReportingOverflow(nanoseconds)
        guard isFar || isFarther || isBeyond else { return Instant(nanoseconds: sum) }
        return milliseconds < timestamp ? Instant(nanoseconds: .min) : .endOfTime
    }
}

extension Instant {
    /// What lies too far ahead to be counted.
    static let endOfTime = Instant(nanoseconds: .max)
}
