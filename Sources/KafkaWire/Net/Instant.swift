#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A point on a clock that never goes back, in nanoseconds. Everything left of `Connection` gets it as an argument.
package struct Instant: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The system's monotonic clock.
    static var now: Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

    /// Milliseconds since 1970, as records carry them. Linux's coarse clock is a tick behind at most (1 to 4 ms), and
    /// costs a record a fifth of what the exact one does, which was a tenth of all that producing costs.
    static var wallMilliseconds: Int64 {
        #if canImport(Darwin)
            read(CLOCK_REALTIME) / 1_000_000
        #else
            read(CLOCK_REALTIME_COARSE) / 1_000_000
        #endif
    }

    /// Microseconds since 1970.
    static var wallMicroseconds: Int64 { read(CLOCK_REALTIME) / 1000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The point `duration` later; the end or the beginning of time where it would lie beyond.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        // More seconds than 64 bits hold have no components, and time ends long before.
        let (seconds, attoseconds) = min(max(duration, .seconds(-1 << 35)), .seconds(1 << 35)).components
        let (whole, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (nanoseconds, above) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        let (sum, beyond) = instant.nanoseconds.addingReportingOverflow(nanoseconds)
        guard over || above || beyond else { return Instant(nanoseconds: sum) }
        return Instant(nanoseconds: duration < .zero ? .min : .max)
    }

    /// How much later than `other` this is.
    package static func - (instant: Instant, other: Instant) -> Duration {
        .nanoseconds(instant.nanoseconds &- other.nanoseconds)
    }
}

extension Instant: InstantProtocol {
    package func advanced(by duration: Duration) -> Instant { self + duration }
    package func duration(to other: Instant) -> Duration { other - self }
}
