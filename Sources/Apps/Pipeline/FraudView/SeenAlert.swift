import AppSupport
import ClusterView
import Detectors
import JSONLines
import KafkaWire

/// An alert as it stands in its topic: what lists show of it, and its bytes.
package struct SeenAlert: Sendable, Equatable, Identifiable {
    /// Its own place.
    package struct ID: Hashable, Sendable {
        package var partition: PartitionID
        package var offset: Int64
    }

    /// The record, of which no more than ``longest`` bytes are taken.
    package var message: TailMessage
    /// Which rule raised it: one line, on which nothing steers.
    package var rule: String
    package var user: Int64
    package var transaction: Int64?
    /// The amount as it is written, and as a number.
    package var amount: String
    package var value: Double
    /// What the rule found, in the alert's own words: `score 90`.
    package var finding: String
    /// The event's own time, in milliseconds since 1970.
    package var eventTime: Int64?
    /// When the rule had judged, in milliseconds since 1970; nil where the alert does not say so.
    package var processedAt: Int64?
    /// To whom the money went; of an alert that does not say so it comes with ``payment``.
    package var merchant: Int64?
    /// Where its event stands.
    package var place: RecordPlace?
    /// Its event, where that has been seen.
    package internal(set) var payment: SeenPayment?

    package var id: ID { ID(partition: message.partition.partition, offset: message.offset) }
    /// When it was written, in milliseconds since 1970.
    package var recordedAt: Int64 { message.timestamp }

    /// From the event's own time until the alert was there, in milliseconds.
    package var sinceEvent: Int64? { eventTime.map { (processedAt ?? recordedAt).subtractingSaturated($0) } }

    /// From the event's record until the alert was there, in milliseconds.
    package var sinceRecord: Int64? { payment.map { (processedAt ?? recordedAt).subtractingSaturated($0.recordedAt) } }
}

/// Why a record of the alerts' topic is no alert.
package enum AlertFlaw: String, Error, Sendable, CaseIterable {
    case null = "it has no value"
    case tooLong = "it is longer than 8 KiB"
    case notJSON = "it is no JSON object"
    case rule = "it names no rule (agent)"
    case user = "it names no user (user_id)"
    case amount = "it has no amount"
}

extension SeenAlert {
    /// Longer ones are none of the agents'.
    package static let longest = 8192

    /// What has a column or a line of its own.
    private static let known: Set<String> = [
        "type", "agent", "user_id", "transaction_id", "amount", "event_time", "partition", "offset", "processed_at_us",
        "merchant_id",
    ]

    /// Reads an alert of an agent: JSON, which anybody may have written.
    package init(_ message: TailMessage) throws(AlertFlaw) {
        guard let value = message.value else { throw .null }
        guard value.size <= Self.longest else { throw .tooLong }
        guard let document = Document(value.bytes), case .object(let fields) = document else { throw .notJSON }
        guard let rule = document["agent"]?.text, (1...40).contains(rule.count) else { throw .rule }
        guard let user = document["user_id"]?.number else { throw .user }
        guard let (amount, number) = Self.amount(document["amount"]) else { throw .amount }
        self.message = message
        self.rule = SafeText.line(rule)
        self.user = user
        self.amount = amount
        self.value = number
        transaction = document["transaction_id"]?.number
        merchant = document["merchant_id"]?.number
        finding = Self.finding(fields)
        eventTime = document["event_time"]?.text.flatMap { Self.milliseconds($0) }
        processedAt = document["processed_at_us"]?.number.map { $0 / 1000 }
        if let partition = document["partition"]?.number.flatMap({ Int32(exactly: $0) }), partition >= 0,
            let offset = document["offset"]?.number, offset >= 0
        {
            place = RecordPlace(partition: partition, offset: offset)
        }
    }

    /// An amount as a decimal number, written as text or as a number.
    private static func amount(_ document: Document?) -> (text: String, number: Double)? {
        let text: String
        switch document {
        case .string(let written)?, .number(let written)?: text = written
        default: return nil
        }
        // What else Double reads (hexadecimal, infinity) is no amount.
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "-+.eE".utf8.contains($0) }
        guard isPlain, text.utf8.count <= 40, let number = Double(text), number.magnitude < 1e15 else { return nil }
        return (text, number)
    }

    /// A moment with date and time, as agents write it.
    private static func milliseconds(_ text: String) -> Int64? {
        guard (19...40).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "@") else { return nil }
        return Moment(text, now: 0)?.milliseconds
    }

    /// The first few other fields that are no containers.
    private static func finding(_ fields: [Document.Field]) -> String {
        let others = fields.lazy.filter { !known.contains($0.name) && !$0.value.isContainer }.prefix(3)
        return others.map { field in
            let text = field.value.text ?? field.value.compact
            return "\(SafeText.line(String(field.name.prefix(24)))) \(SafeText.line(String(text.prefix(40))))"
        }.joined(separator: ", ")
    }
}
