/// Asks for partitions and their replicas, a page at a time (KIP-966).
public struct DescribeTopicPartitionsRequest: WireRequest {
    public typealias Response = DescribeTopicPartitionsResponse
    public static let api = APIKey.describeTopicPartitions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The topics to describe; empty for all.
    public var topics: [TopicRequest] = []
    /// How many partitions the answer may have.
    public var responsePartitionLimit: Int32 = 2000
    /// The first partition to describe, or null to begin at the beginning.
    public var cursor: Cursor? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("responsePartitionLimit", &responsePartitionLimit, default: 2000)
        try visitor.field("cursor", &cursor, default: nil)
    }

    /// A topic to describe.
    public struct TopicRequest: WireStruct {
        /// The topic's name.
        public var name: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
        }
    }

    /// A place between two pages.
    public struct Cursor: WireStruct {
        /// The topic to go on with.
        public var topicName: String = ""
        /// The partition to go on with.
        public var partitionIndex: PartitionID = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitionIndex", &partitionIndex)
        }
    }
}

/// A page of partitions and their replicas.
public struct DescribeTopicPartitionsResponse: WireMessage {
    public static let api = APIKey.describeTopicPartitions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The topics described.
    public var topics: [DescribeTopicPartitionsResponseTopic] = []
    /// The cursor for the next page, or null where there is none.
    public var nextCursor: Cursor? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, ignorable: true)
        try visitor.field("topics", &topics)
        try visitor.field("nextCursor", &nextCursor, default: nil)
    }

    /// A topic.
    public struct DescribeTopicPartitionsResponseTopic: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The topic's name.
        public var name: String? = ""
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// Whether the topic is one of the broker itself.
        public var isInternal: Bool = false
        /// The topic's partitions on this page.
        public var partitions: [DescribeTopicPartitionsResponsePartition] = []
        /// The operations allowed on the topic, a bit each, or the lowest `Int32` where they were not asked for.
        public var topicAuthorizedOperations: Int32 = .min
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("name", &name)
            try visitor.field("topicId", &topicId, ignorable: true)
            try visitor.field("isInternal", &isInternal, ignorable: true)
            try visitor.field("partitions", &partitions)
            try visitor.field("topicAuthorizedOperations", &topicAuthorizedOperations, default: .min)
        }

        /// A partition.
        public struct DescribeTopicPartitionsResponsePartition: WireStruct {
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
            /// The brokers that may lead though they are not in sync (KIP-966), or null.
            public var eligibleLeaderReplicas: [BrokerID]? = nil
            /// The brokers that may lead after an unclean shutdown (KIP-966), or null.
            public var lastKnownElr: [BrokerID]? = nil
            /// The brokers whose replica is offline.
            public var offlineReplicas: [BrokerID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("errorCode", &errorCode)
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("leaderId", &leaderId)
                try visitor.field("leaderEpoch", &leaderEpoch, ignorable: true, default: -1)
                try visitor.field("replicaNodes", &replicaNodes)
                try visitor.field("isrNodes", &isrNodes)
                try visitor.field("eligibleLeaderReplicas", &eligibleLeaderReplicas, default: nil)
                try visitor.field("lastKnownElr", &lastKnownElr, default: nil)
                try visitor.field("offlineReplicas", &offlineReplicas, ignorable: true)
            }
        }
    }

    /// A place between two pages.
    public struct Cursor: WireStruct {
        /// The topic to go on with.
        public var topicName: String = ""
        /// The partition to go on with.
        public var partitionIndex: PartitionID = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitionIndex", &partitionIndex)
        }
    }
}
