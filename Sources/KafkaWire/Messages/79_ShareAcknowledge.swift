/// Says what became of records of a share group (KIP-932).
public struct ShareAcknowledgeRequest: WireRequest {
    public typealias Response = ShareAcknowledgeResponse
    public static let api = APIKey.shareAcknowledge
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = .all

    /// The share group.
    public var groupId: String? = nil
    /// The member's id.
    public var memberId: String? = ""
    /// The share session's epoch: 0 to open it, -1 to close it, else it counts the requests.
    public var shareSessionEpoch: Int32 = 0
    /// Whether acknowledgements of type 4 (renew the lock) are in the request (KIP-1222).
    public var isRenewAck: Bool = false
    /// What to acknowledge, by topic.
    public var topics: [AcknowledgeTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId, default: nil)
        try visitor.field("memberId", &memberId)
        try visitor.field("shareSessionEpoch", &shareSessionEpoch)
        try visitor.field("isRenewAck", &isRenewAck, 2...)
        try visitor.field("topics", &topics)
    }

    /// What to acknowledge of one topic.
    public struct AcknowledgeTopic: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// What to acknowledge, by partition.
        public var partitions: [AcknowledgePartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// What to acknowledge of one partition.
        public struct AcknowledgePartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What became of earlier records, in runs.
            public var acknowledgementBatches: [AcknowledgementBatch] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("acknowledgementBatches", &acknowledgementBatches)
            }

            /// What became of a run of records.
            public struct AcknowledgementBatch: WireStruct {
                /// The offset of the first record.
                public var firstOffset: Offset = 0
                /// The offset of the last record.
                public var lastOffset: Offset = 0
                /// For each record, or once for all: 0 there is none, 1 accept, 2 release, 3 reject, 4 renew the lock.
                public var acknowledgeTypes: [Int8] = []
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("firstOffset", &firstOffset)
                    try visitor.field("lastOffset", &lastOffset)
                    try visitor.field("acknowledgeTypes", &acknowledgeTypes)
                }
            }
        }
    }
}

/// Which acknowledgements were taken.
public struct ShareAcknowledgeResponse: WireMessage {
    public static let api = APIKey.shareAcknowledge
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// How long the member holds its records before others may have them, in milliseconds.
    public var acquisitionLockTimeoutMs: Milliseconds = 0
    /// The outcome by topic.
    public var responses: [ShareAcknowledgeTopicResponse] = []
    /// Where the leaders in the answer can be reached (KIP-951).
    public var nodeEndpoints: [NodeEndpoint] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("acquisitionLockTimeoutMs", &acquisitionLockTimeoutMs, 2..., ignorable: true)
        try visitor.field("responses", &responses)
        try visitor.field("nodeEndpoints", &nodeEndpoints)
    }

    /// The outcome for one topic.
    public struct ShareAcknowledgeTopicResponse: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The outcome by partition.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// The outcome for one partition.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            /// The present leader, where it is another one (KIP-951).
            public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
                try visitor.field("currentLeader", &currentLeader)
            }

            /// A leader and its epoch.
            public struct LeaderIdAndEpoch: WireStruct {
                /// The leader's broker id, or -1 where it is not known.
                public var leaderId: BrokerID = 0
                /// The leader's epoch, or -1 where it is not known.
                public var leaderEpoch: LeaderEpoch = 0
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("leaderId", &leaderId)
                    try visitor.field("leaderEpoch", &leaderEpoch)
                }
            }
        }
    }

    /// Where a broker can be reached.
    public struct NodeEndpoint: WireStruct {
        /// The broker's id.
        public var nodeId: BrokerID = 0
        /// The broker's host name.
        public var host: String = ""
        /// The broker's port.
        public var port: Int32 = 0
        /// The broker's rack, or null.
        public var rack: String? = nil
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("nodeId", &nodeId)
            try visitor.field("host", &host)
            try visitor.field("port", &port)
            try visitor.field("rack", &rack, default: nil)
        }
    }
}
