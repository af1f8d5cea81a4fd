/// Moves partitions to other brokers, or calls that off (KIP-455).
public struct AlterPartitionReassignmentsRequest: WireRequest {
    public typealias Response = AlterPartitionReassignmentsResponse
    public static let api = APIKey.alterPartitionReassignments
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 60000
    /// Whether the number of replicas may change (KIP-860).
    public var allowReplicationFactorChange: Bool = true
    /// What to move, by topic.
    public var topics: [ReassignableTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("timeoutMs", &timeoutMs, default: 60000)
        try visitor.field("allowReplicationFactorChange", &allowReplicationFactorChange, 1..., default: true)
        try visitor.field("topics", &topics)
    }

    /// What to move of one topic.
    public struct ReassignableTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// What to move, by partition.
        public var partitions: [ReassignablePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// A partition to move.
        public struct ReassignablePartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The brokers to move to, the preferred leader first; null to call the move off.
            public var replicas: [BrokerID]? = nil
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("replicas", &replicas, default: nil)
            }
        }
    }
}

/// Which partitions are being moved.
public struct AlterPartitionReassignmentsResponse: WireMessage {
    public static let api = APIKey.alterPartitionReassignments
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// Whether the number of replicas may change (KIP-860).
    public var allowReplicationFactorChange: Bool = true
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The outcome by topic.
    public var responses: [ReassignableTopicResponse] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field(
            "allowReplicationFactorChange", &allowReplicationFactorChange, 1..., ignorable: true, default: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("responses", &responses)
    }

    /// The outcome for one topic.
    public struct ReassignableTopicResponse: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The outcome by partition.
        public var partitions: [ReassignablePartitionResponse] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct ReassignablePartitionResponse: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage)
            }
        }
    }
}
