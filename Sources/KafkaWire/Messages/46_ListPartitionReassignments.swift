/// Asks which partitions are being moved (KIP-455).
public struct ListPartitionReassignmentsRequest: WireRequest {
    public typealias Response = ListPartitionReassignmentsResponse
    public static let api = APIKey.listPartitionReassignments
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 60000
    /// The topics to look up; null for all.
    public var topics: [ListPartitionReassignmentsTopics]? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("timeoutMs", &timeoutMs, default: 60000)
        try visitor.field("topics", &topics, default: nil)
    }

    /// What to look up of one topic.
    public struct ListPartitionReassignmentsTopics: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions to look up.
        public var partitionIndexes: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitionIndexes", &partitionIndexes)
        }
    }
}

/// The partitions that are being moved.
public struct ListPartitionReassignmentsResponse: WireMessage {
    public static let api = APIKey.listPartitionReassignments
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// What is being moved, by topic.
    public var topics: [OngoingTopicReassignment] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("topics", &topics)
    }

    /// What is being moved of one topic.
    public struct OngoingTopicReassignment: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions that are being moved.
        public var partitions: [OngoingPartitionReassignment] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// A partition that is being moved.
        public struct OngoingPartitionReassignment: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The brokers that have a replica now.
            public var replicas: [BrokerID] = []
            /// The brokers that are getting a replica.
            public var addingReplicas: [BrokerID] = []
            /// The brokers that are losing their replica.
            public var removingReplicas: [BrokerID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("replicas", &replicas)
                try visitor.field("addingReplicas", &addingReplicas)
                try visitor.field("removingReplicas", &removingReplicas)
            }
        }
    }
}
