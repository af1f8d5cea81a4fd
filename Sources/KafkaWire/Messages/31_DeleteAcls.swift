/// Deletes the access rules that match filters.
public struct DeleteAclsRequest: WireRequest {
    public typealias Response = DeleteAclsResponse
    public static let api = APIKey.deleteAcls
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// The filters; each deletes what it matches.
    public var filters: [DeleteAclsFilter] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("filters", &filters)
    }

    /// A filter of access rules.
    public struct DeleteAclsFilter: WireStruct {
        /// The kind of resource: 1 any, 2 topic, 3 group, 4 cluster, 5 transactional id, 6 token, 7 user.
        public var resourceTypeFilter: Int8 = 0
        /// The resource's name, or null for any.
        public var resourceNameFilter: String? = ""
        /// How the name is meant: 1 any, 2 whatever matches it, 3 literally, 4 as a prefix (KIP-290).
        public var patternTypeFilter: Int8 = 3
        /// The principal, such as `User:alice`, or null for any.
        public var principalFilter: String? = ""
        /// The client's address, or null for any.
        public var hostFilter: String? = ""
        /// The operation, 1 for any; the codes are those of ``CreateAclsRequest``.
        public var operation: Int8 = 0
        /// What the rule does: 1 any, 2 deny, 3 allow.
        public var permissionType: Int8 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("resourceTypeFilter", &resourceTypeFilter)
            try visitor.field("resourceNameFilter", &resourceNameFilter)
            try visitor.field("patternTypeFilter", &patternTypeFilter, 1..., default: 3)
            try visitor.field("principalFilter", &principalFilter)
            try visitor.field("hostFilter", &hostFilter)
            try visitor.field("operation", &operation)
            try visitor.field("permissionType", &permissionType)
        }
    }
}

/// Which access rules were deleted.
public struct DeleteAclsResponse: WireMessage {
    public static let api = APIKey.deleteAcls
    public static let versions: ClosedRange<Int16> = 1...3
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome for each filter, in the order of the request.
    public var filterResults: [DeleteAclsFilterResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("filterResults", &filterResults)
    }

    /// The outcome for one filter.
    public struct DeleteAclsFilterResult: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// The rules that the filter matched.
        public var matchingAcls: [DeleteAclsMatchingAcl] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage)
            try visitor.field("matchingAcls", &matchingAcls)
        }

        /// An access rule that was to be deleted.
        public struct DeleteAclsMatchingAcl: WireStruct {
            /// Why the rule was not deleted, or 0.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = ""
            /// The kind of resource: 2 topic, 3 group, 4 cluster, 5 transactional id, 6 token, 7 user.
            public var resourceType: Int8 = 0
            /// The resource's name.
            public var resourceName: String = ""
            /// How the name is meant: 3 literally, 4 as a prefix (KIP-290).
            public var patternType: Int8 = 3
            /// The principal, such as `User:alice`.
            public var principal: String = ""
            /// The client's address, or `*` for any.
            public var host: String = ""
            /// The operation; the codes are those of ``CreateAclsRequest``.
            public var operation: Int8 = 0
            /// What the rule does: 2 deny, 3 allow.
            public var permissionType: Int8 = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage)
                try visitor.field("resourceType", &resourceType)
                try visitor.field("resourceName", &resourceName)
                try visitor.field("patternType", &patternType, 1..., default: 3)
                try visitor.field("principal", &principal)
                try visitor.field("host", &host)
                try visitor.field("operation", &operation)
                try visitor.field("permissionType", &permissionType)
            }
        }
    }
}
