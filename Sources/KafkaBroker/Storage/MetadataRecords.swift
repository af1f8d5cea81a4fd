import KafkaWire

// What the records of `__cluster_metadata` hold (KIP-631; the `.json` files of Kafka's metadata module), as far as this
// broker writes them. A value is the frame's version (1), the kind's number and its version, each an unsigned varint, then
// the structure; there are no keys. `kafka-dump-log --cluster-metadata-decoder` reads them.

/// A record of the cluster's metadata.
enum MetadataRecord: Equatable {
    case topic(TopicRecord)
    case partition(PartitionRecord)
    case config(ConfigRecord)
    case removeTopic(RemoveTopicRecord)
    case quota(ClientQuotaRecord)
    case producerIds(ProducerIdsRecord)
    /// A kind that this broker does not know, by its number.
    case other(UInt32)

    private static let frameVersion: UInt32 = 1

    /// The record's value.
    func encode() throws(WireError) -> [UInt8] {
        switch self {
        case .topic(let record): try Self.frame(2, record.encode(version: 0))
        case .partition(let record): try Self.frame(3, record.encode(version: 0))
        case .config(let record): try Self.frame(4, record.encode(version: 0))
        case .removeTopic(let record): try Self.frame(9, record.encode(version: 0))
        case .quota(let record): try Self.frame(14, record.encode(version: 0))
        case .producerIds(let record): try Self.frame(15, record.encode(version: 0))
        case .other(let kind): throw WireError(.malformed("a metadata record of kind \(kind) is not written"))
        }
    }

    private static func frame(_ kind: UInt32, _ body: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.unsignedVarint(frameVersion)
        writer.unsignedVarint(kind)
        writer.unsignedVarint(0)
        body.withUnsafeBytes { writer.raw($0) }
        return writer.array()
    }

    /// Reads a record's value.
    init(_ value: Bytes) throws(WireError) {
        var reader = ByteReader(value)
        let frame = try reader.unsignedVarint()
        guard frame == Self.frameVersion else {
            throw WireError(.malformed("a metadata record in frame version \(frame) where 1 is known"))
        }
        let kind = try reader.unsignedVarint()
        let version = Int16(clamping: try reader.unsignedVarint())
        let body = value[reader.offset..<value.count]
        switch kind {
        case 2: self = .topic(try TopicRecord.decode(body, version: version))
        case 3: self = .partition(try PartitionRecord.decode(body, version: version))
        case 4: self = .config(try ConfigRecord.decode(body, version: version))
        case 9: self = .removeTopic(try RemoveTopicRecord.decode(body, version: version))
        case 14: self = .quota(try ClientQuotaRecord.decode(body, version: version))
        case 15: self = .producerIds(try ProducerIdsRecord.decode(body, version: version))
        default: self = .other(kind)
        }
    }
}

/// A topic was created.
struct TopicRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var name = ""
    var topicId: TopicID = .zero
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("name", &name)
        try visitor.field("topicId", &topicId)
    }
}

/// A partition was created, or has changed: the last record counts.
struct PartitionRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...1
    static let flexible = Versions.all

    var partitionId: PartitionID = -1
    var topicId: TopicID = .zero
    var replicas: [BrokerID] = []
    var isr: [BrokerID] = []
    var removingReplicas: [BrokerID] = []
    var addingReplicas: [BrokerID] = []
    var leader: BrokerID = -1
    /// Whether the leader was elected uncleanly and has yet to recover.
    var leaderRecoveryState: Int8 = 0
    var leaderEpoch: LeaderEpoch = -1
    var partitionEpoch: Int32 = -1
    /// The log directories of the replicas (KIP-858).
    var directories: [Uuid] = []
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("partitionId", &partitionId, default: -1)
        try visitor.field("topicId", &topicId)
        try visitor.field("replicas", &replicas)
        try visitor.field("isr", &isr)
        try visitor.field("removingReplicas", &removingReplicas)
        try visitor.field("addingReplicas", &addingReplicas)
        try visitor.field("leader", &leader, default: -1)
        try visitor.field("leaderEpoch", &leaderEpoch, default: -1)
        try visitor.field("partitionEpoch", &partitionEpoch, default: -1)
        try visitor.field("directories", &directories, 1..., ignorable: true)
    }

    mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "leaderRecoveryState", &leaderRecoveryState, .all)
    }
}

/// A setting was changed, or removed where there is no value.
struct ConfigRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    /// The number of Kafka's `ConfigResource.Type`.
    var resourceType: Int8 = 0
    var resourceName = ""
    var name = ""
    var value: String?
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("resourceType", &resourceType)
        try visitor.field("resourceName", &resourceName)
        try visitor.field("name", &name)
        try visitor.field("value", &value)
    }
}

/// A topic was deleted.
struct RemoveTopicRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var topicId: TopicID = .zero
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topicId", &topicId)
    }
}

/// A quota was changed or removed.
struct ClientQuotaRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var entity: [EntityData] = []
    var key = ""
    var value = 0.0
    var remove = false
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("entity", &entity)
        try visitor.field("key", &key)
        try visitor.field("value", &value)
        try visitor.field("remove", &remove)
    }

    /// A part of whom the quota is for; without a name, everybody of the kind.
    struct EntityData: WireStruct, Equatable {
        var entityType = ""
        var entityName: String?
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("entityType", &entityType)
            try visitor.field("entityName", &entityName)
        }
    }
}

/// Producer ids below this one may have been given out.
struct ProducerIdsRecord: EmbeddedMessage, Equatable {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var brokerId: BrokerID = 0
    var brokerEpoch: Int64 = -1
    var nextProducerId: ProducerID = 0
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("brokerId", &brokerId)
        try visitor.field("brokerEpoch", &brokerEpoch, default: -1)
        try visitor.field("nextProducerId", &nextProducerId)
    }
}
