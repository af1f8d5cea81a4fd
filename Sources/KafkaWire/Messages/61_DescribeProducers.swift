/// Asks who writes to partitions with a producer id (KIP-664).
public struct DescribeProducersRequest: WireRequest {
    public typealias Response = DescribeProducersResponse
    public static let api = APIKey.describeProducers
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// What to look up, by topic.
    public var topics: [TopicRequest] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
    }

    /// What to look up of one topic.
    public struct TopicRequest: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions to look up.
        public var partitionIndexes: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitionIndexes", &partitionIndexes)
        }
    }
}

/// The producers of the partitions.
public struct DescribeProducersResponse: WireMessage {
    public static let api = APIKey.describeProducers
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The producers by topic.
    public var topics: [TopicResponse] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("topics", &topics)
    }

    /// The producers of one topic.
    public struct TopicResponse: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The producers by partition.
        public var partitions: [PartitionResponse] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }

        /// The producers of one partition.
        public struct PartitionResponse: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            /// The producers that the leader remembers.
            public var activeProducers: [ProducerState] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
                try visitor.field("activeProducers", &activeProducers)
            }

            /// A producer.
            public struct ProducerState: WireStruct {
                /// The producer's id.
                public var producerId: ProducerID = 0
                /// The producer's epoch.
                public var producerEpoch: Int32 = 0
                /// The sequence number of its last record, or -1.
                public var lastSequence: Int32 = -1
                /// The timestamp of its last record, in milliseconds since 1970, or -1.
                public var lastTimestamp: Int64 = -1
                /// The epoch of the transaction coordinator that ended its last transaction, or -1.
                public var coordinatorEpoch: Int32 = 0
                /// The offset of the open transaction's first record, or -1.
                public var currentTxnStartOffset: Offset = -1
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("producerId", &producerId)
                    try visitor.field("producerEpoch", &producerEpoch)
                    try visitor.field("lastSequence", &lastSequence, default: -1)
                    try visitor.field("lastTimestamp", &lastTimestamp, default: -1)
                    try visitor.field("coordinatorEpoch", &coordinatorEpoch)
                    try visitor.field("currentTxnStartOffset", &currentTxnStartOffset, default: -1)
                }
            }
        }
    }
}
