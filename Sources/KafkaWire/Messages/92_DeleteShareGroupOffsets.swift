/// Deletes where an empty share group begins to read (KIP-932).
public struct DeleteShareGroupOffsetsRequest: WireRequest {
    public typealias Response = DeleteShareGroupOffsetsResponse
    public static let api = APIKey.deleteShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The topics to delete the offsets of.
    public var topics: [DeleteShareGroupOffsetsRequestTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("topics", &topics)
    }

    /// A topic to delete the offsets of.
    public struct DeleteShareGroupOffsetsRequestTopic: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
        }
    }
}

/// Which offsets were deleted.
public struct DeleteShareGroupOffsetsResponse: WireMessage {
    public static let api = APIKey.deleteShareGroupOffsets
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// The outcome by topic.
    public var responses: [DeleteShareGroupOffsetsResponseTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("responses", &responses)
    }

    /// The outcome for one topic.
    public struct DeleteShareGroupOffsetsResponseTopic: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("topicId", &topicId)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, default: nil)
        }
    }
}
