/// What latencies come to.
package struct LatencySummary: Sendable, Equatable {
    package var count: Int
    /// In milliseconds, as all that follow.
    package var median: Double
    package var p90: Double
    package var p99: Double
    package var largest: Double
}

/// The latencies of the last minute: of more than are kept, the newest.
package struct LatencyWindow: Sendable {
    /// How long one counts, in milliseconds.
    package static let window: Int64 = 60_000
    private static let kept = 5000

    private var samples: [(at: Int64, latency: Double)] = []
    private var next = 0

    package init() {}

    /// Takes in a latency of so many milliseconds, which was there at `time`, in milliseconds since 1970.
    package mutating func add(_ latency: Int64, at time: Int64) {
        let sample = (at: time, latency: Double(latency))
        if samples.count < Self.kept {
            samples.append(sample)
        } else {
            samples[next] = sample
            next = (next + 1) % Self.kept
        }
    }

    /// What those of the minute before `now` come to; nil where there are none.
    package func summary(at now: Int64) -> LatencySummary? {
        let first = now.subtractingSaturated(Self.window)
        let latencies = samples.filter { $0.at > first && $0.at <= now }.map(\.latency).sorted()
        guard let largest = latencies.last else { return nil }
        /// The smallest that so many of a hundred do not exceed.
        func rank(_ percent: Int) -> Double {
            let place = (latencies.count * percent + 99) / 100
            return latencies[min(max(place, 1), latencies.count) - 1]
        }
        return LatencySummary(
            count: latencies.count, median: rank(50), p90: rank(90), p99: rank(99), largest: largest)
    }
}
