#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A figure, and what it is compared with.
struct Measurement {
    var name: String
    var value: Double
    var unit: String
    /// What the design names for it, as a person reads it.
    var design: String
}

/// Runs pieces of code often enough to time them.
enum Stopwatch {
    /// How long one series takes, in seconds; the best of `series` counts, since everything else only makes it slower.
    static let duration = 0.15
    static let series = 5

    /// Nanoseconds of one call of `body`, each of which does `operations` operations: of one operation.
    static func nanoseconds(operations: Int = 1, _ body: () throws -> Void) rethrows -> Double {
        var calls = 1
        while true {
            let time = try time(calls, body)
            if time > 0.02 {
                calls = max(1, Int(Double(calls) * duration / time))
                break
            }
            calls *= 4
        }
        var best = Double.infinity
        for _ in 0..<series { best = min(best, try time(calls, body)) }
        return best / Double(calls) / Double(operations) * 1e9
    }

    private static func time(_ calls: Int, _ body: () throws -> Void) rethrows -> Double {
        let began = now
        for _ in 0..<calls { try body() }
        return now - began
    }

    /// The CPU time of this thread: what other programs take of a shared machine does not count.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Keeps the optimiser from leaving out what computes `value`.
@inline(never)
func consume<T>(_ value: T) { withExtendedLifetime(value) {} }
