/// Decodes Debezium's change events of the table `transactions` (JSON converter, with or without schemas).
///
/// One decoder per consumer task: it remembers schema prefixes and the shapes of events, and it is a value, so a copy is
/// independent. Decoding allocates nothing, except for a schema or a shape seen for the first time and for escapes
/// inside fields that are read.
///
/// The whole value is checked to be well-formed JSON, also what is skipped. Of members with the same name the last one
/// counts.
public struct ChangeEventDecoder: Sendable {
    /// The record header on a create event that is an old row under a new key. Debezium reports an update of the key
    /// columns (also of `message.key.columns`) as delete, tombstone and create; the header tells that create from an
    /// insert.
    public static let oldKeyHeader = "__debezium.oldkey"

    /// The record header with the operation of a row without its envelope, where the connector's `ExtractNewRecordState` has
    /// `add.headers=op`.
    public static let operationHeader = "__op"

    /// The longest value that is looked at, in bytes: 64 MiB, far above any broker's `message.max.bytes`.
    public static let longestValue = 64 * 1024 * 1024

    /// What the decoder is told.
    public struct Options: Equatable, Sendable {
        /// The table whose new rows are transactions. Default `transactions`. An event that names no table is taken
        /// to be of this one: the topic has then selected it.
        public var table: String
        /// The table's schema, nil for any. Default nil.
        public var schema: String?
        /// How amounts are written in events without a schema. Default: told by the value, base64 with scale 2.
        public var amount: AmountEncoding
        /// The unit of times in events without a schema. Default: told by the number.
        public var time: TimeUnit
        /// Whether schema prefixes and the shapes of events are remembered, which changes no result. Default true; false
        /// is for comparisons.
        public var remembersPrefixes: Bool

        /// The options, each with its default.
        public init(
            table: String = "transactions", schema: String? = nil, amount: AmountEncoding = .automatic(scale: 2),
            time: TimeUnit = .automatic, remembersPrefixes: Bool = true
        ) {
            self.table = table
            self.schema = schema
            self.amount = amount
            self.time = time
            self.remembersPrefixes = remembersPrefixes
        }
    }

    private let table: [UInt8]
    private let schema: [UInt8]?
    private let bareForm: RowForm
    private let remembersPrefixes: Bool
    private var memory = PrefixMemory()
    private var shapes = ShapeMemory()

    /// A decoder that remembers no schema yet.
    public init(_ options: Options = Options()) {
        table = Array(options.table.utf8)
        schema = options.schema.map { Array($0.utf8) }
        bareForm = RowForm(amount: AmountForm(options.amount), createdAt: TimeForm(options.time))
        remembersPrefixes = options.remembersPrefixes
    }

    /// Decodes a record's value; nil is Kafka's null.
    ///
    /// - Parameters:
    ///   - hasOldKey: whether the record carries the header `oldKeyHeader`.
    ///   - operation: the one byte of the record's header `operationHeader`; asked for only where the value is a row without
    ///     its envelope that does not say it itself.
    public mutating func decode(
        _ value: UnsafeRawBufferPointer?, hasOldKey: Bool = false, operation: () -> UInt8? = { nil }
    ) -> ChangeEvent {
        guard let value else { return .notATransaction(.tombstone) }
        guard value.count <= Self.longestValue else { return .malformed(Malformed(.tooLong, at: 0)) }
        guard var scanner = JSONScanner(value) else { return .malformed(Malformed(.empty, at: 0)) }
        do throws(Malformed) {
            var isPayload = false
            var form = RowForm()
            if remembersPrefixes, let prefix = memory.match(value) {
                scanner.cursor += prefix.length
                // The prefix may have been learnt from an event without space behind its colon.
                scanner.skipSpace()
                isPayload = true
                form = prefix.form
            }
            var learns = false
            if remembersPrefixes, shapes.isInUse() {
                if let event = try readByShape(
                    &scanner, isPayload: isPayload, form, hasOldKey: hasOldKey, operation)
                {
                    return event
                }
                learns = shapes.goesOnAfterMiss()
            }
            let beginning = scanner
            var envelope = Envelope()
            envelope.form = form
            try read(value, &scanner, isPayload: isPayload, into: &envelope)
            if envelope.members.row.id.kind == .absent { try PlainDocument.look(at: &envelope, scanner) }
            let event = try interpret(envelope, scanner, hasOldKey: hasOldKey, operation)
            if learns { learn(event, envelope, from: beginning, isPayload: isPayload) }
            return event
        } catch {
            return .malformed(error)
        }
    }

    /// Decodes a record's value.
    public mutating func decode(_ value: RawSpan, hasOldKey: Bool = false) -> ChangeEvent {
        value.withUnsafeBytes { decode($0, hasOldKey: hasOldKey) }
    }

    // MARK: Reading

    @inline(__always)
    private mutating func read(
        _ value: UnsafeRawBufferPointer, _ scanner: inout JSONScanner, isPayload: Bool, into envelope: inout Envelope
    ) throws(Malformed) {
        if isPayload {
            try envelope.readPayload(&scanner)
            if try scanner.another(closing: UInt8(ascii: "}")) {
                _ = try envelope.readMembers(&scanner, isFirst: false)
            }
        } else {
            scanner.skipSpace()
            guard scanner.cursor < scanner.end else { throw scanner.flaw(.empty) }
            guard try scanner.peek() == UInt8(ascii: "{") else {
                if value.first == 0 { throw Malformed(.wireFormat, at: 0) }
                let whole = try scanner.value(depth: 0)
                scanner.skipSpace()
                guard scanner.cursor == scanner.end else { throw scanner.flaw(.trailingBytes) }
                // What the converter without schemas writes of a delete that was unwrapped.
                guard whole.kind == .null else { throw Malformed(.notAnObject, at: 0) }
                envelope.payload = .null
                return
            }
            if try scanner.enterObject() {
                let prefix = try envelope.readMembers(&scanner, isFirst: true)
                if remembersPrefixes, let prefix {
                    memory.remember(UnsafeRawBufferPointer(rebasing: value[..<prefix.length]), form: prefix.form)
                }
            }
        }
        scanner.skipSpace()
        guard scanner.cursor == scanner.end else { throw scanner.flaw(.trailingBytes) }
    }

    /// Reads an event of a remembered shape; nil for another one, with the scanner where it was.
    @inline(__always)
    private mutating func readByShape(
        _ scanner: inout JSONScanner, isPayload: Bool, _ form: RowForm, hasOldKey: Bool, _ operation: () -> UInt8?
    ) throws(Malformed) -> ChangeEvent? {
        var row = Envelope.Row()
        var sourceTime = JSONToken.absent
        let answer = shapes.read(&scanner, isPayload: isPayload, into: &row, sourceTime: &sourceTime)
        switch answer {
        case nil: return nil
        case .notATransaction(let reason): return .notATransaction(reason)
        case .row where hasOldKey: return .notATransaction(.movedRow)
        case .row(let origin):
            let reader = RowReader(scanner, row, sourceTime: sourceTime, form, bareForm: bareForm)
            return .transaction(try reader.transaction(origin: origin))
        case .unwrapped:
            let reader = RowReader(scanner, row, sourceTime: sourceTime, form, bareForm: bareForm)
            return try unwrapped(reader, scanner, hasOldKey: hasOldKey, operation())
        }
    }

    /// A row without its envelope, with the operation that its header says.
    @inline(never)
    private func unwrapped(
        _ row: RowReader, _ scanner: JSONScanner, hasOldKey: Bool, _ operation: UInt8?
    ) throws(Malformed) -> ChangeEvent {
        switch operation {
        case nil: throw Malformed(.unwrapped, at: scanner.end - scanner.start)
        case UInt8(ascii: "u"): return .notATransaction(.update)
        case UInt8(ascii: "d"): return .notATransaction(.delete)
        case UInt8(ascii: "c"), UInt8(ascii: "r"):
            if hasOldKey { return .notATransaction(.movedRow) }
            return .transaction(try row.transaction(origin: operation == UInt8(ascii: "c") ? .insert : .snapshot))
        default: throw Malformed(.unknownOperation, at: 0)
        }
    }

    /// Remembers the shape of an event that had none of those remembered.
    @inline(never)
    private mutating func learn(
        _ event: ChangeEvent, _ envelope: Envelope, from beginning: JSONScanner, isPayload: Bool
    ) {
        let answer: EventShape.Answer
        switch (event, envelope.kind) {
        // What it is hangs on the kinds of its values.
        case (_, .other), (.notATransaction(.movedRow), _), (.malformed, _): return
        case (.notATransaction(.otherTable), _): answer = .notATransaction(.otherTable)
        case (_, .unwrapped(isDeleted: false)) where envelope.members.operation.kind == .absent: answer = .unwrapped
        case (.transaction(let row), _): answer = .row(row.origin)
        case (.notATransaction(let reason), _): answer = .notATransaction(reason)
        }
        let shape = ShapeLearner.shape(beginning, isPayload: isPayload, envelope, answer: answer)
        if let shape { shapes.remember(shape) }
    }

    // MARK: Interpreting

    @inline(__always)
    private func interpret(
        _ envelope: Envelope, _ scanner: JSONScanner, hasOldKey: Bool, _ header: () -> UInt8?
    ) throws(Malformed) -> ChangeEvent {
        let members = envelope.members
        if envelope.payload == .null { return .notATransaction(.tombstone) }
        guard members.operation.kind == .string, members.operation.count == 1 else {
            return try interpretWithoutOperation(envelope, scanner, hasOldKey: hasOldKey, header)
        }
        let operation = (scanner.start + Int(members.operation.offset)).load(as: UInt8.self)
        switch operation {
        case UInt8(ascii: "t"): return .notATransaction(.truncate)
        case UInt8(ascii: "m"): return .notATransaction(.message)
        case UInt8(ascii: "c"), UInt8(ascii: "r"), UInt8(ascii: "u"), UInt8(ascii: "d"): break
        default: throw Malformed(.unknownOperation, at: Int(members.operation.offset))
        }
        guard isOurs(members, scanner) else { return .notATransaction(.otherTable) }
        if operation == UInt8(ascii: "u") { return .notATransaction(.update) }
        if operation == UInt8(ascii: "d") { return .notATransaction(.delete) }
        if hasOldKey { return .notATransaction(.movedRow) }
        guard members.after.kind == .object else {
            if members.after.isString { throw Malformed(.document, at: Int(members.after.offset)) }
            throw flaw(.after, members.after, scanner)
        }
        let row = RowReader(
            scanner, members.row, sourceTime: members.sourceTime, envelope.form, bareForm: bareForm)
        return .transaction(try row.transaction(origin: operation == UInt8(ascii: "c") ? .insert : .snapshot))
    }

    @inline(never)
    private func interpretWithoutOperation(
        _ envelope: Envelope, _ scanner: JSONScanner, hasOldKey: Bool, _ header: () -> UInt8?
    ) throws(Malformed) -> ChangeEvent {
        let members = envelope.members
        switch members.operation.kind {
        case .absent:
            if case .other(let reason) = envelope.kind { return .notATransaction(reason) }
            guard case .unwrapped(let isDeleted) = envelope.kind else { break }
            guard isOurs(members, scanner) else { return .notATransaction(.otherTable) }
            if isDeleted { return .notATransaction(.delete) }
            let row = RowReader(
                scanner, members.row, sourceTime: members.sourceTime, envelope.form, bareForm: bareForm)
            return try unwrapped(row, scanner, hasOldKey: hasOldKey, header())
        default: break
        }
        switch members.operation.kind {
        case .absent where scanner.token(members.status, is: "BEGIN") || scanner.token(members.status, is: "END"):
            return .notATransaction(.transactionMetadata)
        case .absent, .null:
            throw flaw(.operation, members.operation, scanner)
        default:
            // An `op` with escapes or of another length: none of Debezium's.
            throw Malformed(.unknownOperation, at: Int(members.operation.offset))
        }
    }

    @inline(__always)
    private func isOurs(_ members: Envelope.Members, _ scanner: JSONScanner) -> Bool {
        guard members.table.isString else { return true }
        guard scanner.withText(members.table, { equal($0, table) }) else { return false }
        guard let schema, members.schema.isString else { return true }
        return scanner.withText(members.schema) { equal($0, schema) }
    }

    @inline(__always)
    private func equal(_ text: UnsafeRawBufferPointer, _ name: [UInt8]) -> Bool {
        name.withUnsafeBytes { $0.count == text.count && $0.elementsEqual(text) }
    }

    private func flaw(_ field: Malformed.Field, _ token: JSONToken, _ scanner: JSONScanner) -> Malformed {
        RowReader.flaw(field, token, documentLength: scanner.end - scanner.start)
    }
}
