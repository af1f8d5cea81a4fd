import ChangeEvents
import JSONLines

/// A Debezium change event, decoded: what happened to which row, and the row before and after, with decimals and times
/// as people read them.
///
/// Decimals and times are told by the event's schema. Where an event has none, the schema of an earlier one serves; and
/// where there never was one, of the exercise's table, `transactions`, the columns `amount` and `created_at` are read as
/// `ChangeEventDecoder` reads them.
package struct Change: Equatable, Sendable {
    /// What happened.
    package enum Operation: String, Equatable, Sendable, CaseIterable {
        case create = "c"
        /// The row was there when the connector began.
        case read = "r"
        case update = "u"
        case delete = "d"
        case truncate = "t"
        /// A message of an application, written with `pg_logical_emit_message`.
        case message = "m"
    }

    /// A column: its value on both sides, nil where that side has none.
    package struct Column: Equatable, Sendable {
        package var name: String
        package var before: Document?
        package var after: Document?

        /// Whether an update changed it. What the database did not log again is as it was.
        package var isChanged: Bool { before != after && !(after.map(Unavailable.isPlaceholder) ?? false) }
    }

    package let operation: Operation
    /// Schema and table, as in `public.transactions`.
    package let table: String?
    /// When the database committed, in milliseconds since 1970.
    package let time: Int64?
    /// The rows, decoded; nil where the event has none.
    package let before: Document?
    package let after: Document?
    /// Where it comes from: connector, database, position, transaction.
    package let source: Document
    /// The place within its transaction, where the connector tells it.
    package let transaction: Document?
    /// What an application's message holds: its prefix, and its bytes as text.
    package let message: Document?

    /// Reads the value of an event.
    ///
    /// - Parameter learned: the form of a row by an earlier event of the topic; taken where this one has no schema, and
    ///   replaced where it has.
    package init(_ document: Document, learned: inout ValueForm?) throws(ChangeFlaw) {
        guard case .object = document else { throw .noObject }
        let payload = document["schema"] == nil ? document : document["payload"] ?? document
        guard case .object = payload else { throw .noObject }
        guard let code = payload["op"]?.text else { throw .noOperation }
        guard let operation = Operation(rawValue: code) else { throw .unknownOperation(code) }
        guard let source = payload["source"], !source.fields.isEmpty else { throw .noSource }
        self.operation = operation
        self.source = source
        // An application's message has an empty one.
        let name = source["table"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        table = name.map { table in source["schema"]?.text.map { "\($0).\(table)" } ?? table }
        time = source["ts_ms"]?.number
        transaction = payload["transaction"].flatMap { $0 == .null ? nil : $0 }
        message = payload["message"].flatMap { $0 == .null ? nil : Self.message($0) }
        if let form = Self.row(document["schema"]) { learned = form }
        let form = learned ?? (name == ChangeEventDecoder.Options().table ? Self.usual : .plain)
        before = Self.row(payload["before"], form)
        after = Self.row(payload["after"], form)
    }

    /// The table `transactions` in events without a schema.
    private static let usual = ValueForm.structure(["amount": .amount, "created_at": .timestamp(.microseconds)])

    /// The form that an event's schema gives the row.
    private static func row(_ schema: Document?) -> ValueForm? {
        let rows = (schema?["fields"]?.elements ?? []).filter { ["after", "before"].contains($0["field"]?.text) }
        return rows.last.map { ValueForm(schema: $0) }
    }

    private static func row(_ value: Document?, _ form: ValueForm) -> Document? {
        guard let value, value != .null else { return nil }
        return form.decoded(value)
    }

    /// An application's message, its bytes as text where they are text.
    private static func message(_ value: Document) -> Document {
        guard case .object(let fields) = value else { return value }
        return .object(
            fields.map { field in
                guard field.name == "content", let bytes = field.value.text.flatMap({ Base64Text.bytes($0) }) else {
                    return field
                }
                let text = String(validating: bytes, as: UTF8.self) ?? BytesText.hex(bytes)
                return .init(name: field.name, value: .string(text))
            })
    }

    /// The columns of both rows: in the order of the new one, then those that only the old one has.
    package var columns: [Column] {
        let old = before?.fields ?? []
        let new = after?.fields ?? []
        // Looked up by name: a row may have many columns.
        let oldValues = Dictionary(old.map { ($0.name, $0.value) }) { $1 }
        let newValues = Dictionary(new.map { ($0.name, $0.value) }) { $1 }
        let gone = old.filter { newValues[$0.name] == nil }
        return (new + gone).map { Column(name: $0.name, before: oldValues[$0.name], after: newValues[$0.name]) }
    }

    /// What an update changed; empty where the event does not have the old row.
    package var changed: [Column] {
        guard operation == .update, before != nil, after != nil else { return [] }
        return columns.filter(\.isChanged)
    }
}

/// Why a value is no change event.
package enum ChangeFlaw: Error, Equatable, CustomStringConvertible {
    case noJSON
    /// It begins as Avro, Protobuf and JSON Schema do with a schema registry.
    case registry
    case noObject
    case noOperation
    case unknownOperation(String)
    case noSource

    package var description: String {
        switch self {
        case .noJSON: "it is no JSON"
        case .registry: "it is written with a schema registry (it begins with a zero byte), not as JSON"
        case .noObject: "it is JSON, but no object with a change"
        case .noOperation:
            "it has no \"op\", which every change event of Debezium has unless a transform has unwrapped it"
        case .unknownOperation(let code): "its operation \"\(code)\" is none that Debezium has"
        case .noSource: "it has no \"source\", which every change event of Debezium has"
        }
    }
}
