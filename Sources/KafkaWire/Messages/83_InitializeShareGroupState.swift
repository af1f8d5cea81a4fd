/// Begins to keep the state of a share group's partitions; brokers send it (KIP-932).
public struct InitializeShareGroupStateRequest: WireRequest {
    public typealias Response = InitializeShareGroupStateResponse
    public static let api = APIKey.initializeShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The states to begin with, by topic.
    public var topics: [InitializeStateData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// The states of one topic.
    public struct InitializeStateData: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The states to begin with, by partition.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The state of one partition.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// The state's epoch: it counts how often the share group was reset.
            public var stateEpoch: Int32 = 0
            /// The offset of the first record that is not done with, or -1 where there is none.
            public var startOffset: Offset = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("stateEpoch", &stateEpoch)
                try visitor.field("startOffset", &startOffset)
            }
        }
    }
}

/// For which partitions the state is kept now.
public struct InitializeShareGroupStateResponse: WireMessage {
    public static let api = APIKey.initializeShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The outcome by topic.
    public var results: [InitializeStateResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("results", &results)
    }

    /// The outcome for one topic.
    public struct InitializeStateResult: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The outcome by partition.
        public var partitions: [PartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct PartitionResult: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
            }
        }
    }
}
