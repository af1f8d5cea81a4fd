/// Asks a coordinator for the state of transactions (KIP-664).
public struct DescribeTransactionsRequest: WireRequest {
    public typealias Response = DescribeTransactionsResponse
    public static let api = APIKey.describeTransactions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The transactions to describe.
    public var transactionalIds: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalIds", &transactionalIds)
    }
}

/// The state of the transactions.
public struct DescribeTransactionsResponse: WireMessage {
    public static let api = APIKey.describeTransactions
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The transactions described.
    public var transactionStates: [TransactionState] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("transactionStates", &transactionStates)
    }

    /// A transaction.
    public struct TransactionState: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The transactional id.
        public var transactionalId: String = ""
        /// The transaction's state, such as `Ongoing`.
        public var transactionState: String = ""
        /// After how many milliseconds the coordinator aborts an open transaction.
        public var transactionTimeoutMs: Milliseconds = 0
        /// When the transaction began, in milliseconds since 1970, or -1.
        public var transactionStartTimeMs: Int64 = 0
        /// The producer's id.
        public var producerId: ProducerID = 0
        /// The producer's epoch.
        public var producerEpoch: ProducerEpoch = 0
        /// The partitions in the transaction, by topic.
        public var topics: [TopicData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("transactionalId", &transactionalId)
            try visitor.field("transactionState", &transactionState)
            try visitor.field("transactionTimeoutMs", &transactionTimeoutMs)
            try visitor.field("transactionStartTimeMs", &transactionStartTimeMs)
            try visitor.field("producerId", &producerId)
            try visitor.field("producerEpoch", &producerEpoch)
            try visitor.field("topics", &topics)
        }

        /// Partitions of one topic.
        public struct TopicData: WireStruct {
            /// The topic's name.
            public var topic: String = ""
            /// The partitions in the transaction.
            public var partitions: [PartitionID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("topic", &topic)
                try visitor.field("partitions", &partitions)
            }
        }
    }
}
