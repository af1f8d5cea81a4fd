/// Asks for the transactions that a broker coordinates (KIP-664).
public struct ListTransactionsRequest: WireRequest {
    public typealias Response = ListTransactionsResponse
    public static let api = APIKey.listTransactions
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// The states of the transactions wanted; empty for all.
    public var stateFilters: [String] = []
    /// The producer ids of the transactions wanted; empty for all.
    public var producerIdFilters: [ProducerID] = []
    /// Only transactions that have been open for longer, in milliseconds (KIP-994); -1 for all.
    public var durationFilter: LongMilliseconds = -1
    /// A regular expression for the transactional ids wanted (KIP-1152); null or empty for all.
    public var transactionalIdPattern: String? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("stateFilters", &stateFilters)
        try visitor.field("producerIdFilters", &producerIdFilters)
        try visitor.field("durationFilter", &durationFilter, 1..., default: -1)
        try visitor.field("transactionalIdPattern", &transactionalIdPattern, 2..., default: nil)
    }
}

/// The transactions found.
public struct ListTransactionsResponse: WireMessage {
    public static let api = APIKey.listTransactions
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The states in the filter that the broker does not know.
    public var unknownStateFilters: [String] = []
    /// The transactions found.
    public var transactionStates: [TransactionState] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("unknownStateFilters", &unknownStateFilters)
        try visitor.field("transactionStates", &transactionStates)
    }

    /// A transaction.
    public struct TransactionState: WireStruct {
        /// The transactional id.
        public var transactionalId: String = ""
        /// The producer's id.
        public var producerId: ProducerID = 0
        /// The transaction's state, such as `Ongoing`.
        public var transactionState: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("transactionalId", &transactionalId)
            try visitor.field("producerId", &producerId)
            try visitor.field("transactionState", &transactionState)
        }
    }
}
