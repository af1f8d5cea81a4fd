/// Asks for the state of a KRaft quorum (KIP-595).
public struct DescribeQuorumRequest: WireRequest {
    public typealias Response = DescribeQuorumResponse
    public static let api = APIKey.describeQuorum
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// The partitions to look up, by topic; there is only `__cluster_metadata`.
    public var topics: [TopicData] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
    }

    /// What to look up of one topic.
    public struct TopicData: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The partitions to look up.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitions", &partitions)
        }

        /// A partition to look up.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
            }
        }
    }
}

/// Leader, voters and observers of the quorum.
public struct DescribeQuorumResponse: WireMessage {
    public static let api = APIKey.describeQuorum
    public static let versions: ClosedRange<Int16> = 0...2
    public static let flexible: Versions = .all

    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = ""
    /// The quorums by topic.
    public var topics: [TopicData] = []
    /// Where the voters can be reached (KIP-853).
    public var nodes: [Node] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, 2..., ignorable: true)
        try visitor.field("topics", &topics)
        try visitor.field("nodes", &nodes, 2...)
    }

    /// The quorums of one topic.
    public struct TopicData: WireStruct {
        /// The topic's name.
        public var topicName: String = ""
        /// The quorums by partition.
        public var partitions: [PartitionData] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicName", &topicName)
            try visitor.field("partitions", &partitions)
        }

        /// The quorum of one partition.
        public struct PartitionData: WireStruct {
            /// The partition's number.
            public var partitionIndex: PartitionID = 0
            /// What went wrong, if anything.
            public var errorCode: ErrorCode = .none
            /// The error in words, where the broker gives them.
            public var errorMessage: String? = ""
            /// The leader's broker id, or -1 where it is not known.
            public var leaderId: BrokerID = 0
            /// The leader's epoch, or -1 where it is not known.
            public var leaderEpoch: LeaderEpoch = 0
            /// The offset behind the last record that a majority of the voters has.
            public var highWatermark: Offset = 0
            /// The replicas that may vote.
            public var currentVoters: [ReplicaState] = []
            /// The replicas that follow without voting.
            public var observers: [ReplicaState] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("partitionIndex", &partitionIndex)
                try visitor.field("errorCode", &errorCode)
                try visitor.field("errorMessage", &errorMessage, 2..., ignorable: true)
                try visitor.field("leaderId", &leaderId)
                try visitor.field("leaderEpoch", &leaderEpoch)
                try visitor.field("highWatermark", &highWatermark)
                try visitor.field("currentVoters", &currentVoters)
                try visitor.field("observers", &observers)
            }
        }
    }

    /// A voter and its addresses.
    public struct Node: WireStruct {
        /// The voter's id.
        public var nodeId: BrokerID = 0
        /// The addresses at which the voter listens.
        public var listeners: [Listener] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("nodeId", &nodeId, 2...)
            try visitor.field("listeners", &listeners, 2...)
        }

        /// An address at which a voter listens.
        public struct Listener: WireStruct {
            /// The listener's name.
            public var name: String = ""
            /// The listener's host name.
            public var host: String = ""
            /// The listener's port.
            public var port: UInt16 = 0
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("name", &name, 2...)
                try visitor.field("host", &host, 2...)
                try visitor.field("port", &port, 2...)
            }
        }
    }

    /// How far a replica has come.
    public struct ReplicaState: WireStruct {
        /// The replica's broker id.
        public var replicaId: BrokerID = 0
        /// The replica's log directory (KIP-853).
        public var replicaDirectoryId: Uuid = .zero
        /// The offset behind the replica's last record, or -1 where it is not known.
        public var logEndOffset: Offset = 0
        /// When the leader last heard from the replica, in milliseconds since 1970 (KIP-836), or -1.
        public var lastFetchTimestamp: Int64 = -1
        /// When the replica last had everything that the leader had, in milliseconds since 1970 (KIP-836), or -1.
        public var lastCaughtUpTimestamp: Int64 = -1
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("replicaId", &replicaId)
            try visitor.field("replicaDirectoryId", &replicaDirectoryId, 2...)
            try visitor.field("logEndOffset", &logEndOffset)
            try visitor.field("lastFetchTimestamp", &lastFetchTimestamp, 1..., ignorable: true, default: -1)
            try visitor.field("lastCaughtUpTimestamp", &lastCaughtUpTimestamp, 1..., ignorable: true, default: -1)
        }
    }
}
