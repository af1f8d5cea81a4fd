import ChangeEvents

/// What the agents print of a transaction: the exercise's lines, and an alert as JSON. Lines end with a newline.
public enum Report {
    /// `ANOMALY DETECTED: User 4010 spent $3684.14 (Significantly higher than average)`, or
    /// `Profile updated for User 2284 - Amount: $4093.71`.
    public static func append(
        _ verdict: AnomalyDetector.Verdict, of transaction: Transaction, to text: inout [UInt8]
    ) {
        if verdict.isAnomaly { return appendAnomaly(transaction, to: &text) }
        text.append("Profile updated for User ")
        DecimalText.append(transaction.userID, to: &text)
        text.append(" - Amount: $")
        transaction.amount.append(to: &text)
        text.append("\n")
    }

    /// `HIGH FRAUD ALERT: User 2354 | Score: 90 | Amt: $4488.34`, or
    /// `Transaction OK: 39304 (Score: 40, Amt: $1331.43)` with the transaction's id.
    public static func append(
        _ verdict: VelocityDetector.Verdict, of transaction: Transaction, to text: inout [UInt8]
    ) {
        if verdict.isAlert { return appendVelocity(transaction, score: verdict.score, to: &text) }
        text.append("Transaction OK: ")
        DecimalText.append(transaction.id, to: &text)
        text.append(" (Score: ")
        DecimalText.append(Int64(verdict.score), to: &text)
        text.append(", Amt: $")
        transaction.amount.append(to: &text)
        text.append(")\n")
    }

    /// `CARD TESTED: User 2354 | Merchants: 3 | Amt: $4488.34`, or `Transaction OK: 39304 (Merchants: 0, Amt: $1331.43)` and
    /// `Transaction late, not judged: 39304` with the transaction's id.
    public static func append(
        _ verdict: ProbeDetector.Verdict, of transaction: Transaction, to text: inout [UInt8]
    ) {
        if verdict.isAlert { return appendProbe(transaction, merchants: verdict.merchants, to: &text) }
        text.append(verdict.isLate ? "Transaction late, not judged: " : "Transaction OK: ")
        DecimalText.append(transaction.id, to: &text)
        if !verdict.isLate {
            text.append(" (Merchants: ")
            DecimalText.append(Int64(verdict.merchants), to: &text)
            text.append(", Amt: $")
            transaction.amount.append(to: &text)
            text.append(")")
        }
        text.append("\n")
    }

    /// The line of an alert.
    public static func append(_ alert: Alert, to text: inout [UInt8]) {
        switch alert.finding {
        case .anomaly: appendAnomaly(alert.transaction, to: &text)
        case .velocity(let score): appendVelocity(alert.transaction, score: score, to: &text)
        case .probe(let merchants): appendProbe(alert.transaction, merchants: merchants, to: &text)
        }
    }

    private static func appendAnomaly(_ transaction: Transaction, to text: inout [UInt8]) {
        text.append("ANOMALY DETECTED: User ")
        DecimalText.append(transaction.userID, to: &text)
        text.append(" spent $")
        transaction.amount.append(to: &text)
        text.append(" (Significantly higher than average)\n")
    }

    private static func appendVelocity(_ transaction: Transaction, score: Int, to text: inout [UInt8]) {
        text.append("HIGH FRAUD ALERT: User ")
        DecimalText.append(transaction.userID, to: &text)
        text.append(" | Score: ")
        DecimalText.append(Int64(score), to: &text)
        text.append(" | Amt: $")
        transaction.amount.append(to: &text)
        text.append("\n")
    }
}

extension Report {
    fileprivate static func appendProbe(_ transaction: Transaction, merchants: Int, to text: inout [UInt8]) {
        text.append("CARD TESTED: User ")
        DecimalText.append(transaction.userID, to: &text)
        text.append(" | Merchants: ")
        DecimalText.append(Int64(merchants), to: &text)
        text.append(" | Amt: $")
        transaction.amount.append(to: &text)
        text.append("\n")
    }
}

/// Where a record was read, for those who want to look it up.
public struct RecordPlace: Hashable, Sendable {
    /// The partition of the topic.
    public var partition: Int32
    /// The offset within the partition.
    public var offset: Int64

    /// A record's place.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// An alert as one JSON object on one line, for other systems. The names of its members are stable:
/// `agent` (`anomaly`, `velocity` or `probe`), `user_id`, `transaction_id`, `amount` (a string with two decimals), then `mean`
/// (a string with two decimals, of the amounts before), `score` or `merchants` (numbers), `event_time` (ISO 8601, UTC),
/// `partition`, `offset`; the last two only of a transaction that was read from Kafka.
public struct Alert: Equatable, Sendable {
    /// Which rule raised it, with what it found.
    public enum Finding: Equatable, Sendable {
        case anomaly(mean: Amount)
        case velocity(score: Int)
        case probe(merchants: Int)
    }

    /// Which rule raised it.
    public var finding: Finding
    /// The transaction.
    public var transaction: Transaction
    /// Where its event was read; nil where it was read from the table.
    public var place: RecordPlace?

    /// An alert with these parts.
    public init(_ finding: Finding, of transaction: Transaction, at place: RecordPlace? = nil) {
        self.finding = finding
        self.transaction = transaction
        self.place = place
    }

    /// The alert of a verdict; nil when it raises none.
    public init?(_ verdict: AnomalyDetector.Verdict, of transaction: Transaction, at place: RecordPlace? = nil) {
        guard verdict.isAnomaly, let mean = verdict.mean else { return nil }
        self.init(.anomaly(mean: mean), of: transaction, at: place)
    }

    /// The alert of a verdict; nil when it raises none.
    public init?(_ verdict: VelocityDetector.Verdict, of transaction: Transaction, at place: RecordPlace? = nil) {
        guard verdict.isAlert else { return nil }
        self.init(.velocity(score: verdict.score), of: transaction, at: place)
    }

    /// The alert of a verdict; nil when it raises none.
    public init?(_ verdict: ProbeDetector.Verdict, of transaction: Transaction, at place: RecordPlace? = nil) {
        guard verdict.isAlert else { return nil }
        self.init(.probe(merchants: verdict.merchants), of: transaction, at: place)
    }

    /// Appends the JSON object, without a newline.
    public func appendJSON(to text: inout [UInt8]) {
        switch finding {
        case .anomaly: text.append("{\"agent\":\"anomaly\",\"user_id\":")
        case .velocity: text.append("{\"agent\":\"velocity\",\"user_id\":")
        case .probe: text.append("{\"agent\":\"probe\",\"user_id\":")
        }
        DecimalText.append(transaction.userID, to: &text)
        text.append(",\"transaction_id\":")
        DecimalText.append(transaction.id, to: &text)
        text.append(",\"amount\":\"")
        transaction.amount.append(to: &text)
        switch finding {
        case .anomaly(let mean):
            text.append("\",\"mean\":\"")
            mean.append(to: &text)
            text.append("\",\"event_time\":\"")
        case .velocity(let score):
            text.append("\",\"score\":")
            DecimalText.append(Int64(score), to: &text)
            text.append(",\"event_time\":\"")
        case .probe(let merchants):
            text.append("\",\"merchants\":")
            DecimalText.append(Int64(merchants), to: &text)
            text.append(",\"event_time\":\"")
        }
        transaction.createdAt.appendISO8601(to: &text)
        text.append("\"")
        if let place {
            text.append(",\"partition\":")
            DecimalText.append(Int64(place.partition), to: &text)
            text.append(",\"offset\":")
            DecimalText.append(place.offset, to: &text)
        }
        text.append("}")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
