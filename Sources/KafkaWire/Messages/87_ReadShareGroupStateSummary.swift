/// Asks where a share group's partitions begin; brokers send it (KIP-932).
public struct ReadShareGroupStateSummaryRequest: WireRequest {
    public typealias Response = ReadShareGroupStateSummaryResponse
    public static let api = APIKey.readShareGroupStateSummary
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// What to look up, by topic.
    public var topics: [ReadStateSummaryData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// What to look up of one topic.
    public struct ReadStateSummaryData: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions to look up.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// A partition to look up.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// The leader's epoch, or -1 where it is not known.
            public var leaderEpoch: LeaderEpoch = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("leaderEpoch", &leaderEpoch)
            }
        }
    }
}

/// Where the partitions begin.
public struct ReadShareGroupStateSummaryResponse: WireMessage {
    public static let api = APIKey.readShareGroupStateSummary
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The beginnings by topic.
    public var results: [ReadStateSummaryResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("results", &results)
    }

    /// The beginnings in one topic.
    public struct ReadStateSummaryResult: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The beginnings by partition.
        public var partitions: [PartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The beginning of one partition.
        public struct PartitionResult: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            /// The state's epoch: it counts how often the share group was reset.
            public var stateEpoch: Int32 = 0
            /// The leader's epoch, or -1 where it is not known.
            public var leaderEpoch: LeaderEpoch = 0
            /// The offset of the first record that is not done with, or -1 where there is none.
            public var startOffset: Offset = 0
            /// How many records behind the start are done with (KIP-1226), or -1.
            public var deliveryCompleteCount: Int32 = -1
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
                try visitor.field("stateEpoch", &stateEpoch)
                try visitor.field("leaderEpoch", &leaderEpoch)
                try visitor.field("startOffset", &startOffset)
                try visitor.field("deliveryCompleteCount", &deliveryCompleteCount, 1..., ignorable: true, default: -1)
            }
        }
    }
}
