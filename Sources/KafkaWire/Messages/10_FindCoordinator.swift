/// Asks which broker coordinates a group or a transaction.
public struct FindCoordinatorRequest: WireRequest {
    public typealias Response = FindCoordinatorResponse
    public static let api = APIKey.findCoordinator
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 3...

    /// The group or the transactional id.
    public var key: String = ""
    /// 0 for a group, 1 for a transaction, 2 for a share group.
    public var keyType: Int8 = 0
    /// The groups or transactional ids.
    public var coordinatorKeys: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("key", &key, 0...3)
        try visitor.field("keyType", &keyType, 1...)
        try visitor.field("coordinatorKeys", &coordinatorKeys, 4...)
    }
}

/// The coordinators found.
public struct FindCoordinatorResponse: WireMessage {
    public static let api = APIKey.findCoordinator
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The broker's id.
    public var nodeId: BrokerID = 0
    /// The broker's host name.
    public var host: String = ""
    /// The broker's port.
    public var port: Int32 = 0
    /// The coordinators found.
    public var coordinators: [Coordinator] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode, 0...3)
        try visitor.field("errorMessage", &errorMessage, 1...3, ignorable: true)
        try visitor.field("nodeId", &nodeId, 0...3)
        try visitor.field("host", &host, 0...3)
        try visitor.field("port", &port, 0...3)
        try visitor.field("coordinators", &coordinators, 4...)
    }

    /// The coordinator of one key.
    public struct Coordinator: WireStruct {
        /// The group or the transactional id.
        public var key: String = ""
        /// The broker's id.
        public var nodeId: BrokerID = 0
        /// The broker's host name.
        public var host: String = ""
        /// The broker's port.
        public var port: Int32 = 0
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("key", &key, 4...)
            try visitor.field("nodeId", &nodeId, 4...)
            try visitor.field("host", &host, 4...)
            try visitor.field("port", &port, 4...)
            try visitor.field("errorCode", &errorCode, 4...)
            try visitor.field("errorMessage", &errorMessage, 4..., ignorable: true)
        }
    }
}
