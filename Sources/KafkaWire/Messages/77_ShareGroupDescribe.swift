/// Asks for the state and the members of share groups (KIP-932).
public struct ShareGroupDescribeRequest: WireRequest {
    public typealias Response = ShareGroupDescribeResponse
    public static let api = APIKey.shareGroupDescribe
    public static let versions: ClosedRange<Int16> = 1...1
    public static let flexible: Versions = .all

    /// The groups to describe.
    public var groupIds: [String] = []
    /// Whether to tell which operations on the groups are allowed (KIP-430).
    public var includeAuthorizedOperations: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupIds", &groupIds)
        try visitor.field("includeAuthorizedOperations", &includeAuthorizedOperations)
    }
}

/// The state and the members of share groups.
public struct ShareGroupDescribeResponse: WireMessage {
    public static let api = APIKey.shareGroupDescribe
    public static let versions: ClosedRange<Int16> = 1...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The groups described.
    public var groups: [DescribedGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("groups", &groups)
    }

    /// A group.
    public struct DescribedGroup: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        /// The group.
        public var groupId: String = ""
        /// The group's state, such as `Stable`.
        public var groupState: String = ""
        /// The group's epoch: it counts changes of members and subscriptions.
        public var groupEpoch: Int32 = 0
        /// The group epoch that the target assignment was computed for.
        public var assignmentEpoch: Int32 = 0
        /// The assignor that the coordinator uses.
        public var assignorName: String = ""
        /// The group's members.
        public var members: [Member] = []
        /// The operations allowed on the group, a bit each, or the lowest `Int32` where they were not asked for.
        public var authorizedOperations: Int32 = .min
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, default: nil)
            try visitor.field("groupId", &groupId)
            try visitor.field("groupState", &groupState)
            try visitor.field("groupEpoch", &groupEpoch)
            try visitor.field("assignmentEpoch", &assignmentEpoch)
            try visitor.field("assignorName", &assignorName)
            try visitor.field("members", &members)
            try visitor.field("authorizedOperations", &authorizedOperations, default: .min)
        }

        /// A member of the group.
        public struct Member: WireStruct {
            /// The member's id, given by the coordinator.
            public var memberId: String = ""
            /// The member's rack, or null.
            public var rackId: String? = nil
            /// The member's epoch.
            public var memberEpoch: Int32 = 0
            /// The member's client id.
            public var clientId: String = ""
            /// The address that the member connects from.
            public var clientHost: String = ""
            /// The names of the topics that the member subscribes to.
            public var subscribedTopicNames: [String] = []
            /// The partitions that the member has.
            public var assignment: Assignment = Assignment()
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("memberId", &memberId)
                try visitor.field("rackId", &rackId, default: nil)
                try visitor.field("memberEpoch", &memberEpoch)
                try visitor.field("clientId", &clientId)
                try visitor.field("clientHost", &clientHost)
                try visitor.field("subscribedTopicNames", &subscribedTopicNames)
                try visitor.field("assignment", &assignment)
            }
        }
    }

    /// Partitions of one topic.
    public struct TopicPartitions: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The topic's name.
        public var topicName: String = ""
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("topicName", &topicName)
            try visitor.field("partitions", &partitions)
        }
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
}
