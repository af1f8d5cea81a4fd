/// A member's side of the group protocol of KIP-848, in which the coordinator assigns and one API does all. A value: see
/// ``GroupMembership``.
///
/// ```
///            begin            answered                  taken away
/// outside ──────────▶ joining ─────────▶ stable ─────────────────────▶ revoking
///    ▲                   ▲                ▲  └─── heartbeat, with what      │
///    │ left              │ let go         │       the member has now        │ let go
///    └──────────────── fenced ◀───────────┴─────────────────────────────────┘
/// ```
///
/// What the coordinator takes away is given up first; then the member says what it has, and the coordinator gives the next
/// owner its part. The member never stops to read the rest.
struct HeartbeatMembership: GroupMembership {
    enum Phase: Equatable, Sendable {
        case outside
        case joining
        case stable
        /// Partitions are to be given up as soon as the application has finished with them; all of them where the group has
        /// put the member out.
        case revoking(lost: Bool)
        case left
    }

    typealias Action = MemberAction

    let groupId: String
    let groupInstanceId: String?
    let maximumPollInterval: Duration

    private(set) var phase = Phase.outside
    /// Made by the client since version 1 (KIP-1082), and kept as long as the consumer lives.
    private(set) var memberId: String
    private(set) var epoch: Int32 = 0
    private(set) var share = GroupShare()
    private(set) var failures = 0
    /// Counts the heartbeats; a share has the number of the one that it came with.
    private var attempt = 0
    private var isAwaited = false
    /// What the next heartbeat tells beside that the member is alive.
    private var tells = ConsumerBeat.Contents.all
    /// Whether it is sent as soon as the last one is answered.
    private var isDue = false
    /// How often the coordinator wants to hear of the member.
    private var interval = Duration.seconds(5)
    private var nextBeat = Instant(nanoseconds: .max)
    private var lastPoll = Instant(nanoseconds: 0)
    /// What the coordinator wants the member to have, and the names of topics as far as they are known.
    private var target: [TopicID: [PartitionID]]?
    private var names: [TopicID: String] = [:]
    private var ids: [String: TopicID] = [:]
    private var isTold = false
    private(set) var leaveReason = ""
    /// Whether the application wants nothing: the member leaves as soon as it has let go, and stays outside.
    private var isUnsubscribed = false

    init(groupId: String, groupInstanceId: String? = nil, memberId: String, maximumPollInterval: Duration) {
        self.groupId = groupId
        self.groupInstanceId = groupInstanceId
        self.memberId = memberId
        self.maximumPollInterval = maximumPollInterval
    }

    private var isMember: Bool { phase == .stable || phase == .revoking(lost: false) }

    var nextDeadline: Instant? {
        guard isMember else { return nil }
        return min(isAwaited ? Instant(nanoseconds: .max) : nextBeat, lastPoll + maximumPollInterval)
    }

    // MARK: - The application

    mutating func polled(now: Instant) -> [Action] {
        lastPoll = now
        return phase == .outside && !isUnsubscribed ? [join()] : []
    }

    private mutating func join(afterPause: Bool = false) -> Action {
        (phase, epoch, tells, target) = (.joining, 0, .all, nil)
        return beat(afterPause: afterPause)
    }

    private mutating func beat(afterPause: Bool = false) -> Action {
        attempt += 1
        (isAwaited, isDue) = (true, false)
        defer { tells = .nothing }
        return .ask(
            .beat(
                attempt: attempt,
                ConsumerBeat(
                    epoch: epoch, tells: tells, owned: tells == .nothing || tells == .topics ? nil : owned,
                    unknown: target?.keys.filter { names[$0] == nil }.sorted { $0.description < $1.description } ?? [])),
            afterPause: afterPause)
    }

    /// What the member has, by the topics' identifiers.
    private var owned: [TopicID: [PartitionID]] {
        var owned: [TopicID: [PartitionID]] = [:]
        for partition in share.partitions {
            if let id = ids[partition.topic] { owned[id, default: []].append(partition.partition) }
        }
        return owned
    }

    /// Tells something as soon as may be.
    private mutating func tell(_ contents: ConsumerBeat.Contents) -> [Action] {
        tells = tells.with(contents)
        guard isMember, !isAwaited else {
            isDue = true
            return []
        }
        return [beat()]
    }

    mutating func released() -> [Action] {
        guard case .revoking(let lost) = phase else { return [] }
        if lost {
            share.clear()
            if isUnsubscribed { return withdraw() }
            return [join(afterPause: failures > 1)]
        }
        share.released()
        if isUnsubscribed { return share.isEmpty ? withdraw() : giveUpAll() }
        phase = .stable
        return reconcile() + tell(.owned)
    }

    /// The coordinator assigns by what it knows, and hears of it when that is out of date.
    mutating func rejects(_ share: Int, because error: KafkaError) -> [Action] { [] }

    mutating func rebalanceRequested(because reason: String, now: Instant) -> [Action] { [] }

    mutating func subscriptionChanged(unwanted: [TopicPartition], because reason: String, now: Instant) -> [Action] {
        isUnsubscribed = false
        return tell(.topics)
    }

    mutating func unsubscribed() -> [Action] {
        isUnsubscribed = true
        switch phase {
        case .outside, .revoking, .left: return []
        case .joining: return withdraw()
        case .stable: return giveUpAll()
        }
    }

    private mutating func giveUpAll() -> [Action] {
        share.surrender(share.partitions)
        phase = .revoking(lost: false)
        return [.revoke(lost: false)]
    }

    mutating func close(_ operation: KafkaConsumer.CloseOperation) -> [Action] {
        defer { phase = .left }
        switch operation {
        case .usual: return leave(groupInstanceId == nil ? .forGood : .forAWhile)
        case .leaveGroup: return leave(.forGood)
        case .remainInGroup: return groupInstanceId == nil ? [] : leave(.forAWhile)
        }
    }

    mutating func withdraw() -> [Action] {
        guard phase != .left else { return [] }
        let actions = leave(groupInstanceId == nil ? .forGood : .forAWhile)
        phase = .outside
        share.clear()
        return actions
    }

    private func leave(_ how: ConsumerBeat.Leaving) -> [Action] {
        guard isMember || phase == .joining else { return [] }
        return [.ask(.partingBeat(how), afterPause: false)]
    }

    // MARK: - Answers

    private mutating func answered(_ response: ConsumerGroupHeartbeatResponse, _ told: [TopicID: String], now: Instant)
        -> [Action]
    {
        isAwaited = false
        guard phase != .outside, phase != .left, phase != .revoking(lost: true) else { return [] }
        for (id, name) in told { (names[id], ids[name]) = (name, id) }
        guard response.errorCode == .none else { return refused(response, now: now) }
        if let id = response.memberId, !id.isEmpty { memberId = id }
        epoch = response.memberEpoch
        interval = max(.milliseconds(Int64(response.heartbeatIntervalMs.rawValue)), .milliseconds(1))
        nextBeat = now + interval
        failures = 0
        var actions: [Action] = isTold ? [.recovered(.membership)] : []
        isTold = false
        let joins = phase == .joining
        if joins { (phase, lastPoll) = (.stable, now) }
        if let assignment = response.assignment {
            target = Dictionary(assignment.topicPartitions.map { ($0.topicId, $0.partitions) }) { $0 + $1 }
        }
        // An application that joins hears where it stands also when that is nothing yet.
        if joins, target?.values.allSatisfy(\.isEmpty) ?? true { actions.append(.takeOver([], share: attempt)) }
        actions += reconcile()
        if isDue, isMember { actions.append(beat()) }
        return actions
    }

    /// Goes on towards what the coordinator wants: gives up first, and takes over what is new.
    private mutating func reconcile() -> [Action] {
        guard phase == .stable, let target else { return [] }
        var wanted: Set<TopicPartition> = []
        for (id, partitions) in target {
            guard let name = names[id] else { continue }
            for partition in partitions { wanted.insert(TopicPartition(name, partition)) }
        }
        let before = share.partitions
        let (added, revoked) = share.assigned(wanted.sorted(), share: attempt, generation: epoch)
        var actions: [Action] = []
        if !revoked.isEmpty {
            phase = .revoking(lost: false)
            actions.append(.surrender(revoked))
        }
        if !added.isEmpty { actions.append(.takeOver(added, share: attempt)) }
        // What is given up is told when it is.
        if revoked.isEmpty, before != share.partitions { actions += tell(.owned) }
        return actions
    }

    private mutating func refused(_ response: ConsumerGroupHeartbeatResponse, now: Instant) -> [Action] {
        let code = response.errorCode
        let words = KafkaError.words(of: response.errorMessage)
        let error = KafkaError.refused(
            code, "could not stay in group \(groupId)\(words)", api: .consumerGroupHeartbeat, of: groupId)
        switch code {
        case .fencedMemberEpoch, .unknownMemberId, .groupIdNotFound: return lose(because: error)
        case .notCoordinator, .coordinatorNotAvailable: return [.forgetCoordinator] + again(error, now: now)
        default:
            if GroupFaults.mayPass(error) { return again(error, now: now) }
            phase = .left
            return [.fail(error)]
        }
    }

    /// Tried again after a pause, and with everything: the coordinator may not have taken in the last one.
    private mutating func again(_ error: KafkaError, now: Instant) -> [Action] {
        tells = .all
        failures += 1
        nextBeat = now + min(interval, .milliseconds(100) * (1 << min(failures, 5)))
        if phase == .joining { return report(error) + [beat(afterPause: true)] }
        return failures > 1 ? report(error) : []
    }

    private mutating func report(_ error: KafkaError) -> [Action] {
        isTold = true
        return [.report(error, .membership)]
    }

    private mutating func lose(because error: KafkaError) -> [Action] {
        let hadShare = !share.isEmpty
        share.clear()
        (epoch, target, isAwaited) = (0, nil, false)
        failures += 1
        let told = failures > 1 ? report(error) : []
        guard hadShare || phase == .revoking(lost: false) else { return told + [join(afterPause: true)] }
        phase = .revoking(lost: true)
        return told + [.revoke(lost: true)]
    }

    mutating func tick(now: Instant) -> [Action] {
        guard isMember else { return [] }
        if now >= lastPoll + maximumPollInterval {
            let error = GroupFaults.worksTooLong(groupId, maximumPollInterval)
            let leave = leave(groupInstanceId == nil ? .forGood : .forAWhile)
            share.clear()
            (phase, epoch, target, isAwaited) = (.revoking(lost: true), 0, nil, false)
            return leave + report(error) + [.revoke(lost: true)]
        }
        guard now >= nextBeat, !isAwaited else { return [] }
        return [beat()]
    }

    mutating func commitRefused(_ code: ErrorCode, of member: Membership, now: Instant) -> [Action] {
        let error = KafkaError.refused(code, "could not commit to group \(groupId)", api: .offsetCommit, of: groupId)
        switch code {
        case .unknownMemberId, .fencedMemberEpoch:
            return isMember && member.generation == epoch ? lose(because: error) : []
        case .coordinatorNotAvailable, .notCoordinator: return [.forgetCoordinator]
        default: return []
        }
    }

    // MARK: - As the engine sees it

    var standing: MemberStanding {
        switch phase {
        case .outside: .outside
        case .joining: .joining
        case .stable: .stable
        case .revoking(let lost): .revoking(lost: lost)
        case .left: .left
        }
    }

    private var membership: Membership {
        Membership(groupId: groupId, generation: epoch, memberId: memberId, groupInstanceId: groupInstanceId)
    }

    var member: Membership? { isMember ? membership : nil }
    var reader: Membership? { member }
    var terms: JoinTerms { JoinTerms() }
    var isAssignedByCoordinator: Bool { true }

    func sender(of request: GroupRequest) -> Membership? {
        switch request {
        case .beat(let attempt, _): isAwaited && attempt == self.attempt ? membership : nil
        case .partingBeat: membership
        case .join, .sync, .lead, .heartbeat, .leave: nil
        }
    }

    func has(_ share: Int) -> Bool { isMember }

    func held(_ partitions: [TopicPartition], of share: Int) -> [TopicPartition] {
        isMember ? self.share.held(partitions, of: share) : []
    }

    /// The coordinator has raised the member's epoch, and the answer that says so is on its way.
    func mayCommitAgain(_ code: ErrorCode, of member: Membership) -> Bool { code == .staleMemberEpoch && isMember }

    mutating func answered(_ answer: GroupAnswer, to request: GroupRequest, now: Instant) -> [Action] {
        guard case (.beat(attempt, _), .beat(let response, let names)) = (request, answer) else { return [] }
        return answered(response, names, now: now)
    }

    mutating func failed(_ request: GroupRequest, because error: KafkaError, now: Instant) -> [Action] {
        guard case .beat(attempt, _) = request, isAwaited else { return [] }
        isAwaited = false
        guard phase == .joining || isMember else { return [] }
        guard GroupFaults.mayPass(error) else {
            phase = .left
            return [.fail(error)]
        }
        return [.forgetCoordinator] + again(error, now: now)
    }
}

/// What a member of the protocol of KIP-848 says in a heartbeat.
struct ConsumerBeat: Equatable, Sendable {
    /// What it tells beside that it is alive: what has changed since the last one, or all.
    enum Contents: Equatable, Sendable {
        case nothing
        /// The topics that it wants.
        case topics
        /// The partitions that it has.
        case owned
        case all

        func with(_ other: Contents) -> Contents {
            switch (self, other) {
            case (.nothing, _): other
            case (_, .nothing): self
            default: self == other ? self : .all
            }
        }
    }

    /// How a member leaves.
    enum Leaving: Int32, Equatable, Sendable {
        case forGood = -1
        /// A static member, which keeps its partitions until its session ends.
        case forAWhile = -2
    }

    /// The member's epoch; 0 to join.
    var epoch: Int32
    var tells: Contents
    /// The partitions that it has; nil where nothing is said of them.
    var owned: [TopicID: [PartitionID]]?
    /// Topics that it was assigned partitions of, and whose names it does not know yet.
    var unknown: [TopicID] = []

    var tellsTopics: Bool { tells == .topics || tells == .all }
}
