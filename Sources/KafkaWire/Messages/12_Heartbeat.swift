/// Says that a member is alive.
public struct HeartbeatRequest: WireRequest {
    public typealias Response = HeartbeatResponse
    public static let api = APIKey.heartbeat
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 4...

    /// The group.
    public var groupId: String = ""
    /// The group's generation: it counts rebalances.
    public var generationId: Int32 = 0
    /// The member's id, given by the coordinator.
    public var memberId: String = ""
    /// The `group.instance.id` of a static member (KIP-345), or null.
    public var groupInstanceId: String? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("generationId", &generationId)
        try visitor.field("memberId", &memberId)
        try visitor.field("groupInstanceId", &groupInstanceId, 3..., default: nil)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }
}

/// Whether the member is still in the group, or has to join again.
public struct HeartbeatResponse: WireMessage {
    public static let api = APIKey.heartbeat
    public static let versions: ClosedRange<Int16> = 0...4
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }
}
