/// Adds partitions to a transaction; brokers ask with it whether that was done (KIP-890).
public struct AddPartitionsToTxnRequest: WireRequest {
    public typealias Response = AddPartitionsToTxnResponse
    public static let api = APIKey.addPartitionsToTxn
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// The transactions; clients send one.
    public var transactions: [AddPartitionsToTxnTransaction] = []
    /// The transactional id, in versions for clients.
    public var v3AndBelowTransactionalId: String = ""
    /// The producer's id, in versions for clients.
    public var v3AndBelowProducerId: ProducerID = 0
    /// The producer's epoch, in versions for clients.
    public var v3AndBelowProducerEpoch: ProducerEpoch = 0
    /// The partitions to add by topic, in versions for clients.
    public var v3AndBelowTopics: [AddPartitionsToTxnTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactions", &transactions, 4...)
        try visitor.field("v3AndBelowTransactionalId", &v3AndBelowTransactionalId, 0...3)
        try visitor.field("v3AndBelowProducerId", &v3AndBelowProducerId, 0...3)
        try visitor.field("v3AndBelowProducerEpoch", &v3AndBelowProducerEpoch, 0...3)
        try visitor.field("v3AndBelowTopics", &v3AndBelowTopics, 0...3)
    }

    /// A transaction and what to add to it.
    public struct AddPartitionsToTxnTransaction: WireStruct {
        /// The transactional id.
        public var transactionalId: String = ""
        /// The producer's id.
        public var producerId: ProducerID = 0
        /// The producer's epoch.
        public var producerEpoch: ProducerEpoch = 0
        /// Whether to ask only if the partitions are in the transaction.
        public var verifyOnly: Bool = false
        /// The partitions to add, by topic.
        public var topics: [AddPartitionsToTxnTopic] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("transactionalId", &transactionalId, 4...)
            try visitor.field("producerId", &producerId, 4...)
            try visitor.field("producerEpoch", &producerEpoch, 4...)
            try visitor.field("verifyOnly", &verifyOnly, 4...)
            try visitor.field("topics", &topics, 4...)
        }
    }

    /// Partitions of one topic.
    public struct AddPartitionsToTxnTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The partitions to add.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// Which partitions were added.
public struct AddPartitionsToTxnResponse: WireMessage {
    public static let api = APIKey.addPartitionsToTxn
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The outcome by transaction.
    public var resultsByTransaction: [AddPartitionsToTxnResult] = []
    /// The outcome by topic, in versions for clients.
    public var resultsByTopicV3AndBelow: [AddPartitionsToTxnTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode, 4..., ignorable: true)
        try visitor.field("resultsByTransaction", &resultsByTransaction, 4...)
        try visitor.field("resultsByTopicV3AndBelow", &resultsByTopicV3AndBelow, 0...3)
    }

    /// The outcome for one transaction.
    public struct AddPartitionsToTxnResult: WireStruct {
        /// The transactional id.
        public var transactionalId: String = ""
        /// The outcome by topic.
        public var topicResults: [AddPartitionsToTxnTopicResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("transactionalId", &transactionalId, 4...)
            try visitor.field("topicResults", &topicResults, 4...)
        }
    }

    /// The outcome for one topic.
    public struct AddPartitionsToTxnTopicResult: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The outcome by partition.
        public var resultsByPartition: [AddPartitionsToTxnPartitionResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("resultsByPartition", &resultsByPartition)
        }
    }

    /// The outcome for one partition.
    public struct AddPartitionsToTxnPartitionResult: WireStruct {
        /// The partition's number.
        public var partitionIndex: PartitionID = 0
        /// What went wrong with the partition, if anything.
        public var partitionErrorCode: ErrorCode = .none
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("partitionIndex", &partitionIndex)
            try visitor.field("partitionErrorCode", &partitionErrorCode)
        }
    }
}
