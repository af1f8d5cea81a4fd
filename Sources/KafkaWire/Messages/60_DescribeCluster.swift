/// Asks for the brokers of the cluster.
public struct DescribeClusterRequest: WireRequest {
    public typealias Response = DescribeClusterResponse
    public static let api = APIKey.describeCluster
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// Whether to tell which operations on the cluster are allowed (KIP-430).
    public var includeClusterAuthorizedOperations: Bool = false
    /// 1 for brokers, 2 for controllers (KIP-919).
    public var endpointType: Int8 = 1
    /// Whether to list brokers that are fenced (KIP-1073).
    public var includeFencedBrokers: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("includeClusterAuthorizedOperations", &includeClusterAuthorizedOperations)
        try visitor.field("endpointType", &endpointType, 1..., default: 1)
        try visitor.field("includeFencedBrokers", &includeFencedBrokers, 2...)
    }
}

/// The brokers of the cluster.
public struct DescribeClusterResponse: WireMessage {
    public static let api = APIKey.describeCluster
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// 1 for brokers, 2 for controllers (KIP-919).
    public var endpointType: Int8 = 1
    /// The cluster's id.
    public var clusterId: String = ""
    /// The controller's broker id, or -1.
    public var controllerId: BrokerID = -1
    /// The brokers of the cluster.
    public var brokers: [DescribeClusterBroker] = []
    /// The operations allowed on the cluster, a bit each, or the lowest `Int32` where they were not asked for.
    public var clusterAuthorizedOperations: Int32 = .min
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("endpointType", &endpointType, 1..., default: 1)
        try visitor.field("clusterId", &clusterId)
        try visitor.field("controllerId", &controllerId, default: -1)
        try visitor.field("brokers", &brokers)
        try visitor.field("clusterAuthorizedOperations", &clusterAuthorizedOperations, default: .min)
    }

    /// A broker.
    public struct DescribeClusterBroker: WireStruct {
        /// The broker's id.
        public var brokerId: BrokerID = 0
        /// The broker's host name.
        public var host: String = ""
        /// The broker's port.
        public var port: Int32 = 0
        /// The broker's rack, or null.
        public var rack: String? = nil
        /// Whether the broker is fenced.
        public var isFenced: Bool = false
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("brokerId", &brokerId)
            try visitor.field("host", &host)
            try visitor.field("port", &port)
            try visitor.field("rack", &rack, default: nil)
            try visitor.field("isFenced", &isFenced, 2...)
        }
    }
}
