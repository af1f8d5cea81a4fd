/// Sets where an empty share group begins to read (KIP-932).
public struct AlterShareGroupOffsetsRequest: WireRequest {
    public typealias Response = AlterShareGroupOffsetsResponse
    public static let api = APIKey.alterShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The offsets to set, by topic.
    public var topics: [AlterShareGroupOffsetsRequestTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// Offsets to set in one topic.
    public struct AlterShareGroupOffsetsRequestTopic: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The offsets to set, by partition.
        public var partitions: [AlterShareGroupOffsetsRequestPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitions", &partitions)
        }

        /// The offset to set in one partition.
        public struct AlterShareGroupOffsetsRequestPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The offset of the first record to read.
            public var startOffset: Offset = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("startOffset", &startOffset)
            }
        }
    }
}

/// Which offsets were set.
public struct AlterShareGroupOffsetsResponse: WireMessage {
    public static let api = APIKey.alterShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// The outcome by topic.
    public var responses: [AlterShareGroupOffsetsResponseTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("responses", &responses)
    }

    /// The outcome for one topic.
    public struct AlterShareGroupOffsetsResponseTopic: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The outcome by partition.
        public var partitions: [AlterShareGroupOffsetsResponsePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct AlterShareGroupOffsetsResponsePartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
            }
        }
    }
}
