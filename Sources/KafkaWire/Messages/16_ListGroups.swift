/// Asks for the groups that a broker coordinates.
public struct ListGroupsRequest: WireRequest {
    public typealias Response = ListGroupsResponse
    public static let api = APIKey.listGroups
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// The states of the groups wanted (KIP-518); empty for all.
    public var statesFilter: [String] = []
    /// The types of the groups wanted, such as `classic` or `consumer` (KIP-848); empty for all.
    public var typesFilter: [String] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("statesFilter", &statesFilter, 4...)
        try visitor.field("typesFilter", &typesFilter, 5...)
    }
}

/// The groups that the broker coordinates.
public struct ListGroupsResponse: WireMessage {
    public static let api = APIKey.listGroups
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 3...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The groups found.
    public var groups: [ListedGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("groups", &groups)
    }

    /// A group.
    public struct ListedGroup: WireStruct {
        /// The group.
        public var groupId: String = ""
        /// The kind of group, such as `consumer`.
        public var protocolType: String = ""
        /// The group's state, such as `Stable`.
        public var groupState: String = ""
        /// The group's type, such as `classic` or `consumer`.
        public var groupType: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("groupId", &groupId)
            try visitor.field("protocolType", &protocolType)
            try visitor.field("groupState", &groupState, 4..., ignorable: true)
            try visitor.field("groupType", &groupType, 5..., ignorable: true)
        }
    }
}
