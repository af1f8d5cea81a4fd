/// Asks for the assignment; the leader brings that of all members.
public struct SyncGroupRequest: WireRequest {
    public typealias Response = SyncGroupResponse
    public static let api = APIKey.syncGroup
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 4...

    /// The group.
    public var groupId: String = ""
    /// The group's generation: it counts rebalances.
    public var generationId: Int32 = 0
    /// The member's id, given by the coordinator.
    public var memberId: String = ""
    /// The `group.instance.id` of a static member (KIP-345), or null.
    public var groupInstanceId: String? = nil
    /// The kind of group, such as `consumer`.
    public var protocolType: String? = nil
    /// The assignor that was chosen.
    public var protocolName: String? = nil
    /// From the leader, every member's assignment; else empty.
    public var assignments: [SyncGroupRequestAssignment] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("generationId", &generationId)
        try visitor.field("memberId", &memberId)
        try visitor.field("groupInstanceId", &groupInstanceId, 3..., default: nil)
        try visitor.field("protocolType", &protocolType, 5..., ignorable: true, default: nil)
        try visitor.field("protocolName", &protocolName, 5..., ignorable: true, default: nil)
        try visitor.field("assignments", &assignments)
    }

    /// One member's assignment.
    public struct SyncGroupRequestAssignment: WireStruct {
        /// The member's id, given by the coordinator.
        public var memberId: String = ""
        /// The member's assignment (`ConsumerProtocolAssignment` behind a two-byte version).
        public var assignment: Bytes = Bytes()
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("memberId", &memberId)
            try visitor.field("assignment", &assignment)
        }
    }
}

/// The member's assignment.
public struct SyncGroupResponse: WireMessage {
    public static let api = APIKey.syncGroup
    public static let versions: ClosedRange<Int16> = 0...5
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The kind of group, such as `consumer`.
    public var protocolType: String? = nil
    /// The assignor that was chosen.
    public var protocolName: String? = nil
    /// The member's assignment (`ConsumerProtocolAssignment` behind a two-byte version).
    public var assignment: Bytes = Bytes()
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("protocolType", &protocolType, 5..., ignorable: true, default: nil)
        try visitor.field("protocolName", &protocolName, 5..., ignorable: true, default: nil)
        try visitor.field("assignment", &assignment)
    }
}
