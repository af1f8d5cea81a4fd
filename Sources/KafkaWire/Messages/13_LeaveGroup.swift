/// Takes members out of a group.
public struct LeaveGroupRequest: WireRequest {
    public typealias Response = LeaveGroupResponse
    public static let api = APIKey.leaveGroup
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 4...

    /// The group.
    public var groupId: String = ""
    /// The member that leaves.
    public var memberId: String = ""
    /// The members concerned.
    public var members: [MemberIdentity] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("memberId", &memberId, 0...2)
        try visitor.field("members", &members, 3...)
    }

    /// A member that leaves.
    public struct MemberIdentity: WireStruct {
        /// The member's id, given by the coordinator.
        public var memberId: String = ""
        /// The `group.instance.id` of a static member (KIP-345), or null.
        public var groupInstanceId: String? = nil
        /// Why the member joins or leaves, for the log of the broker (KIP-800).
        public var reason: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("memberId", &memberId, 3...)
            try visitor.field("groupInstanceId", &groupInstanceId, 3..., default: nil)
            try visitor.field("reason", &reason, 5..., ignorable: true, default: nil)
        }
    }
}

/// Which members have left.
public struct LeaveGroupResponse: WireMessage {
    public static let api = APIKey.leaveGroup
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The members concerned.
    public var members: [MemberResponse] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("members", &members, 3...)
    }

    /// The outcome for one member.
    public struct MemberResponse: WireStruct {
        /// The member's id, given by the coordinator.
        public var memberId: String = ""
        /// The `group.instance.id` of a static member (KIP-345), or null.
        public var groupInstanceId: String? = ""
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("memberId", &memberId, 3...)
            try visitor.field("groupInstanceId", &groupInstanceId, 3...)
            try visitor.field("errorCode", &errorCode, 3...)
        }
    }
}
