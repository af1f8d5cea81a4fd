/// Asks which brokers, topics and leaders there are.
public struct MetadataRequest: WireRequest {
    public typealias Response = MetadataResponse
    public static let api = APIKey.metadata
    public static let versions: ClosedRange<Int16> = 0...13
    public static let flexible: Versions = 9...

    /// The topics to describe; null (in version 0: none) for all.
    public var topics: [MetadataRequestTopic]? = []
    /// Whether the broker may create topics that are missing.
    public var allowAutoTopicCreation: Bool = true
    /// Whether to tell which operations on the cluster are allowed (KIP-430).
    public var includeClusterAuthorizedOperations: Bool = false
    /// Whether to tell which operations on the topics are allowed (KIP-430).
    public var includeTopicAuthorizedOperations: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics, nullable: 1...)
        try visitor.field("allowAutoTopicCreation", &allowAutoTopicCreation, 4..., default: true)
        try visitor.field("includeClusterAuthorizedOperations", &includeClusterAuthorizedOperations, 8...10)
        try visitor.field("includeTopicAuthorizedOperations", &includeTopicAuthorizedOperations, 8...)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// A topic to describe, by name or by identifier.
    public struct MetadataRequestTopic: WireStruct {
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The topic's name.
        public var name: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId, 10..., ignorable: true)
            try visitor.field("name", &name, nullable: 10...)
        }
    }
}

/// The brokers, topics and leaders of the cluster.
public struct MetadataResponse: WireMessage {
    public static let api = APIKey.metadata
    public static let versions: ClosedRange<Int16> = 0...13
    public static let flexible: Versions = 9...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The brokers of the cluster.
    public var brokers: [MetadataResponseBroker] = []
    /// The cluster's id.
    public var clusterId: String? = nil
    /// The controller's broker id, or -1.
    public var controllerId: BrokerID = -1
    /// The topics concerned.
    public var topics: [MetadataResponseTopic] = []
    /// The operations allowed on the cluster, a bit each, or the lowest `Int32` where they were not asked for.
    public var clusterAuthorizedOperations: Int32 = .min
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 3..., ignorable: true)
        try visitor.field("brokers", &brokers)
        try visitor.field("clusterId", &clusterId, 2..., ignorable: true, default: nil)
        try visitor.field("controllerId", &controllerId, 1..., ignorable: true, default: -1)
        try visitor.field("topics", &topics)
        try visitor.field("clusterAuthorizedOperations", &clusterAuthorizedOperations, 8...10, default: .min)
        try visitor.field("errorCode", &errorCode, 13..., ignorable: true)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// A broker.
    public struct MetadataResponseBroker: WireStruct {
        /// The broker's id.
        public var nodeId: BrokerID = 0
        /// The broker's host name.
        public var host: String = ""
        /// The broker's port.
        public var port: Int32 = 0
        /// The broker's rack, or null.
        public var rack: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("nodeId", &nodeId)
            try visitor.field("host", &host)
            try visitor.field("port", &port)
            try visitor.field("rack", &rack, 1..., ignorable: true, default: nil)
        }
    }

    /// A topic.
    public struct MetadataResponseTopic: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The topic's name.
        public var name: String? = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// Whether the topic is one of the broker itself.
        public var isInternal: Bool = false
        /// The partitions concerned.
        public var partitions: [MetadataResponsePartition] = []
        /// The operations allowed on the topic, a bit each, or the lowest `Int32` where they were not asked for.
        public var topicAuthorizedOperations: Int32 = .min
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("name", &name, nullable: 12...)
            try visitor.field("topicId", &topicId, 10..., ignorable: true)
            try visitor.field("isInternal", &isInternal, 1..., ignorable: true)
            try visitor.field("partitions", &partitions)
            try visitor.field("topicAuthorizedOperations", &topicAuthorizedOperations, 8..., default: .min)
        }

        /// A partition.
        public struct MetadataResponsePartition: WireStruct {
            /// What is wrong with the partition, if anything.
            public var errorCode: ErrorCode = .none
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The leader's broker id, or -1 where it is not known.
            public var leaderId: BrokerID = 0
            /// The leader's epoch, or -1 where it is not known.
            public var leaderEpoch: LeaderEpoch = -1
            /// The brokers that have a replica.
            public var replicaNodes: [BrokerID] = []
            /// The brokers whose replica is in sync.
            public var isrNodes: [BrokerID] = []
            /// The brokers whose replica is offline.
            public var offlineReplicas: [BrokerID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("errorCode", &errorCode)
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("leaderId", &leaderId)
                try visitor.field("leaderEpoch", &leaderEpoch, 7..., ignorable: true, default: -1)
                try visitor.field("replicaNodes", &replicaNodes)
                try visitor.field("isrNodes", &isrNodes)
                try visitor.field("offlineReplicas", &offlineReplicas, 5..., ignorable: true)
            }
        }
    }
}
