/// Stores a group's positions.
public struct OffsetCommitRequest: WireRequest {
    public typealias Response = OffsetCommitResponse
    public static let api = APIKey.offsetCommit
    public static let versions: ClosedRange<Int16> = 2...10
    public static let flexible: Versions = 8...

    /// The group.
    public var groupId: String = ""
    /// The group's generation, or the member's epoch (KIP-848); -1 outside of a group.
    public var generationIdOrMemberEpoch: Int32 = -1
    /// The member's id, given by the coordinator.
    public var memberId: String = ""
    /// The `group.instance.id` of a static member (KIP-345), or null.
    public var groupInstanceId: String? = nil
    /// How long to keep the offsets, in milliseconds; -1 for the broker's setting.
    public var retentionTimeMs: LongMilliseconds = -1
    /// The topics concerned.
    public var topics: [OffsetCommitRequestTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("generationIdOrMemberEpoch", &generationIdOrMemberEpoch, 1..., ignorable: true, default: -1)
        try visitor.field("memberId", &memberId, 1..., ignorable: true)
        try visitor.field("groupInstanceId", &groupInstanceId, 7..., default: nil)
        try visitor.field("retentionTimeMs", &retentionTimeMs, 2...4, ignorable: true, default: -1)
        try visitor.field("topics", &topics)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// Positions in one topic.
    public struct OffsetCommitRequestTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [OffsetCommitRequestPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...9, ignorable: true)
            try visitor.field("topicId", &topicId, 10..., ignorable: true)
            try visitor.field("partitions", &partitions)
        }

        /// The position in one partition.
        public struct OffsetCommitRequestPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The committed offset: that of the next record to read; -1 where nothing was committed.
            public var committedOffset: Offset = 0
            /// The leader epoch of the last record before the offset, or -1.
            public var committedLeaderEpoch: LeaderEpoch = -1
            /// Text to keep with the offset.
            public var committedMetadata: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("committedOffset", &committedOffset)
                try visitor.field("committedLeaderEpoch", &committedLeaderEpoch, 6..., ignorable: true, default: -1)
                try visitor.field("committedMetadata", &committedMetadata)
            }
        }
    }
}

/// Which positions were stored.
public struct OffsetCommitResponse: WireMessage {
    public static let api = APIKey.offsetCommit
    public static let versions: ClosedRange<Int16> = 2...10
    public static let flexible: Versions = 8...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The topics concerned.
    public var topics: [OffsetCommitResponseTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 3..., ignorable: true)
        try visitor.field("topics", &topics)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// The outcome for one topic.
    public struct OffsetCommitResponseTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [OffsetCommitResponsePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...9, ignorable: true)
            try visitor.field("topicId", &topicId, 10..., ignorable: true)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct OffsetCommitResponsePartition: WireStruct {
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
