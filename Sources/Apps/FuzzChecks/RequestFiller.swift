import KafkaWire

/// What a broker has given out, and requests name again.
struct KnownValues {
    private(set) var memberIds: [String] = []
    private(set) var topicIds: [Uuid] = []
    private(set) var producerIds: [Int64] = []
    private(set) var numbers: [Int64] = []

    private static let counted: Set<String> = [
        "generationId", "sessionId", "producerEpoch", "memberEpoch",
    ]

    /// Notes the values under names that matter; the last few are kept.
    mutating func learn(_ value: WireValue, named name: String) {
        switch value {
        case .object(let fields): for field in fields { learn(field.value, named: field.name) }
        case .array(let values): for value in values.prefix(4) { learn(value, named: name) }
        case .string(let text) where name == "memberId" && !text.isEmpty: Self.keep(text, &memberIds)
        case .uuid(let id) where name == "topicId": Self.keep(id, &topicIds)
        case .int(let number) where name == "producerId": Self.keep(number, &producerIds)
        case .int(let number) where Self.counted.contains(name): Self.keep(number, &numbers)
        default: break
        }
    }

    private static func keep<T: Equatable>(_ value: T, _ list: inout [T]) {
        list.removeAll { $0 == value }
        list.insert(value, at: 0)
        if list.count > 4 { list.removeLast() }
    }
}

/// The visitor that fills a request with values that bytes choose: 0 leaves a field at its default, other bytes take one
/// of few values, by the field's name and type.
struct RequestFiller: FieldVisitor {
    let version: Int16
    var flexible: Bool
    private(set) var source: ByteSource
    private let known: KnownValues
    private var field = ""
    private var isNullable = false
    private var depth = 0

    init(version: Int16, flexible: Bool, source: ByteSource, known: KnownValues) {
        self.version = version
        self.flexible = flexible
        self.source = source
        self.known = known
    }

    // MARK: Fields

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        self.field = "\(field.name)"
        isNullable = field.nullable.contains(version)
        return field.versions.contains(version)
    }

    mutating func leave() {}

    mutating func enterTagged<T: WireType>(_ tag: UInt32, _ field: Field, _ value: T, default: T) throws(WireError)
        -> Bool
    {
        guard try enter(field, value, default: `default`) else { return false }
        return source.next() & 1 == 1
    }

    mutating func leaveTagged() {}

    // MARK: Values

    mutating func visit(_ value: inout Bool) { if source.next() & 1 == 1 { value.toggle() } }
    mutating func visit(_ value: inout Int8) { value = number(value) }
    mutating func visit(_ value: inout Int16) { value = number(value) }
    mutating func visit(_ value: inout UInt16) { value = UInt16(source.next()) }
    mutating func visit(_ value: inout Int32) { value = number(value) }
    mutating func visit(_ value: inout UInt32) { value = UInt32(source.next()) }
    mutating func visit(_ value: inout Int64) { value = number(value) }
    mutating func visit(_ value: inout Double) { value = [value, 1, -1, 1e9, .infinity, .nan][Int(source.next() % 6)] }

    mutating func visit(_ value: inout Uuid) {
        let ids = known.topicIds + [Uuid(high: 0, low: 0), Uuid(high: 0, low: 1), Uuid(high: 7, low: 7)]
        value = ids[Int(source.next()) % ids.count]
    }

    mutating func visit(_ value: inout String?) {
        let byte = Int(source.next())
        if byte == 0 { return }
        if byte == 0xFF, isNullable { return value = nil }
        let texts = texts
        value = texts[(byte - 1) % texts.count]
    }

    mutating func visit(_ value: inout Bytes?) {
        let byte = source.next()
        if byte == 0 { return }
        if byte == 0xFF, isNullable { return value = nil }
        // A consumer's subscription to the topic t; or anything.
        value = byte & 1 == 1 ? Self.subscription : source.slice(Int(byte) >> 2)
    }

    mutating func visit(_ value: inout Records?) {
        var batch = BatchChoice(&source, known)
        value = batch.records(&source)
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let byte = source.next()
        if byte == 0xFF, isNullable { return value = nil }
        // Few, and deep inside none: an input stays short.
        let count = depth > 4 ? 0 : [0, 1, 1, 2, 1, 3, 1, 12][Int(byte & 7)]
        var array: [E] = []
        let name = field
        for _ in 0..<count {
            var element = E.zero
            field = name
            isNullable = false
            try element.accept(&self)
            array.append(element)
        }
        value = array
    }

    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        depth += 1
        try value.fields(&self)
        if flexible { try value.taggedFields(&self) }
        depth -= 1
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        if source.next() & 1 == 0, isNullable { return value = nil }
        var structure = S()
        try visit(&structure)
        value = structure
    }

    // MARK: Choices

    private static let subscription: Bytes = [0, 1, 0, 0, 0, 1, 0, 1, 0x74, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

    private mutating func number<N: FixedWidthInteger & SignedInteger>(_ value: N) -> N {
        let byte = source.next()
        let learnt = field == "producerId" ? known.producerIds : known.numbers
        switch byte {
        case 0: return value
        case 1..<0x30: return N(byte - 1)
        case 0x30..<0x40 where !learnt.isEmpty: return N(clamping: learnt[Int(byte) % learnt.count])
        case 0x40: return -1
        case 0x41: return -2
        case 0x42: return N.max
        case 0x43: return N.min
        case 0x44: return N.max - 1
        case 0x45: return N(clamping: -3)
        case 0x46..<0x60: return N(clamping: 1 << Int64(byte - 0x40))
        case 0x60..<0x80: return N(clamping: Int64(byte) * 1000)
        case 0x80..<0xA0: return N(clamping: 1_700_000_000_000 + Int64(byte - 0x80))
        default: return N(clamping: Int64(byte) - 0xA0)
        }
    }

    private static let topics = [
        "t", "u", "v", "w.x", "w_x", "", ".", "__consumer_offsets", "__transaction_state", "é",
        String(repeating: "t", count: 250),
    ]
    private static let configs = [
        "retention.ms", "retention.bytes", "segment.bytes", "cleanup.policy", "max.message.bytes", "segment.ms",
        "message.timestamp.type", "compression.type", "min.insync.replicas", "log.retention.ms", "nothing.known",
        "producer_byte_rate", "consumer.session.timeout.ms",
    ]
    private static let values = [
        "1", "0", "-1", "1000", "100000", "compact", "delete", "compact,delete", "LogAppendTime", "x",
        "9223372036854775807",
        "99999999999999999999", "gzip", "1e3",
    ]
    private static let names = [
        "range", "roundrobin", "uniform", "transaction.version", "metadata.version", "group.version", "user",
        "client-id",
        "SCRAM-SHA-256",
    ]

    /// What a text may be, by the name of its field.
    private var texts: [String] {
        let name = field.lowercased()
        if name.contains("member") { return known.memberIds + ["", "nobody"] }
        if name.contains("regex") { return ["t.*", "[", "(a|b)*c", "t", "(((((", "a{1000}"] }
        if name.contains("group") || name == "key" || name == "coordinatorkeys" { return ["g", "h", "tx", ""] }
        if name.contains("transactional") { return ["tx", "ty", ""] }
        if name == "protocoltype" { return ["consumer", "connect", ""] }
        if name.contains("instance") { return ["i", "j", ""] }
        if name == "value" || name == "match" { return Self.values }
        if name.contains("config") { return Self.configs }
        if name.contains("topic") { return Self.topics }
        return Self.topics + Self.names + Self.configs + known.memberIds + ["1", "g"]
    }
}

/// A record batch, or what looks like one, that bytes choose.
private struct BatchChoice {
    private var options = RecordBatchBuilder.Options()
    private var count: Int
    private var size: Int
    private var damage: UInt8

    init(_ source: inout ByteSource, _ known: KnownValues) {
        let kind = source.next()
        count = [1, 1, 2, 5, 0, 1, 3, 40][Int(kind & 7)]
        size = kind & 8 == 0 ? 3 : 900
        if kind & 0x10 != 0 {
            let ids = known.producerIds + [0, 1]
            let choice = source.next()
            options.producerId = ProducerID(ids[Int(choice & 3) % ids.count])
            options.producerEpoch = ProducerEpoch(Int16(choice >> 2 & 3))
            options.baseSequence = Int32(source.next())
            if choice & 0x10 != 0 { options.marks = RecordBatch.Attributes(rawValue: choice & 0x20 == 0 ? 0x10 : 0x30) }
        }
        if kind & 0x20 != 0 {
            options.compression = Compression.allCases[Int(source.next()) % Compression.allCases.count]
        }
        if kind & 0x40 != 0 { options.maxTimestamp = Int64(source.next()) - 100 }
        damage = kind & 0x80 == 0 ? 0 : source.next()
    }

    mutating func records(_ source: inout ByteSource) -> Records? {
        if damage == 0xFF { return nil }
        if damage == 0xFE { return Records(source.slice(Int(source.next()))) }
        var builder = RecordBatchBuilder()
        let value = [UInt8](repeating: 0x61, count: size)
        for index in 0..<count {
            value.withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 1_700_000_000_000 + Int64(index)) }
        }
        guard var bytes = try? builder.finish(options) else { return nil }
        switch damage & 0xC0 {
        case 0 where damage == 0: break
        case 0: bytes.removeLast(min(bytes.count, Int(damage)))
        case 0x40: bytes += bytes
        default: bytes[Int(damage) * 7 % bytes.count] ^= 1 << (damage & 7)
        }
        return Records(Bytes(bytes))
    }
}
