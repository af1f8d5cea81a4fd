/// Replaces all settings of resources; what is left out falls back to its default.
public struct AlterConfigsRequest: WireRequest {
    public typealias Response = AlterConfigsResponse
    public static let api = APIKey.alterConfigs
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// The resources to change.
    public var resources: [AlterConfigsResource] = []
    /// Whether to check the request without changing anything.
    public var validateOnly: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("resources", &resources)
        try visitor.field("validateOnly", &validateOnly)
    }

    /// A resource and its new settings.
    public struct AlterConfigsResource: WireStruct {
        /// The kind of resource: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group.
        public var resourceType: Int8 = 0
        /// The resource's name.
        public var resourceName: String = ""
        /// The settings.
        public var configs: [AlterableConfig] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("resourceType", &resourceType)
            try visitor.field("resourceName", &resourceName)
            try visitor.field("configs", &configs)
        }

        /// A setting.
        public struct AlterableConfig: WireStruct {
            /// The setting's name.
            public var name: String = ""
            /// The setting's value, or null.
            public var value: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("value", &value, sensitive: visitor.hides(setting: name))
            }
        }
    }
}

/// Which resources were changed.
public struct AlterConfigsResponse: WireMessage {
    public static let api = APIKey.alterConfigs
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by resource.
    public var responses: [AlterConfigsResourceResponse] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("responses", &responses)
    }

    /// The outcome for one resource.
    public struct AlterConfigsResourceResponse: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// The kind of resource: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group.
        public var resourceType: Int8 = 0
        /// The resource's name.
        public var resourceName: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
            try visitor.field("resourceType", &resourceType)
            try visitor.field("resourceName", &resourceName)
        }
    }
}
