/// Deletes the records in front of an offset (KIP-107).
public struct DeleteRecordsRequest: WireRequest {
    public typealias Response = DeleteRecordsResponse
    public static let api = APIKey.deleteRecords
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// What to delete, by topic.
    public var topics: [DeleteRecordsTopic] = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("timeoutMs", &timeoutMs)
    }

    /// What to delete of one topic.
    public struct DeleteRecordsTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// What to delete, by partition.
        public var partitions: [DeleteRecordsPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// What to delete of one partition.
        public struct DeleteRecordsPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The offset of the first record to keep; -1 for the high watermark.
            public var offset: Offset = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("offset", &offset)
            }
        }
    }
}

/// Where the partitions begin now.
public struct DeleteRecordsResponse: WireMessage {
    public static let api = APIKey.deleteRecords
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var topics: [DeleteRecordsTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("topics", &topics)
    }

    /// The outcome for one topic.
    public struct DeleteRecordsTopicResult: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The outcome by partition.
        public var partitions: [DeleteRecordsPartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct DeleteRecordsPartitionResult: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The lowest offset that all live replicas still have, or -1 after an error.
            public var lowWatermark: Offset = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("lowWatermark", &lowWatermark)
                try visitor.field("errorCode", &errorCode)
            }
        }
    }
}
