/// Asks which resources have settings (KIP-1142); version 0 is about client metrics (KIP-714).
public struct ListConfigResourcesRequest: WireRequest {
    public typealias Response = ListConfigResourcesResponse
    public static let api = APIKey.listConfigResources
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// The kinds of resource wanted: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group; empty for all.
    public var resourceTypes: [Int8] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("resourceTypes", &resourceTypes, 1...)
    }
}

/// The resources that have settings.
public struct ListConfigResourcesResponse: WireMessage {
    public static let api = APIKey.listConfigResources
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The resources found.
    public var configResources: [ConfigResource] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("configResources", &configResources)
    }

    /// A resource that has settings.
    public struct ConfigResource: WireStruct {
        /// The resource's name.
        public var resourceName: String = ""
        /// The kind of resource: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group.
        public var resourceType: Int8 = 16
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("resourceName", &resourceName)
            try visitor.field("resourceType", &resourceType, 1..., ignorable: true, default: 16)
        }
    }
}
