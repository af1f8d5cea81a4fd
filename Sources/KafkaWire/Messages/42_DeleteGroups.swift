/// Deletes groups that have no members, with their offsets (KIP-229).
public struct DeleteGroupsRequest: WireRequest {
    public typealias Response = DeleteGroupsResponse
    public static let api = APIKey.deleteGroups
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// The groups to delete.
    public var groupsNames: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupsNames", &groupsNames)
    }
}

/// Which groups were deleted.
public struct DeleteGroupsResponse: WireMessage {
    public static let api = APIKey.deleteGroups
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = 2...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by group.
    public var results: [DeletableGroupResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("results", &results)
    }

    /// The outcome for one group.
    public struct DeletableGroupResult: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId)
            try visitor.field("errorCode", &errorCode)
        }
    }
}
