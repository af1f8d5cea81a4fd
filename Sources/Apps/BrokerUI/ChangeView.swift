import ChangeEvents
import ChangeText
import JSONLines
import KafkaWire

/// A Debezium change event as people read it: what happened to which row, and each column before and after, with
/// decimals and times in plain figures.
///
/// Decimals and times are told by the event's schema. An event without one says nothing of them: of the exercise's
/// table, `transactions`, the columns `amount` and `created_at` are then read as ``ChangeEventDecoder`` reads them.
struct ChangeView: Equatable {
    /// A column: its values as text, nil where that side has none.
    struct Column: Equatable {
        var name: String
        var before: String?
        var after: String?
    }

    /// `create`, `read` (a row that was there at the start), `update`, `delete`, `truncate` or `message`.
    let operation: String
    /// Schema and table, as in `public.transactions`.
    let table: String?
    /// When the database committed, in milliseconds since 1970.
    let time: Int64?
    let columns: [Column]
    /// What the agents make of it: a new transaction, or why it is none.
    let verdict: String

    /// The view of a value that has Debezium's envelope, bare or beside its schema; nil of any other.
    init?(_ value: MessagePart, hasOldKey: Bool, _ decoder: inout ChangeEventDecoder) {
        guard let document = value.document, let bytes = value.bytes else { return nil }
        let payload = document["payload"] ?? document
        let operations = [
            "c": "create", "r": "read", "u": "update", "d": "delete", "t": "truncate", "m": "message",
        ]
        guard let code = payload["op"]?.text, let operation = operations[code],
            let source = payload["source"], !source.fields.isEmpty
        else { return nil }
        self.operation = operation
        let name = source["table"]?.text
        table = name.map { table in source["schema"]?.text.map { "\($0).\(table)" } ?? table }
        time = source["ts_ms"]?.number
        let forms = document["schema"].map(Self.forms)
        let isOurs = name == ChangeEventDecoder.Options().table
        columns = Self.columns(payload["before"], payload["after"]) { column, value in
            let form = forms?[column] ?? (forms == nil && isOurs ? Self.usual[column] : nil)
            return form?.text(value) ?? value.text ?? value.compact
        }
        verdict = Self.verdict(bytes.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) })
    }

    private static func verdict(_ event: ChangeEvent) -> String {
        switch event {
        case .transaction(let row): "transaction of user \(row.userID): \(row.amount)"
        case .notATransaction(let reason): "no new transaction: \(reason)"
        case .malformed(let flaw): "no transaction can be read from it: \(flaw)"
        }
    }

    /// The columns of both rows: in the order of the new one, then those that only the old one has.
    private static func columns(
        _ before: Document?, _ after: Document?, _ text: (String, Document) -> String
    ) -> [Column] {
        let old = before?.fields ?? []
        let new = after?.fields ?? []
        let gone = old.filter { field in !new.contains { $0.name == field.name } }
        return (new + gone).map { field in
            Column(
                name: field.name, before: before?[field.name].map { text(field.name, $0) },
                after: after?[field.name].map { text(field.name, $0) })
        }
    }

    // MARK: - The forms of columns

    /// How a column's value is written.
    private enum Form {
        case decimal(scale: Int)
        case amount
        case microseconds
        case milliseconds
        case nanoseconds
        case days

        func text(_ value: Document) -> String? {
            switch self {
            case .decimal(let scale): value.text.flatMap { Decimals.text(base64: $0, scale: scale) }
            case .amount: value.text.flatMap { Amount($0, encoding: .automatic(scale: 2)) }.map { "\($0)" }
            case .microseconds: value.number.map { Self.time($0) }
            case .milliseconds: value.number.flatMap { Self.product($0, 1000) }.map { Self.time($0) }
            case .nanoseconds: value.number.map { Self.time($0 / 1000) }
            case .days:
                value.number.flatMap { Self.product($0, 86_400_000_000) }.map { String(Self.time($0).prefix(10)) }
            }
        }

        private static func product(_ number: Int64, _ factor: Int64) -> Int64? {
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }

        private static func time(_ microseconds: Int64) -> String {
            var text: [UInt8] = []
            EventTime(microseconds: microseconds).appendISO8601(to: &text)
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// The table `transactions` in events without a schema.
    private static let usual: [String: Form] = ["amount": .amount, "created_at": .microseconds]

    /// The forms that a schema gives the row's columns.
    private static func forms(_ schema: Document) -> [String: Form] {
        let row = schema["fields"]?.elements.first { ["after", "before"].contains($0["field"]?.text) }
        var forms: [String: Form] = [:]
        for field in row?["fields"]?.elements ?? [] {
            guard let column = field["field"]?.text else { continue }
            switch field["name"]?.text {
            case "org.apache.kafka.connect.data.Decimal":
                let scale = field["parameters"]?["scale"]?.text.flatMap { Int($0) } ?? 0
                forms[column] = .decimal(scale: scale)
            case "io.debezium.time.MicroTimestamp": forms[column] = .microseconds
            case "io.debezium.time.NanoTimestamp": forms[column] = .nanoseconds
            case "io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp":
                forms[column] = .milliseconds
            case "io.debezium.time.Date", "org.apache.kafka.connect.data.Date": forms[column] = .days
            default: break
            }
        }
        return forms
    }

    // MARK: - JSON

    var json: String {
        JSONText.object([
            ("operation", JSONText.string(operation)), ("table", JSONText.string(table)),
            ("time", time.map { "\($0)" } ?? "null"), ("verdict", JSONText.string(verdict)),
            (
                "columns",
                JSONText.array(
                    columns.map {
                        JSONText.object([
                            ("name", JSONText.string($0.name)), ("before", JSONText.string($0.before)),
                            ("after", JSONText.string($0.after)),
                        ])
                    })
            ),
        ])
    }
}
