/// Commits or aborts a transaction.
public struct EndTxnRequest: WireRequest {
    public typealias Response = EndTxnResponse
    public static let api = APIKey.endTxn
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// The transactional id.
    public var transactionalId: String = ""
    /// The producer's id.
    public var producerId: ProducerID = 0
    /// The producer's epoch.
    public var producerEpoch: ProducerEpoch = 0
    /// Whether to commit; false aborts.
    public var committed: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId)
        try visitor.field("producerId", &producerId)
        try visitor.field("producerEpoch", &producerEpoch)
        try visitor.field("committed", &committed)
    }
}

/// Whether the transaction has ended, and what the next one is written with.
public struct EndTxnResponse: WireMessage {
    public static let api = APIKey.endTxn
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The producer id to go on with (KIP-890), or -1.
    public var producerId: ProducerID = -1
    /// The epoch to go on with (KIP-890), or -1.
    public var producerEpoch: ProducerEpoch = -1
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("producerId", &producerId, 5..., ignorable: true, default: -1)
        try visitor.field("producerEpoch", &producerEpoch, 5..., ignorable: true, default: -1)
    }
}
