import AppSupport
import JSONLines
import KafkaWire

/// What happened in one interval of a benchmark.
package struct BenchmarkWindow: Sendable {
    package var records: Int
    package var bytes: Int
    package var elapsed: Duration
    package var latencies: LatencyFigures

    /// As Kafka's producer-performance tool prints an interval.
    package var line: String {
        "\(records) records sent, \(Rates.perSecond(records, elapsed)) records/sec "
            + "(\(Rates.megabytes(bytes, elapsed)) MB/sec), \(Figures.fixed(latencies.mean, decimals: 1)) ms avg latency, "
            + "\(Figures.fixed(latencies.maximum, decimals: 1)) ms max latency."
    }
}

/// What producing came to.
package struct ProduceOutcome: Sendable {
    package var records: Int
    package var bytes: Int
    package var elapsed: Duration
    package var cpu: Duration
    package var peakResident: Int
    package var latencies: LatencyFigures
    /// Records that were sent and refused.
    package var failed: Int
    package var firstFailure: KafkaError?
    package var wasInterrupted: Bool
    /// How many transactions were committed; nil where there were none to be.
    package var transactions: Int?

    /// As Kafka's producer-performance tool prints its end.
    package var line: String {
        let percentiles = [("50th", 50.0), ("95th", 95), ("99th", 99), ("99.9th", 99.9)].map {
            "\(Int(latencies.percentile($0.1))) ms \($0.0)"
        }
        return "\(records) records sent, \(Rates.perSecond(records, elapsed)) records/sec "
            + "(\(Rates.megabytes(bytes, elapsed)) MB/sec), \(Figures.fixed(latencies.mean, decimals: 2)) ms avg latency, "
            + "\(Figures.fixed(latencies.maximum, decimals: 2)) ms max latency, "
            + percentiles.joined(separator: ", ") + "."
    }

    /// What Kafka's tool does not tell.
    package var more: String {
        "latency \(latencies.line); \(Rates.cost(cpu, records)) CPU a record, "
            + "\(Rates.memory(peakResident)) resident at most"
            + (transactions.map { "; \(Figures.counted($0, "transaction")), \(Rates.perSecond($0, elapsed)) a second" }
                ?? "")
    }

    /// For a row of a table: records a second, MB a second, CPU for a record, p50, p99 and the largest latency.
    package var cells: [String] {
        [
            Rates.perSecond(records, elapsed, decimals: 0), Rates.megabytes(bytes, elapsed, decimals: 1),
            Rates.cost(cpu, records), LatencyFigures.text(latencies.percentile(50)),
            LatencyFigures.text(latencies.percentile(99)), LatencyFigures.text(latencies.maximum),
        ]
    }

    package func json(_ settings: [(String, String)]) -> String {
        JSONText.object(
            [("benchmark", JSONText.string("produce"))] + settings + [
                ("records", "\(records)"), ("bytes", "\(bytes)"), ("failed", "\(failed)"),
            ] + Rates.json(records: records, bytes: bytes, elapsed: elapsed, cpu: cpu, peakResident: peakResident) + [
                ("latencyMilliseconds", latencies.json)
            ] + (transactions.map { [("transactions", "\($0)")] } ?? []))
    }
}

/// Figures as the benchmarks show them.
enum Rates {
    static func perSecond(_ count: Int, _ elapsed: Duration, decimals: Int = 1) -> String {
        Figures.fixed(rate(Double(count), elapsed), decimals: decimals)
    }

    /// In units of 1,048,576 bytes, as Kafka's tools count.
    static func megabytes(_ bytes: Int, _ elapsed: Duration, decimals: Int = 2) -> String {
        Figures.fixed(rate(Double(bytes) / 1_048_576, elapsed), decimals: decimals)
    }

    static func rate(_ count: Double, _ elapsed: Duration) -> Double {
        let seconds = Figures.seconds(elapsed)
        return seconds > 0 ? count / seconds : 0
    }

    /// CPU time for one of `count`.
    static func cost(_ cpu: Duration, _ count: Int) -> String {
        guard count > 0 else { return "–" }
        return Figures.fixed(Figures.seconds(cpu) * 1e6 / Double(count), decimals: 3) + " µs"
    }

    static func memory(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }

    static func json(
        records: Int, bytes: Int, elapsed: Duration, cpu: Duration, peakResident: Int
    ) -> [(String, String)] {
        [
            ("seconds", Figures.fixed(Figures.seconds(elapsed), decimals: 6)),
            ("recordsPerSecond", perSecond(records, elapsed)),
            ("mebibytesPerSecond", megabytes(bytes, elapsed)),
            ("cpuSeconds", Figures.fixed(Figures.seconds(cpu), decimals: 6)),
            (
                "cpuMicrosecondsPerRecord",
                records > 0 ? Figures.fixed(Figures.seconds(cpu) * 1e6 / Double(records), decimals: 4) : "null"
            ),
            ("peakResidentBytes", "\(peakResident)"),
        ]
    }
}
