/// Joins a group; the answer comes when all members have joined.
public struct JoinGroupRequest: WireRequest {
    public typealias Response = JoinGroupResponse
    public static let api = APIKey.joinGroup
    public static let versions: ClosedRange<Int16> = 0...9
    public static let flexible: Versions = 6...

    /// The group.
    public var groupId: String = ""
    /// After how many milliseconds without a heartbeat the member is taken out.
    public var sessionTimeoutMs: Milliseconds = 0
    /// How long the coordinator waits for the member's rejoining, in milliseconds; -1 for the session timeout.
    public var rebalanceTimeoutMs: Milliseconds = -1
    /// The id that the coordinator gave, or "" on the first try.
    public var memberId: String = ""
    /// The `group.instance.id` of a static member (KIP-345), or null.
    public var groupInstanceId: String? = nil
    /// The kind of group, such as `consumer`.
    public var protocolType: String = ""
    /// The assignors that the member offers, the preferred one first.
    public var protocols: [JoinGroupRequestProtocol] = []
    /// Why the member joins or leaves, for the log of the broker (KIP-800).
    public var reason: String? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("sessionTimeoutMs", &sessionTimeoutMs)
        try visitor.field("rebalanceTimeoutMs", &rebalanceTimeoutMs, 1..., ignorable: true, default: -1)
        try visitor.field("memberId", &memberId)
        try visitor.field("groupInstanceId", &groupInstanceId, 5..., default: nil)
        try visitor.field("protocolType", &protocolType)
        try visitor.field("protocols", &protocols)
        try visitor.field("reason", &reason, 8..., ignorable: true, default: nil)
    }

    /// An assignor that a member offers.
    public struct JoinGroupRequestProtocol: WireStruct {
        /// The assignor's name.
        public var name: String = ""
        /// The member's subscription (`ConsumerProtocolSubscription` behind a two-byte version).
        public var metadata: Bytes = Bytes()
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("metadata", &metadata)
        }
    }
}

/// The generation that the member has joined.
public struct JoinGroupResponse: WireMessage {
    public static let api = APIKey.joinGroup
    public static let versions: ClosedRange<Int16> = 0...9
    public static let flexible: Versions = 6...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The group's generation: it counts rebalances.
    public var generationId: Int32 = -1
    /// The kind of group, such as `consumer`.
    public var protocolType: String? = nil
    /// The assignor that was chosen.
    public var protocolName: String? = ""
    /// The leader's member id.
    public var leader: String = ""
    /// Whether the leader should keep the assignment as it is (KIP-814).
    public var skipAssignment: Bool = false
    /// The member's id, given by the coordinator.
    public var memberId: String = ""
    /// For the leader, every member and its subscription; else empty.
    public var members: [JoinGroupResponseMember] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 2..., ignorable: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("generationId", &generationId, default: -1)
        try visitor.field("protocolType", &protocolType, 7..., ignorable: true, default: nil)
        try visitor.field("protocolName", &protocolName, nullable: 7...)
        try visitor.field("leader", &leader)
        try visitor.field("skipAssignment", &skipAssignment, 9...)
        try visitor.field("memberId", &memberId)
        try visitor.field("members", &members)
    }

    /// A member of the group.
    public struct JoinGroupResponseMember: WireStruct {
        /// The member's id, given by the coordinator.
        public var memberId: String = ""
        /// The `group.instance.id` of a static member (KIP-345), or null.
        public var groupInstanceId: String? = nil
        /// The member's subscription (`ConsumerProtocolSubscription` behind a two-byte version).
        public var metadata: Bytes = Bytes()
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("memberId", &memberId)
            try visitor.field("groupInstanceId", &groupInstanceId, 5..., ignorable: true, default: nil)
            try visitor.field("metadata", &metadata)
        }
    }
}
