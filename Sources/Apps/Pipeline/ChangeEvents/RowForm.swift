/// How an event writes the columns that have more than one form: read from the schema that Kafka Connect's JSON
/// converter puts in front of the payload.
struct RowForm: Equatable {
    /// The form of `amount`.
    var amount = AmountForm.unspecified
    /// The form of `created_at`.
    var createdAt = TimeForm.unspecified
}

/// The unit of a `timestamp` column in events without a schema, which do not say it. Strings (`timestamptz`, and
/// `time.precision.mode=isostring`) say all themselves.
public enum TimeUnit: String, Equatable, Sendable, CaseIterable {
    /// Told by the number, for times from 1973 to 2255.
    case automatic
    /// `timestamp(3)` and less, or `time.precision.mode=connect`.
    case milliseconds
    /// `timestamp`, Debezium's default.
    case microseconds
    /// `time.precision.mode=nanoseconds`.
    case nanoseconds
}

/// How an event writes a time.
enum TimeForm: Equatable {
    case unspecified
    case milliseconds
    case microseconds
    case nanoseconds
    case text
    /// Days: the column is a date, and says no time.
    case days
    /// The schema gives the column a type that is no time.
    case unsupported

    init(_ unit: TimeUnit) {
        switch unit {
        case .automatic: self = .unspecified
        case .milliseconds: self = .milliseconds
        case .microseconds: self = .microseconds
        case .nanoseconds: self = .nanoseconds
        }
    }
}

/// Reads Connect's schema: a tree of `{"type", "fields", "name", "parameters", "field", …}`, in which `field` (the
/// name of the member) may follow everything else.
struct SchemaReader {
    /// What is known of one node of the tree.
    private struct Node {
        var type = JSONToken.absent
        var name = JSONToken.absent
        var field = JSONToken.absent
        var scale = JSONToken.absent
        /// The forms of this struct's own columns.
        var columns = RowForm()
        /// The forms of the columns of its member `after`, when that is a struct.
        var after: RowForm?
    }

    /// Reads the schema at the scanner's cursor and gives the forms of the columns of `after`, or its own where it has no such
    /// member: it is then that of a row without an envelope. Only malformed JSON is an error: a schema that says nothing about a
    /// column leaves it unspecified.
    static func read(_ scanner: inout JSONScanner, depth: Int) throws(Malformed) -> RowForm {
        guard try scanner.peek() == UInt8(ascii: "{") else {
            _ = try scanner.value(depth: depth)
            return RowForm()
        }
        let root = try node(&scanner, depth: depth)
        return root.after ?? root.columns
    }

    private static func node(_ scanner: inout JSONScanner, depth: Int) throws(Malformed) -> Node {
        guard depth < JSONScanner.deepest else { throw scanner.flaw(.tooDeep) }
        var node = Node()
        var more = try scanner.enterObject()
        while more {
            let key = try scanner.key()
            let byte = try scanner.peek()
            if scanner.token(key, is: "fields"), byte == UInt8(ascii: "[") {
                try fields(&scanner, of: &node, depth: depth + 1)
            } else if scanner.token(key, is: "parameters"), byte == UInt8(ascii: "{") {
                node.scale = try parameters(&scanner, depth: depth + 1)
            } else {
                let value = try scanner.value(depth: depth + 1)
                if scanner.token(key, is: "type") { node.type = value }
                if scanner.token(key, is: "name") { node.name = value }
                if scanner.token(key, is: "field") { node.field = value }
            }
            more = try scanner.another(closing: UInt8(ascii: "}"))
        }
        return node
    }

    private static func fields(_ scanner: inout JSONScanner, of parent: inout Node, depth: Int) throws(Malformed) {
        guard depth < JSONScanner.deepest else { throw scanner.flaw(.tooDeep) }
        scanner.cursor += 1
        scanner.skipSpace()
        guard try scanner.peek() != UInt8(ascii: "]") else {
            scanner.cursor += 1
            return
        }
        repeat {
            guard try scanner.peek() == UInt8(ascii: "{") else {
                _ = try scanner.value(depth: depth + 1)
                continue
            }
            let member = try node(&scanner, depth: depth + 1)
            if scanner.token(member.field, is: "after") { parent.after = member.columns }
            // Only what may be one of the names is worth a copy.
            let length = member.field.count
            guard member.field.kind == .escapedString || member.field.kind == .string && (length == 6 || length == 10)
            else { continue }
            // Oracle's names are in upper case.
            switch scanner.lowercased(member.field) {
            case "amount": parent.columns.amount = amountForm(scanner, member)
            case "created_at": parent.columns.createdAt = timeForm(scanner, member)
            default: break
            }
        } while try scanner.another(closing: UInt8(ascii: "]"))
    }

    private static func parameters(_ scanner: inout JSONScanner, depth: Int) throws(Malformed) -> JSONToken {
        guard depth < JSONScanner.deepest else { throw scanner.flaw(.tooDeep) }
        var scale = JSONToken.absent
        var more = try scanner.enterObject()
        while more {
            let key = try scanner.key()
            let value = try scanner.value(depth: depth + 1)
            if scanner.token(key, is: "scale") { scale = value }
            more = try scanner.another(closing: UInt8(ascii: "}"))
        }
        return scale
    }

    /// PostgreSQL's `numeric` has at most so many digits behind the point.
    private static let widestScale: UInt64 = 16_383

    private static func amountForm(_ scanner: JSONScanner, _ node: Node) -> AmountForm {
        if scanner.token(node.type, is: "bytes") {
            // Bytes of another kind are no number, though they are base64, too.
            guard scanner.token(node.name, is: "org.apache.kafka.connect.data.Decimal"), node.scale.isString else {
                return .unsupported
            }
            // Parameters are strings, numbers too.
            let scale = scanner.withText(node.scale) { FieldText.integer($0) }
            guard let scale, scale.magnitude <= widestScale else { return .unsupported }
            return .decimal(scale: Int(scale))
        }
        if scanner.token(node.name, is: "io.debezium.data.VariableScaleDecimal") { return .variableScale }
        if scanner.token(node.type, is: "string") { return .text }
        let isNumber =
            scanner.token(node.type, is: "double") || scanner.token(node.type, is: "float")
            || scanner.token(node.type, is: "int16") || scanner.token(node.type, is: "int32")
            || scanner.token(node.type, is: "int64")
        return isNumber ? .number : .unsupported
    }

    private static func timeForm(_ scanner: JSONScanner, _ node: Node) -> TimeForm {
        if scanner.token(node.type, is: "string") { return .text }
        if scanner.token(node.type, is: "int32") {
            let isDate =
                scanner.token(node.name, is: "io.debezium.time.Date")
                || scanner.token(node.name, is: "org.apache.kafka.connect.data.Date")
            return isDate ? .days : .unsupported
        }
        guard scanner.token(node.type, is: "int64") else { return .unsupported }
        if scanner.token(node.name, is: "io.debezium.time.MicroTimestamp") { return .microseconds }
        if scanner.token(node.name, is: "io.debezium.time.NanoTimestamp") { return .nanoseconds }
        let isMilliseconds =
            scanner.token(node.name, is: "io.debezium.time.Timestamp")
            || scanner.token(node.name, is: "org.apache.kafka.connect.data.Timestamp")
        return isMilliseconds ? .milliseconds : .unspecified
    }
}
