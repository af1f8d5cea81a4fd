/// Asks for records of a share group, and acknowledges earlier ones (KIP-932).
public struct ShareFetchRequest: WireRequest {
    public typealias Response = ShareFetchResponse
    public static let api = APIKey.shareFetch
    public static let versions: ClosedRange<Int16> = 1...2
    public static let flexible: Versions = .all

    /// The share group.
    public var groupId: String? = nil
    /// The member's id.
    public var memberId: String? = ""
    /// The share session's epoch: 0 to open it, -1 to close it, else it counts the requests.
    public var shareSessionEpoch: Int32 = 0
    /// How long the broker may wait for `minBytes`, in milliseconds.
    public var maxWaitMs: Milliseconds = 0
    /// How many bytes the answer should have before it is sent early.
    public var minBytes: Int32 = 0
    /// About how many bytes the answer may have; the first batch always fits.
    public var maxBytes: Int32 = .max
    /// How many records to give at most; a batch may go beyond it.
    public var maxRecords: Int32 = 0
    /// About how many records a batch of acquired records should have.
    public var batchSize: Int32 = 0
    /// What `maxRecords` means: 0 whole batches may go beyond it, 1 it is exact (KIP-1206).
    public var shareAcquireMode: Int8 = 0
    /// Whether acknowledgements of type 4 (renew the lock) are in the request (KIP-1222).
    public var isRenewAck: Bool = false
    /// What to fetch and to acknowledge, by topic.
    public var topics: [FetchTopic] = []
    /// Partitions to take out of the session.
    public var forgottenTopicsData: [ForgottenTopic] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId, default: nil)
        try visitor.field("memberId", &memberId)
        try visitor.field("shareSessionEpoch", &shareSessionEpoch)
        try visitor.field("maxWaitMs", &maxWaitMs)
        try visitor.field("minBytes", &minBytes)
        try visitor.field("maxBytes", &maxBytes, default: .max)
        try visitor.field("maxRecords", &maxRecords, 1...)
        try visitor.field("batchSize", &batchSize, 1...)
        try visitor.field("shareAcquireMode", &shareAcquireMode, 2..., ignorable: true)
        try visitor.field("isRenewAck", &isRenewAck, 2...)
        try visitor.field("topics", &topics)
        try visitor.field("forgottenTopicsData", &forgottenTopicsData)
    }

    /// What to fetch and to acknowledge of one topic.
    public struct FetchTopic: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// What to fetch and to acknowledge, by partition.
        public var partitions: [FetchPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// What to fetch and to acknowledge of one partition.
        public struct FetchPartition: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// About how many bytes of this partition the answer may have.
            public var partitionMaxBytes: Int32 = 0
            /// What became of earlier records, in runs.
            public var acknowledgementBatches: [AcknowledgementBatch] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("partitionMaxBytes", &partitionMaxBytes, 0...0)
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

    /// Partitions to take out of the session.
    public struct ForgottenTopic: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// Records that the member now holds a lock on.
public struct ShareFetchResponse: WireMessage {
    public static let api = APIKey.shareFetch
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
    /// The records by topic.
    public var responses: [ShareFetchableTopicResponse] = []
    /// Where the leaders in the answer can be reached (KIP-951).
    public var nodeEndpoints: [NodeEndpoint] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("acquisitionLockTimeoutMs", &acquisitionLockTimeoutMs, 1...)
        try visitor.field("responses", &responses)
        try visitor.field("nodeEndpoints", &nodeEndpoints)
    }

    /// Records of one topic.
    public struct ShareFetchableTopicResponse: WireStruct {
        /// The topic's identifier (KIP-516).
        public var topicId: TopicID = .zero
        /// The records by partition.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("partitions", &partitions)
        }

        /// Records of one partition.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong with the fetch, if anything.
            public var errorCode: ErrorCode = .none
            /// The error of the fetch in words, or null.
            public var errorMessage: String? = nil
            /// What went wrong with the acknowledgement, if anything.
            public var acknowledgeErrorCode: ErrorCode = .none
            /// The error of the acknowledgement in words, or null.
            public var acknowledgeErrorMessage: String? = nil
            /// The present leader, where it is another one (KIP-951).
            public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()
            /// The record batches, back to back.
            public var records: Records? = Records(Bytes())
            /// The records in `records` that the member holds a lock on, in runs.
            public var acquiredRecords: [AcquiredRecords] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, default: nil)
                try visitor.field("acknowledgeErrorCode", &acknowledgeErrorCode)
                try visitor.field("acknowledgeErrorMessage", &acknowledgeErrorMessage, default: nil)
                try visitor.field("currentLeader", &currentLeader)
                try visitor.field("records", &records, nullable: 0...0)
                try visitor.field("acquiredRecords", &acquiredRecords)
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

            /// A run of acquired records.
            public struct AcquiredRecords: WireStruct {
                /// The offset of the first record.
                public var firstOffset: Offset = 0
                /// The offset of the last record.
                public var lastOffset: Offset = 0
                /// How many times the records have been delivered.
                public var deliveryCount: Int16 = 0
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("firstOffset", &firstOffset)
                    try visitor.field("lastOffset", &lastOffset)
                    try visitor.field("deliveryCount", &deliveryCount)
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
