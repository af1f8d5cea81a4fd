import ChangeEvents
import Detectors

/// An agent's lines for machines: one JSON object each, without spaces.
enum AgentLine {
    /// Appends `{"type":"alert",…}` with the alert's members, or `{"type":"transaction",…}`; both end with
    /// `processed_at_us`, the wall clock's microseconds since 1970 at the verdict.
    static func append(
        _ alert: Alert?, _ transaction: Transaction, _ place: RecordPlace, at now: Int64, agent: String,
        to text: inout [UInt8]
    ) {
        if let alert {
            text.append(contentsOf: Array("{\"type\":\"alert\",".utf8))
            var json: [UInt8] = []
            alert.appendJSON(to: &json)
            text.append(contentsOf: json.dropFirst().dropLast())
        } else {
            text.append(contentsOf: Array("{\"type\":\"transaction\",\"transaction_id\":".utf8))
            DecimalText.append(transaction.id, to: &text)
            text.append(contentsOf: Array(",\"user_id\":".utf8))
            DecimalText.append(transaction.userID, to: &text)
            text.append(contentsOf: Array(",\"amount\":\"".utf8))
            transaction.amount.append(to: &text)
            text.append(contentsOf: Array("\",\"partition\":".utf8))
            DecimalText.append(Int64(place.partition), to: &text)
            text.append(contentsOf: Array(",\"offset\":".utf8))
            DecimalText.append(place.offset, to: &text)
        }
        text.append(contentsOf: Array(",\"processed_at_us\":".utf8))
        DecimalText.append(now, to: &text)
        text.append(contentsOf: Array("}\n".utf8))
    }
}
