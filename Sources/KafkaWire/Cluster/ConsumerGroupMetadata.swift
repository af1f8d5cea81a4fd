/// Whose positions a transaction commits: a group, and the member of it that has read the records (KIP-447). The
/// coordinator refuses positions of a member that is none any more, so that no two members commit the same records.
public struct ConsumerGroupMetadata: Equatable, Sendable {
    /// The group (`group.id`).
    public var groupId: String
    /// The generation, or the member's epoch in groups of the newer protocol (KIP-848); -1 where nothing is to be checked.
    public var generation: Int32
    /// The member; empty where nothing is to be checked.
    public var memberId: String
    /// The member's own name (`group.instance.id`), where it has one.
    public var groupInstanceId: String?

    /// A member of a group. With the group alone, no member is checked: for positions that no group hands out.
    public init(groupId: String, generation: Int32 = -1, memberId: String = "", groupInstanceId: String? = nil) {
        self.groupId = groupId
        self.generation = generation
        self.memberId = memberId
        self.groupInstanceId = groupInstanceId
    }

    init(_ member: Membership) {
        self.init(
            groupId: member.groupId, generation: member.generation, memberId: member.memberId,
            groupInstanceId: member.groupInstanceId)
    }

    /// Whether it names a member, which brokers before Kafka 2.5 cannot be told of.
    var namesMember: Bool { !memberId.isEmpty || generation >= 0 || groupInstanceId != nil }
}
