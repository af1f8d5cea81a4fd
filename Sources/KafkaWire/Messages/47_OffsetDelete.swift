/// Deletes a group's stored positions (KIP-496).
public struct OffsetDeleteRequest: WireRequest {
    public typealias Response = OffsetDeleteResponse
    public static let api = APIKey.offsetDelete
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .none

    /// The group.
    public var groupId: String = ""
    /// The positions to delete, by topic.
    public var topics: [OffsetDeleteRequestTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// Positions to delete in one topic.
    public struct OffsetDeleteRequestTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The positions to delete, by partition.
        public var partitions: [OffsetDeleteRequestPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// A position to delete.
        public struct OffsetDeleteRequestPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
            }
        }
    }
}

/// Which positions were deleted.
public struct OffsetDeleteResponse: WireMessage {
    public static let api = APIKey.offsetDelete
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .none

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var topics: [OffsetDeleteResponseTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("throttleTimeMs", &throttleTimeMs, ignorable: true)
        try visitor.field("topics", &topics)
    }

    /// The outcome for one topic.
    public struct OffsetDeleteResponseTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The outcome by partition.
        public var partitions: [OffsetDeleteResponsePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct OffsetDeleteResponsePartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
            }
        }
    }
}
