/// Asks for the state and the members of classic groups.
public struct DescribeGroupsRequest: WireRequest {
    public typealias Response = DescribeGroupsResponse
    public static let api = APIKey.describeGroups
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 5...

    /// The groups to describe.
    public var groups: [String] = []
    /// Whether to tell which operations on the groups are allowed (KIP-430).
    public var includeAuthorizedOperations: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groups", &groups)
        try visitor.field("includeAuthorizedOperations", &includeAuthorizedOperations, 3...)
    }
}

/// The state and the members of classic groups.
public struct DescribeGroupsResponse: WireMessage {
    public static let api = APIKey.describeGroups
    public static let versions: ClosedRange<Int16> = 0...6
    public static let flexible: Versions = 5...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The groups described.
    public var groups: [DescribedGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("groups", &groups)
    }

    /// A group.
    public struct DescribedGroup: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        /// The group.
        public var groupId: String = ""
        /// The group's state, such as `Stable`.
        public var groupState: String = ""
        /// The kind of group, such as `consumer`; empty where it has none.
        public var protocolType: String = ""
        /// The assignor in use; empty unless the group is stable.
        public var protocolData: String = ""
        /// The group's members.
        public var members: [DescribedGroupMember] = []
        /// The operations allowed on the group, a bit each, or the lowest `Int32` where they were not asked for.
        public var authorizedOperations: Int32 = .min
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, 6..., default: nil)
            try visitor.field("groupId", &groupId)
            try visitor.field("groupState", &groupState)
            try visitor.field("protocolType", &protocolType)
            try visitor.field("protocolData", &protocolData)
            try visitor.field("members", &members)
            try visitor.field("authorizedOperations", &authorizedOperations, 3..., default: .min)
        }

        /// A member of the group.
        public struct DescribedGroupMember: WireStruct {
            /// The member's id, given by the coordinator.
            public var memberId: String = ""
            /// The `group.instance.id` of a static member (KIP-345), or null.
            public var groupInstanceId: String? = nil
            /// The member's client id.
            public var clientId: String = ""
            /// The address that the member connects from.
            public var clientHost: String = ""
            /// The member's subscription (`ConsumerProtocolSubscription` behind a two-byte version).
            public var memberMetadata: Bytes = Bytes()
            /// The member's assignment (`ConsumerProtocolAssignment` behind a two-byte version).
            public var memberAssignment: Bytes = Bytes()
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("memberId", &memberId)
                try visitor.field("groupInstanceId", &groupInstanceId, 4..., ignorable: true, default: nil)
                try visitor.field("clientId", &clientId)
                try visitor.field("clientHost", &clientHost)
                try visitor.field("memberMetadata", &memberMetadata)
                try visitor.field("memberAssignment", &memberAssignment)
            }
        }
    }
}
