/// A member's side of a group protocol, whichever it is: answers, time and the application's moves go in, actions come
/// out. The engine knows a group by this alone; ``GroupState`` is the classic protocol's, ``HeartbeatMembership`` that of
/// KIP-848.
protocol GroupMembership: Equatable, Sendable {
    var groupId: String { get }
    var standing: MemberStanding { get }
    /// What the coordinator knows the member by when it commits; nil while it is none.
    var member: Membership? { get }
    /// The same where the coordinator looks at it when positions are asked for: in the protocol of KIP-848.
    var reader: Membership? { get }
    /// How often in a row the group has refused this member: the longer is the pause before it asks again.
    var failures: Int { get }
    /// When ``tick(now:)`` has something to do.
    var nextDeadline: Instant? { get }

    /// What to name itself in the request; nil where that is out of date.
    func sender(of request: GroupRequest) -> Membership?
    /// Whether what was begun for the share of that number still matters.
    func has(_ share: Int) -> Bool
    /// Those of the partitions that came with the share of that number that the member still has, and is not giving up.
    func held(_ partitions: [TopicPartition], of share: Int) -> [TopicPartition]
    /// What it tells when it joins.
    var terms: JoinTerms { get }
    /// Whether the coordinator assigns, and hears by itself what changes.
    var isAssignedByCoordinator: Bool { get }
    /// Why it leaves (KIP-800).
    var leaveReason: String { get }
    /// Whether a commit of `member` that was refused so may come through when the member has moved to the next generation:
    /// it keeps its partitions meanwhile.
    func mayCommitAgain(_ code: ErrorCode, of member: Membership) -> Bool

    /// The application asks for the next event.
    mutating func polled(now: Instant) -> [MemberAction]
    /// The application has let go of the partitions that were to be revoked.
    mutating func released() -> [MemberAction]
    /// The share of that number is not what the member wants: it joins again.
    mutating func rejects(_ share: Int, because error: KafkaError) -> [MemberAction]
    /// The application asks for a rebalance (KIP-568).
    mutating func rebalanceRequested(because reason: String, now: Instant) -> [MemberAction]
    /// The member wants a rebalance: topics or partitions have come or gone. Of what it has, `unwanted` is of topics that it
    /// no longer wants.
    mutating func subscriptionChanged(
        unwanted: [TopicPartition], because reason: String, now: Instant
    ) -> [MemberAction]
    /// The application wants nothing any more, until it says otherwise (``subscriptionChanged(unwanted:because:now:)``): the
    /// member gives up what it has, and leaves.
    mutating func unsubscribed() -> [MemberAction]
    /// The application is done.
    mutating func close(_ operation: KafkaConsumer.CloseOperation) -> [MemberAction]
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
    /// Tell the assignor of that name, by which the group has been assigned.
    case assigned(MemberAssignment, by: String)
    /// Take over these partitions as well, which have come with the share of that number.
    case takeOver([TopicPartition], share: Int)
    /// Give up these partitions, once the application has finished with them.
    case surrender([TopicPartition])
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
    /// ConsumerGroupHeartbeat (KIP-848).
    case beat(attempt: Int, ConsumerBeat)
    /// The last one. Nobody waits for the answer.
    case partingBeat(ConsumerBeat.Leaving)

    /// Whether the member leaves with it.
    var isParting: Bool {
        switch self {
        case .leave, .partingBeat: true
        case .join, .sync, .lead, .heartbeat, .beat: false
        }
    }

    /// Whether it says which topics the member reads: a pattern is matched before.
    var namesTopics: Bool {
        switch self {
        case .join: true
        case .beat(_, let beat): beat.tellsTopics
        case .sync, .lead, .heartbeat, .leave, .partingBeat: false
        }
    }
}

/// What the coordinator answers.
enum GroupAnswer: Equatable, Sendable {
    case join(JoinGroupResponse)
    case sync(SyncGroupResponse)
    case heartbeat(ErrorCode)
    /// With the names of the topics that it tells by identifier, as far as they are known.
    case beat(ConsumerGroupHeartbeatResponse, names: [TopicID: String])
    case left
}

/// What a member tells of itself when it joins a classic group.
struct JoinTerms: Equatable, Sendable {
    /// The partitions that it has, and goes on reading (KIP-429).
    var ownedPartitions: [TopicPartition] = []
    /// The generation in which it got them, or -1 (KIP-792).
    var generation: Int32 = -1
    /// What it was assigned last, also when it has given it up since; nil where it never was.
    var last: [TopicPartition]?
    var lastGeneration: Int32 = -1
    /// Why it joins, for the log of the broker (KIP-800).
    var reason = ""
    /// The connection on which it waits for the other members. A broker answers one request of a connection after the other:
    /// a member that goes on reading has commits and look-ups to send meanwhile, which must not wait behind it.
    var connection = Cluster.Use.group
}

/// Why members join; a coordinator writes it into its log (KIP-800).
enum JoinReason {
    static let begins = "the application began to read"
    static let others = "the group is rebalancing"
    static let gaveUp = "it gave up partitions that the assignment takes away"
    static let lost = "the group had gone on without it"
    static let topics = "its topics or their partitions have changed"
    /// Why it leaves.
    static let nothing = "the application has unsubscribed from all topics"
    static let foreign = "its assignment did not match its subscription"

    /// As long as Java's clients send it at most (`JoinGroupRequest.maybeTruncateReason`).
    static func limited(_ reason: String) -> String { String(reason.prefix(255)) }
}
