/// Takes a voter out of the KRaft quorum (KIP-853).
public struct RemoveRaftVoterRequest: WireRequest {
    public typealias Response = RemoveRaftVoterResponse
    public static let api = APIKey.removeRaftVoter
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The cluster's id, or null not to check it.
    public var clusterId: String? = ""
    /// The voter's id.
    public var voterId: BrokerID = 0
    /// The voter's log directory.
    public var voterDirectoryId: Uuid = .zero
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("clusterId", &clusterId)
        try visitor.field("voterId", &voterId)
        try visitor.field("voterDirectoryId", &voterDirectoryId)
    }
}

/// Whether the voter was taken out.
public struct RemoveRaftVoterResponse: WireMessage {
    public static let api = APIKey.removeRaftVoter
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
        try visitor.field("errorMessage", &errorMessage, ignorable: true)
    }
}
