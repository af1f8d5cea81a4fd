/// Creates access rules.
public struct CreateAclsRequest: WireRequest {
    public typealias Response = CreateAclsResponse
    public static let api = APIKey.createAcls
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// The access rules to create.
    public var creations: [AclCreation] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("creations", &creations)
    }

    /// An access rule to create.
    public struct AclCreation: WireStruct {
        /// The kind of resource: 2 topic, 3 group, 4 cluster, 5 transactional id, 6 token, 7 user.
        public var resourceType: Int8 = 0
        /// The resource's name.
        public var resourceName: String = ""
        /// How the name is meant: 3 literally, 4 as a prefix (KIP-290).
        public var resourcePatternType: Int8 = 3
        /// The principal, such as `User:alice`.
        public var principal: String = ""
        /// The client's address, or `*` for any.
        public var host: String = ""
        /// The operation: 2 all, 3 read, 4 write, 5 create, 6 delete, 7 alter, 8 describe, 9 cluster action, 10
        /// describe settings, 11 alter settings, 12 idempotent write, 13 create tokens, 14 describe tokens, 15 two-
        /// phase commit.
        public var operation: Int8 = 0
        /// What the rule does: 2 deny, 3 allow.
        public var permissionType: Int8 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("resourceType", &resourceType)
            try visitor.field("resourceName", &resourceName)
            try visitor.field("resourcePatternType", &resourcePatternType, 1..., default: 3)
            try visitor.field("principal", &principal)
            try visitor.field("host", &host)
            try visitor.field("operation", &operation)
            try visitor.field("permissionType", &permissionType)
        }
    }
}

/// Which access rules were created.
public struct CreateAclsResponse: WireMessage {
    public static let api = APIKey.createAcls
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome for each rule, in the order of the request.
    public var results: [AclCreationResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The outcome for one rule.
    public struct AclCreationResult: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
        }
    }
}
