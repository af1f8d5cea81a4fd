/// Asks for a group's stored positions.
public struct OffsetFetchRequest: WireRequest {
    public typealias Response = OffsetFetchResponse
    public static let api = APIKey.offsetFetch
    public static let versions: ClosedRange<Int16> = 1...10
    public static let flexible: Versions = 6...

    /// The group.
    public var groupId: String = ""
    /// The topics to look up; null for all.
    public var topics: [OffsetFetchRequestTopic]? = []
    /// The groups concerned.
    public var groups: [OffsetFetchRequestGroup] = []
    /// Whether to wait until transactions that write offsets have ended (KIP-447).
    public var requireStable: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId, 0...7)
        try visitor.field("topics", &topics, 0...7, nullable: 2...7)
        try visitor.field("groups", &groups, 8...)
        try visitor.field("requireStable", &requireStable, 7...)
    }

    /// What to look up in one topic.
    public struct OffsetFetchRequestTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions concerned.
        public var partitionIndexes: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...7)
            try visitor.field("partitionIndexes", &partitionIndexes, 0...7)
        }
    }

    /// What to look up of one group.
    public struct OffsetFetchRequestGroup: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// The member's id, given by the coordinator.
        public var memberId: String? = nil
        /// The member's epoch in the group protocol of KIP-848, or -1.
        public var memberEpoch: Int32 = -1
        /// The topics to look up; null for all.
        public var topics: [OffsetFetchRequestTopics]? = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId, 8...)
            try visitor.field("memberId", &memberId, 9..., ignorable: true, default: nil)
            try visitor.field("memberEpoch", &memberEpoch, 9..., ignorable: true, default: -1)
            try visitor.field("topics", &topics, 8...)
        }

        /// What to look up in one topic.
        public struct OffsetFetchRequestTopics: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The topic's identifier (KIP-516), which stands in place of the name.
            public var topicId: TopicID = .zero
            /// The partitions concerned.
            public var partitionIndexes: [PartitionID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name, 8...9, ignorable: true)
                try visitor.field("topicId", &topicId, 10..., ignorable: true)
                try visitor.field("partitionIndexes", &partitionIndexes, 8...)
            }
        }
    }
}

/// A group's stored positions.
public struct OffsetFetchResponse: WireMessage {
    public static let api = APIKey.offsetFetch
    public static let versions: ClosedRange<Int16> = 1...10
    public static let flexible: Versions = 6...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The topics concerned.
    public var topics: [OffsetFetchResponseTopic] = []
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The groups concerned.
    public var groups: [OffsetFetchResponseGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 3..., ignorable: true)
        try visitor.field("topics", &topics, 0...7)
        try visitor.field("errorCode", &errorCode, 2...7, ignorable: true)
        try visitor.field("groups", &groups, 8...)
    }

    /// Positions in one topic.
    public struct OffsetFetchResponseTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions concerned.
        public var partitions: [OffsetFetchResponsePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...7)
            try visitor.field("partitions", &partitions, 0...7)
        }

        /// The position in one partition.
        public struct OffsetFetchResponsePartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The committed offset: that of the next record to read; -1 where nothing was committed.
            public var committedOffset: Offset = 0
            /// The leader epoch of the last record before the offset, or -1.
            public var committedLeaderEpoch: LeaderEpoch = -1
            /// Text that was committed with the offset.
            public var metadata: String? = ""
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex, 0...7)
                try visitor.field("committedOffset", &committedOffset, 0...7)
                try visitor.field("committedLeaderEpoch", &committedLeaderEpoch, 5...7, ignorable: true, default: -1)
                try visitor.field("metadata", &metadata, 0...7)
                try visitor.field("errorCode", &errorCode, 0...7)
            }
        }
    }

    /// The positions of one group.
    public struct OffsetFetchResponseGroup: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// The topics concerned.
        public var topics: [OffsetFetchResponseTopics] = []
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId, 8...)
            try visitor.field("topics", &topics, 8...)
            try visitor.field("errorCode", &errorCode, 8...)
        }

        /// Positions in one topic.
        public struct OffsetFetchResponseTopics: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The topic's identifier (KIP-516), which stands in place of the name.
            public var topicId: TopicID = .zero
            /// The partitions concerned.
            public var partitions: [OffsetFetchResponsePartitions] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name, 8...9, ignorable: true)
                try visitor.field("topicId", &topicId, 10..., ignorable: true)
                try visitor.field("partitions", &partitions, 8...)
            }

            /// The position in one partition.
            public struct OffsetFetchResponsePartitions: WireStruct {
                /// The partition's number.
                public var partitionIndex: PartitionID = 0
                /// The committed offset: that of the next record to read; -1 where nothing was committed.
                public var committedOffset: Offset = 0
                /// The leader epoch of the last record before the offset, or -1.
                public var committedLeaderEpoch: LeaderEpoch = -1
                /// Text that was committed with the offset.
                public var metadata: String? = ""
                /// What went wrong, if anything.
                public var errorCode: ErrorCode = .none
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("partitionIndex", &partitionIndex, 8...)
                    try visitor.field("committedOffset", &committedOffset, 8...)
                    try visitor.field("committedLeaderEpoch", &committedLeaderEpoch, 8..., ignorable: true, default: -1)
                    try visitor.field("metadata", &metadata, 8...)
                    try visitor.field("errorCode", &errorCode, 8...)
                }
            }
        }
    }
}
