/// Asks for the state and the members of streams groups (KIP-1071).
public struct StreamsGroupDescribeRequest: WireRequest {
    public typealias Response = StreamsGroupDescribeResponse
    public static let api = APIKey.streamsGroupDescribe
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// The groups to describe.
    public var groupIds: [String] = []
    /// Whether to tell which operations on the groups are allowed (KIP-430).
    public var includeAuthorizedOperations: Bool = false
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupIds", &groupIds)
        try visitor.field("includeAuthorizedOperations", &includeAuthorizedOperations)
    }
}

/// The state and the members of streams groups.
public struct StreamsGroupDescribeResponse: WireMessage {
    public static let api = APIKey.streamsGroupDescribe
    public static let versions: ClosedRange<Int16> = 0...0
    public static let flexible: Versions = .all

    /// How long the client should hold back after this answer for exceeding a quota, in milliseconds (KIP-219).
    public var throttleTimeMs: Milliseconds = 0
    /// The groups described.
    public var groups: [DescribedGroup] = []
    public var unknownTaggedFields: [UnknownTaggedField] = []

    public init() {}

    public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("throttleTimeMs", &throttleTimeMs)
        try visitor.field("groups", &groups)
    }

    /// A group.
    public struct DescribedGroup: WireStruct {
        /// What went wrong, if anything.
        public var errorCode: ErrorCode = .none
        /// The error in words, where the broker gives them.
        public var errorMessage: String? = nil
        /// The group.
        public var groupId: String = ""
        /// The group's state, such as `Stable`.
        public var groupState: String = ""
        /// The group's epoch: it counts changes of members and subscriptions.
        public var groupEpoch: Int32 = 0
        /// The group epoch that the target assignment was computed for.
        public var assignmentEpoch: Int32 = 0
        /// The group's topology, or null where it has none yet.
        public var topology: Topology? = nil
        /// The group's members.
        public var members: [Member] = []
        /// The operations allowed on the group, a bit each, or the lowest `Int32` where they were not asked for.
        public var authorizedOperations: Int32 = .min
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("errorCode", &errorCode)
            try visitor.field("errorMessage", &errorMessage, default: nil)
            try visitor.field("groupId", &groupId)
            try visitor.field("groupState", &groupState)
            try visitor.field("groupEpoch", &groupEpoch)
            try visitor.field("assignmentEpoch", &assignmentEpoch)
            try visitor.field("topology", &topology, default: nil)
            try visitor.field("members", &members)
            try visitor.field("authorizedOperations", &authorizedOperations, default: .min)
        }

        /// What the application computes: its parts and their topics.
        public struct Topology: WireStruct {
            /// The topology's epoch.
            public var epoch: Int32 = 0
            /// The parts that can run apart from each other; null where they are not known.
            public var subtopologies: [Subtopology]? = nil
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("epoch", &epoch)
                try visitor.field("subtopologies", &subtopologies, default: nil)
            }

            /// A part of the topology.
            public struct Subtopology: WireStruct {
                /// The part's id.
                public var subtopologyId: String = ""
                /// The topics that the part reads.
                public var sourceTopics: [String] = []
                /// The repartition topics that the part writes.
                public var repartitionSinkTopics: [String] = []
                /// The changelog topics of the part's state stores.
                public var stateChangelogTopics: [TopicInfo] = []
                /// The repartition topics that the part reads.
                public var repartitionSourceTopics: [TopicInfo] = []
                public var unknownTaggedFields: [UnknownTaggedField] = []

                public init() {}

                public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                    try visitor.field("subtopologyId", &subtopologyId)
                    try visitor.field("sourceTopics", &sourceTopics)
                    try visitor.field("repartitionSinkTopics", &repartitionSinkTopics)
                    try visitor.field("stateChangelogTopics", &stateChangelogTopics)
                    try visitor.field("repartitionSourceTopics", &repartitionSourceTopics)
                }
            }
        }

        /// A member of the group.
        public struct Member: WireStruct {
            /// The member's id, given by the coordinator.
            public var memberId: String = ""
            /// The member's epoch.
            public var memberEpoch: Int32 = 0
            /// The `group.instance.id` of a static member (KIP-345), or null.
            public var instanceId: String? = nil
            /// The member's rack, or null.
            public var rackId: String? = nil
            /// The member's client id.
            public var clientId: String = ""
            /// The address that the member connects from.
            public var clientHost: String = ""
            /// The epoch of the topology that the member runs.
            public var topologyEpoch: Int32 = 0
            /// The process that the member is a thread of.
            public var processId: String = ""
            /// Where the application answers interactive queries, or null.
            public var userEndpoint: Endpoint? = nil
            /// Tags for placing standby tasks (KIP-708).
            public var clientTags: [KeyValue] = []
            /// How far the state of the member's tasks has come.
            public var taskOffsets: [TaskOffset] = []
            /// Where the changelogs of the member's tasks end.
            public var taskEndOffsets: [TaskOffset] = []
            /// The tasks that the member has.
            public var assignment: Assignment = Assignment()
            /// The tasks that the member is to have.
            public var targetAssignment: Assignment = Assignment()
            /// Whether the member speaks the classic protocol.
            public var isClassic: Bool = false
            public var unknownTaggedFields: [UnknownTaggedField] = []

            public init() {}

            public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
                try visitor.field("memberId", &memberId)
                try visitor.field("memberEpoch", &memberEpoch)
                try visitor.field("instanceId", &instanceId, default: nil)
                try visitor.field("rackId", &rackId, default: nil)
                try visitor.field("clientId", &clientId)
                try visitor.field("clientHost", &clientHost)
                try visitor.field("topologyEpoch", &topologyEpoch)
                try visitor.field("processId", &processId)
                try visitor.field("userEndpoint", &userEndpoint, default: nil)
                try visitor.field("clientTags", &clientTags)
                try visitor.field("taskOffsets", &taskOffsets)
                try visitor.field("taskEndOffsets", &taskEndOffsets)
                try visitor.field("assignment", &assignment)
                try visitor.field("targetAssignment", &targetAssignment)
                try visitor.field("isClassic", &isClassic)
            }
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

    /// Tasks by their kind.
    public struct Assignment: WireStruct {
        /// The tasks that process records.
        public var activeTasks: [TaskIds] = []
        /// The tasks that keep a copy of the state.
        public var standbyTasks: [TaskIds] = []
        /// The tasks that restore their state in order to become active.
        public var warmupTasks: [TaskIds] = []
        public var unknownTaggedFields: [UnknownTaggedField] = []

        public init() {}

        public mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("activeTasks", &activeTasks)
            try visitor.field("standbyTasks", &standbyTasks)
            try visitor.field("warmupTasks", &warmupTasks)
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
}
