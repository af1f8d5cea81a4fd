/// Asks for a producer id: for idempotence, or to begin using a transactional id.
public struct InitProducerIdRequest: WireRequest {
    public typealias Response = InitProducerIdResponse
    public static let api = APIKey.initProducerId
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 2...

    /// The transactional id, or null outside of transactions.
    public var transactionalId: String? = ""
    /// After how many milliseconds the coordinator aborts an open transaction.
    public var transactionTimeoutMs: Milliseconds = 0
    /// A producer id, or -1.
    public var producerId: ProducerID = -1
    /// The producer's epoch, or -1.
    public var producerEpoch: ProducerEpoch = -1
    /// Whether the transactions take part in two-phase commits (KIP-939).
    public var enable2Pc: Bool = false
    /// Whether to keep a prepared transaction (KIP-939).
    public var keepPreparedTxn: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId)
        try visitor.field("transactionTimeoutMs", &transactionTimeoutMs)
        try visitor.field("producerId", &producerId, 3..., default: -1)
        try visitor.field("producerEpoch", &producerEpoch, 3..., default: -1)
        try visitor.field("enable2Pc", &enable2Pc, 6...)
        try visitor.field("keepPreparedTxn", &keepPreparedTxn, 6...)
    }
}

/// The producer id and epoch to write with.
public struct InitProducerIdResponse: WireMessage {
    public static let api = APIKey.initProducerId
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// A producer id, or -1.
    public var producerId: ProducerID = -1
    /// The producer's epoch, or -1.
    public var producerEpoch: ProducerEpoch = 0
    /// The producer id of a prepared transaction, or -1 (KIP-939).
    public var ongoingTxnProducerId: ProducerID = -1
    /// The epoch of a prepared transaction, or -1 (KIP-939).
    public var ongoingTxnProducerEpoch: ProducerEpoch = -1
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, ignorable: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("producerId", &producerId, default: -1)
        try visitor.field("producerEpoch", &producerEpoch)
        try visitor.field("ongoingTxnProducerId", &ongoingTxnProducerId, 6..., default: -1)
        try visitor.field("ongoingTxnProducerEpoch", &ongoingTxnProducerEpoch, 6..., default: -1)
    }
}
