/// What a member with a sticky assignor tells the leader of its last assignment, as Java's `StickyAssignor` writes it; in the
/// first version without the generation.
struct StickyUserData: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...1
    static let flexible = Versions.none

    /// The partitions that it was assigned last.
    var previousAssignment: [TopicAssignment] = []
    /// The generation in which it was, or -1.
    var generation: Int32 = -1
    var unknownTaggedFields: [UnknownTaggedField] = []

    init() {}

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("previousAssignment", &previousAssignment)
        try visitor.field("generation", &generation, 1..., ignorable: true, default: -1)
    }

    /// Partitions of one topic.
    struct TopicAssignment: WireStruct {
        /// The topic's name.
        var topic: String = ""
        /// The partitions concerned.
        var partitions: [PartitionID] = []
        var unknownTaggedFields: [UnknownTaggedField] = []

        init() {}

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("topic", &topic)
            try visitor.field("partitions", &partitions)
        }
    }

    /// What the member sends; nil where it has had no assignment.
    static func bytes(_ memory: AssignmentMemory) -> Bytes? {
        guard let partitions = memory.partitions else { return nil }
        let data = StickyUserData.with {
            $0.previousAssignment = byTopic(partitions) { $0 }.map { topic, partitions in
                .with {
                    $0.topic = topic
                    $0.partitions = partitions.map(\.partition)
                }
            }
            $0.generation = memory.generation
        }
        return (try? data.encode(version: 1)).map { Bytes($0) }
    }

    /// What a member claims to have had. What cannot be read is nothing, of no generation.
    static func claim(_ bytes: Bytes?) -> StickyClaim {
        guard let bytes, !bytes.isEmpty else { return StickyClaim(partitions: [], generation: nil) }
        if let data = try? decode(bytes, version: 1) {
            return StickyClaim(partitions: data.partitions, generation: data.generation)
        }
        if let data = try? decode(bytes, version: 0) {
            return StickyClaim(partitions: data.partitions, generation: nil)
        }
        return StickyClaim(partitions: [], generation: -1)
    }

    private var partitions: [TopicPartition] {
        previousAssignment.flatMap { topic in topic.partitions.map { TopicPartition(topic.topic, $0) } }
    }
}

/// What a member with the cooperative assignor tells the leader with its partitions, which stand in the subscription: Java's
/// `CooperativeStickyAssignor` wrote it before the subscription had the generation as well (KIP-792).
struct CooperativeUserData: EmbeddedMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexible = Versions.none

    /// The generation in which the member got its partitions, or -1.
    var generation: Int32 = -1
    var unknownTaggedFields: [UnknownTaggedField] = []

    init() {}

    mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
        try visitor.field("generation", &generation)
    }

    /// What the member sends.
    static func bytes(_ memory: AssignmentMemory) -> Bytes? {
        (try? CooperativeUserData.with { $0.generation = memory.generation }.encode(version: 0)).map { Bytes($0) }
    }

    /// What a member claims to have.
    static func claim(_ member: GroupSnapshot.Member) -> StickyClaim {
        if member.generation >= 0 {
            return StickyClaim(partitions: member.ownedPartitions, generation: member.generation)
        }
        let generation = member.userData.map { (try? decode($0, version: 0))?.generation ?? -1 }
        return StickyClaim(partitions: member.ownedPartitions, generation: generation)
    }
}

/// What a member claims to have had before.
struct StickyClaim: Equatable {
    var partitions: [TopicPartition]
    /// Nil where it does not say.
    var generation: Int32?
}
