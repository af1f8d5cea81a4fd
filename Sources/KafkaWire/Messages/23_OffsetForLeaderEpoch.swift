/// Asks where a leader's epoch ends, to find out whether a log was truncated (KIP-320).
public struct OffsetForLeaderEpochRequest: WireRequest {
    public typealias Response = OffsetForLeaderEpochResponse
    public static let api = APIKey.offsetForLeaderEpoch
    public static let versions: ClosedRange<Int16> = 2...4
    public static let flexible: Versions = 4...

    /// The follower's broker id; -1 for a consumer, -2 where that is not known.
    public var replicaId: BrokerID = -2
    /// What to look up, by topic.
    public var topics: [OffsetForLeaderTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("replicaId", &replicaId, 3..., ignorable: true, default: -2)
        try visitor.field("topics", &topics)
    }

    /// What to look up in one topic.
    public struct OffsetForLeaderTopic: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// What to look up, by partition.
        public var partitions: [OffsetForLeaderPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }

        /// What to look up in one partition.
        public struct OffsetForLeaderPartition: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// The leader epoch that the client knows, or -1; the broker refuses another one (KIP-320).
            public var currentLeaderEpoch: LeaderEpoch = -1
            /// The epoch whose end is wanted.
            public var leaderEpoch: LeaderEpoch = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("currentLeaderEpoch", &currentLeaderEpoch, 2..., ignorable: true, default: -1)
                try visitor.field("leaderEpoch", &leaderEpoch)
            }
        }
    }
}

/// Where the epochs end.
public struct OffsetForLeaderEpochResponse: WireMessage {
    public static let api = APIKey.offsetForLeaderEpoch
    public static let versions: ClosedRange<Int16> = 2...4
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The ends by topic.
    public var topics: [OffsetForLeaderTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 2..., ignorable: true)
        try visitor.field("topics", &topics)
    }

    /// The ends in one topic.
    public struct OffsetForLeaderTopicResult: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The ends by partition.
        public var partitions: [EpochEndOffset] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }

        /// The end in one partition.
        public struct EpochEndOffset: WireStruct {
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The partition's number.
            public var partition: PartitionID = 0
            /// The largest epoch up to the one asked for that the leader has, or -1.
            public var leaderEpoch: LeaderEpoch = -1
            /// The offset behind that epoch's last record, or -1.
            public var endOffset: Offset = -1
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("errorCode", &errorCode)
                try visitor.field("partition", &partition)
                try visitor.field("leaderEpoch", &leaderEpoch, 1..., ignorable: true, default: -1)
                try visitor.field("endOffset", &endOffset, default: -1)
            }
        }
    }
}
