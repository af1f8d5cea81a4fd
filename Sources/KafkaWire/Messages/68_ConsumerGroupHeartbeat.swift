/// Joins, keeps or leaves a group in the protocol of KIP-848.
public struct ConsumerGroupHeartbeatRequest: WireRequest {
    public typealias Response = ConsumerGroupHeartbeatResponse
    public static let api = APIKey.consumerGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The member's id; since version 1 the member makes it up.
    public var memberId: String = ""
    /// The member's epoch: 0 to join, -1 to leave, -2 to leave for a while as a static member.
    public var memberEpoch: Int32 = 0
    /// The `group.instance.id` of a static member, or null for none or no change.
    public var instanceId: String? = nil
    /// The member's rack, or null for none or no change.
    public var rackId: String? = nil
    /// How long the member may take to give up partitions, in milliseconds; -1 for no change.
    public var rebalanceTimeoutMs: Milliseconds = -1
    /// The names of the topics that the member subscribes to, or null for no change.
    public var subscribedTopicNames: [String]? = nil
    /// A regular expression (RE2) of topics that the member subscribes to, or null for none or no change.
    public var subscribedTopicRegex: String? = nil
    /// The assignor that the member wants the coordinator to use, or null for any or no change.
    public var serverAssignor: String? = nil
    /// The partitions that the member owns, or null for no change.
    public var topicPartitions: [TopicPartitions]? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("memberId", &memberId)
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("instanceId", &instanceId, default: nil)
        try visitor.field("rackId", &rackId, default: nil)
        try visitor.field("rebalanceTimeoutMs", &rebalanceTimeoutMs, default: -1)
        try visitor.field("subscribedTopicNames", &subscribedTopicNames, default: nil)
        try visitor.field("subscribedTopicRegex", &subscribedTopicRegex, 1..., default: nil)
        try visitor.field("serverAssignor", &serverAssignor, default: nil)
        try visitor.field("topicPartitions", &topicPartitions, default: nil)
    }

    /// Partitions of one topic.
    public struct TopicPartitions: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// What the coordinator wants of the member.
public struct ConsumerGroupHeartbeatResponse: WireMessage {
    public static let api = APIKey.consumerGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// The member's id, where the coordinator gave it, or null.
    public var memberId: String? = nil
    /// The member's epoch.
    public var memberEpoch: Int32 = 0
    /// How long the member may wait before its next heartbeat, in milliseconds.
    public var heartbeatIntervalMs: Milliseconds = 0
    /// The partitions that the member should have, or null for no change.
    public var assignment: Assignment? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("memberId", &memberId, default: nil)
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("heartbeatIntervalMs", &heartbeatIntervalMs)
        try visitor.field("assignment", &assignment, default: nil)
    }

    /// Partitions by topic.
    public struct Assignment: WireStruct {
        /// The partitions by topic.
        public var topicPartitions: [TopicPartitions] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicPartitions", &topicPartitions)
        }
    }

    /// Partitions of one topic.
    public struct TopicPartitions: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }
    }
}
