/// Asks for offsets by timestamp: -1 latest, -2 earliest, -3 of the highest timestamp (KIP-734), -4 earliest
/// local, -5 latest tiered (KIP-405), -6 earliest pending upload (KIP-1023).
public struct ListOffsetsRequest: WireRequest {
    public typealias Response = ListOffsetsResponse
    public static let api = APIKey.listOffsets
    public static let versions: ClosedRange<Int16> = 1...11
    public static let flexible: Versions = 6...

    /// The follower's broker id; -1 for a client.
    public var replicaId: BrokerID = 0
    /// 0 to see all records, 1 to see only those of committed transactions.
    public var isolationLevel: Int8 = 0
    /// The topics concerned.
    public var topics: [ListOffsetsTopic] = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("replicaId", &replicaId)
        try visitor.field("isolationLevel", &isolationLevel, 2...)
        try visitor.field("topics", &topics)
        try visitor.field("timeoutMs", &timeoutMs, 10..., ignorable: true)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// What to look up in one topic.
    public struct ListOffsetsTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions concerned.
        public var partitions: [ListOffsetsPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// What to look up in one partition.
        public struct ListOffsetsPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The leader epoch that the client knows, or -1; the broker refuses another one (KIP-320).
            public var currentLeaderEpoch: LeaderEpoch = -1
            /// The time asked for or found, in milliseconds since 1970, or one of the negative codes.
            public var timestamp: Int64 = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("currentLeaderEpoch", &currentLeaderEpoch, 4..., ignorable: true, default: -1)
                try visitor.field("timestamp", &timestamp)
            }
        }
    }
}

/// The offsets found.
public struct ListOffsetsResponse: WireMessage {
    public static let api = APIKey.listOffsets
    public static let versions: ClosedRange<Int16> = 1...11
    public static let flexible: Versions = 6...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The topics concerned.
    public var topics: [ListOffsetsTopicResponse] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 2..., ignorable: true)
        try visitor.field("topics", &topics)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// The offsets found in one topic.
    public struct ListOffsetsTopicResponse: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions concerned.
        public var partitions: [ListOffsetsPartitionResponse] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The offset found in one partition.
        public struct ListOffsetsPartitionResponse: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The time asked for or found, in milliseconds since 1970, or one of the negative codes.
            public var timestamp: Int64 = -1
            /// The offset found, or -1.
            public var offset: Offset = -1
            /// The leader's epoch, or -1 where it is not known.
            public var leaderEpoch: LeaderEpoch = -1
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("timestamp", &timestamp, 1..., default: -1)
                try visitor.field("offset", &offset, 1..., default: -1)
                try visitor.field("leaderEpoch", &leaderEpoch, 4..., default: -1)
            }
        }
    }
}
