import AppSupport
import Histogram
import JSONLines

/// Latencies as they were measured: how many, their mean, their largest, and any percentile to three digits.
package struct LatencyFigures: Sendable {
    /// Microseconds.
    private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    package private(set) var count = 0
    private var sum = 0.0
    private var largest: UInt64 = 0

    package init() {}

    /// Counts so many records of that latency.
    package mutating func record(_ latency: Duration, count: Int = 1) {
        let micros = UInt64(clamping: max(0, Self.microseconds(latency)))
        _ = histogram.record(micros, count: UInt64(clamping: count))
        self.count += count
        sum += Double(micros) * Double(count)
        largest = max(largest, micros)
    }

    /// In milliseconds; 0 where nothing was measured.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) / 1000 }

    /// In milliseconds.
    package var maximum: Double { Double(largest) / 1000 }

    /// In milliseconds, for 0 to 100.
    package func percentile(_ percent: Double) -> Double {
        count == 0 ? 0 : min(Double(histogram.valueAtPercentile(percent)) / 1000, maximum)
    }

    /// The percentiles that are shown.
    package static let shown: [(name: String, percent: Double)] = [
        ("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
    ]

    /// On one line: `p50 1.2 ms, p90 …, max 17.3 ms`.
    package var line: String {
        let parts = Self.shown.map { "\($0.name) \(Self.text(percentile($0.percent)))" }
        return (parts + ["max \(Self.text(maximum))"]).joined(separator: ", ")
    }

    /// An object of milliseconds.
    package var json: String {
        let parts =
            [("mean", mean)] + Self.shown.map { ($0.name, percentile($0.percent)) } + [("max", maximum)]
        return JSONText.object(parts.map { ($0.0, Figures.fixed($0.1, decimals: 3)) })
    }

    static func text(_ milliseconds: Double) -> String {
        Figures.duration(.microseconds(Int64((milliseconds * 1000).rounded())))
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (product, over) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return over ? .max : product &+ attoseconds / 1_000_000_000_000
    }
}
