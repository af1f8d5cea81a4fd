import JSONLines
import KafkaWire

/// A record of a topic that a Debezium connector writes to.
struct ChangeRecord {
    enum Content {
        case change(Change)
        /// A key without a value: what follows a delete, so that compaction forgets the row.
        case tombstone
        /// The beginning or the end of a transaction (`provide.transaction.metadata`).
        case transaction(TransactionMark)
        /// When, in milliseconds since 1970.
        case heartbeat(Int64)
        /// Why it is none of these, and its value as text.
        case malformed(String, String?)
    }

    var content: Content
    /// Decoded, without its schema; a text where it is no JSON; nil for none.
    var key: Document?
    /// The key that a row had, or gets, when its key changes: Debezium then writes a delete and an insert.
    var oldKey: Document?
    var newKey: Document?
}

/// The beginning or the end of a transaction.
struct TransactionMark: Equatable {
    /// `BEGIN` or `END`.
    var status: String
    var id: String
    /// How many events it had; nil at its beginning.
    var count: Int64?
    /// How many of which table.
    var collections: Document?

    init?(_ payload: Document) {
        guard let status = payload["status"]?.text, ["BEGIN", "END"].contains(status), let id = payload["id"]?.text
        else {
            return nil
        }
        self.status = status
        self.id = id
        count = payload["event_count"]?.number
        collections = payload["data_collections"]
    }

    var title: String {
        "transaction \(ValueText.plain(.string(id)))" + (count.map { "  \($0) event\($0 == 1 ? "" : "s")" } ?? "")
    }

    var tables: String {
        (collections?.elements ?? []).compactMap { entry in
            entry["data_collection"]?.text.map {
                "\(ValueText.plain(.string($0))) \(entry["event_count"]?.number ?? 0)"
            }
        }.joined(separator: "  ")
    }
}

/// Reads records, and keeps what the schemas of a topic's events have said, for events that come without.
struct ChangeMemory: Sendable {
    private struct Topic: Sendable {
        var row: ValueForm?
        var key: ValueForm?
    }

    private var topics: [String: Topic] = [:]

    /// Keys and values longer than that, in bytes, are not looked into.
    private static let longest = 64 << 20

    mutating func read(topic: String, key: Bytes?, value: Bytes?, headers: [RecordHeader]) -> ChangeRecord {
        var known = topics[topic] ?? Topic()
        defer { topics[topic] = known }
        func header(_ name: String, _ form: inout ValueForm?) -> Document? {
            headers.last { $0.key == name }?.value.flatMap { Self.key($0, &form) }
        }
        var record = ChangeRecord(content: .tombstone, key: key.flatMap { Self.key($0, &known.key) })
        record.oldKey = header("__debezium.oldkey", &known.key)
        record.newKey = header("__debezium.newkey", &known.key)
        if let value { record.content = Self.content(value, &known.row) }
        return record
    }

    private static func content(_ value: Bytes, _ row: inout ValueForm?) -> ChangeRecord.Content {
        guard value.count <= longest, let document = Document(value.copy()) else {
            let flaw: ChangeFlaw = !value.isEmpty && value[0] == 0 ? .registry : .noJSON
            return .malformed("\(flaw)", ValueText.shown(value))
        }
        let payload = document["schema"] == nil ? document : document["payload"] ?? document
        if let mark = TransactionMark(payload) { return .transaction(mark) }
        if payload.fields.count == 1, let time = payload["ts_ms"]?.number { return .heartbeat(time) }
        do throws(ChangeFlaw) { return .change(try Change(document, learned: &row)) } catch {
            return .malformed("\(error)", ValueText.shown(value))
        }
    }

    private static func key(_ key: Bytes, _ form: inout ValueForm?) -> Document? {
        guard key.count <= longest, let document = Document(key.copy()) else { return .string(ValueText.shown(key)) }
        guard let schema = document["schema"], let payload = document["payload"] else {
            return form?.decoded(document) ?? document
        }
        // A key without a schema of its own, `{"schema": null, "payload": …}`, says nothing.
        if schema != .null { form = ValueForm(schema: schema) }
        return form?.decoded(payload) ?? payload
    }
}
