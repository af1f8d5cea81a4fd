/// Takes a broker that is gone for good out of a KRaft cluster (KIP-500).
public struct UnregisterBrokerRequest: WireRequest {
    public typealias Response = UnregisterBrokerResponse
    public static let api = APIKey.unregisterBroker
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The broker's id.
    public var brokerId: BrokerID = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("brokerId", &brokerId)
    }
}

/// Whether the broker was taken out.
public struct UnregisterBrokerResponse: WireMessage {
    public static let api = APIKey.unregisterBroker
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
    }
}
