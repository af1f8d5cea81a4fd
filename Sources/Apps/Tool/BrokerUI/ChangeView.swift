import ChangeEvents
import ChangeText
import JSONLines
import KafkaWire

/// A Debezium change event as people read it: what happened to which row, and each column before and after, with
/// decimals and times in plain figures, as `Change` tells them.
struct ChangeView: Equatable {
    /// More columns, and more of a value in characters, are not shown.
    private static let mostColumns = 500
    private static let longestText = 4096

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
        var learned: ValueForm?
        guard let document = value.document, let bytes = value.bytes,
            let change = try? Change(document, learned: &learned)
        else { return nil }
        operation = "\(change.operation)"
        table = change.table
        time = change.time
        columns = change.columns.prefix(Self.mostColumns).map { column in
            Column(name: column.name, before: Self.text(column.before), after: Self.text(column.after))
        }
        verdict = Self.verdict(bytes.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) })
    }

    private static func text(_ value: Document?) -> String? {
        value.map { value in
            let text = value.text ?? value.compact
            let shown = text.unicodeScalars.prefix(longestText)
            return shown.endIndex < text.unicodeScalars.endIndex ? String(shown) + "…" : text
        }
    }

    private static func verdict(_ event: ChangeEvent) -> String {
        switch event {
        case .transaction(let row): "transaction of user \(row.userID): \(row.amount)"
        case .notATransaction(let reason): "no new transaction: \(reason)"
        case .malformed(let flaw): "no transaction can be read from it: \(flaw)"
        }
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
