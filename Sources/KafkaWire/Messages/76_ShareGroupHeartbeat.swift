/// Joins, keeps or leaves a share group (KIP-932).
public struct ShareGroupHeartbeatRequest: WireRequest {
    public typealias Response = ShareGroupHeartbeatResponse
    public static let api = APIKey.shareGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 1...1
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The member's id, which it makes up.
    public var memberId: String = ""
    /// The member's epoch: 0 to join, -1 to leave.
    public var memberEpoch: Int32 = 0
    /// The member's rack, or null for none or no change.
    public var rackId: String? = nil
    /// The names of the topics that the member subscribes to, or null for no change.
    public var subscribedTopicNames: [String]? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("memberId", &memberId)
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("rackId", &rackId, default: nil)
        try visitor.field("subscribedTopicNames", &subscribedTopicNames, default: nil)
    }
}

/// What the coordinator wants of the member.
public struct ShareGroupHeartbeatResponse: WireMessage {
    public static let api = APIKey.shareGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 1...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// The member's id, or null.
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
