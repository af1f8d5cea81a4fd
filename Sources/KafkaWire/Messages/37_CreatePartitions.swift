/// Adds partitions to topics (KIP-195).
public struct CreatePartitionsRequest: WireRequest {
    public typealias Response = CreatePartitionsResponse
    public static let api = APIKey.createPartitions
    public static let versions: ClosedRange<Int16> = 0...3
    public static let flexible: Versions = 2...

    /// The topics to extend.
    public var topics: [CreatePartitionsTopic] = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    /// Whether to check the request without changing anything.
    public var validateOnly: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("timeoutMs", &timeoutMs)
        try visitor.field("validateOnly", &validateOnly)
    }

    /// A topic to extend.
    public struct CreatePartitionsTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// How many partitions the topic is to have in all.
        public var count: Int32 = 0
        /// The brokers of each new partition, or null to let the broker choose.
        public var assignments: [CreatePartitionsAssignment]? = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("count", &count)
            try visitor.field("assignments", &assignments)
        }

        /// The brokers of one new partition.
        public struct CreatePartitionsAssignment: WireStruct {
            /// The brokers that get a replica, the first one as the preferred leader.
            public var brokerIds: [BrokerID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("brokerIds", &brokerIds)
            }
        }
    }
}

/// Which topics have more partitions now.
public struct CreatePartitionsResponse: WireMessage {
    public static let api = APIKey.createPartitions
    public static let versions: ClosedRange<Int16> = 0...3
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var results: [CreatePartitionsTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The outcome for one topic.
    public struct CreatePartitionsTopicResult: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, default: nil)
        }
    }
}
