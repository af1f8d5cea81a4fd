/// Elects new leaders for partitions (KIP-460).
public struct ElectLeadersRequest: WireRequest {
    public typealias Response = ElectLeadersResponse
    public static let api = APIKey.electLeaders
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// 0 to elect the preferred replica, 1 to elect one that is not in sync where no other is left.
    public var electionType: Int8 = 0
    /// The partitions by topic; null for all.
    public var topicPartitions: [TopicPartitions]? = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 60000
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("electionType", &electionType, 1...)
        try visitor.field("topicPartitions", &topicPartitions)
        try visitor.field("timeoutMs", &timeoutMs, default: 60000)
    }

    /// Partitions of one topic.
    public struct TopicPartitions: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// Which partitions had an election.
public struct ElectLeadersResponse: WireMessage {
    public static let api = APIKey.electLeaders
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The outcome by topic.
    public var replicaElectionResults: [ReplicaElectionResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode, 1...)
        try visitor.field("replicaElectionResults", &replicaElectionResults)
    }

    /// The outcome for one topic.
    public struct ReplicaElectionResult: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The outcome by partition.
        public var partitionResult: [PartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitionResult", &partitionResult)
        }

        /// The outcome for one partition.
        public struct PartitionResult: WireStruct {
            /// The partition's number.
            public var partitionId: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionId", &partitionId)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage)
            }
        }
    }
}
