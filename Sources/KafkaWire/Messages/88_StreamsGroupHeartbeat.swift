/// Joins, keeps or leaves a streams group (KIP-1071).
public struct StreamsGroupHeartbeatRequest: WireRequest {
    public typealias Response = StreamsGroupHeartbeatResponse
    public static let api = APIKey.streamsGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The group.
    public var groupId: String = ""
    /// The member's id, which it makes up.
    public var memberId: String = ""
    /// The member's epoch: 0 to join, -1 to leave, -2 to leave for a while as a static member.
    public var memberEpoch: Int32 = 0
    /// The epoch of the endpoints that the member knows.
    public var endpointInformationEpoch: Int32 = 0
    /// The `group.instance.id` of a static member, or null for none or no change.
    public var instanceId: String? = nil
    /// The member's rack, or null for none or no change.
    public var rackId: String? = nil
    /// How long the member may take to give up tasks, in milliseconds; -1 for no change.
    public var rebalanceTimeoutMs: Milliseconds = -1
    /// The application's topology, sent when joining, or null for no change.
    public var topology: Topology? = nil
    /// The active tasks that the member has, or null for no change.
    public var activeTasks: [TaskIds]? = nil
    /// The standby tasks that the member has, or null for no change.
    public var standbyTasks: [TaskIds]? = nil
    /// The warm-up tasks that the member has, or null for no change.
    public var warmupTasks: [TaskIds]? = nil
    /// The process that the member is a thread of, or null for no change.
    public var processId: String? = nil
    /// Where the application answers interactive queries, or null for nowhere or no change.
    public var userEndpoint: Endpoint? = nil
    /// Tags for placing standby tasks (KIP-708), or null for no change.
    public var clientTags: [KeyValue]? = nil
    /// How far the state of the member's tasks has come, or null for no change.
    public var taskOffsets: [TaskOffset]? = nil
    /// Where the changelogs of the member's tasks end, or null for no change.
    public var taskEndOffsets: [TaskOffset]? = nil
    /// Whether all members of the application should shut down.
    public var shutdownApplication: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("memberId", &memberId)
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("endpointInformationEpoch", &endpointInformationEpoch)
        try visitor.field("instanceId", &instanceId, default: nil)
        try visitor.field("rackId", &rackId, default: nil)
        try visitor.field("rebalanceTimeoutMs", &rebalanceTimeoutMs, default: -1)
        try visitor.field("topology", &topology, default: nil)
        try visitor.field("activeTasks", &activeTasks, default: nil)
        try visitor.field("standbyTasks", &standbyTasks, default: nil)
        try visitor.field("warmupTasks", &warmupTasks, default: nil)
        try visitor.field("processId", &processId, default: nil)
        try visitor.field("userEndpoint", &userEndpoint, default: nil)
        try visitor.field("clientTags", &clientTags, default: nil)
        try visitor.field("taskOffsets", &taskOffsets, default: nil)
        try visitor.field("taskEndOffsets", &taskEndOffsets, default: nil)
        try visitor.field("shutdownApplication", &shutdownApplication)
    }

    /// What the application computes: its parts and their topics.
    public struct Topology: WireStruct {
        /// The topology's epoch.
        public var epoch: Int32 = 0
        /// The parts that can run apart from each other.
        public var subtopologies: [Subtopology] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("epoch", &epoch)
            try visitor.field("subtopologies", &subtopologies)
        }

        /// A part of the topology.
        public struct Subtopology: WireStruct {
            /// The part's id.
            public var subtopologyId: String = ""
            /// The topics that the part reads.
            public var sourceTopics: [String] = []
            /// Regular expressions of topics that the part reads.
            public var sourceTopicRegex: [String] = []
            /// The changelog topics of the part's state stores.
            public var stateChangelogTopics: [TopicInfo] = []
            /// The repartition topics that the part writes.
            public var repartitionSinkTopics: [String] = []
            /// The repartition topics that the part reads.
            public var repartitionSourceTopics: [TopicInfo] = []
            /// Topics that must have equally many partitions.
            public var copartitionGroups: [CopartitionGroup] = []
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("subtopologyId", &subtopologyId)
                try visitor.field("sourceTopics", &sourceTopics)
                try visitor.field("sourceTopicRegex", &sourceTopicRegex)
                try visitor.field("stateChangelogTopics", &stateChangelogTopics)
                try visitor.field("repartitionSinkTopics", &repartitionSinkTopics)
                try visitor.field("repartitionSourceTopics", &repartitionSourceTopics)
                try visitor.field("copartitionGroups", &copartitionGroups)
            }

            /// Topics that must have equally many partitions, by their places in the lists of the part.
            public struct CopartitionGroup: WireStruct {
                /// Places in the part's `sourceTopics`.
                public var sourceTopics: [Int16] = []
                /// Places in the part's `sourceTopicRegex`.
                public var sourceTopicRegex: [Int16] = []
                /// Places in the part's `repartitionSourceTopics`.
                public var repartitionSourceTopics: [Int16] = []
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("sourceTopics", &sourceTopics)
                    try visitor.field("sourceTopicRegex", &sourceTopicRegex)
                    try visitor.field("repartitionSourceTopics", &repartitionSourceTopics)
                }
            }
        }
    }

    /// A name and its value.
    public struct KeyValue: WireStruct {
        /// The name.
        public var key: String = ""
        /// The value.
        public var value: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("key", &key)
            try visitor.field("value", &value)
        }
    }

    /// An internal topic of the application.
    public struct TopicInfo: WireStruct {
        /// The topic's name.
        public var name: String = ""
        /// The number of partitions; 0 where it follows from other topics.
        public var partitions: Int32 = 0
        /// The number of replicas; 0 for the default of the broker.
        public var replicationFactor: Int16 = 0
        /// Settings of the topic.
        public var topicConfigs: [KeyValue] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("partitions", &partitions)
            try visitor.field("replicationFactor", &replicationFactor)
            try visitor.field("topicConfigs", &topicConfigs)
        }
    }

    /// Where an application can be reached.
    public struct Endpoint: WireStruct {
        /// The host name.
        public var host: String = ""
        /// The port.
        public var port: UInt16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("host", &host)
            try visitor.field("port", &port)
        }
    }

    /// How far one task has come.
    public struct TaskOffset: WireStruct {
        /// The part's id.
        public var subtopologyId: String = ""
        /// The partition's number.
        public var partition: PartitionID = 0
        /// The offset, summed up over the changelogs of the task.
        public var offset: Int64 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("subtopologyId", &subtopologyId)
            try visitor.field("partition", &partition)
            try visitor.field("offset", &offset)
        }
    }

    /// Tasks of one part of the topology.
    public struct TaskIds: WireStruct {
        /// The part's id.
        public var subtopologyId: String = ""
        /// The partitions that the tasks process, one each.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("subtopologyId", &subtopologyId)
            try visitor.field("partitions", &partitions)
        }
    }
}

/// What the coordinator wants of the member.
public struct StreamsGroupHeartbeatResponse: WireMessage {
    public static let api = APIKey.streamsGroupHeartbeat
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// What went wrong, if anything.
    public var errorCode: ErrorCode = .none
    /// The error in words, where the broker gives them.
    public var errorMessage: String? = nil
    /// The member's id, given by the coordinator.
    public var memberId: String = ""
    /// The member's epoch.
    public var memberEpoch: Int32 = 0
    /// How long the member may wait before its next heartbeat, in milliseconds.
    public var heartbeatIntervalMs: Milliseconds = 0
    /// How many records a task may be behind and still become active.
    public var acceptableRecoveryLag: Int32 = 0
    /// How often to send the tasks' offsets, in milliseconds.
    public var taskOffsetIntervalMs: Milliseconds = 0
    /// Why the group is not running as it should; null for no change.
    public var status: [Status]? = []
    /// The active tasks that the member should have, or null for no change.
    public var activeTasks: [TaskIds]? = nil
    /// The standby tasks that the member should have, or null for no change.
    public var standbyTasks: [TaskIds]? = nil
    /// The warm-up tasks that the member should have, or null for no change.
    public var warmupTasks: [TaskIds]? = nil
    /// The epoch of the endpoints that the coordinator knows.
    public var endpointInformationEpoch: Int32 = 0
    /// Which application has which partitions, or null for no change.
    public var partitionsByUserEndpoint: [EndpointToPartitions]? = nil
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("errorCode", &errorCode)
        try visitor.field("errorMessage", &errorMessage, default: nil)
        try visitor.field("memberId", &memberId)
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("heartbeatIntervalMs", &heartbeatIntervalMs)
        try visitor.field("acceptableRecoveryLag", &acceptableRecoveryLag)
        try visitor.field("taskOffsetIntervalMs", &taskOffsetIntervalMs)
        try visitor.field("status", &status)
        try visitor.field("activeTasks", &activeTasks, default: nil)
        try visitor.field("standbyTasks", &standbyTasks, default: nil)
        try visitor.field("warmupTasks", &warmupTasks, default: nil)
        try visitor.field("endpointInformationEpoch", &endpointInformationEpoch)
        try visitor.field("partitionsByUserEndpoint", &partitionsByUserEndpoint, default: nil)
    }

    /// The partitions of one application.
    public struct EndpointToPartitions: WireStruct {
        /// Where the application answers interactive queries.
        public var userEndpoint: Endpoint = Endpoint()
        /// The partitions whose state is active there.
        public var activePartitions: [TopicPartition] = []
        /// The partitions that have a copy of the state there.
        public var standbyPartitions: [TopicPartition] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("userEndpoint", &userEndpoint)
            try visitor.field("activePartitions", &activePartitions)
            try visitor.field("standbyPartitions", &standbyPartitions)
        }
    }

    /// A reason why the group is not running as it should.
    public struct Status: WireStruct {
        /// The reason: 0 stale topology, 1 missing source topics, 2 wrong numbers of partitions, 3 missing internal
        /// topics, 4 the application is to shut down, 5 the assignment is delayed.
        public var statusCode: Int8 = 0
        /// The reason in words.
        public var statusDetail: String = ""
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("statusCode", &statusCode)
            try visitor.field("statusDetail", &statusDetail)
        }
    }

    /// Partitions of one topic.
    public struct TopicPartition: WireStruct {
        /// The topic's name.
        public var topic: String = ""
        /// The partitions concerned.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }
    }

    /// Tasks of one part of the topology.
    public struct TaskIds: WireStruct {
        /// The part's id.
        public var subtopologyId: String = ""
        /// The partitions that the tasks process, one each.
        public var partitions: [PartitionID] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("subtopologyId", &subtopologyId)
            try visitor.field("partitions", &partitions)
        }
    }

    /// Where an application can be reached.
    public struct Endpoint: WireStruct {
        /// The host name.
        public var host: String = ""
        /// The port.
        public var port: UInt16 = 0
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("host", &host)
            try visitor.field("port", &port)
        }
    }
}
