import KafkaWire

/// All groups of the broker: the classic groups' state machines and the committed offsets.
///
/// A value, like the groups: what it wants done is taken with ``takeActions()``.
struct GroupCoordinator {
    /// A partition under its topic's name.
    struct PartitionKey: Hashable {
        var topic: String
        var partition: PartitionID
    }

    /// A position that a group has committed.
    struct Committed: Equatable {
        var offset: Offset
        var leaderEpoch: LeaderEpoch
        var metadata: String
    }

    struct Group {
        var classic: ClassicGroup
        var offsets: [PartitionKey: Committed] = [:]
    }

    /// Kafka's `offset.metadata.max.bytes`.
    static let maximumMetadataLength = 4096
    /// After how long a group with neither members nor offsets is forgotten.
    static let emptyGroupLifetime = Duration.seconds(600)

    private(set) var groups: [String: Group] = [:]
    private let sessionTimeouts: ClosedRange<Duration>
    private let initialDelay: Duration
    private let memberLimit: Int
    private var random: RandomSource
    private var actions: [GroupAction] = []

    init(sessionTimeouts: ClosedRange<Duration>, initialDelay: Duration, memberLimit: Int, random: RandomSource) {
        self.sessionTimeouts = sessionTimeouts
        self.initialDelay = initialDelay
        self.memberLimit = memberLimit
        self.random = random
    }

    /// What is to be done since the last call.
    mutating func takeActions() -> [GroupAction] {
        defer { actions = [] }
        return actions
    }

    // MARK: - Membership

    mutating func join(_ request: JoinGroupRequest, _ context: RequestContext) {
        func refuse(_ error: ErrorCode) {
            actions.append(.answerJoin(context.ticket, .refusal(error, memberId: request.memberId)))
        }
        guard !request.groupId.isEmpty else { return refuse(.invalidGroupId) }
        guard sessionTimeouts.contains(request.sessionTimeoutMs.duration) else {
            return refuse(.invalidSessionTimeout)
        }
        let isKnown = groups[request.groupId] != nil
        guard isKnown || request.memberId.isEmpty else { return refuse(.unknownMemberId) }
        if let group = groups[request.groupId]?.classic, request.memberId.isEmpty,
            group.members.count + group.pendingMembers.count >= memberLimit
        {
            return refuse(.groupMaxSizeReached)
        }
        let newId = (request.groupInstanceId ?? context.clientId) + "-" + random.identifier()
        withGroup(request.groupId, context.now) { $0.classic.join(request, context, newId: newId) }
        if !isKnown, let group = groups[request.groupId]?.classic, group.members.isEmpty, group.pendingMembers.isEmpty {
            groups[request.groupId] = nil
        }
    }

    mutating func sync(_ request: SyncGroupRequest, _ context: RequestContext) {
        guard !request.groupId.isEmpty, groups[request.groupId] != nil else {
            let error = request.groupId.isEmpty ? ErrorCode.invalidGroupId : .unknownMemberId
            return actions.append(.answerSync(context.ticket, .refusal(error)))
        }
        withGroup(request.groupId, context.now) { $0.classic.sync(request, context) }
    }

    mutating func heartbeat(_ request: HeartbeatRequest, now: Instant) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        guard groups[request.groupId] != nil else { return .unknownMemberId }
        return withGroup(request.groupId, now) { $0.classic.heartbeat(request, now: now) }
    }

    mutating func leave(group: String, memberId: String, instanceId: String?, now: Instant) -> ErrorCode {
        if group.isEmpty { return .invalidGroupId }
        guard groups[group] != nil else { return .unknownMemberId }
        return withGroup(group, now) { $0.classic.leave(memberId: memberId, instanceId: instanceId, now: now) }
    }

    // MARK: - Offsets

    /// Whether the sender of a commit may commit for its group; makes the group where it commits without being a
    /// member (a "simple" consumer, or an administrator).
    mutating func mayCommit(_ request: OffsetCommitRequest, _ context: RequestContext) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        if groups[request.groupId] == nil, request.generationIdOrMemberEpoch >= 0 {
            return context.version >= 9 ? .groupIdNotFound : .illegalGeneration
        }
        return withGroup(request.groupId, context.now) { $0.classic.commit(request, now: context.now) }
    }

    mutating func store(_ committed: Committed, for key: PartitionKey, group: String) {
        groups[group]?.offsets[key] = committed
    }

    func committed(_ key: PartitionKey, group: String) -> Committed? { groups[group]?.offsets[key] }

    /// Everything that a group has committed, in the order of topics and partitions.
    func allCommitted(group: String) -> [(key: PartitionKey, value: Committed)] {
        (groups[group]?.offsets ?? [:]).sorted {
            ($0.key.topic, $0.key.partition) < ($1.key.topic, $1.key.partition)
        }
    }

    mutating func removeOffset(_ key: PartitionKey, group: String) { groups[group]?.offsets[key] = nil }

    /// Forgets a group with all that it has committed.
    mutating func forget(group: String) { groups[group] = nil }

    /// A topic is gone, and so are the positions in it.
    mutating func forgetOffsets(ofTopic name: String) {
        for id in Array(groups.keys) {
            guard let keys = groups[id]?.offsets.keys.filter({ $0.topic == name }) else { continue }
            for key in keys { groups[id]?.offsets[key] = nil }
        }
    }

    // MARK: - Time

    /// Does what is due at `now` in every group.
    mutating func tick(now: Instant) {
        for (id, group) in groups {
            if let next = group.classic.nextDeadline, next <= now { withGroup(id, now) { _ in } }
            guard let since = group.classic.emptySince, group.offsets.isEmpty, group.classic.pendingMembers.isEmpty,
                since + Self.emptyGroupLifetime <= now
            else { continue }
            groups[id] = nil
        }
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        groups.values.compactMap { group in
            group.classic.nextDeadline
                ?? (group.offsets.isEmpty ? group.classic.emptySince.map { $0 + Self.emptyGroupLifetime } : nil)
        }.min()
    }

    /// Works on a group, then does what has become due in it, and collects what it wants done.
    private mutating func withGroup<R>(_ id: String, _ now: Instant, _ body: (inout Group) -> R) -> R {
        var group =
            groups.removeValue(forKey: id)
            ?? Group(classic: ClassicGroup(id: id, initialDelay: initialDelay, now: now))
        let result = body(&group)
        group.classic.tick(now: now)
        actions += group.classic.takeActions()
        groups[id] = group
        return result
    }
}
