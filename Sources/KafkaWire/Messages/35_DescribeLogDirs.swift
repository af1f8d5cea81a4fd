/// Asks how large the replicas on a broker are, and in which directories (KIP-113).
public struct DescribeLogDirsRequest: WireRequest {
    public typealias Response = DescribeLogDirsResponse
    public static let api = APIKey.describeLogDirs
    public static let versions: ClosedRange<Int16> = 1...5
    public static let flexible: Versions = 2...

    /// The topics to look up; null for all.
    public var topics: [DescribableLogDirTopic]? = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
    }

    /// What to look up of one topic.
    public struct DescribableLogDirTopic: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The partitions to look up.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// The broker's log directories.
public struct DescribeLogDirsResponse: WireMessage {
    public static let api = APIKey.describeLogDirs
    public static let versions: ClosedRange<Int16> = 1...5
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The directories.
    public var results: [DescribeLogDirsResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode, 3..., ignorable: true)
        try visitor.field("results", &results)
    }

    /// A directory.
    public struct DescribeLogDirsResult: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The directory's absolute path.
        public var logDir: String = ""
        /// The replicas by topic.
        public var topics: [DescribeLogDirsTopic] = []
        /// The size of the directory's volume in bytes (KIP-827), or -1.
        public var totalBytes: Int64 = -1
        /// How much of the volume is free, in bytes (KIP-827), or -1.
        public var usableBytes: Int64 = -1
        /// Whether the directory takes no new replicas (KIP-1066).
        public var isCordoned: Bool = false
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("logDir", &logDir)
            try visitor.field("topics", &topics)
            try visitor.field("totalBytes", &totalBytes, 4..., ignorable: true, default: -1)
            try visitor.field("usableBytes", &usableBytes, 4..., ignorable: true, default: -1)
            try visitor.field("isCordoned", &isCordoned, 5..., ignorable: true)
        }

        /// Replicas of one topic.
        public struct DescribeLogDirsTopic: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The replicas.
            public var partitions: [DescribeLogDirsPartition] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("partitions", &partitions)
            }

            /// A replica.
            public struct DescribeLogDirsPartition: WireStruct {
                /// The partition's number.
                public var partitionIndex: PartitionID = 0
                /// The size of the replica's segments, in bytes.
                public var partitionSize: Int64 = 0
                /// How far the replica is behind the high watermark, or behind the replica that it is to replace, in
                /// offsets.
                public var offsetLag: Int64 = 0
                /// Whether the replica is one that is being moved here and will replace the present one.
                public var isFutureKey: Bool = false
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("partitionIndex", &partitionIndex)
                    try visitor.field("partitionSize", &partitionSize)
                    try visitor.field("offsetLag", &offsetLag)
                    try visitor.field("isFutureKey", &isFutureKey)
                }
            }
        }
    }
}
