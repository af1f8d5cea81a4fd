/// Debezium's envelope, as offsets into the value: `{"before", "after", "source", "op", "ts_ms", …}`, bare or as the
/// `payload` beside a `schema`.
struct Envelope {
    /// The members that are looked at.
    struct Members {
        var operation = JSONToken.absent
        var after = JSONToken.absent
        var table = JSONToken.absent
        var schema = JSONToken.absent
        var sourceTime = JSONToken.absent
        var status = JSONToken.absent
        var row = Row()
    }

    /// The columns of `after`.
    struct Row {
        var id = JSONToken.absent
        var userID = JSONToken.absent
        var amount = JSONToken.absent
        var card = JSONToken.absent
        var merchantID = JSONToken.absent
        var createdAt = JSONToken.absent
    }

    /// What the document is.
    enum Kind {
        case envelope
        /// A row without its envelope.
        case unwrapped(isDeleted: Bool)
        case other(NotATransaction)
    }

    var members = Members()
    var form = RowForm()
    var kind = Kind.envelope
    /// Where the envelope begins: the payload, or the document.
    var place = 0
    /// The kind of the member `payload`; absent in a bare event.
    var payload = JSONToken.Kind.absent

    /// Reads the members of the document, up to its closing brace. Gives the prefix up to the payload, if the document
    /// begins with a schema and the payload follows it: all that the prefix says is then its `form`.
    mutating func readMembers(
        _ scanner: inout JSONScanner, isFirst: Bool
    ) throws(Malformed) -> (length: Int, form: RowForm)? {
        var place = isFirst ? 0 : 2
        var startsWithSchema = false
        var prefix: (length: Int, form: RowForm)?
        repeat {
            let key = try scanner.key()
            if scanner.token(key, is: "payload") {
                if place == 1, startsWithSchema { prefix = (scanner.offset, form) }
                try readPayload(&scanner)
            } else if scanner.token(key, is: "schema") {
                startsWithSchema = place == 0
                form = try SchemaReader.read(&scanner, depth: 1)
            } else if payload == .absent {
                try Self.readMember(key, &scanner, into: &members, depth: 1)
            } else {
                _ = try scanner.value(depth: 1)
            }
            place += 1
        } while try scanner.another(closing: UInt8(ascii: "}"))
        return prefix
    }

    /// Reads the payload at the cursor; what stood beside it is no envelope.
    @inline(__always)
    mutating func readPayload(_ scanner: inout JSONScanner) throws(Malformed) {
        members = Members()
        place = scanner.offset
        guard try scanner.peek() == UInt8(ascii: "{") else {
            payload = try scanner.value(depth: 1).kind
            return
        }
        payload = .object
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            try Self.readMember(key, &scanner, into: &members, depth: 2)
        } while try scanner.another(closing: UInt8(ascii: "}"))
    }

    /// `depth` containers are open around the member.
    @inline(__always)
    private static func readMember(
        _ key: JSONToken, _ scanner: inout JSONScanner, into members: inout Members, depth: Int
    ) throws(Malformed) {
        if scanner.token(key, is: "after") {
            members.row = Row()
            if try scanner.peek() == UInt8(ascii: "{") {
                members.after = JSONToken(.object, scanner.offset, 0)
                try readRow(&scanner, into: &members.row, depth: depth + 1)
            } else {
                members.after = try scanner.value(depth: depth)
            }
        } else if scanner.token(key, is: "source") {
            members.table = .absent
            members.schema = .absent
            members.sourceTime = .absent
            if try scanner.peek() == UInt8(ascii: "{") {
                try readSource(&scanner, into: &members, depth: depth + 1)
            } else {
                _ = try scanner.value(depth: depth)
            }
        } else {
            let value = try scanner.value(depth: depth)
            if scanner.token(key, is: "op") {
                members.operation = value
            } else if scanner.token(key, is: "status") {
                members.status = value
            }
        }
    }

    @inline(__always)
    private static func readRow(_ scanner: inout JSONScanner, into row: inout Row, depth: Int) throws(Malformed) {
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            let value = try scanner.value(depth: depth)
            if scanner.token(key, is: "id") {
                row.id = value
            } else if scanner.token(key, is: "user_id") {
                row.userID = value
            } else if scanner.token(key, is: "amount") {
                row.amount = value
            } else if scanner.token(key, is: "card_type") {
                row.card = value
            } else if scanner.token(key, is: "merchant_id") {
                row.merchantID = value
            } else if scanner.token(key, is: "created_at") {
                row.createdAt = value
            }
        } while try scanner.another(closing: UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func readSource(
        _ scanner: inout JSONScanner, into members: inout Members, depth: Int
    ) throws(Malformed) {
        guard try scanner.enterObject() else { return }
        repeat {
            let key = try scanner.key()
            let value = try scanner.value(depth: depth)
            if scanner.token(key, is: "table") {
                members.table = value
            } else if scanner.token(key, is: "schema") {
                members.schema = value
            } else if scanner.token(key, is: "ts_ms") {
                members.sourceTime = value
            }
        } while try scanner.another(closing: UInt8(ascii: "}"))
    }
}
