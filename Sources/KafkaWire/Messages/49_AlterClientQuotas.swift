/// Sets and removes quotas (KIP-546).
public struct AlterClientQuotasRequest: WireRequest {
    public typealias Response = AlterClientQuotasResponse
    public static let api = APIKey.alterClientQuotas
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

    /// The changes by entity.
    public var entries: [EntryData] = []
    /// Whether to check the request without changing anything.
    public var validateOnly: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("entries", &entries)
        try visitor.field("validateOnly", &validateOnly)
    }

    /// The changes for one entity.
    public struct EntryData: WireStruct {
        /// What the entity is made of.
        public var entity: [EntityData] = []
        /// The changes.
        public var ops: [OpData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("entity", &entity)
            try visitor.field("ops", &ops)
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

        /// A change.
        public struct OpData: WireStruct {
            /// The quota's name, such as `producer_byte_rate`.
            public var key: String = ""
            /// The new value, in the unit that the name says; it does not count where the quota is removed.
            public var value: Double = 0
            /// Whether to remove the quota.
            public var remove: Bool = false
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("key", &key)
                try visitor.field("value", &value)
                try visitor.field("remove", &remove)
            }
        }
    }
}

/// Which quotas were changed.
public struct AlterClientQuotasResponse: WireMessage {
    public static let api = APIKey.alterClientQuotas
    public static let versions: ClosedRange<Int16> = 0...1
    public static let flexible: Versions = 1...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by entity.
    public var entries: [EntryData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("entries", &entries)
    }

    /// The outcome for one entity.
    public struct EntryData: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// What the entity is made of.
        public var entity: [EntityData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
            try visitor.field("entity", &entity)
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
    }
}
