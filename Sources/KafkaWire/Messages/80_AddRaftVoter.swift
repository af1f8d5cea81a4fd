/// Adds a voter to the KRaft quorum (KIP-853).
public struct AddRaftVoterRequest: WireRequest {
    public typealias Response = AddRaftVoterResponse
    public static let api = APIKey.addRaftVoter
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The cluster's id, or null not to check it.
    public var clusterId: String? = ""
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    /// The voter's id.
    public var voterId: BrokerID = 0
    /// The voter's log directory.
    public var voterDirectoryId: Uuid = .zero
    /// The addresses at which the voter listens.
    public var listeners: [Listener] = []
    /// Whether to answer only once a majority has the change (KIP-1186).
    public var ackWhenCommitted: Bool = true
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("clusterId", &clusterId)
        try visitor.field("timeoutMs", &timeoutMs)
        try visitor.field("voterId", &voterId)
        try visitor.field("voterDirectoryId", &voterDirectoryId)
        try visitor.field("listeners", &listeners)
        try visitor.field("ackWhenCommitted", &ackWhenCommitted, 1..., default: true)
    }

    /// An address at which a voter listens.
    public struct Listener: WireStruct {
        /// The listener's name.
        public var name: String = ""
        /// The listener's host name.
        public var host: String = ""
        /// The listener's port.
        public var port: UInt16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("host", &host)
            try visitor.field("port", &port)
        }
    }
}

/// Whether the voter was added.
public struct AddRaftVoterResponse: WireMessage {
    public static let api = APIKey.addRaftVoter
    public static let versions: ClosedRange<Int16> = 0...1
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
