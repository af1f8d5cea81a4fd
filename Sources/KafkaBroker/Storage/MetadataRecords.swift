import KafkaWire

// What the records of `__cluster_metadata` hold (KIP-631; the `.json` files of Kafka's metadata module), as far as this
// broker writes them. A value is the frame's version (1), the kind's number and its version, each an unsigned varint, then
// the structure; there are no keys. `kafka-dump-log --cluster-metadata-decoder` reads them.

/// A record of the cluster's metadata.
package enum MetadataRecord: Equatable {
    case topic(TopicRecord)
    case partition(PartitionRecord)
    case config(ConfigRecord)
    case removeTopic(RemoveTopicRecord)
    case quota(ClientQuotaRecord)
    case producerIds(ProducerIdsRecord)
    case token(DelegationTokenRecord)
    case removeToken(RemoveDelegationTokenRecord)
    case scramCredential(UserScramCredentialRecord)
    case removeScramCredential(RemoveUserScramCredentialRecord)
    case acl(AccessControlEntryRecord)
    case removeAcl(RemoveAccessControlEntryRecord)
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
        case .token(let record): try Self.frame(10, record.encode(version: 0))
        case .scramCredential(let record): try Self.frame(11, record.encode(version: 0))
        case .quota(let record): try Self.frame(14, record.encode(version: 0))
        case .producerIds(let record): try Self.frame(15, record.encode(version: 0))
        case .removeScramCredential(let record): try Self.frame(22, record.encode(version: 0))
        case .removeToken(let record): try Self.frame(26, record.encode(version: 0))
        case .acl(let record): try Self.frame(18, record.encode(version: 0))
        case .removeAcl(let record): try Self.frame(19, record.encode(version: 0))
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
    package init(_ value: Bytes) throws(WireError) {
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
        case 10: self = .token(try DelegationTokenRecord.decode(body, version: version))
        case 11: self = .scramCredential(try UserScramCredentialRecord.decode(body, version: version))
        case 14: self = .quota(try ClientQuotaRecord.decode(body, version: version))
        case 15: self = .producerIds(try ProducerIdsRecord.decode(body, version: version))
        case 22:
            self = .removeScramCredential(try RemoveUserScramCredentialRecord.decode(body, version: version))
        case 26: self = .removeToken(try RemoveDelegationTokenRecord.decode(body, version: version))
        case 18: self = .acl(try AccessControlEntryRecord.decode(body, version: version))
        case 19: self = .removeAcl(try RemoveAccessControlEntryRecord.decode(body, version: version))
        default: self = .other(kind)
        }
    }
}

/// A topic was created.
package struct TopicRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var name = ""
    package var topicId: TopicID = .zero
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("name", &name)
        try visitor.field("topicId", &topicId)
    }
}

/// A partition was created, or has changed: the last record counts.
package struct PartitionRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...1
    package static let flexible = Versions.all

    package var partitionId: PartitionID = -1
    package var topicId: TopicID = .zero
    package var replicas: [BrokerID] = []
    package var isr: [BrokerID] = []
    package var removingReplicas: [BrokerID] = []
    package var addingReplicas: [BrokerID] = []
    package var leader: BrokerID = -1
    /// Whether the leader was elected uncleanly and has yet to recover.
    package var leaderRecoveryState: Int8 = 0
    package var leaderEpoch: LeaderEpoch = -1
    package var partitionEpoch: Int32 = -1
    /// The log directories of the replicas (KIP-858).
    package var directories: [Uuid] = []
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
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

    package mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "leaderRecoveryState", &leaderRecoveryState, .all)
    }
}

/// A setting was changed, or removed where there is no value.
package struct ConfigRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    /// The number of Kafka's `ConfigResource.Type`.
    package var resourceType: Int8 = 0
    package var resourceName = ""
    package var name = ""
    package var value: String?
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("resourceType", &resourceType)
        try visitor.field("resourceName", &resourceName)
        try visitor.field("name", &name)
        try visitor.field("value", &value)
    }
}

/// A topic was deleted.
package struct RemoveTopicRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var topicId: TopicID = .zero
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topicId", &topicId)
    }
}

/// A quota was changed or removed.
package struct ClientQuotaRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var entity: [EntityData] = []
    package var key = ""
    package var value = 0.0
    package var remove = false
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("entity", &entity)
        try visitor.field("key", &key)
        try visitor.field("value", &value)
        try visitor.field("remove", &remove)
    }

    /// A part of whom the quota is for; without a name, everybody of the kind.
    package struct EntityData: WireStruct, Equatable {
        package var entityType = ""
        package var entityName: String?
        package var unknownTaggedFields: [UnknownTaggedField] = []

        package init() {}

        package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("entityType", &entityType)
            try visitor.field("entityName", &entityName)
        }
    }
}

/// Producer ids below this one may have been given out.
package struct ProducerIdsRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var brokerId: BrokerID = 0
    package var brokerEpoch: Int64 = -1
    package var nextProducerId: ProducerID = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("brokerId", &brokerId)
        try visitor.field("brokerEpoch", &brokerEpoch, default: -1)
        try visitor.field("nextProducerId", &nextProducerId)
    }
}

/// A rule about who may do what was added.
package struct AccessControlEntryRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    /// What the rule is known by, to be removed.
    package var id = Uuid(high: 0, low: 0)
    /// The numbers of Kafka's `ResourceType`, `PatternType`, `AclOperation` and `AclPermissionType`.
    package var resourceType: Int8 = 0
    package var resourceName = ""
    package var patternType: Int8 = 0
    package var principal = ""
    package var host = ""
    package var operation: Int8 = 0
    package var permissionType: Int8 = 0
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("id", &id)
        try visitor.field("resourceType", &resourceType)
        try visitor.field("resourceName", &resourceName)
        try visitor.field("patternType", &patternType)
        try visitor.field("principal", &principal)
        try visitor.field("host", &host)
        try visitor.field("operation", &operation)
        try visitor.field("permissionType", &permissionType)
    }
}

/// A rule about who may do what was removed.
package struct RemoveAccessControlEntryRecord: EmbeddedMessage, Equatable {
    package static let versions: ClosedRange<Int16> = 0...0
    package static let flexible = Versions.all

    package var id = Uuid(high: 0, low: 0)
    package var unknownTaggedFields: [UnknownTaggedField] = []

    package init() {}

    package mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("id", &id)
    }
}
