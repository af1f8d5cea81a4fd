import AppSupport
import JSONLines
import KafkaWire
import Screens

/// What passed, in numbers, for each API.
package struct TrafficCounts: Sendable {
    /// The numbers of an API.
    package struct Row: Sendable {
        package var requests = 0
        package var unanswered = 0
        package var withErrors = 0
        package var faults = 0
        package var requestBytes = 0
        package var answerBytes = 0
        package var errors: [String: Int] = [:]
        package var latencies = LatencyCounts()
    }

    package private(set) var rows: [APIKey: Row] = [:]
    /// Exchanges that came by faster than they could be told.
    package var lost = 0

    package init() {}

    package var requests: Int { rows.values.reduce(0) { $0 + $1.requests } }

    /// Counts an exchange.
    package mutating func add(_ exchange: Exchange, _ errors: [ErrorCode]) {
        var row = rows.removeValue(forKey: exchange.head.api) ?? Row()
        defer { rows[exchange.head.api] = row }
        row.requests += 1
        row.requestBytes += exchange.head.size
        if !exchange.faults.isEmpty { row.faults += 1 }
        switch exchange.ending {
        case .answered(let size):
            row.answerBytes += size
            row.latencies.add(exchange.latency)
        case .unanswered: row.unanswered += 1
        case .silent, .pending, .abandoned: break
        }
        if !errors.isEmpty { row.withErrors += 1 }
        for error in errors { row.errors[error.name, default: 0] += 1 }
    }

    private var sorted: [(name: String, row: Row)] {
        rows.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            (API.of($0.key)?.name ?? "API \($0.key.rawValue)", $0.value)
        }
    }

    /// For people, as a table.
    package func lines(width: Int?) -> [String] {
        guard !rows.isEmpty else { return ["no request came by"] }
        var table = TextTable([
            .text("API"), .number("REQUESTS"), .number("IN"), .number("OUT"), .number("P50"), .number("P99"),
            .number("MAX"), .number("FAULTS"), .wide("ERRORS"),
        ])
        for (name, row) in sorted {
            var errors = row.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            if row.unanswered > 0 { errors.append("\(row.unanswered) unanswered") }
            func latency(_ share: Double) -> String {
                row.latencies.isEmpty ? "-" : Figures.duration(row.latencies.percentile(share))
            }
            table.add([
                name, Figures.grouped(row.requests), ByteCount.text(row.requestBytes), ByteCount.text(row.answerBytes),
                latency(50), latency(99), latency(100), row.faults == 0 ? "-" : Figures.grouped(row.faults),
                errors.isEmpty ? "-" : errors.joined(separator: ", "),
            ])
        }
        let lines = table.lines(width: width)
        return lost == 0 ? lines : lines + ["\(Figures.grouped(lost)) more came by faster than they could be told"]
    }

    /// For programs: an object.
    package var json: String {
        let apis = sorted.map { name, row in
            func latency(_ share: Double) -> String {
                guard !row.latencies.isEmpty else { return "null" }
                return Figures.fixed(Figures.seconds(row.latencies.percentile(share)) * 1000, decimals: 3)
            }
            return JSONText.object([
                ("api", JSONText.string(name)), ("requests", "\(row.requests)"),
                ("requestBytes", "\(row.requestBytes)"), ("responseBytes", "\(row.answerBytes)"),
                ("unanswered", "\(row.unanswered)"), ("withErrors", "\(row.withErrors)"), ("faults", "\(row.faults)"),
                ("p50Milliseconds", latency(50)), ("p99Milliseconds", latency(99)), ("maxMilliseconds", latency(100)),
                ("errors", JSONText.object(row.errors.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })),
            ])
        }
        return JSONText.object([
            ("event", JSONText.string("totals")), ("requests", "\(requests)"), ("lost", "\(lost)"),
            ("apis", JSONText.array(apis)),
        ])
    }
}

/// Durations by their size, in classes an eighth apart: so much and no more memory, and percentiles that are at most
/// that much too high.
package struct LatencyCounts: Sendable {
    private var classes: [Int: Int] = [:]
    private var count = 0
    private var longest = Duration.zero

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func add(_ duration: Duration) {
        classes[Self.class(of: duration), default: 0] += 1
        count += 1
        longest = max(longest, duration)
    }

    /// The duration that so many in a hundred do not exceed.
    package func percentile(_ share: Double) -> Duration {
        let wanted = max(1, Int((Double(count) * share / 100).rounded(.up)))
        var seen = 0
        for (index, number) in classes.sorted(by: { $0.key < $1.key }) {
            seen += number
            if seen >= wanted { return min(longest, Self.end(of: index)) }
        }
        return longest
    }

    /// Microseconds with their highest four bits alone.
    private static func `class`(of duration: Duration) -> Int {
        let micros = max(0, Int(clamping: Int64((duration / .microseconds(1)).rounded(.up))))
        guard micros >= 16 else { return micros }
        let shift = Int.bitWidth - micros.leadingZeroBitCount - 4
        return shift * 8 + micros >> shift
    }

    private static func end(of index: Int) -> Duration {
        guard index >= 16 else { return .microseconds(index) }
        let shift = index / 8 - 1
        return .microseconds(((index - shift * 8 + 1) << shift) - 1)
    }
}
