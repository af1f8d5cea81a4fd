// A moment as people read it: local time with microseconds, as in `2026-01-07 22:15:29.594990`.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment of the wall clock, in microseconds since 1970-01-01 00:00 UTC.
public struct Timestamp: Sendable, Equatable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    public let microseconds: Int64

    /// The moment so many microseconds after 1970-01-01 00:00 UTC.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The moment that it is now by this machine's clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

extension Timestamp: CustomStringConvertible {
    /// Local time (that of `TZ` or the system) with six decimals of the second. A year that the calendar cannot hold
    /// is given as plain seconds.
    public var description: String {
        let (seconds, micros) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        // Before 1970 the remainder is negative; the fraction shown counts from the second below.
        var time = time_t(micros < 0 ? seconds - 1 : seconds)
        let fraction = micros < 0 ? micros + 1_000_000 : micros
        var local = tm()
        guard localtime_r(&time, &local) != nil else { return "\(seconds) s since 1970" }
        let date = [
            padded(Int(local.tm_year) + 1900, 4), padded(Int(local.tm_mon) + 1, 2), padded(Int(local.tm_mday), 2),
        ]
        let clock = [padded(Int(local.tm_hour), 2), padded(Int(local.tm_min), 2), padded(Int(local.tm_sec), 2)]
        return date.joined(separator: "-") + " " + clock.joined(separator: ":") + "." + padded(Int(fraction), 6)
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
