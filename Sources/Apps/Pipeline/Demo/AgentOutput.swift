import FoundationEssentials
import KafkaWire

/// What the instances of one agent have written, taken together.
struct AgentOutput {
    private(set) var events = 0
    private(set) var transactions = 0
    private(set) var rate = 0.0
    private(set) var p50 = 0
    private(set) var p99 = 0
    /// Instances that began again without having said their totals.
    private(set) var restarts = 0
    /// Each alert once, by the place of its event.
    private(set) var alerts: [RecordPosition: String] = [:]
    /// Alerts that were told more than once.
    private(set) var repeated = 0
    private(set) var examples: [String] = []

    private struct Line: Decodable {
        var type: String
        var partition: Int32?
        var offset: Int64?
        var userID: Int64?
        var amount: String?
        var score: Int?
        var merchants: Int?
        var events: Int?
        var transactions: Int?
        var seconds: Double?
        var latency50: Int?
        var latency99: Int?

        enum CodingKeys: String, CodingKey {
            case type, partition, offset, amount, score, merchants, events, transactions, seconds
            case userID = "user_id"
            case latency50 = "latency_p50_ms"
            case latency99 = "latency_p99_ms"
        }
    }

    /// Reads the lines of all instances. Lines that a killed process left unfinished are passed over.
    static func read(_ files: [String]) throws -> AgentOutput {
        var output = AgentOutput()
        for file in files {
            let text = try Data(contentsOf: URL(filePath: file))
            var totals = 0
            var starts = 0
            for line in text.split(separator: UInt8(ascii: "\n")) {
                guard let line = try? JSONDecoder().decode(Line.self, from: Data(line)) else { continue }
                switch line.type {
                case "started": starts += 1
                case "totals":
                    totals += 1
                    output.take(totals: line)
                case "alert": output.take(alert: line)
                default: break
                }
            }
            output.restarts += max(0, starts - totals)
        }
        return output
    }

    private mutating func take(totals line: Line) {
        events += line.events ?? 0
        transactions += line.transactions ?? 0
        rate += Double(line.events ?? 0) / max(line.seconds ?? 0, 0.001)
        p50 = max(p50, line.latency50 ?? 0)
        p99 = max(p99, line.latency99 ?? 0)
    }

    private mutating func take(alert line: Line) {
        guard let partition = line.partition, let offset = line.offset, let user = line.userID, let amount = line.amount
        else { return }
        let text =
            line.score.map { "HIGH FRAUD ALERT: User \(user) | Score: \($0) | Amt: $\(amount)" }
            ?? line.merchants.map { "CARD TESTED: User \(user) | Merchants: \($0) | Amt: $\(amount)" }
            ?? "ANOMALY DETECTED: User \(user) spent $\(amount) (Significantly higher than average)"
        let place = RecordPosition(partition: PartitionID(partition), offset: Offset(offset))
        if alerts.updateValue(text, forKey: place) != nil { repeated += 1 }
        if examples.count < 3 { examples.append(text) }
    }
}
