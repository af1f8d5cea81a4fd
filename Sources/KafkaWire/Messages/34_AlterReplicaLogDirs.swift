/// Moves replicas to other log directories of a broker (KIP-113).
public struct AlterReplicaLogDirsRequest: WireRequest {
    public typealias Response = AlterReplicaLogDirsResponse
    public static let api = APIKey.alterReplicaLogDirs
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 2...

    /// The directories to move to.
    public var dirs: [AlterReplicaLogDir] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("dirs", &dirs)
    }

    /// A directory and what to move there.
    public struct AlterReplicaLogDir: WireStruct {
        /// The directory's absolute path.
        public var path: String = ""
        /// What to move, by topic.
        public var topics: [AlterReplicaLogDirTopic] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("path", &path)
            try visitor.field("topics", &topics)
        }

        /// What to move of one topic.
        public struct AlterReplicaLogDirTopic: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions to move.
            public var partitions: [PartitionID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("partitions", &partitions)
            }
        }
    }
}

/// Which replicas are being moved.
public struct AlterReplicaLogDirsResponse: WireMessage {
    public static let api = APIKey.alterReplicaLogDirs
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var results: [AlterReplicaLogDirTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The outcome for one topic.
    public struct AlterReplicaLogDirTopicResult: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The outcome by partition.
        public var partitions: [AlterReplicaLogDirPartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct AlterReplicaLogDirPartitionResult: WireStruct {
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
