/// Changes single settings of resources (KIP-339).
public struct IncrementalAlterConfigsRequest: WireRequest {
    public typealias Response = IncrementalAlterConfigsResponse
    public static let api = APIKey.incrementalAlterConfigs
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

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
            /// What to do: 0 set, 1 delete, 2 append to a list, 3 take out of a list.
            public var configOperation: Int8 = 0
            /// The setting's value, or null.
            public var value: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("configOperation", &configOperation)
                try visitor.field("value", &value, sensitive: visitor.hides(setting: name))
            }
        }
    }
}

/// Which resources were changed.
public struct IncrementalAlterConfigsResponse: WireMessage {
    public static let api = APIKey.incrementalAlterConfigs
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

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
