/// Asks for the settings of topics, brokers and other resources.
public struct DescribeConfigsRequest: WireRequest {
    public typealias Response = DescribeConfigsResponse
    public static let api = APIKey.describeConfigs
    public static let versions: ClosedRange<Int16> = 1...4
    public static let flexible: Versions = 4...

    /// The resources to describe.
    public var resources: [DescribeConfigsResource] = []
    /// Whether to tell where else a setting has a value (KIP-226).
    public var includeSynonyms: Bool = false
    /// Whether to tell what the settings are for.
    public var includeDocumentation: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("resources", &resources)
        try visitor.field("includeSynonyms", &includeSynonyms, 1...)
        try visitor.field("includeDocumentation", &includeDocumentation, 3...)
    }

    /// A resource to describe.
    public struct DescribeConfigsResource: WireStruct {
        /// The kind of resource: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group.
        public var resourceType: Int8 = 0
        /// The resource's name.
        public var resourceName: String = ""
        /// The names of the settings wanted, or null for all.
        public var configurationKeys: [String]? = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("resourceType", &resourceType)
            try visitor.field("resourceName", &resourceName)
            try visitor.field("configurationKeys", &configurationKeys)
        }
    }
}

/// The settings found.
public struct DescribeConfigsResponse: WireMessage {
    public static let api = APIKey.describeConfigs
    public static let versions: ClosedRange<Int16> = 1...4
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The settings by resource.
    public var results: [DescribeConfigsResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The settings of one resource.
    public struct DescribeConfigsResult: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// The kind of resource: 2 topic, 4 broker, 8 broker's loggers, 16 client metrics, 32 group.
        public var resourceType: Int8 = 0
        /// The resource's name.
        public var resourceName: String = ""
        /// The settings.
        public var configs: [DescribeConfigsResourceResult] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
            try visitor.field("resourceType", &resourceType)
            try visitor.field("resourceName", &resourceName)
            try visitor.field("configs", &configs)
        }

        /// A setting.
        public struct DescribeConfigsResourceResult: WireStruct {
            /// The setting's name.
            public var name: String = ""
            /// The setting's value; null where there is none or it is a secret.
            public var value: String? = ""
            /// Whether the setting cannot be changed.
            public var readOnly: Bool = false
            /// Where the value comes from: 1 topic, 2 dynamic broker, 3 dynamic default of brokers, 4 static broker, 5
            /// default, 6 broker's loggers, 7 client metrics, 8 group; -1 where the version does not tell.
            public var configSource: Int8 = -1
            /// Whether the value is a secret.
            public var isSensitive: Bool = false
            /// Where the setting gets its value from, the one in force first (KIP-226).
            public var synonyms: [DescribeConfigsSynonym] = []
            /// The value's type: 0 unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9
            /// password.
            public var configType: Int8 = 0
            /// What the setting is for, or null.
            public var documentation: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("value", &value, sensitive: visitor.hides(setting: name))
                try visitor.field("readOnly", &readOnly)
                try visitor.field("configSource", &configSource, 1..., ignorable: true, default: -1)
                try visitor.field("isSensitive", &isSensitive)
                try visitor.field("synonyms", &synonyms, 1..., ignorable: true)
                try visitor.field("configType", &configType, 3..., ignorable: true)
                try visitor.field("documentation", &documentation, 3..., ignorable: true)
            }

            /// A place where a setting has a value.
            public struct DescribeConfigsSynonym: WireStruct {
                /// The setting's name in that place.
                public var name: String = ""
                /// The value in that place, or null.
                public var value: String? = ""
                /// The place, in the codes of `configSource`.
                public var source: Int8 = 0
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("name", &name, 1...)
                    try visitor.field("value", &value, 1..., sensitive: visitor.hides(setting: name))
                    try visitor.field("source", &source, 1...)
                }
            }
        }
    }
}
