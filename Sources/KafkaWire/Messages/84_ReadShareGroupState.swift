/// Asks for the state of a share group's partitions; brokers send it (KIP-932).
public struct ReadShareGroupStateRequest: WireRequest {
    public typealias Response = ReadShareGroupStateResponse
    public static let api = APIKey.readShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// What to read, by topic.
    public var topics: [ReadStateData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// What to read of one topic.
    public struct ReadStateData: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions to read.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// A partition to read.
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

/// The state of the partitions.
public struct ReadShareGroupStateResponse: WireMessage {
    public static let api = APIKey.readShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The states by topic.
    public var results: [ReadStateResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("results", &results)
    }

    /// The states of one topic.
    public struct ReadStateResult: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The states by partition.
        public var partitions: [PartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The state of one partition.
        public struct PartitionResult: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            /// The state's epoch: it counts how often the share group was reset.
            public var stateEpoch: Int32 = 0
            /// The offset of the first record that is not done with, or -1 where there is none.
            public var startOffset: Offset = 0
            /// What has become of the records behind the start, in runs.
            public var stateBatches: [StateBatch] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
                try visitor.field("stateEpoch", &stateEpoch)
                try visitor.field("startOffset", &startOffset)
                try visitor.field("stateBatches", &stateBatches)
            }

            /// What has become of a run of records.
            public struct StateBatch: WireStruct {
                /// The offset of the first record.
                public var firstOffset: Offset = 0
                /// The offset of the last record.
                public var lastOffset: Offset = 0
                /// What has become of them: 0 available, 2 acknowledged, 4 archived.
                public var deliveryState: Int8 = 0
                /// How many times the records have been delivered.
                public var deliveryCount: Int16 = 0
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("firstOffset", &firstOffset)
                    try visitor.field("lastOffset", &lastOffset)
                    try visitor.field("deliveryState", &deliveryState)
                    try visitor.field("deliveryCount", &deliveryCount)
                }
            }
        }
    }
}
