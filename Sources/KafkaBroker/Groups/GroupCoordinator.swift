import KafkaWire

/// All groups of the broker: the state machines of both protocols' groups and the committed offsets.
///
/// A value, like the groups: what it wants done is taken with ``takeActions()``.
struct GroupCoordinator {
    typealias Committed = GroupOffsets.Committed

    struct Group {
        var classic: ClassicGroup
        /// Where there is one, the group is under the newer protocol, and ``classic`` is empty and means nothing.
        var consumer: ConsumerGroup?
        var offsets = GroupOffsets()

        /// How much memory its members and its name take, roughly.
        var memberBytes: Int { Self.nameBytes(classic.id) + classic.bytes + (consumer?.bytes ?? 0) }

        /// What a group takes for its name alone: it stands in several tables.
        static func nameBytes(_ id: String) -> Int { 4 * id.utf8.count }

        /// Since when the group has neither members nor positions; nil where it has.
        var idleSince: Instant? { isEmpty && offsets.isEmpty ? emptySince : nil }
    }

    /// Kafka's `offset.metadata.max.bytes`.
    static let maximumMetadataLength = 4096
    /// After how long a group with neither members nor offsets is forgotten.
    static let emptyGroupLifetime = Duration.seconds(600)
    /// In how many groups a turn does what is due at most; the next one goes on.
    static let groupsPerTurn = 1000

    var groups: [String: Group] = [:]
    let limits: GroupLimits
    /// What all groups take.
    var use = GroupUse()
    /// When something is due in which group.
    private(set) var deadlines = RankedKeys<String, Instant>()
    /// Since when groups have neither members nor positions.
    private(set) var idle = RankedKeys<String, Instant>()
    /// The groups that have positions in a topic.
    var groupsOfTopic: [String: Set<String>] = [:]
    /// The joins and syncs that wait, and whose they are.
    private(set) var waiting: [RequestTicket: (group: String, member: String)] = [:]
    /// How long positions are kept that nobody needs (Kafka's `offsets.retention.minutes`).
    let offsetsRetention: Duration
    /// When positions are looked through next.
    var nextExpiry: Instant?
    /// The groups whose positions are still to be looked through.
    var expiring: [String] = []
    let sessionTimeouts: ClosedRange<Duration>
    private let initialDelay: Duration
    private let memberLimit: Int
    private var random: RandomSource
    private var actions: [GroupAction] = []
    var commits: UInt64 = 0
    /// Whether changes of offsets are noted for ``takeChanges()``.
    var notesChanges = false
    private var changes: [OffsetChange] = []
    /// The groups in which a producer has positions that are pending.
    var pendingGroups: [ProducerID: Set<String>] = [:]

    init(
        sessionTimeouts: ClosedRange<Duration>, initialDelay: Duration, memberLimit: Int,
        offsetsRetention: Duration = .seconds(10_080 * 60), limits: GroupLimits = GroupLimits(), random: RandomSource
    ) {
        self.limits = limits
        self.offsetsRetention = offsetsRetention
        self.sessionTimeouts = sessionTimeouts
        self.initialDelay = initialDelay
        self.memberLimit = memberLimit
        self.random = random
    }

    /// What is to be done since the last call.
    mutating func takeActions() -> [GroupAction] {
        guard !actions.isEmpty else { return [] }
        defer { actions = [] }
        for action in actions { waiting[action.ticket] = nil }
        return actions
    }

    /// The changes of offsets since the last call, in their order.
    mutating func takeChanges() -> [OffsetChange] {
        guard !changes.isEmpty else { return [] }
        defer { changes = [] }
        return changes
    }

    mutating func note(_ change: @autoclosure () -> OffsetChange) {
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
        if request.memberId.isEmpty, groups[request.groupId]?.classic.size ?? 0 >= memberLimit {
            return refuse(.groupMaxSizeReached)
        }
        var request = request
        request.protocols = request.protocols.kept
        guard request.protocols.count <= limits.protocols else { return refuse(.inconsistentGroupProtocol) }
        guard hasRoom(for: request) else { return refuse(.groupMaxSizeReached) }
        // A name of any length would make an id that no answer can carry.
        let newId = (request.groupInstanceId ?? context.clientId).clipped(toBytes: 255) + "-" + random.identifier()
        withGroup(request.groupId, context.now) { $0.classic.join(request, context, newId: newId) }
        if !isKnown, groups[request.groupId]?.classic.size == 0 { forget(group: request.groupId) }
        note(context.ticket, group: request.groupId, member: request.memberId.isEmpty ? newId : request.memberId)
    }

    mutating func sync(_ request: SyncGroupRequest, _ context: RequestContext) {
        guard !request.groupId.isEmpty, groups[request.groupId] != nil else {
            let error = request.groupId.isEmpty ? ErrorCode.invalidGroupId : .unknownMemberId
            return actions.append(.answerSync(context.ticket, .refusal(error)))
        }
        let room = room(in: request.groupId)
        withGroup(request.groupId, context.now) { $0.classic.sync(request, context, room: room) }
        note(context.ticket, group: request.groupId, member: request.memberId)
    }

    mutating func heartbeat(_ request: HeartbeatRequest, now: Instant) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        guard groups[request.groupId] != nil else { return .unknownMemberId }
        if isConsumerGroup(request.groupId) { return heartbeatConsumerGroup(request, now: now) }
        return withGroup(request.groupId, now) { $0.classic.heartbeat(request, now: now) }
    }

    mutating func leave(group: String, memberId: String, instanceId: String?, now: Instant) -> ErrorCode {
        if group.isEmpty { return .invalidGroupId }
        guard groups[group] != nil else { return .unknownMemberId }
        if isConsumerGroup(group) {
            return leaveConsumerGroup(group, memberId: memberId, instanceId: instanceId, now: now)
        }
        return withGroup(group, now) { $0.classic.leave(memberId: memberId, instanceId: instanceId, now: now) }
    }

    /// Whether a group is under the newer protocol.
    func isConsumerGroup(_ id: String) -> Bool { groups[id]?.consumer != nil }

    /// Notes whose request it is, if it waits.
    private mutating func note(_ ticket: RequestTicket, group: String, member: String) {
        guard groups[group]?.classic.members[member]?.waits(as: ticket) == true else { return }
        waiting[ticket] = (group, member)
    }

    /// The connection of a request is gone: from now on its member has to show that it lives, and who was never told its
    /// id is gone as well. What follows from that comes with the next ``tick(now:)``.
    mutating func forget(_ ticket: RequestTicket, now: Instant) {
        guard let (group, member) = waiting.removeValue(forKey: ticket) else { return }
        groups[group]?.classic.members[member]?.abandon(ticket, now)
        plan(group)
    }

    // MARK: - Room

    /// Whether there may be a group of that name. One that has neither members nor positions makes room for it.
    mutating func hasRoom(forGroup id: String) -> Bool {
        guard groups[id] == nil else { return true }
        guard use.memberBytes + Group.nameBytes(id) <= limits.memberBytes else { return false }
        guard groups.count >= limits.groups else { return true }
        guard let oldest = idle.first?.key else { return false }
        forget(group: oldest)
        return true
    }

    /// How much more memory members of a group may take.
    func room(in id: String) -> Int {
        min(limits.groupBytes - (groups[id]?.memberBytes ?? 0), limits.memberBytes - use.memberBytes)
    }

    /// How much more memory positions may take.
    var roomForOffsets: Int { limits.offsetBytes - use.offsetBytes }

    private mutating func hasRoom(for request: JoinGroupRequest) -> Bool {
        let before = groups[request.groupId]?.classic.bytes(ofMember: request.memberId, request.groupInstanceId) ?? 0
        let further = GroupLimits.memberOverhead + request.protocols.bytes - before
        return hasRoom(forGroup: request.groupId) && further <= room(in: request.groupId)
    }

    // MARK: - Time

    /// Does what is due at `now`, in so many groups; the next turn goes on.
    mutating func tick(now: Instant) {
        for id in deadlines.take(upTo: now, most: Self.groupsPerTurn) { withGroup(id, now) { _ in } }
        for _ in 0..<Self.groupsPerTurn {
            guard let first = idle.first, first.rank + Self.emptyGroupLifetime <= now else { break }
            forget(group: first.key)
        }
        expireOffsets(now: now)
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        [deadlines.first?.rank, idle.first.map { $0.rank + Self.emptyGroupLifetime }, nextExpiry].compactMap { $0 }
            .min()
    }

    /// An id for a member of a group under the newer protocol that has not brought one.
    mutating func newMemberId() -> String { Uuid.random(using: &random).description }

    /// Works on a group, then does what has become due in it, and collects what it wants done.
    @discardableResult
    mutating func withGroup<R>(_ id: String, _ now: Instant, _ body: (inout Group) -> R) -> R {
        let before = groups[id]?.memberBytes ?? 0
        // Taken out, and nothing else holds it: else its members would be copied with each change.
        var group =
            groups.removeValue(forKey: id)
            ?? Group(classic: ClassicGroup(id: id, initialDelay: initialDelay, now: now))
        let epoch = group.consumer?.epoch
        let result = body(&group)
        group.consumer?.tick(now: now)
        group.becomeClassicIfNeeded(epoch: epoch, now: now)
        group.classic.tick(now: now)
        actions += group.classic.takeActions()
        use.memberBytes += group.memberBytes - before
        deadlines[id] = group.nextDeadline
        idle[id] = group.idleSince
        groups[id] = group
        return result
    }

    /// Notes when something is due in a group that was changed, or is gone.
    mutating func plan(_ id: String) {
        deadlines[id] = groups[id]?.nextDeadline
        idle[id] = groups[id]?.idleSince
    }
}
