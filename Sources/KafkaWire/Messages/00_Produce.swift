/// Appends record batches to partitions.
public struct ProduceRequest: WireRequest {
    public typealias Response = ProduceResponse
    public static let api = APIKey.produce
    public static let versions: ClosedRange<Int16> = 3...13
    public static let flexible: Versions = 9...

    /// The transactional id, or null outside of transactions.
    public var transactionalId: String? = nil
    /// Who must have the records before the answer: 0 nobody (and no answer comes), 1 the leader, -1 all in-sync replicas.
    public var acks: Int16 = 0
    /// How long the broker may take to answer, in milliseconds.
    public var timeoutMs: Milliseconds = 0
    /// The batches by topic.
    public var topicData: [TopicProduceData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("transactionalId", &transactionalId, 3..., default: nil)
        try visitor.field("acks", &acks)
        try visitor.field("timeoutMs", &timeoutMs)
        try visitor.field("topicData", &topicData)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    public var recordBytes: Int {
        topicData.reduce(0) { $1.partitionData.reduce($0) { $0 + 64 + ($1.records?.bytes.count ?? 0) } }
    }

    /// The batches for one topic.
    public struct TopicProduceData: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The batches by partition.
        public var partitionData: [PartitionProduceData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...12, ignorable: true)
            try visitor.field("topicId", &topicId, 13..., ignorable: true)
            try visitor.field("partitionData", &partitionData)
        }

        /// The batches for one partition.
        public struct PartitionProduceData: WireStruct {
            /// The partition's number.
            public var index: PartitionID = 0
            /// The record batches, back to back.
            public var records: Records? = Records(Bytes())
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("index", &index)
                try visitor.field("records", &records)
            }
        }
    }
}

/// Where the batches were appended, or why they were not.
public struct ProduceResponse: WireMessage {
    public static let api = APIKey.produce
    public static let versions: ClosedRange<Int16> = 3...13
    public static let flexible: Versions = 9...

    /// The outcome by topic.
    public var responses: [TopicProduceResponse] = []
    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// Where the leaders in the answer can be reached (KIP-951).
    public var nodeEndpoints: [NodeEndpoint] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("responses", &responses)
        try visitor.field("throttleTimeMs", &throttleTimeMs, 1..., ignorable: true)
    }

    public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "nodeEndpoints", &nodeEndpoints, 10...)
    }

    public func encode(into writer: consuming ByteWriter, version: Int16) throws(WireError) -> ByteWriter {
        try encodeFields(into: writer, version: version)
    }

    public static func decode(_ bytes: Bytes, version: Int16) throws(WireError) -> Self {
        try decodeFields(bytes, version: version)
    }

    /// The outcome for one topic.
    public struct TopicProduceResponse: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The topic's identifier (KIP-516), which stands in place of the name.
        public var topicId: TopicID = .zero
        /// The outcome by partition.
        public var partitionResponses: [PartitionProduceResponse] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name, 0...12, ignorable: true)
            try visitor.field("topicId", &topicId, 13..., ignorable: true)
            try visitor.field("partitionResponses", &partitionResponses)
        }

        /// The outcome for one partition.
        public struct PartitionProduceResponse: WireStruct {
            /// The partition's number.
            public var index: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The offset that the first record was given, or -1.
            public var baseOffset: Offset = 0
            /// The time of the append in milliseconds since 1970 where the topic uses it, or -1.
            public var logAppendTimeMs: Int64 = -1
            /// The partition's first offset, or -1 where it is not known.
            public var logStartOffset: Offset = -1
            /// The records that made the broker refuse the batch (KIP-467).
            public var recordErrors: [BatchIndexAndErrorMessage] = []
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = nil
            /// The present leader, where it is another one (KIP-951).
            public var currentLeader: LeaderIdAndEpoch = LeaderIdAndEpoch()
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("index", &index)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("baseOffset", &baseOffset)
                try visitor.field("logAppendTimeMs", &logAppendTimeMs, 2..., ignorable: true, default: -1)
                try visitor.field("logStartOffset", &logStartOffset, 5..., ignorable: true, default: -1)
                try visitor.field("recordErrors", &recordErrors, 8..., ignorable: true)
                try visitor.field("errorMessage", &errorMessage, 8..., ignorable: true, default: nil)
            }

            public mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.tagged(0, "currentLeader", &currentLeader, 10...)
            }

            /// A record that was refused.
            public struct BatchIndexAndErrorMessage: WireStruct {
                /// The record's place in its batch.
                public var batchIndex: Int32 = 0
                /// Why the record was refused, or null.
                public var batchIndexErrorMessage: String? = nil
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("batchIndex", &batchIndex, 8...)
                    try visitor.field("batchIndexErrorMessage", &batchIndexErrorMessage, 8..., default: nil)
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
                    try visitor.field("leaderId", &leaderId, 10..., default: -1)
                    try visitor.field("leaderEpoch", &leaderEpoch, 10..., default: -1)
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
            try visitor.field("nodeId", &nodeId, 10...)
            try visitor.field("host", &host, 10...)
            try visitor.field("port", &port, 10...)
            try visitor.field("rack", &rack, 10..., default: nil)
        }
    }
}
