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
    var design: String = ""
}

/// Runs pieces of code often enough to time them.
enum Stopwatch {
    /// How long one series takes, in seconds; the best of `series` counts, since everything else only makes it slower.
    static let duration = 0.15
    static let series = 5

    /// Nanoseconds of one call of `body`, each of which does `operations` operations: of one operation.
    static func nanoseconds(operations: Int = 1, _ body: () throws -> Void) rethrows -> Double {
        let calls = try calls(body)
        var best = Double.infinity
        for _ in 0..<series { best = min(best, try time(calls, body)) }
        return best / Double(calls) / Double(operations) * 1e9
    }

    /// Nanoseconds of one call of each. Their series take turns, so that a machine that slows down for a while does
    /// not fall on one of them alone.
    static func compare(
        _ first: () throws -> Void, _ second: () throws -> Void
    ) rethrows -> (first: Double, second: Double) {
        let calls = (try calls(first), try calls(second))
        var best = (first: Double.infinity, second: Double.infinity)
        for _ in 0..<series * 2 {
            best.first = min(best.first, try time(calls.0, first))
            best.second = min(best.second, try time(calls.1, second))
        }
        return (best.first / Double(calls.0) * 1e9, best.second / Double(calls.1) * 1e9)
    }

    /// How many calls fill a series.
    private static func calls(_ body: () throws -> Void) rethrows -> Int {
        var calls = 1
        while true {
            let time = try time(calls, body)
            if time > 0.02 { return max(1, Int(Double(calls) * duration / time)) }
            calls *= 4
        }
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
@_optimize(none)
func consume<T>(_ value: T) { withExtendedLifetime(value) {} }
