/// The member of a classic group as the engine sees it.
extension GroupState {
    var standing: MemberStanding {
        switch phase {
        case .outside: .outside
        case .joining, .syncing: .joining
        case .stable: .stable
        case .revoking(let lost): .revoking(lost: lost)
        case .left: .left
        }
    }

    /// Without a generation the coordinator would take a commit for an administrator's.
    var member: Membership? { generation >= 0 ? membership : nil }

    private var membership: Membership {
        Membership(groupId: groupId, generation: generation, memberId: memberId, groupInstanceId: groupInstanceId)
    }

    func held(_ partitions: [TopicPartition], of share: Int) -> [TopicPartition] {
        guard isCooperative || phase == .stable else { return [] }
        return self.share.held(partitions, of: share)
    }

    func has(_ share: Int) -> Bool {
        isCooperative ? phase != .left && phase != .outside && generation >= 0 : phase == .stable && attempt == share
    }

    var isAssignedByCoordinator: Bool { false }

    /// The classic protocol's positions are there for everybody.
    var reader: Membership? { nil }

    var terms: JoinTerms {
        JoinTerms(
            ownedPartitions: isCooperative ? share.partitions : [], generation: share.generation,
            last: share.last, lastGeneration: share.lastGeneration, reason: joinReason,
            connection: isCooperative ? .join : .group)
    }

    func mayCommitAgain(_ code: ErrorCode, of member: Membership) -> Bool {
        guard isCooperative, !share.isEmpty, code == .illegalGeneration || code == .rebalanceInProgress else {
            return false
        }
        switch phase {
        case .joining, .syncing: return true
        case .stable, .revoking(lost: false): return member.generation != generation
        case .outside, .revoking(lost: true), .left: return false
        }
    }

    func sender(of request: GroupRequest) -> Membership? {
        switch request {
        case .join(let attempt): phase == .joining && attempt == self.attempt ? membership : nil
        case .sync(let attempt, _), .lead(let attempt, _, _, _):
            phase == .syncing && attempt == self.attempt ? membership : nil
        case .heartbeat: membership
        case .beat, .partingBeat: nil
        case .leave(let id): Membership(groupId: groupId, memberId: id, groupInstanceId: groupInstanceId)
        }
    }

    mutating func answered(_ answer: GroupAnswer, to request: GroupRequest, now: Instant) -> [Action] {
        switch (request, answer) {
        case (.join(let attempt), .join(let response)): joined(response, attempt: attempt, now: now)
        case (.sync(let attempt, _), .sync(let response)), (.lead(let attempt, _, _, _), .sync(let response)):
            synced(response, attempt: attempt, now: now)
        case (.heartbeat(generation), .heartbeat(let code)): heartbeatAnswered(code, now: now)
        default: []
        }
    }

    mutating func failed(_ request: GroupRequest, because error: KafkaError, now: Instant) -> [Action] {
        switch request {
        case .join(let attempt), .sync(let attempt, _), .lead(let attempt, _, _, _):
            requestFailed(error, attempt: attempt)
        case .heartbeat(generation): heartbeatFailed(error, now: now)
        case .heartbeat, .leave, .beat, .partingBeat: []
        }
    }

    mutating func rebalanceRequested(because reason: String, now: Instant) -> [Action] {
        isUnsubscribed ? [] : subscriptionChanged(unwanted: [], because: reason, now: now)
    }

    mutating func commitRefused(_ code: ErrorCode, of member: Membership, now: Instant) -> [Action] {
        member.generation == generation ? commitRefused(code, now: now) : []
    }

    /// What the leader has assigned, as the coordinator hands it on.
    static func partitions(_ assignment: Bytes) throws(WireError) -> [TopicPartition] {
        guard !assignment.isEmpty else { return [] }
        var told: Set<TopicPartition> = []
        // The group's leader may be a client of another kind: what it names twice is read once.
        return try ConsumerProtocolAssignment.decodeVersioned(assignment).assignedPartitions.flatMap { topic in
            topic.partitions.map { TopicPartition(topic.topic, $0) }
        }.filter { told.insert($0).inserted }
    }
}
