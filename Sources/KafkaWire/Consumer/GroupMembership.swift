/// A member's side of a group protocol, whichever it is: answers, time and the application's moves go in, actions come
/// out. The engine knows a group by this alone; ``GroupState`` is the classic protocol's.
protocol GroupMembership: Equatable, Sendable {
    var groupId: String { get }
    var standing: MemberStanding { get }
    /// What the coordinator knows the member by when it commits; nil while it is none.
    var member: Membership? { get }
    /// How often in a row the group has refused this member: the longer is the pause before it asks again.
    var failures: Int { get }
    /// When ``tick(now:)`` has something to do.
    var nextDeadline: Instant? { get }

    /// What to name itself in the request; nil where that is out of date.
    func sender(of request: GroupRequest) -> Membership?
    /// Whether the member still has the share of that number.
    func has(_ share: Int) -> Bool

    /// The application asks for the next event.
    mutating func polled(now: Instant) -> [MemberAction]
    /// The application has let go of the partitions that were to be revoked.
    mutating func released() -> [MemberAction]
    /// The share of that number is not what the member wants: it joins again.
    mutating func rejects(_ share: Int, because error: KafkaError) -> [MemberAction]
    /// The member wants a rebalance: topics or partitions have come or gone.
    mutating func subscriptionChanged(now: Instant) -> [MemberAction]
    /// The application is done.
    mutating func close() -> [MemberAction]
    /// The application has stopped to read, but may begin again.
    mutating func withdraw() -> [MemberAction]
    /// The coordinator has answered.
    mutating func answered(_ answer: GroupAnswer, to request: GroupRequest, now: Instant) -> [MemberAction]
    /// It has not.
    mutating func failed(_ request: GroupRequest, because error: KafkaError, now: Instant) -> [MemberAction]
    /// It has refused a commit of `member`.
    mutating func commitRefused(_ code: ErrorCode, of member: Membership, now: Instant) -> [MemberAction]
    /// Time has passed.
    mutating func tick(now: Instant) -> [MemberAction]
}

/// Where a member stands, as far as it matters to what it reads.
enum MemberStanding: Equatable, Sendable {
    case outside
    case joining
    /// It has its share of the partitions.
    case stable
    /// The partitions are to be given up as soon as the application has finished with them.
    case revoking(lost: Bool)
    case left
}

/// What the engine has to do for a member.
enum MemberAction: Equatable, Sendable {
    /// Ask the coordinator, after a pause where an error came before.
    case ask(GroupRequest, afterPause: Bool)
    /// Ask anew who coordinates the group.
    case forgetCoordinator
    /// Take over these partitions, which are the share of that number.
    case takeOver([TopicPartition], share: Int)
    /// Give up all partitions, once the application has finished with them.
    case revoke(lost: Bool)
    /// Tell that this does not work at present.
    case report(KafkaError, Troubles.Source)
    /// It works again.
    case recovered(Troubles.Source)
    /// Nothing more can be done.
    case fail(KafkaError)
}

/// What a member asks its coordinator. Answers to a try to join, and to what follows it, are given back with the number of
/// the attempt: those of an earlier one no longer matter.
enum GroupRequest: Equatable, Sendable {
    /// JoinGroup.
    case join(attempt: Int)
    /// SyncGroup without assignments.
    case sync(attempt: Int, protocolName: String)
    /// SyncGroup with the partitions that these members are assigned by this one; or without, where they have them already
    /// and this one is only to watch their topics.
    case lead(
        attempt: Int, protocolName: String, [JoinGroupResponse.JoinGroupResponseMember], isAssigned: Bool)
    case heartbeat(generation: Int32)
    /// LeaveGroup. Nobody waits for the answer.
    case leave(memberId: String)

    /// Whether it says which topics the member reads: a pattern is matched before.
    var namesTopics: Bool { if case .join = self { true } else { false } }
}

/// What the coordinator answers.
enum GroupAnswer: Equatable, Sendable {
    case join(JoinGroupResponse)
    case sync(SyncGroupResponse)
    case heartbeat(ErrorCode)
    case left
}
