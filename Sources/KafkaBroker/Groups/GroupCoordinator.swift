import KafkaWire

/// All groups of the broker: the state machines of both protocols' groups and the committed offsets.
///
/// A value, like the groups: what it wants done is taken with ``takeActions()``.
struct GroupCoordinator {
    /// A position that a group has committed.
    struct Committed: Equatable {
        var offset: Offset
        var leaderEpoch: LeaderEpoch
        var metadata: String
        /// Its place in the order of all commits.
        var order: UInt64 = 0
        /// When it was committed, and until when the commit asked for it to be kept (OffsetCommit up to v4).
        var committedAt = Instant(nanoseconds: 0)
        var expiresAt: Instant?
    }

    struct Group {
        var classic: ClassicGroup
        /// Where there is one, the group is under the newer protocol, and ``classic`` is empty and means nothing.
        var consumer: ConsumerGroup?
        var offsets: [TopicPartition: Committed] = [:]
        /// Positions that were committed in transactions which have not ended.
        var pending: [ProducerIdentity: [TopicPartition: Committed]] = [:]

        var hasOffsets: Bool { !offsets.isEmpty || !pending.isEmpty }
    }

    /// Kafka's `offset.metadata.max.bytes`.
    static let maximumMetadataLength = 4096
    /// After how long a group with neither members nor offsets is forgotten.
    static let emptyGroupLifetime = Duration.seconds(600)

    private(set) var groups: [String: Group] = [:]
    /// How long positions are kept that nobody needs (Kafka's `offsets.retention.minutes`).
    let offsetsRetention: Duration
    /// When positions are looked through next.
    var nextExpiry: Instant?
    let sessionTimeouts: ClosedRange<Duration>
    private let initialDelay: Duration
    private let memberLimit: Int
    private var random: RandomSource
    private var actions: [GroupAction] = []
    private var commits: UInt64 = 0
    /// Whether changes of offsets are noted for ``takeChanges()``.
    var notesChanges = false
    private var changes: [OffsetChange] = []
    /// The groups in which a producer has positions that are pending.
    private var pendingGroups: [ProducerID: Set<String>] = [:]

    init(
        sessionTimeouts: ClosedRange<Duration>, initialDelay: Duration, memberLimit: Int,
        offsetsRetention: Duration = .seconds(10_080 * 60), random: RandomSource
    ) {
        self.offsetsRetention = offsetsRetention
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

    /// The changes of offsets since the last call, in their order.
    mutating func takeChanges() -> [OffsetChange] {
        guard !changes.isEmpty else { return [] }
        defer { changes = [] }
        return changes
    }

    private mutating func note(_ change: @autoclosure () -> OffsetChange) {
        if notesChanges { changes.append(change()) }
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
        guard let group = groups[request.groupId] else { return .unknownMemberId }
        if group.consumer != nil { return heartbeatConsumerGroup(request, now: now) }
        return withGroup(request.groupId, now) { $0.classic.heartbeat(request, now: now) }
    }

    mutating func leave(group: String, memberId: String, instanceId: String?, now: Instant) -> ErrorCode {
        if group.isEmpty { return .invalidGroupId }
        guard let known = groups[group] else { return .unknownMemberId }
        if known.consumer != nil {
            return leaveConsumerGroup(group, memberId: memberId, instanceId: instanceId, now: now)
        }
        return withGroup(group, now) { $0.classic.leave(memberId: memberId, instanceId: instanceId, now: now) }
    }

    // MARK: - Offsets

    /// Whether the sender of a commit may commit for its group; makes the group where it commits without being a
    /// member (a "simple" consumer, or an administrator).
    mutating func mayCommit(
        _ request: OffsetCommitRequest, _ context: RequestContext, partitions: [TopicIDPartition] = []
    ) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        planExpiry(now: context.now)
        if let group = groups[request.groupId]?.consumer {
            return group.commit(request, version: context.version, partitions: partitions)
        }
        if groups[request.groupId] == nil, request.generationIdOrMemberEpoch >= 0 {
            return context.version >= 9 ? .groupIdNotFound : .illegalGeneration
        }
        return withGroup(request.groupId, context.now) { $0.classic.commit(request, now: context.now) }
    }

    mutating func store(_ committed: Committed, for key: TopicPartition, group: String) {
        let committed = ordered(committed)
        groups[group]?.offsets[key] = committed
        note(.committed(group: group, key: key, committed))
    }

    func committed(_ key: TopicPartition, group: String) -> Committed? { groups[group]?.offsets[key] }

    private mutating func ordered(_ committed: Committed) -> Committed {
        commits += 1
        var committed = committed
        committed.order = commits
        return committed
    }

    /// Everything that a group has committed, in the order of topics and partitions.
    func allCommitted(group: String) -> [(key: TopicPartition, value: Committed)] {
        (groups[group]?.offsets ?? [:]).sorted { $0.key < $1.key }
    }

    mutating func removeOffset(_ key: TopicPartition, group: String) {
        guard groups[group]?.offsets.removeValue(forKey: key) != nil else { return }
        note(.removed(group: group, key: key))
    }

    /// Forgets a group with all that it has committed.
    mutating func forget(group: String) {
        for (key, _) in allCommitted(group: group) { removeOffset(key, group: group) }
        groups[group] = nil
    }

    /// A topic is gone, and so are the positions in it.
    mutating func forgetOffsets(ofTopic name: String) {
        for id in Array(groups.keys) {
            guard let keys = groups[id]?.offsets.keys.filter({ $0.topic == name }) else { continue }
            for key in keys { removeOffset(key, group: id) }
            let pending = groups[id]?.pending.mapValues { $0.filter { $0.key.topic != name } }
            groups[id]?.pending = pending?.filter { !$0.value.isEmpty } ?? [:]
        }
    }

    // MARK: - Offsets in transactions

    /// Whether the sender may commit for its group in a transaction; makes the group where it is not a member (KIP-447).
    mutating func mayCommit(
        _ request: TxnOffsetCommitRequest, _ context: RequestContext, partitions: [TopicIDPartition] = []
    ) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        planExpiry(now: context.now)
        if let group = groups[request.groupId]?.consumer { return group.commit(request, partitions: partitions) }
        if groups[request.groupId] == nil, request.generationId >= 0 { return .illegalGeneration }
        return withGroup(request.groupId, context.now) { $0.classic.commit(request) }
    }

    /// Keeps a position until the producer's transaction ends.
    mutating func storePending(
        _ committed: Committed, for key: TopicPartition, group: String, producer: ProducerIdentity
    ) {
        let committed = ordered(committed)
        groups[group]?.pending[producer, default: [:]][key] = committed
        pendingGroups[producer.id, default: []].insert(group)
        note(.pending(group: group, key: key, committed, producer: producer))
    }

    /// Whether a transaction that has not ended has a position of that partition.
    func isUnstable(_ key: TopicPartition, group: String) -> Bool {
        groups[group]?.pending.values.contains { $0[key] != nil } ?? false
    }

    /// The producer's transaction has ended: its positions hold, unless later ones do, or are dropped. With version 2 of
    /// transactions the producer that ends has a later epoch than the one that committed.
    mutating func endTransaction(of producer: ProducerIdentity, commit: Bool) {
        guard let concerned = pendingGroups.removeValue(forKey: producer.id) else { return }
        for id in concerned {
            for owner in (groups[id]?.pending ?? [:]).keys where owner.id == producer.id {
                guard let pending = groups[id]?.pending.removeValue(forKey: owner), commit else { continue }
                for (key, committed) in pending {
                    let order = groups[id]?.offsets[key]?.order ?? 0
                    if committed.order > order { groups[id]?.offsets[key] = committed }
                }
            }
        }
        note(.ended(producer: producer, commit: commit))
    }

    // MARK: - After a restart

    /// Makes a change that was noted before the broker was started.
    mutating func restore(_ change: OffsetChange, now: Instant) {
        switch change {
        case .committed(let id, let key, let committed):
            withGroup(id, now) { _ in }
            store(committed, for: key, group: id)
        case .pending(let id, let key, let committed, let producer):
            withGroup(id, now) { _ in }
            storePending(committed, for: key, group: id, producer: producer)
        case .ended(let producer, let commit): endTransaction(of: producer, commit: commit)
        case .removed(let id, let key): removeOffset(key, group: id)
        }
    }

    /// Forgets groups that are left with nothing after all changes were made.
    mutating func endRestoring(now: Instant) {
        groups = groups.filter { $0.value.hasOffsets }
        notesChanges = true
        if !groups.isEmpty { planExpiry(now: now) }
    }

    /// What would have to be noted for what is committed now.
    var snapshot: [OffsetChange] {
        groups.sorted { $0.key < $1.key }.flatMap { id, group in
            let held = group.offsets.map {
                (order: $0.value.order, OffsetChange.committed(group: id, key: $0.key, $0.value))
            }
            let pending = group.pending.flatMap { producer, offsets in
                offsets.map {
                    (order: $0.value.order, OffsetChange.pending(group: id, key: $0.key, $0.value, producer: producer))
                }
            }
            return (held + pending).sorted { $0.order < $1.order }.map(\.1)
        }
    }

    // MARK: - Time

    /// Does what is due at `now` in every group.
    mutating func tick(now: Instant) {
        for (id, group) in groups {
            if let next = group.nextDeadline, next <= now { withGroup(id, now) { _ in } }
            guard let since = group.emptySince, !group.hasOffsets, group.classic.pendingMembers.isEmpty,
                since + Self.emptyGroupLifetime <= now
            else { continue }
            groups[id] = nil
        }
        expireOffsets(now: now)
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        let next = groups.values.compactMap { group in
            group.nextDeadline
                ?? (!group.hasOffsets ? group.emptySince.map { $0 + Self.emptyGroupLifetime } : nil)
        }.min()
        return [next, nextExpiry].compactMap { $0 }.min()
    }

    /// An id for a member of a group under the newer protocol that has not brought one.
    mutating func newMemberId() -> String { Uuid.random(using: &random).description }

    /// Works on a group, then does what has become due in it, and collects what it wants done.
    @discardableResult
    mutating func withGroup<R>(_ id: String, _ now: Instant, _ body: (inout Group) -> R) -> R {
        var group =
            groups.removeValue(forKey: id)
            ?? Group(classic: ClassicGroup(id: id, initialDelay: initialDelay, now: now))
        let result = body(&group)
        group.consumer?.tick(now: now)
        group.becomeClassicIfNeeded(now: now)
        group.classic.tick(now: now)
        actions += group.classic.takeActions()
        groups[id] = group
        return result
    }
}
