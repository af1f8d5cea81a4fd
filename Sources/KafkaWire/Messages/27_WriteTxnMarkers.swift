/// Lets partition leaders write the end of transactions into their logs; a coordinator sends it.
public struct WriteTxnMarkersRequest: WireRequest {
    public typealias Response = WriteTxnMarkersResponse
    public static let api = APIKey.writeTxnMarkers
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 1...

    /// The ends to write.
    public var markers: [WritableTxnMarker] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("markers", &markers)
    }

    /// The end of one transaction.
    public struct WritableTxnMarker: WireStruct {
        /// The producer's id.
        public var producerId: ProducerID = 0
        /// The producer's epoch.
        public var producerEpoch: ProducerEpoch = 0
        /// Whether the transaction was committed; false is aborted.
        public var transactionResult: Bool = false
        /// Where to write, by topic.
        public var topics: [WritableTxnMarkerTopic] = []
        /// The epoch of the transaction coordinator.
        public var coordinatorEpoch: Int32 = 0
        /// The version of the transaction protocol: 0 and 1 before KIP-890, 2 since then.
        public var transactionVersion: Int8 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("producerId", &producerId)
            try visitor.field("producerEpoch", &producerEpoch)
            try visitor.field("transactionResult", &transactionResult)
            try visitor.field("topics", &topics)
            try visitor.field("coordinatorEpoch", &coordinatorEpoch)
            try visitor.field("transactionVersion", &transactionVersion, 2..., ignorable: true)
        }

        /// Where to write in one topic.
        public struct WritableTxnMarkerTopic: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The partitions to write to.
            public var partitionIndexes: [PartitionID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("partitionIndexes", &partitionIndexes)
            }
        }
    }
}

/// Where the ends were written.
public struct WriteTxnMarkersResponse: WireMessage {
    public static let api = APIKey.writeTxnMarkers
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = 1...

    /// The outcome by transaction.
    public var markers: [WritableTxnMarkerResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("markers", &markers)
    }

    /// The outcome for one transaction.
    public struct WritableTxnMarkerResult: WireStruct {
        /// The producer's id.
        public var producerId: ProducerID = 0
        /// The outcome by topic.
        public var topics: [WritableTxnMarkerTopicResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("producerId", &producerId)
            try visitor.field("topics", &topics)
        }

        /// The outcome for one topic.
        public struct WritableTxnMarkerTopicResult: WireStruct {
            /// The topic's name.
            public var name: String = ""
            /// The outcome by partition.
            public var partitions: [WritableTxnMarkerPartitionResult] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("partitions", &partitions)
            }

            /// The outcome for one partition.
            public struct WritableTxnMarkerPartitionResult: WireStruct {
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
}
