/// What a coordinator knows a member of a consumer group by: what a producer passes on with the offsets that it commits in a
/// transaction (KIP-447), so that a member that the group has gone on without commits nothing.
public struct ConsumerGroupMetadata: Hashable, Sendable {
    /// The group (`group.id`).
    public var groupId: String
    /// The group's generation in the classic protocol, or the member's epoch in that of KIP-848; -1 while it is no member.
    public var generation: Int32
    /// The member's id, or "" while it is no member.
    public var memberId: String
    /// The name of a static member (`group.instance.id`, KIP-345), or nil.
    public var groupInstanceId: String?

    /// A member as its group knows it; by the group alone, one that the coordinator does not check.
    public init(groupId: String, generation: Int32 = -1, memberId: String = "", groupInstanceId: String? = nil) {
        self.groupId = groupId
        self.generation = generation
        self.memberId = memberId
        self.groupInstanceId = groupInstanceId
    }
}

extension KafkaConsumer {
    /// What this consumer's group knows it by at present; nil for a consumer without a group. It changes with every
    /// rebalance: ask for it just before it is used.
    public var groupMetadata: ConsumerGroupMetadata? { get async { await engine.groupMetadata } }
}

extension ConsumerEngine {
    var groupMetadata: ConsumerGroupMetadata? {
        guard let membership else { return nil }
        guard let member = membership.member else { return ConsumerGroupMetadata(groupId: membership.groupId) }
        return ConsumerGroupMetadata(
            groupId: member.groupId, generation: member.generation, memberId: member.memberId,
            groupInstanceId: member.groupInstanceId)
    }
}
