/// Deletes topics.
public struct DeleteTopicsRequest: WireRequest {
    public typealias Response = DeleteTopicsResponse
    public static let api = APIKey.deleteTopics
    public static let versions: ClosedRange<Int16> = 1...6
    public static let flexible: Versions = 4...

    /// The topics to delete, by name or identifier.
    public var topics: [DeleteTopicState] = []
    /// The topics to delete.
    public var topicNames: [String] = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics, 6...)
        try visitor.field("topicNames", &topicNames, 0...5, ignorable: true)
        try visitor.field("timeoutMs", &timeoutMs)
    }

    /// A topic to delete.
    public struct DeleteTopicState: WireStruct {
        /// The topic's name.
        public var name: String? = nil
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 6..., default: nil)
            try visitor.field("topicId", &topicId, 6...)
        }
    }
}

/// Which topics were deleted.
public struct DeleteTopicsResponse: WireMessage {
    public static let api = APIKey.deleteTopics
    public static let versions: ClosedRange<Int16> = 1...6
    public static let flexible: Versions = 4...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The outcome by topic.
    public var responses: [DeletableTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("responses", &responses)
    }

    /// The outcome for one topic.
    public struct DeletableTopicResult: WireStruct {
        /// The topic's name.
        public var name: String? = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, nullable: 6...)
            try visitor.field("topicId", &topicId, 6..., ignorable: true)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, 5..., ignorable: true, default: nil)
        }
    }
}
