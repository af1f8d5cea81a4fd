/// Deletes the state of a share group's partitions; brokers send it (KIP-932).
public struct DeleteShareGroupStateRequest: WireRequest {
    public typealias Response = DeleteShareGroupStateResponse
    public static let api = APIKey.deleteShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// What to delete, by topic.
    public var topics: [DeleteStateData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// What to delete of one topic.
    public struct DeleteStateData: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions to delete the state of.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// A partition to delete the state of.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
            }
        }
    }
}

/// For which partitions the state was deleted.
public struct DeleteShareGroupStateResponse: WireMessage {
    public static let api = APIKey.deleteShareGroupState
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The outcome by topic.
    public var results: [DeleteStateResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("results", &results)
    }

    /// The outcome for one topic.
    public struct DeleteStateResult: WireStruct {
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
