/// Stores a group's positions as part of a transaction.
public struct TxnOffsetCommitRequest: WireRequest {
    public typealias Response = TxnOffsetCommitResponse
    public static let api = APIKey.txnOffsetCommit
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// The transactional id.
    public var transactionalId: String = ""
    /// The group.
    public var groupId: String = ""
    /// The producer's id.
    public var producerId: ProducerID = 0
    /// The producer's epoch.
    public var producerEpoch: ProducerEpoch = 0
    /// The group's generation, or the member's epoch (KIP-848); -1 outside of a group (KIP-447).
    public var generationId: Int32 = -1
    /// The member's id, or "" outside of a group (KIP-447).
    public var memberId: String = ""
    /// The `group.instance.id` of a static member (KIP-345), or null.
    public var groupInstanceId: String? = nil
    /// The positions by topic.
    public var topics: [TxnOffsetCommitRequestTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId)
        try visitor.field("groupId", &groupId)
        try visitor.field("producerId", &producerId)
        try visitor.field("producerEpoch", &producerEpoch)
        try visitor.field("generationId", &generationId, 3..., default: -1)
        try visitor.field("memberId", &memberId, 3...)
        try visitor.field("groupInstanceId", &groupInstanceId, 3..., default: nil)
        try visitor.field("topics", &topics)
    }

    /// Positions in one topic.
    public struct TxnOffsetCommitRequestTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The positions by partition.
        public var partitions: [TxnOffsetCommitRequestPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The position in one partition.
        public struct TxnOffsetCommitRequestPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The offset of the next record to read.
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
                try visitor.field("committedLeaderEpoch", &committedLeaderEpoch, 2..., ignorable: true, default: -1)
                try visitor.field("committedMetadata", &committedMetadata)
            }
        }
    }
}

/// Which positions were stored.
public struct TxnOffsetCommitResponse: WireMessage {
    public static let api = APIKey.txnOffsetCommit
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var topics: [TxnOffsetCommitResponseTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("topics", &topics)
    }

    /// The outcome for one topic.
    public struct TxnOffsetCommitResponseTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The outcome by partition.
        public var partitions: [TxnOffsetCommitResponsePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct TxnOffsetCommitResponsePartition: WireStruct {
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
