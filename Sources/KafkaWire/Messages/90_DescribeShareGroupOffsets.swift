/// Asks where share groups begin to read (KIP-932).
public struct DescribeShareGroupOffsetsRequest: WireRequest {
    public typealias Response = DescribeShareGroupOffsetsResponse
    public static let api = APIKey.describeShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The share groups to look up.
    public var groups: [DescribeShareGroupOffsetsRequestGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groups", &groups)
    }

    /// What to look up of one group.
    public struct DescribeShareGroupOffsetsRequestGroup: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// The topics to look up; null for all.
        public var topics: [DescribeShareGroupOffsetsRequestTopic]? = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId)
            try visitor.field("topics", &topics)
        }

        /// What to look up in one topic.
        public struct DescribeShareGroupOffsetsRequestTopic: WireStruct {
            /// The topic's name.
            public var topicName: String = ""
            /// The partitions concerned.
            public var partitions: [PartitionID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("topicName", &topicName)
                try visitor.field("partitions", &partitions)
            }
        }
    }
}

/// Where the share groups begin to read.
public struct DescribeShareGroupOffsetsResponse: WireMessage {
    public static let api = APIKey.describeShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The offsets by group.
    public var groups: [DescribeShareGroupOffsetsResponseGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("groups", &groups)
    }

    /// The offsets of one group.
    public struct DescribeShareGroupOffsetsResponseGroup: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// The offsets by topic.
        public var topics: [DescribeShareGroupOffsetsResponseTopic] = []
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId)
            try visitor.field("topics", &topics)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, default: nil)
        }

        /// The offsets in one topic.
        public struct DescribeShareGroupOffsetsResponseTopic: WireStruct {
            /// The topic's name.
            public var topicName: String = ""
            /// The topic's identifier (KIP-516).
            public var topicId: TopicID = .zero
            /// The offsets by partition.
            public var partitions: [DescribeShareGroupOffsetsResponsePartition] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("topicName", &topicName)
                try visitor.field("topicId", &topicId)
                try visitor.field("partitions", &partitions)
            }

            /// The offset in one partition.
            public struct DescribeShareGroupOffsetsResponsePartition: WireStruct {
                /// The partition's number.
                public var partitionIndex: PartitionID = 0
                /// The offset of the first record that is not done with, or -1 where there is none.
                public var startOffset: Offset = 0
                /// The leader's epoch, or -1 where it is not known.
                public var leaderEpoch: LeaderEpoch = 0
                /// How many records are not done with (KIP-1226), or -1 where that is not known.
                public var lag: Int64 = -1
                /// What went wrong, if anything.
                public var errorCode: ErrorCode = .none
                /// The error in words, where the broker gives them.
                public var errorMessage: String? = nil
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("partitionIndex", &partitionIndex)
                    try visitor.field("startOffset", &startOffset)
                    try visitor.field("leaderEpoch", &leaderEpoch)
                    try visitor.field("lag", &lag, 1..., ignorable: true, default: -1)
                    try visitor.field("errorCode", &errorCode)
                    try visitor.field("errorMessage", &errorMessage, default: nil)
                }
            }
        }
    }
}
