/// Creates topics.
public struct CreateTopicsRequest: WireRequest {
    public typealias Response = CreateTopicsResponse
    public static let api = APIKey.createTopics
    public static let versions: ClosedRange<Int16> = 2...7
    public static let flexible: Versions = 5...

    /// The topics to create.
    public var topics: [CreatableTopic] = []
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 60000
    /// Whether to check the request without creating anything.
    public var validateOnly: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("timeoutMs", &timeoutMs, default: 60000)
        try visitor.field("validateOnly", &validateOnly, 1...)
    }

    /// A topic to create.
    public struct CreatableTopic: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The number of partitions; -1 for the default of the broker.
        public var numPartitions: Int32 = 0
        /// The number of replicas; -1 for the default of the broker.
        public var replicationFactor: Int16 = 0
        /// The brokers of each partition; empty to let the broker choose.
        public var assignments: [CreatableReplicaAssignment] = []
        /// Settings of the topic.
        public var configs: [CreatableTopicConfig] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("numPartitions", &numPartitions)
            try visitor.field("replicationFactor", &replicationFactor)
            try visitor.field("assignments", &assignments)
            try visitor.field("configs", &configs)
        }

        /// The brokers of one partition.
        public struct CreatableReplicaAssignment: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// The brokers that get a replica, the first one as the preferred leader.
            public var brokerIds: [BrokerID] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("brokerIds", &brokerIds)
            }
        }

        /// A setting of a new topic.
        public struct CreatableTopicConfig: WireStruct {
            /// The setting's name.
            public var name: String = ""
            /// The setting's value, or null.
            public var value: String? = ""
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name)
                try visitor.field("value", &value, sensitive: visitor.hides(setting: name))
            }
        }
    }
}

/// Which topics were created.
public struct CreateTopicsResponse: WireMessage {
    public static let api = APIKey.createTopics
    public static let versions: ClosedRange<Int16> = 2...7
    public static let flexible: Versions = 5...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The topics concerned.
    public var topics: [CreatableTopicResult] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 2..., ignorable: true)
        try visitor.field("topics", &topics)
    }

    /// The outcome for one topic.
    public struct CreatableTopicResult: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = ""
        /// Why the settings are not told, or 0.
        public var topicConfigErrorCode: ErrorCode = .none
        /// The number of partitions; -1 for the default of the broker.
        public var numPartitions: Int32 = -1
        /// The number of replicas; -1 for the default of the broker.
        public var replicationFactor: Int16 = -1
        /// The settings that the topic has (KIP-525), or null.
        public var configs: [CreatableTopicConfigs]? = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("topicId", &topicId, 7..., ignorable: true)
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, 1..., nullable: 0..., ignorable: true)
            try visitor.field("numPartitions", &numPartitions, 5..., ignorable: true, default: -1)
            try visitor.field("replicationFactor", &replicationFactor, 5..., ignorable: true, default: -1)
            try visitor.field("configs", &configs, 5..., ignorable: true)
        }

        public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.tagged(0, "topicConfigErrorCode", &topicConfigErrorCode, 5..., ignorable: true)
        }

        /// A setting that the topic has.
        public struct CreatableTopicConfigs: WireStruct {
            /// The setting's name.
            public var name: String = ""
            /// The setting's value, or null.
            public var value: String? = ""
            /// Whether the setting cannot be changed.
            public var readOnly: Bool = false
            /// Where the value comes from: 1 topic, 2 dynamic broker, 4 static broker, 5 default.
            public var configSource: Int8 = -1
            /// Whether the value is a secret.
            public var isSensitive: Bool = false
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name, 5...)
                try visitor.field("value", &value, 5..., sensitive: visitor.hides(setting: name))
                try visitor.field("readOnly", &readOnly, 5...)
                try visitor.field("configSource", &configSource, 5..., ignorable: true, default: -1)
                try visitor.field("isSensitive", &isSensitive, 5...)
            }
        }
    }
}
