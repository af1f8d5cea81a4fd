/// A document that is no envelope: a row as `ExtractNewRecordState` leaves it, or one of the other things that Debezium writes
/// to topics of its own.
///
/// Envelopes never come here, so that they cost nothing more for it.
struct PlainDocument {
    /// The members that tell what a document is.
    private struct Marks: OptionSet {
        let rawValue: UInt16
        static let userOrAmount = Marks(rawValue: 1)
        static let time = Marks(rawValue: 2)
        static let another = Marks(rawValue: 4)
        static let database = Marks(rawValue: 8)
        static let tableChanges = Marks(rawValue: 16)
        static let aggregate = Marks(rawValue: 32)
        static let cloudVersion = Marks(rawValue: 64)
    }

    /// The columns.
    private var row = Envelope.Row()
    /// What `add.fields` has put beside the columns, under the default prefix.
    private var operation = JSONToken.absent
    private var table = JSONToken.absent
    private var schema = JSONToken.absent
    private var sourceTime = JSONToken.absent
    /// Of `delete.tombstone.handling.mode=rewrite`.
    private var deleted = JSONToken.absent
    private var marks: Marks = []

    /// Looks once more at an event in which no `id` was found: at the row that it holds, for columns in another case (Oracle's
    /// are in upper case), or at the whole document, where that is no envelope.
    @inline(never)
    static func look(at envelope: inout Envelope, _ scanner: JSONScanner) throws(Malformed) {
        let members = envelope.members
        if members.after.kind == .object {
            envelope.members.row = try read(scanner, at: Int(members.after.offset)).row
        } else if members.after.kind == .absent, members.operation.kind == .absent {
            guard envelope.payload == .object || envelope.payload == .absent else { return }
            try read(scanner, at: envelope.place).tell(&envelope, scanner)
        }
    }

    /// Reads the object at that place, which the scanner has passed before.
    private static func read(_ scanner: JSONScanner, at place: Int) throws(Malformed) -> PlainDocument {
        var scanner = scanner
        var document = PlainDocument()
        scanner.cursor = scanner.start + place
        scanner.skipSpace()
        var more = try scanner.enterObject()
        while more {
            let key = try scanner.key()
            let value = try scanner.value(depth: 1)
            document.take(key, value, scanner)
            more = try scanner.another(closing: UInt8(ascii: "}"))
        }
        return document
    }

    private mutating func take(_ key: JSONToken, _ value: JSONToken, _ scanner: JSONScanner) {
        switch scanner.lowercased(key) {
        case "id": row.id = value
        case "user_id":
            row.userID = value
            marks.insert(.userOrAmount)
        case "amount":
            row.amount = value
            marks.insert(.userOrAmount)
        case "card_type": row.card = value
        case "merchant_id": row.merchantID = value
        case "created_at": row.createdAt = value
        case "__op": operation = value
        case "__deleted": deleted = value
        case "__table", "__source_table": table = value
        case "__schema", "__source_schema": schema = value
        case "__source_ts_ms": sourceTime = value
        case "ts_ms":
            marks.insert(value.kind == .integer ? .time : .another)
            return
        case "databasename": marks.insert(.database)
        case "tablechanges": marks.insert(.tableChanges)
        case "aggregate_type": marks.insert(.aggregate)
        case "specversion": marks.insert(.cloudVersion)
        default: break
        }
        marks.insert(.another)
    }

    /// Puts down what the document is.
    private func tell(_ envelope: inout Envelope, _ scanner: JSONScanner) throws(Malformed) {
        if marks.contains(.userOrAmount) {
            envelope.kind = .unwrapped(isDeleted: scanner.token(deleted, is: "true"))
            envelope.members.after = JSONToken(.object, envelope.place, 0)
            envelope.members.row = row
            envelope.members.operation = operation
            envelope.members.table = table
            envelope.members.schema = schema
            envelope.members.sourceTime = sourceTime
        } else if marks == .time {
            envelope.kind = .other(.heartbeat)
        } else if marks.contains([.database, .tableChanges]) {
            envelope.kind = .other(.schemaChange)
        } else if marks.contains(.cloudVersion) {
            throw Malformed(.cloudEvent, at: envelope.place)
        } else if marks.contains(.aggregate) {
            envelope.kind = .other(.notification)
        }
    }
}

extension JSONScanner {
    /// A string token's text, with the letters of ASCII in lower case.
    func lowercased(_ token: JSONToken) -> String {
        withText(token) { String(decoding: $0.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self) }
    }
}
