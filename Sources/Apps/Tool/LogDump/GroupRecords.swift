import KafkaWire

// What records of `__consumer_offsets` hold beside committed positions, which are KafkaBroker's own: classic and consumer groups
// (the `.json` files of Kafka's group-coordinator module). This broker writes none of them; real ones do. A key's first two bytes
// are the record's kind, a value's its version.

/// The key of everything that is said of a group as a whole: kinds 3, 4 and 6.
struct GroupKey: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...16
    static let flexible = Versions.none

    var groupId = ""
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
    }
}

/// The key of what is said of a member: kinds 5, 7 and 8.
struct MemberKey: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...16
    static let flexible = Versions.none

    var groupId = ""
    var memberId = ""
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("memberId", &memberId)
    }
}

/// The key of a classic group, kind 2, whose field has another name.
struct GroupMetadataKey: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 2...2
    static let flexible = Versions.none

    var group = ""
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("group", &group)
    }
}

/// The key of what a pattern of topics came to, kind 16.
struct PatternKey: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 16...16
    static let flexible = Versions.none

    var groupId = ""
    var regularExpression = ""
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("groupId", &groupId)
        try visitor.field("regularExpression", &regularExpression)
    }
}

/// A classic group with its members.
struct GroupMetadataValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...4
    static let flexible: Versions = 4...

    var protocolType = ""
    var generation: Int32 = 0
    var `protocol`: String?
    var leader: String?
    var currentStateTimestamp: Int64 = -1
    var members: [Member] = []
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("protocolType", &protocolType)
        try visitor.field("generation", &generation)
        try visitor.field("protocol", &`protocol`)
        try visitor.field("leader", &leader)
        try visitor.field("currentStateTimestamp", &currentStateTimestamp, 2..., ignorable: true, default: -1)
        try visitor.field("members", &members)
    }

    struct Member: WireStruct {
        var memberId = ""
        var groupInstanceId: String?
        var clientId = ""
        var clientHost = ""
        var rebalanceTimeout: Int32 = -1
        var sessionTimeout: Int32 = 0
        var subscription = Bytes()
        var assignment = Bytes()
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("memberId", &memberId)
            try visitor.field("groupInstanceId", &groupInstanceId, 3..., ignorable: true, default: nil)
            try visitor.field("clientId", &clientId)
            try visitor.field("clientHost", &clientHost)
            try visitor.field("rebalanceTimeout", &rebalanceTimeout, 1..., ignorable: true, default: -1)
            try visitor.field("sessionTimeout", &sessionTimeout)
            try visitor.field("subscription", &subscription)
            try visitor.field("assignment", &assignment)
        }
    }
}

/// A consumer group.
struct ConsumerGroupMetadataValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var epoch: Int32 = 0
    var metadataHash: Int64 = 0
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("epoch", &epoch)
    }

    mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "metadataHash", &metadataHash, .all)
    }
}

/// The topics that a consumer group reads, as its assignment was made for them (until Kafka 4.1).
struct ConsumerGroupPartitionMetadataValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var topics: [Topic] = []
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
    }

    struct Topic: WireStruct {
        var topicId: TopicID = .zero
        var topicName = ""
        var numPartitions: Int32 = 0
        var partitionMetadata: [Partition] = []
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topicId", &topicId)
            try visitor.field("topicName", &topicName)
            try visitor.field("numPartitions", &numPartitions)
            try visitor.field("partitionMetadata", &partitionMetadata)
        }
    }

    struct Partition: WireStruct {
        var partition: PartitionID = 0
        var racks: [String] = []
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("partition", &partition)
            try visitor.field("racks", &racks)
        }
    }
}

/// A member of a consumer group.
struct ConsumerGroupMemberMetadataValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var instanceId: String?
    var rackId: String?
    var clientId = ""
    var clientHost = ""
    var subscribedTopicNames: [String] = []
    var subscribedTopicRegex: String?
    var rebalanceTimeoutMs: Int32 = -1
    var serverAssignor: String?
    var classicMemberMetadata: Classic?
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("instanceId", &instanceId)
        try visitor.field("rackId", &rackId)
        try visitor.field("clientId", &clientId)
        try visitor.field("clientHost", &clientHost)
        try visitor.field("subscribedTopicNames", &subscribedTopicNames)
        try visitor.field("subscribedTopicRegex", &subscribedTopicRegex)
        try visitor.field("rebalanceTimeoutMs", &rebalanceTimeoutMs, default: -1)
        try visitor.field("serverAssignor", &serverAssignor)
    }

    mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "classicMemberMetadata", &classicMemberMetadata, .all, default: nil)
    }

    struct Classic: WireStruct {
        var sessionTimeoutMs: Int32 = 0
        var supportedProtocols: [ClassicProtocol] = []
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("sessionTimeoutMs", &sessionTimeoutMs)
            try visitor.field("supportedProtocols", &supportedProtocols)
        }
    }

    struct ClassicProtocol: WireStruct {
        var name = ""
        var metadata = Bytes()
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("name", &name)
            try visitor.field("metadata", &metadata)
        }
    }
}

/// For which epoch of the group its assignment was made.
struct TargetAssignmentMetadataValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var assignmentEpoch: Int32 = 0
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("assignmentEpoch", &assignmentEpoch)
    }
}

/// Partitions of a topic that somebody has or shall have.
struct AssignedPartitions: WireStruct {
    var topicId: TopicID = .zero
    var partitions: [PartitionID] = []
    /// In which epoch of the member it got each of them (KIP-1251).
    var assignmentEpochs: [Int32]?
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topicId", &topicId)
        try visitor.field("partitions", &partitions)
    }

    mutating func taggedFields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.tagged(0, "assignmentEpochs", &assignmentEpochs, .all, default: nil)
    }
}

/// What a member shall have.
struct TargetAssignmentMemberValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var topicPartitions: [AssignedPartitions] = []
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topicPartitions", &topicPartitions)
    }
}

/// What a member has.
struct CurrentMemberAssignmentValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var memberEpoch: Int32 = 0
    var previousMemberEpoch: Int32 = 0
    var state: Int8 = 0
    var assignedPartitions: [AssignedPartitions] = []
    var partitionsPendingRevocation: [AssignedPartitions] = []
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("memberEpoch", &memberEpoch)
        try visitor.field("previousMemberEpoch", &previousMemberEpoch)
        try visitor.field("state", &state)
        try visitor.field("assignedPartitions", &assignedPartitions)
        try visitor.field("partitionsPendingRevocation", &partitionsPendingRevocation)
    }
}

/// The topics that a pattern came to.
struct PatternValue: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.all

    var topics: [String] = []
    var version: Int64 = 0
    var timestamp: Int64 = 0
    var unknownTaggedFields: [UnknownTaggedField] = []

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("topics", &topics)
        try visitor.field("version", &version)
        try visitor.field("timestamp", &timestamp)
    }
}
