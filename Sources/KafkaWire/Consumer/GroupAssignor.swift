/// A way to spread the partitions of a classic consumer group over its members. The group's leader, which is one of the
/// members, asks it. ``Assignor`` has those of Kafka's clients; one of an application's own is named to the group like them
/// (``KafkaConsumer/Configuration/assignors``), and every member of the group has to offer it.
public protocol GroupAssignor: Sendable {
    /// The name that members offer in JoinGroup: the same in every member of a group.
    var name: String { get }
    /// The version of ``userData(for:)``, as Java's `ConsumerPartitionAssignor.version()`. Default: 0. It is not sent.
    var version: Int16 { get }
    /// How members move from one assignment to the next (KIP-429). Default: eager. A consumer rebalances cooperatively
    /// where all of its assignors can.
    var rebalanceProtocols: [RebalanceProtocol] { get }

    /// What a member sends to the leader with its topics; nil for nothing, which is the default.
    func userData(for memory: AssignmentMemory) -> Bytes?

    /// What each member gets, by member id. Members that are left out get nothing. Each partition may be given to one member
    /// only, which has to want its topic; with cooperative rebalancing, not to a new owner while the old one still has it:
    /// it is left out then, and given in the rebalance that follows (KIP-429).
    ///
    /// - Throws: What ends the leader's consumer.
    func assign(_ group: GroupSnapshot) throws(KafkaError) -> [String: [TopicPartition]]

    /// What the leader sends to a member with its partitions (the `userData` of Java's `Assignment`): asked for each member
    /// behind ``assign(_:)``, whose result is `shares`. Nil for nothing, which is the default.
    func userData(
        for member: GroupSnapshot.Member, in shares: [String: [TopicPartition]], of group: GroupSnapshot
    ) -> Bytes?

    /// The group has chosen this assignor, and its member, which is `member`, has been assigned these partitions, those that
    /// it has already among them, with what the leader's ``userData(for:in:of:)`` says (Java's `onAssignment`). Called in
    /// every member after each rebalance, before the application is told; on the consumer's loop, which it must not hold up.
    /// An assignment of topics that the member does not read, which it gives back, is not told. Does nothing by default.
    func assigned(_ partitions: [TopicPartition], userData: Bytes?, as member: ConsumerGroupMetadata)
}

extension GroupAssignor {
    /// 0.
    public var version: Int16 { 0 }
    /// Eager alone.
    public var rebalanceProtocols: [RebalanceProtocol] { [.eager] }
    /// Nothing.
    public func userData(for memory: AssignmentMemory) -> Bytes? { nil }
    /// Nothing.
    public func userData(
        for member: GroupSnapshot.Member, in shares: [String: [TopicPartition]], of group: GroupSnapshot
    ) -> Bytes? { nil }
    /// Does nothing.
    public func assigned(_ partitions: [TopicPartition], userData: Bytes?, as member: ConsumerGroupMetadata) {}
}

/// How a member of a classic group moves from one assignment to the next (KIP-429).
public enum RebalanceProtocol: Sendable, Hashable {
    /// It gives up all partitions before it joins.
    case eager
    /// It goes on reading its partitions, and gives up those that the new assignment takes away; then it joins once more, so
    /// that others get them.
    case cooperative

    /// What a member does that offers these: cooperative where all can. Java refuses assignors that have nothing in
    /// common; all are taken to be able to rebalance eagerly here but those that say otherwise.
    static func of(_ assignors: [any GroupAssignor]) -> RebalanceProtocol {
        assignors.allSatisfy { $0.rebalanceProtocols.contains(.cooperative) } ? .cooperative : .eager
    }
}

/// What a member remembers of its last assignment when it tells the leader about itself.
public struct AssignmentMemory: Sendable, Hashable {
    /// The topics that it wants.
    public var topics: [String]
    /// The partitions that it was assigned last; nil where it never was.
    public var partitions: [TopicPartition]?
    /// The generation in which it was, or -1.
    public var generation: Int32

    /// What a member remembers.
    public init(topics: [String], partitions: [TopicPartition]? = nil, generation: Int32 = -1) {
        self.topics = topics
        self.partitions = partitions
        self.generation = generation
    }
}

extension KafkaConsumer.Configuration {
    /// The assignor that the group has chosen.
    func assignor(named name: String) throws(KafkaError) -> any GroupAssignor {
        if let assignor = assignors.first(where: { $0.name == name }) { return assignor }
        throw KafkaError(
            .invalidConfiguration, "the group has chosen the assignor \"\(name)\", which was not offered",
            setting: "partition.assignment.strategy")
    }
}
