import KafkaWire

/// A group under the classic protocol (JoinGroup, SyncGroup): members, generation, and the rebalance that is under way.
///
/// A value: requests and the time go in, answers come out as ``GroupAction``s; deadlines are checked by ``tick(now:)``.
/// The rules are those of Kafka's `ClassicGroup` and `GroupMetadataManager`.
///
/// ```
///  empty ──join──▶ preparingRebalance ──all joined, or time out──▶ completingRebalance ──leader's sync──▶ stable
///    ▲                    ▲  ▲                                            │                               │
///    └──nobody joined─────┘  └────────── join, leave, expired session ────┴───────────────────────────────┘
/// ```
struct ClassicGroup: Equatable {
    enum State: String, Sendable {
        case empty = "Empty"
        case preparingRebalance = "PreparingRebalance"
        case completingRebalance = "CompletingRebalance"
        case stable = "Stable"
    }

    /// Until when members may join.
    enum JoinPhase: Equatable {
        /// The first members of an empty group are given a moment in which further ones may come (KIP-134): until
        /// `until`, which is put off while new members come, up to `latest`.
        case gathering(until: Instant, latest: Instant, grew: Bool)
        /// All members are waited for, until `until`.
        case joining(until: Instant)

        var deadline: Instant {
            switch self {
            case .gathering(let until, _, _), .joining(let until): until
            }
        }
    }

    let id: String
    /// How long an empty group waits for further members; Kafka's `group.initial.rebalance.delay.ms`.
    let initialDelay: Duration
    var state = State.empty
    var generation: Int32 = 0
    var protocolType: String?
    var protocolName: String?
    var leader: String?
    var members = MemberTable<GroupMember>()
    /// How many members offer each strategy.
    private(set) var offers: [String: Int] = [:]
    /// What is known of the topics that members read; see ``lookForTopics()``.
    var topicsRead: TopicsRead?
    /// Static members: instance id to member id.
    var staticMembers: [String: String] = [:]
    /// Ids that were given out with MEMBER_ID_REQUIRED, until when they may be used to join.
    private(set) var pendingMembers = RankedKeys<String, Instant>()
    private var pendingBytes = 0
    var joinPhase: JoinPhase?
    /// Members of which a SyncGroup is awaited, and until when.
    var unsynced: Set<String> = []
    var syncDeadline: Instant?
    /// When the last member went, for forgetting groups that leave nothing behind.
    var emptySince: Instant?
    private var joined = 0
    var actions: [GroupAction] = []

    init(id: String, initialDelay: Duration, now: Instant) {
        self.id = id
        self.initialDelay = initialDelay
        emptySince = now
    }

    /// The members in the order in which they joined.
    var ordered: [GroupMember] { members.ordered }

    /// How many members there are, with those that were only told their ids.
    var size: Int { members.count + pendingMembers.count }

    /// How much memory the members take, roughly.
    var bytes: Int { members.bytes + pendingBytes }

    /// How much memory a member takes that is named by its id, or as a static one.
    func bytes(ofMember id: String, _ instance: String?) -> Int {
        members[instance.flatMap { staticMembers[$0] } ?? id]?.bytes ?? 0
    }

    /// The actions that piled up since they were last taken.
    mutating func takeActions() -> [GroupAction] {
        defer { actions = [] }
        return actions
    }

    // MARK: - Members come and go

    mutating func add(_ member: GroupMember, now: Instant) {
        var member = member
        joined += 1
        member.order = joined
        _ = removePending(member.id)
        put(member)
        if leader == nil { leader = member.id }
        emptySince = nil
        if case .gathering(let until, let latest, _) = joinPhase {
            joinPhase = .gathering(until: until, latest: latest, grew: true)
        }
    }

    /// Puts a member there as it is now.
    mutating func put(_ member: GroupMember) {
        _ = take(member.id)
        topicsRead = nil
        for offered in member.protocols { offers[offered.name, default: 0] += 1 }
        if let instance = member.instanceId { staticMembers[instance] = member.id }
        members[member.id] = member
    }

    /// Takes a member out, and with it what it offers.
    mutating func take(_ id: String) -> GroupMember? {
        guard let member = members.remove(id) else { return nil }
        topicsRead = nil
        for offered in member.protocols {
            let count = (offers[offered.name] ?? 0) - 1
            offers[offered.name] = count > 0 ? count : nil
        }
        if let instance = member.instanceId, staticMembers[instance] == id { staticMembers[instance] = nil }
        return member
    }

    /// Notes an id that was given out, and until when it may be used to join.
    mutating func addPending(_ id: String, until deadline: Instant) {
        pendingMembers[id] = deadline
        pendingBytes += Self.pendingBytes(id)
    }

    /// Forgets an id that was given out; says whether it was.
    mutating func removePending(_ id: String) -> Bool {
        guard pendingMembers[id] != nil else { return false }
        pendingMembers[id] = nil
        pendingBytes -= Self.pendingBytes(id)
        return true
    }

    private static func pendingBytes(_ id: String) -> Int { GroupLimits.memberOverhead / 4 + id.utf8.count }

    /// Removes a member, answers what it waits for, and rebalances the rest.
    mutating func remove(_ id: String, now: Instant) {
        guard let member = take(id) else { return }
        answerWaiting(of: member, with: .unknownMemberId)
        unsynced.remove(id)
        if leader == id { leader = members.oldest }
        if members.isEmpty { emptySince = now }
        switch state {
        case .stable, .completingRebalance: prepareRebalance(now: now)
        case .preparingRebalance: completeJoinIfAllAreThere(now: now)
        case .empty: break
        }
    }

    /// Refuses what a member that is replaced or removed still waits for.
    mutating func answerWaiting(of member: GroupMember, with error: ErrorCode) {
        if let ticket = member.joining { actions.append(.answerJoin(ticket, .refusal(error, memberId: member.id))) }
        if let ticket = member.syncing { actions.append(.answerSync(ticket, .refusal(error))) }
    }

    // MARK: - Rebalancing

    mutating func prepareRebalance(now: Instant) {
        if state == .completingRebalance { refuseSyncs(now: now) }
        syncDeadline = nil
        unsynced = []
        if state == .empty {
            let longest = longestRebalanceTimeout
            joinPhase = .gathering(
                until: now + min(initialDelay, longest), latest: now + longest, grew: false)
        } else {
            joinPhase = .joining(until: now + longestRebalanceTimeout)
        }
        state = .preparingRebalance
        completeJoinIfAllAreThere(now: now)
    }

    /// A rebalance begins anew while members wait for the leader's assignment, or there is none that can be kept.
    mutating func refuseSyncs(with error: ErrorCode = .rebalanceInProgress, now: Instant) {
        for id in ordered.map(\.id) {
            guard let ticket = members[id]?.syncing else {
                members[id]?.assignment = Bytes()
                continue
            }
            actions.append(.answerSync(ticket, .refusal(error)))
            members[id]?.assignment = Bytes()
            members[id]?.syncing = nil
            members[id]?.touch(now)
        }
    }

    mutating func completeJoinIfAllAreThere(now: Instant) {
        guard case .joining = joinPhase, pendingMembers.isEmpty, members.values.allSatisfy({ $0.joining != nil })
        else { return }
        completeJoin(now: now)
    }

    /// The next generation begins with those who have joined. Static members that have not keep their place.
    private mutating func completeJoin(now: Instant) {
        let absent = ordered.filter { $0.joining == nil && $0.instanceId == nil }
        for member in absent { _ = take(member.id) }
        if leader.flatMap({ members[$0] })?.joining == nil { leader = ordered.first { $0.joining != nil }?.id }
        guard !members.isEmpty else { return becomeEmpty(now: now) }
        guard let leader else {
            // Only static members, none of which is back: give them another round.
            self.leader = members.oldest
            joinPhase = .joining(until: now + longestRebalanceTimeout)
            return
        }
        joinPhase = nil
        generation = generation == .max ? 1 : generation + 1
        protocolName = selectProtocol()
        topicsRead = nil
        state = .completingRebalance
        unsynced = Set(members.keys)
        syncDeadline = now + longestRebalanceTimeout
        for id in ordered.map(\.id) {
            guard var member = members[id], let ticket = member.joining else { continue }
            actions.append(.answerJoin(ticket, joinResponse(for: id, withMembers: id == leader)))
            member.joining = nil
            member.isUntold = false
            member.touch(now)
            members[id] = member
        }
    }

    private mutating func becomeEmpty(now: Instant) {
        generation = generation == .max ? 1 : generation + 1
        state = .empty
        joinPhase = nil
        protocolName = nil
        topicsRead = nil
        leader = nil
        emptySince = now
    }

    /// The leader has spoken: everybody who waits gets its part.
    mutating func becomeStable(now: Instant) {
        state = .stable
        for id in ordered.map(\.id) {
            guard var member = members[id], let ticket = member.syncing else { continue }
            actions.append(.answerSync(ticket, syncResponse(for: member)))
            member.syncing = nil
            member.touch(now)
            members[id] = member
        }
        if unsynced.isEmpty { syncDeadline = nil }
    }

    private var longestRebalanceTimeout: Duration { members.values.map(\.rebalanceTimeout).max() ?? .zero }

    // MARK: - Choosing the protocol

    /// Whether a member with these protocols can be in the group: same type, and at least one that all members offer.
    func accepts(type: String, protocols: [String]) -> Bool {
        guard !members.isEmpty else { return !type.isEmpty && !protocols.isEmpty }
        return type == protocolType && protocols.contains { name in isOffered(name) }
    }

    /// Whether all members offer `name`.
    private func isOffered(_ name: String) -> Bool { offers[name] == members.count }

    /// Each member votes for the first of its protocols that all offer; the most votes win, and of equals the one that
    /// the oldest member wants most. A member's list is read as far as its vote, once.
    func selectProtocol() -> String? {
        var votes: [String: Int] = [:]
        for member in members.values {
            guard let vote = member.protocols.first(where: { isOffered($0.name) }) else { continue }
            votes[vote.name, default: 0] += 1
        }
        guard let most = votes.values.max(), let oldest = members.oldest else { return nil }
        return members[oldest]?.protocols.first { votes[$0.name] == most }?.name
    }

    // MARK: - Time

    /// Does what is due at `now`.
    mutating func tick(now: Instant) {
        guard let next = nextDeadline, next <= now else { return }
        while let pending = pendingMembers.first, pending.rank <= now {
            _ = removePending(pending.key)
            completeJoinIfAllAreThere(now: now)
        }
        for id in members.takeDue(now) { remove(id, now: now) }
        if let deadline = syncDeadline, deadline <= now {
            syncDeadline = nil
            for id in unsynced.sorted() { remove(id, now: now) }
        }
        guard let phase = joinPhase, phase.deadline <= now else { return }
        if case .gathering(_, let latest, true) = phase, latest > now {
            joinPhase = .gathering(until: min(now + initialDelay, latest), latest: latest, grew: false)
        } else {
            completeJoin(now: now)
        }
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        [joinPhase?.deadline, syncDeadline, pendingMembers.first?.rank, members.nextDeadline].compactMap { $0 }.min()
    }

    // MARK: - Answers

    func joinResponse(for id: String, withMembers: Bool) -> JoinGroupResponse {
        .with {
            $0.generationId = generation
            $0.protocolType = protocolType
            $0.protocolName = protocolName
            $0.leader = leader ?? ""
            $0.memberId = id
            if withMembers { $0.members = memberList }
        }
    }

    /// What the leader is told of everybody.
    var memberList: [JoinGroupResponse.JoinGroupResponseMember] {
        ordered.map { member in
            .with {
                $0.memberId = member.id
                $0.groupInstanceId = member.instanceId
                $0.metadata = member.metadata(for: protocolName)
            }
        }
    }

    func syncResponse(for member: GroupMember) -> SyncGroupResponse {
        .with {
            $0.protocolType = protocolType
            $0.protocolName = protocolName
            $0.assignment = member.assignment
        }
    }
}
