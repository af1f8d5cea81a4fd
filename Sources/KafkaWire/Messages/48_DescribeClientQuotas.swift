/// Asks for the quotas that match a filter (KIP-546).
public struct DescribeClientQuotasRequest: WireRequest {
    public typealias Response = DescribeClientQuotasResponse
    public static let api = APIKey.describeClientQuotas
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

    /// What the entity must be made of.
    public var components: [ComponentData] = []
    /// Whether entities with further parts are left out.
    public var strict: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("components", &components)
        try visitor.field("strict", &strict)
    }

    /// One part of the filter.
    public struct ComponentData: WireStruct {
        /// The kind of part: `user`, `client-id` or `ip`.
        public var entityType: String = ""
        /// How to match: 0 exactly `match`, 1 the default, 2 any that is named.
        public var matchType: Int8 = 0
        /// The name for an exact match, else null.
        public var match: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("entityType", &entityType)
            try visitor.field("matchType", &matchType)
            try visitor.field("match", &match)
        }
    }
}

/// The quotas found.
public struct DescribeClientQuotasResponse: WireMessage {
    public static let api = APIKey.describeClientQuotas
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The quotas by entity; null after an error.
    public var entries: [EntryData]? = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage)
        try visitor.field("entries", &entries)
    }

    /// The quotas of one entity.
    public struct EntryData: WireStruct {
        /// What the entity is made of.
        public var entity: [EntityData] = []
        /// The entity's quotas.
        public var values: [ValueData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("entity", &entity)
            try visitor.field("values", &values)
        }

        /// One part of an entity.
        public struct EntityData: WireStruct {
            /// The kind of part: `user`, `client-id` or `ip`.
            public var entityType: String = ""
            /// The name, or null for the default.
            public var entityName: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("entityType", &entityType)
                try visitor.field("entityName", &entityName)
            }
        }

        /// A quota.
        public struct ValueData: WireStruct {
            /// The quota's name, such as `producer_byte_rate`.
            public var key: String = ""
            /// The quota's value, in the unit that its name says.
            public var value: Double = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("key", &key)
                try visitor.field("value", &value)
            }
        }
    }
}
