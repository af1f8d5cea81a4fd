import KafkaWire

/// What a broker has given out, and requests name again.
struct KnownValues: Sendable {
    private(set) var memberIds: [String] = []
    private(set) var topicIds: [Uuid] = []
    private(set) var producerIds: [Int64] = []
    private(set) var numbers: [Int64] = []

    private static let counted: Set<String> = [
        "generationId", "sessionId", "producerEpoch", "memberEpoch",
    ]

    /// Whether answers of that API bring values that later requests need.
    static func areIn(_ key: APIKey) -> Bool {
        [.joinGroup, .initProducerId, .fetch, .metadata, .createTopics, .endTxn, .consumerGroupHeartbeat].contains(key)
    }

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
    private(set) var isNullable = false
    private var depth = 0

    init(version: Int16, flexible: Bool, source: ByteSource, known: KnownValues) {
        self.version = version
        self.flexible = flexible
        self.source = source
        self.known = known
    }

    /// The next byte of those that choose.
    mutating func choice() -> UInt8 { source.next() }

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
    mutating func visit(_ value: inout UInt16) { value = unsigned() }
    mutating func visit(_ value: inout Int32) { value = number(value) }
    mutating func visit(_ value: inout UInt32) { value = unsigned() }
    mutating func visit(_ value: inout Int64) { value = number(value) }

    mutating func visit(_ value: inout Double) {
        let byte = Int(source.next())
        if byte > 0 { value = Boundaries.doubles[(byte - 1) % Boundaries.doubles.count] }
    }

    mutating func visit(_ value: inout Uuid) {
        let ids = known.topicIds + [Uuid(high: 0, low: 0), Uuid(high: 0, low: 1), Uuid(high: 7, low: 7)]
        value = ids[Int(source.next()) % ids.count]
    }

    mutating func visit(_ value: inout String?) {
        let byte = Int(source.next())
        if byte == 0 { return }
        if byte == 0xFF, isNullable { return value = nil }
        switch byte {
        case 0xC0..<0xE0: value = Boundaries.names[(byte - 0xC0) % Boundaries.names.count]
        case 0xE0...:
            let letter = byte & 1 == 0 ? "t" : "\u{E9}"
            value = String(repeating: letter, count: Boundaries.lengths[(byte - 0xE0) / 2 % Boundaries.lengths.count])
        default:
            let texts = texts
            value = texts[(byte - 1) % texts.count]
        }
    }

    mutating func visit(_ value: inout Bytes?) {
        let byte = source.next()
        if byte == 0 { return }
        if byte == 0xFF, isNullable { return value = nil }
        switch byte {
        // A consumer's subscription to the topic t, or what members are told; or anything.
        case _ where byte & 1 == 1: value = Self.embedded[Int(byte >> 1) % Self.embedded.count]
        case 0xF0...:
            let length = Boundaries.lengths[Int(byte >> 1) % Boundaries.lengths.count]
            value = Bytes([UInt8](repeating: source.next(), count: length))
        default: value = source.slice(Int(byte) >> 2)
        }
    }

    mutating func visit(_ value: inout Records?) {
        var batch = BatchChoice(&source, known)
        value = batch.records(&source)
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        let byte = source.next()
        if byte == 0xFF, isNullable { return value = nil }
        // Few, and deep inside none: an input stays short. Bit 3 asks for the first one over and over.
        let isRepeated = byte & 8 != 0
        let count = depth > 4 ? 0 : [0, 1, 1, 2, 1, 3, 1, 12][Int(byte & 7)]
        var array: [E] = []
        let name = field
        for place in 0..<count {
            if isRepeated, place > 0 {
                array.append(array[0])
                continue
            }
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

    /// What members of the consumer protocol say and are told, sound and not: a partition that is named twice, one below
    /// 0, a version that nobody knows.
    private static let embedded: [Bytes] = {
        func assignment(_ topics: [(String, [PartitionID])]) -> Bytes {
            let value = ConsumerProtocolAssignment.with {
                $0.assignedPartitions = topics.map { name, partitions in
                    .with {
                        $0.topic = name
                        $0.partitions = partitions
                    }
                }
            }
            return Bytes((try? value.encodeVersioned(version: 3)) ?? [])
        }
        func subscription(_ topics: [String], owned: [PartitionID] = [], generation: Int32 = -1) -> Bytes {
            let value = ConsumerProtocolSubscription.with {
                $0.topics = topics
                $0.generationId = generation
                if !owned.isEmpty {
                    $0.ownedPartitions = ["t", "t"].map { name in
                        .with {
                            $0.topic = name
                            $0.partitions = owned
                        }
                    }
                }
            }
            return Bytes((try? value.encodeVersioned(version: 3)) ?? [])
        }
        return [
            [0, 1, 0, 0, 0, 1, 0, 1, 0x74, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], assignment([("t", [0, 1])]),
            assignment([("t", [0, 0])]), assignment([("t", [0]), ("t", [0])]), assignment([("t", [-1, .init(.max)])]),
            assignment([("", []), ("u", [.init(.min)])]), subscription(["t", "t", "u"]), subscription([]),
            subscription(["t"], owned: [0, 0], generation: .max),
            subscription(["t"], owned: [.init(.min)], generation: .min),
            [0x7F, 0xFF], [0x80, 0], [],
        ]
    }()

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
        case 0xA0..<0xC0: return N(clamping: Int64(byte) - 0xA0)
        default:
            let values = Boundaries.integers(N.self)
            return values[Int(byte - 0xC0) % values.count]
        }
    }

    private mutating func unsigned<N: FixedWidthInteger & UnsignedInteger>() -> N {
        let byte = source.next()
        return byte < 0xF0 ? N(byte) : N.max >> N(byte & 0xF)
    }

    private static let topics = [
        "t", "u", "v", "w.x", "w_x", "", ".", "__consumer_offsets", "__transaction_state", "é",
        String(repeating: "t", count: 250), "compact", "stamped", "zipped",
    ]
    private static let configs = [
        "retention.ms", "retention.bytes", "segment.bytes", "cleanup.policy", "max.message.bytes", "segment.ms",
        "message.timestamp.type", "compression.type", "min.insync.replicas", "log.retention.ms", "nothing.known",
        "producer_byte_rate", "consumer.session.timeout.ms", "message.timestamp.before.max.ms",
        "message.timestamp.after.max.ms", "min.compaction.lag.ms", "max.compaction.lag.ms", "delete.retention.ms",
        "min.cleanable.dirty.ratio", "segment.jitter.ms", "log.retention.minutes", "log.retention.hours",
        "log.roll.hours",
        "consumer.heartbeat.interval.ms", "connection_creation_rate", "request_percentage", "compression.zstd.level",
        "compression.gzip.level", "offsets.retention.minutes", "log.segment.bytes", "internal.segment.bytes",
    ]
    private static let values = [
        "1", "0", "-1", "1000", "100000", "compact", "delete", "compact,delete", "LogAppendTime", "x",
        "9223372036854775807",
        "99999999999999999999", "gzip", "1e3", "-9223372036854775808", "9223372036854775808", "2147483647",
        "2147483648",
        "-2147483648", "4611686018427387904", " 1", "+1", "1.0", "NaN", "0.0", "-0.1", "1.0000001",
        "9223372036854775806",
        "zstd", "lz4", "snappy", "uncompressed", "producer", "CreateTime", "153722867280912931", "14", "1048576",
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
        if name.contains("group") || name == "key" || name == "coordinatorkeys" {
            return ["g", "h", "tx", "", "c", "s"]
        }
        if name.contains("transactional") { return ["tx", "ty", "", "tz"] }
        if name == "protocoltype" { return ["consumer", "connect", ""] }
        if name.contains("instance") { return ["i", "j", ""] }
        if name == "value" || name == "match" { return Self.values }
        if name.contains("config") { return Self.configs }
        if name.contains("topic") { return Self.topics }
        return Self.topics + Self.names + Self.configs + known.memberIds + ["1", "g"]
    }
}
