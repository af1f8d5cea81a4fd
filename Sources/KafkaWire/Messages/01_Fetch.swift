/// Asks for records, waiting for them where there are none yet.
public struct FetchRequest: WireRequest {
    public typealias Response = FetchResponse
    public static let api = APIKey.fetch
    public static let versions: ClosedRange<Int16> = 4...18
    public static let flexible: Versions = 12...

    /// The cluster's id, sent by followers in KRaft.
    public var clusterId: String? = nil
    /// The follower's broker id; -1 for a client.
    public var replicaId: BrokerID = -1
    /// The follower that fetches.
    public var replicaState: ReplicaState = ReplicaState()
    /// How long the broker may wait for `minBytes`, in milliseconds.
    public var maxWaitMs: Milliseconds = 0
    /// How many bytes the answer should have before it is sent early.
    public var minBytes: Int32 = 0
    /// About how many bytes the answer may have; the first batch always fits.
    public var maxBytes: Int32 = .max
    /// 0 to see all records, 1 to see only those of committed transactions.
    public var isolationLevel: Int8 = 0
    /// The fetch session (KIP-227), or 0.
    public var sessionId: Int32 = 0
    /// The session's epoch: 0 for a new session, -1 for none.
    public var sessionEpoch: Int32 = -1
    /// The topics concerned.
    public var topics: [FetchTopic] = []
    /// Partitions to take out of the session.
    public var forgottenTopicsData: [ForgottenTopic] = []
    /// The client's rack, for reading from the closest replica (KIP-392).
    public var rackId: String = ""
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("replicaId", &replicaId, 0...14, default: -1)
        try visitor.field("maxWaitMs", &maxWaitMs)
        try visitor.field("minBytes", &minBytes)
        try visitor.field("maxBytes", &maxBytes, 3..., ignorable: true, default: .max)
        try visitor.field("isolationLevel", &isolationLevel, 4..., ignorable: true)
        try visitor.field("sessionId", &sessionId, 7..., ignorable: true)
        try visitor.field("sessionEpoch", &sessionEpoch, 7..., ignorable: true, default: -1)
        try visitor.field("topics", &topics)
        try visitor.field("forgottenTopicsData", &forgottenTopicsData, 7...)
        try visitor.field("rackId", &rackId, 11..., ignorable: true)
    }

    public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "clusterId", &clusterId, 12..., ignorable: true, default: nil)
        try visitor.tagged(1, "replicaState", &replicaState, 15...)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// A follower that fetches.
    public struct ReplicaState: WireStruct {
        /// The follower's broker id; -1 for a client.
        public var replicaId: BrokerID = -1
        /// The follower's broker epoch, or -1.
        public var replicaEpoch: Int64 = -1
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("replicaId", &replicaId, 15..., default: -1)
            try visitor.field("replicaEpoch", &replicaEpoch, 15..., default: -1)
        }
    }

    /// What to fetch of one topic.
    public struct FetchTopic: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [FetchPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic, 0...12, ignorable: true)
            try visitor.field("topicId", &topicId, 13..., ignorable: true)
            try visitor.field("partitions", &partitions)
        }

        /// What to fetch of one partition.
        public struct FetchPartition: WireStruct {
            /// The partition's number.
            public var partition: PartitionID = 0
            /// The leader epoch that the client knows, or -1; the broker refuses another one (KIP-320).
            public var currentLeaderEpoch: LeaderEpoch = -1
            /// The offset of the first record wanted.
            public var fetchOffset: Offset = 0
            /// The epoch of the last record fetched, or -1 (KIP-595).
            public var lastFetchedEpoch: LeaderEpoch = -1
            /// The partition's first offset, or -1 where it is not known.
            public var logStartOffset: Offset = -1
            /// About how many bytes of this partition the answer may have.
            public var partitionMaxBytes: Int32 = 0
            /// The follower's log directory.
            public var replicaDirectoryId: Uuid = .zero
            /// The follower's high watermark.
            public var highWatermark: Offset = .max
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partition", &partition)
                try visitor.field("currentLeaderEpoch", &currentLeaderEpoch, 9..., ignorable: true, default: -1)
                try visitor.field("fetchOffset", &fetchOffset)
                try visitor.field("lastFetchedEpoch", &lastFetchedEpoch, 12..., default: -1)
                try visitor.field("logStartOffset", &logStartOffset, 5..., ignorable: true, default: -1)
                try visitor.field("partitionMaxBytes", &partitionMaxBytes)
            }

            public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.tagged(0, "replicaDirectoryId", &replicaDirectoryId, 17..., ignorable: true)
                try visitor.tagged(1, "highWatermark", &highWatermark, 18..., ignorable: true, default: .max)
            }
        }
    }

    /// Partitions to take out of the session.
    public struct ForgottenTopic: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic, 7...12, ignorable: true)
            try visitor.field("topicId", &topicId, 13..., ignorable: true)
            try visitor.field("partitions", &partitions, 7...)
        }
    }
}

/// Records of the partitions asked for.
public struct FetchResponse: WireMessage {
    public static let api = APIKey.fetch
    public static let versions: ClosedRange<Int16> = 4...18
    public static let flexible: Versions = 12...

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The fetch session (KIP-227), or 0.
    public var sessionId: Int32 = 0
    /// The records by topic.
    public var responses: [FetchableTopicResponse] = []
    /// Where the leaders in the answer can be reached (KIP-951).
    public var nodeEndpoints: [NodeEndpoint] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
        try visitor.field("errorCode", &errorCode, 7..., ignorable: true)
        try visitor.field("sessionId", &sessionId, 7...)
        try visitor.field("responses", &responses)
    }

    public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "nodeEndpoints", &nodeEndpoints, 16...)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    public var recordBytes: Int {
        responses.reduce(0) { $1.partitions.reduce($0) { $0 + 64 + ($1.records?.bytes.count ?? 0) } }
    }

    /// Records of one topic.
    public struct FetchableTopicResponse: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The partitions concerned.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic, 0...12, ignorable: true)
            try visitor.field("topicId", &topicId, 13..., ignorable: true)
            try visitor.field("partitions", &partitions)
        }

        /// Records of one partition.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The offset behind the last record that all in-sync replicas have.
            public var highWatermark: Offset = 0
            /// The offset before which every transaction has ended, or -1.
            public var lastStableOffset: Offset = -1
            /// The partition's first offset, or -1 where it is not known.
            public var logStartOffset: Offset = -1
            /// The largest epoch and end offset at which the logs agree, where they diverge (KIP-595).
            public var divergingEpoch: EpochEndOffset = EpochEndOffset()
            /// The present leader, where it is another one (KIP-951).
            public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()
            /// The snapshot to fetch instead (KIP-630).
            public var snapshotId: SnapshotId = SnapshotId()
            /// The aborted transactions in the range, or null.
            public var abortedTransactions: [AbortedTransaction]? = []
            /// The replica to read from instead, or -1.
            public var preferredReadReplica: BrokerID = -1
            /// The record batches, back to back.
            public var records: Records? = Records(Bytes())
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("highWatermark", &highWatermark)
                try visitor.field("lastStableOffset", &lastStableOffset, 4..., ignorable: true, default: -1)
                try visitor.field("logStartOffset", &logStartOffset, 5..., ignorable: true, default: -1)
                try visitor.field("abortedTransactions", &abortedTransactions, 4..., ignorable: true)
                try visitor.field("preferredReadReplica", &preferredReadReplica, 11..., default: -1)
                try visitor.field("records", &records)
            }

            public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.tagged(0, "divergingEpoch", &divergingEpoch, 12...)
                try visitor.tagged(1, "currentLeader", &currentLeader, 12...)
                try visitor.tagged(2, "snapshotId", &snapshotId, 12...)
            }

            /// An epoch and its end.
            public struct EpochEndOffset: WireStruct {
                /// The epoch.
                public var epoch: LeaderEpoch = -1
                /// The end offset.
                public var endOffset: Offset = -1
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("epoch", &epoch, 12..., default: -1)
                    try visitor.field("endOffset", &endOffset, 12..., default: -1)
                }
            }

            /// A leader and its epoch.
            public struct LeaderIdAndEpoch: WireStruct {
                /// The leader's broker id, or -1 where it is not known.
                public var leaderId: BrokerID = -1
                /// The leader's epoch, or -1 where it is not known.
                public var leaderEpoch: LeaderEpoch = -1
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("leaderId", &leaderId, 12..., default: -1)
                    try visitor.field("leaderEpoch", &leaderEpoch, 12..., default: -1)
                }
            }

            /// A snapshot, by its end.
            public struct SnapshotId: WireStruct {
                /// The end offset.
                public var endOffset: Offset = -1
                /// The epoch.
                public var epoch: LeaderEpoch = -1
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("endOffset", &endOffset, default: -1)
                    try visitor.field("epoch", &epoch, default: -1)
                }
            }

            /// An aborted transaction.
            public struct AbortedTransaction: WireStruct {
                /// A producer id, or -1.
                public var producerId: ProducerID = 0
                /// The offset of the transaction's first record.
                public var firstOffset: Offset = 0
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("producerId", &producerId, 4...)
                    try visitor.field("firstOffset", &firstOffset, 4...)
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
            try visitor.field("nodeId", &nodeId, 16...)
            try visitor.field("host", &host, 16...)
            try visitor.field("port", &port, 16...)
            try visitor.field("rack", &rack, 16..., default: nil)
        }
    }
}
