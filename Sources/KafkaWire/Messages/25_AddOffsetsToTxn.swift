/// Adds a group's offsets to a transaction, before `TxnOffsetCommit` stores them.
public struct AddOffsetsToTxnRequest: WireRequest {
    public typealias Response = AddOffsetsToTxnResponse
    public static let api = APIKey.addOffsetsToTxn
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 3...

    /// The transactional id.
    public var transactionalId: String = ""
    /// The producer's id.
    public var producerId: ProducerID = 0
    /// The producer's epoch.
    public var producerEpoch: ProducerEpoch = 0
    /// The group.
    public var groupId: String = ""
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId)
        try visitor.field("producerId", &producerId)
        try visitor.field("producerEpoch", &producerEpoch)
        try visitor.field("groupId", &groupId)
    }
}

/// Whether the group was added.
public struct AddOffsetsToTxnResponse: WireMessage {
    public static let api = APIKey.addOffsetsToTxn
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
    }
}
