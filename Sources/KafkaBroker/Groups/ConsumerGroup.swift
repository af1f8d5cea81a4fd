import KafkaWire

/// A group under the newer protocol (KIP-848): the coordinator decides who reads what, and brings each member there with
/// the answers to its heartbeats; nobody else waits for that.
///
/// A value: heartbeats, the topics and the time go in, answers come out. Three numbers carry it:
///
/// - the group's epoch goes up with every change of members, subscriptions or subscribed topics;
/// - the target assignment is made for an epoch of the group, by an assignor (``ConsumerGroupAssignor``);
/// - a member gets the target's epoch once it has given up what the target takes from it. What it gives up is free for
///   others, and no partition has two owners.
///
/// The rules are those of Kafka 4.3's `GroupMetadataManager`.
struct ConsumerGroup: Equatable {
    enum State: String {
        case empty = "Empty"
        /// The target assignment is older than the group.
        case assigning = "Assigning"
        /// Members are on their way to the target.
        case reconciling = "Reconciling"
        case stable = "Stable"
    }

    /// What is known of a subscribed topic.
    struct SubscribedTopic: Equatable {
        var id: TopicID
        var partitions: Int
    }

    let id: String
    /// Groups begin with 1, since a member may be given the epoch before there is a target, and 0 means to join.
    private(set) var epoch: Int32
    private(set) var assignmentEpoch: Int32
    private(set) var members: [String: ConsumerGroupMember] = [:]
    /// Static members: instance id to member id.
    private(set) var staticMembers: [String: String] = [:]
    /// Who is to have what.
    private(set) var target: [String: Set<TopicIDPartition>] = [:]
    /// Who has what, including what is to be given up.
    private(set) var owners: [TopicIDPartition: String] = [:]
    /// The topics that there are of those that members subscribe to.
    private(set) var topics: [String: SubscribedTopic] = [:]
    /// The names that the members' expressions match.
    private(set) var matches: [String: Set<String>] = [:]
    /// Expressions that the next heartbeat finds matched; see ``take(_:_:insteadOf:owned:_:_:now:)``.
    private var unmatched: Set<String> = []
    /// The state of the broker's topics at which the group last looked.
    private var seenTopics: UInt64?
    /// When the target was last made.
    private var assignedAt: Instant?
    /// When the last member went, for forgetting groups that leave nothing behind.
    private(set) var emptySince: Instant?
    private var joined = 0

    init(id: String, now: Instant, epoch: Int32 = 1) {
        self.id = id
        self.epoch = epoch
        assignmentEpoch = epoch
        emptySince = now
    }

    /// The members in the order in which they joined.
    var ordered: [ConsumerGroupMember] { members.values.sorted { $0.order < $1.order } }

    var state: State {
        if members.isEmpty { return .empty }
        if epoch > assignmentEpoch { return .assigning }
        return members.values.allSatisfy { $0.isReconciled(to: assignmentEpoch) } ? .stable : .reconciling
    }

    /// The assignor with the most votes; of equals the one that comes first among those that there are.
    var assignor: ConsumerGroupAssignor {
        var votes: [String: Int] = [:]
        for member in members.values { if let name = member.assignor { votes[name, default: 0] += 1 } }
        let most = votes.values.max()
        return ConsumerGroupAssignor.allCases.first { most != nil && votes[$0.rawValue] == most } ?? .uniform
    }

    // MARK: - Members come and go

    /// Puts a member there as it is now. A static one may take the place of another member.
    mutating func put(_ member: ConsumerGroupMember, insteadOf old: String? = nil) {
        var member = member
        if let old, old != member.id {
            members[old] = nil
            if let part = target.removeValue(forKey: old) { target[member.id] = part }
            for partition in member.assigned.keys { owners[partition] = member.id }
            for partition in member.revoking.keys { owners[partition] = member.id }
        } else if members[member.id] == nil {
            joined += 1
            member.order = joined
        }
        if let instance = member.instanceId { staticMembers[instance] = member.id }
        members[member.id] = member
        emptySince = nil
    }

    /// Takes over a member of the classic protocol with what it has, when the group changes its protocol.
    mutating func adopt(_ member: ConsumerGroupMember) {
        put(member)
        target[member.id] = Set(member.assigned.keys)
        for partition in member.assigned.keys { owners[partition] = member.id }
    }

    /// Puts a member there that was `before`, and takes it as far as its wishes and the topics want it.
    ///
    /// A new expression beside names is matched after the answer, so that a member gets the topics that it named first
    /// and those that match with the next heartbeat: Kafka looks for them in another thread, and librdkafka's tests
    /// expect two steps. An expression alone is matched at once, since a member would wait a heartbeat's interval.
    mutating func take(
        _ member: ConsumerGroupMember, _ before: ConsumerGroupMember, insteadOf old: String?,
        owned: Set<TopicIDPartition>?, _ registry: TopicRegistry, _ settings: ConsumerGroupSettings, now: Instant
    ) {
        put(member, insteadOf: old)
        let wishesChanged = member.topicNames != before.topicNames || member.topicRegex != before.topicRegex
        let due = unmatched
        unmatched = []
        if let regex = member.topicRegex, regex != before.topicRegex, !member.topicNames.isEmpty,
            matches[regex] == nil, !due.contains(regex)
        {
            unmatched = [regex]
        }
        let topicsChanged = look(at: registry, subscriptionsChanged: wishesChanged || !due.isEmpty)
        if wishesChanged || topicsChanged { bumpEpoch() }
        assignIfDue(interval: settings.assignmentInterval, now: now)
        reconcile(member.id, owned: owned, topicsHaveChanged: wishesChanged, now: now)
    }

    /// Removes a member; the others get what it had with their next heartbeats.
    mutating func remove(_ id: String, now: Instant) {
        guard let member = members.removeValue(forKey: id) else { return }
        if let instance = member.instanceId, staticMembers[instance] == id { staticMembers[instance] = nil }
        release(member)
        target[id] = nil
        matches = matches.filter { regex, _ in members.values.contains { $0.topicRegex == regex } }
        let names = subscribedNames
        topics = topics.filter { names.contains($0.key) }
        bumpEpoch()
        if members.isEmpty { emptySince = now }
    }

    /// A static member is away for a while: its partitions stay its own until its session ends (KIP-345).
    mutating func suspend(_ id: String) {
        guard var member = members[id] else { return }
        for partition in member.revoking.keys where owners[partition] == id { owners[partition] = nil }
        member.epoch = ConsumerGroupMember.awayEpoch
        member.revoking = [:]
        member.rebalanceDeadline = nil
        members[id] = member
    }

    private mutating func release(_ member: ConsumerGroupMember) {
        for partition in member.assigned.keys where owners[partition] == member.id { owners[partition] = nil }
        for partition in member.revoking.keys where owners[partition] == member.id { owners[partition] = nil }
    }

    mutating func bumpEpoch() { epoch &+= 1 }

    // MARK: - Topics

    /// Every name that somebody subscribes to, whether there is such a topic or not.
    var subscribedNames: Set<String> {
        members.values.reduce(into: matches.values.reduce(into: []) { $0.formUnion($1) }) {
            $0.formUnion($1.topicNames)
        }
    }

    /// Looks which topics there are, if that or the subscriptions may have changed; says whether it did.
    mutating func look(at registry: TopicRegistry, subscriptionsChanged: Bool) -> Bool {
        guard subscriptionsChanged || seenTopics != registry.changes else { return false }
        let isNew = seenTopics != registry.changes
        seenTopics = registry.changes
        var matches: [String: Set<String>] = [:]
        for regex in Set(members.values.compactMap(\.topicRegex)).subtracting(unmatched) {
            if !isNew, let known = self.matches[regex] {
                matches[regex] = known
            } else if let pattern = try? NamePattern(regex) {
                matches[regex] = Set(registry.byName.keys.filter { pattern.matches($0) })
            }
        }
        self.matches = matches
        var topics: [String: SubscribedTopic] = [:]
        for name in subscribedNames {
            guard let topic = registry[name] else { continue }
            topics[name] = SubscribedTopic(id: topic.id, partitions: topic.partitions.count)
        }
        defer { self.topics = topics }
        return topics != self.topics
    }

    /// The topics that there are of those that a member subscribes to.
    func topicIds(of member: ConsumerGroupMember) -> Set<TopicID> {
        var ids = Set(member.topicNames.compactMap { topics[$0]?.id })
        if let regex = member.topicRegex { ids.formUnion((matches[regex] ?? []).compactMap { topics[$0]?.id }) }
        return ids
    }

    /// Whether a member reads `topic`.
    func mayRead(topic: String) -> Bool {
        members.values.contains { member in
            member.topicNames.contains(topic)
                || member.topicRegex.map { matches[$0]?.contains(topic) ?? false } ?? false
        }
    }

    // MARK: - From target to members

    /// Makes a new target, if there is reason to and the last one is not younger than `interval` (KIP-1263).
    mutating func assignIfDue(interval: Duration, now: Instant) {
        guard epoch > assignmentEpoch else { return }
        if let assignedAt, assignedAt + interval > now { return }
        let task = AssignmentTask(
            members: members.values.map { member in
                .init(
                    id: member.id, instanceId: member.instanceId, topics: topicIds(of: member),
                    current: target[member.id] ?? [])
            },
            partitions: Dictionary(topics.values.map { ($0.id, $0.partitions) }, uniquingKeysWith: max))
        target = assignor.assign(task)
        assignmentEpoch = epoch
        assignedAt = now
    }

    /// Brings a member as far towards the target as is possible now.
    mutating func reconcile(
        _ id: String, owned: Set<TopicIDPartition>?, topicsHaveChanged: Bool, now: Instant
    ) {
        guard let before = members[id], topicsHaveChanged || !before.isReconciled(to: assignmentEpoch) else { return }
        var member = before
        let goal = ConsumerGroupMember.Goal(
            epoch: assignmentEpoch, partitions: target[id] ?? [], topics: topicIds(of: before),
            topicsHaveChanged: topicsHaveChanged, owned: owned)
        member.reconcile(with: goal) { owners[$0] != nil }
        guard member != before else { return }
        let mustRevoke = member.state == .unrevokedPartitions && member.classic == nil
        member.rebalanceDeadline = mustRevoke ? now + member.rebalanceTimeout : nil
        release(before)
        for partition in member.assigned.keys { owners[partition] = id }
        for partition in member.revoking.keys { owners[partition] = id }
        members[id] = member
    }

    // MARK: - Time

    /// Removes the members whose session, or whose time to give up partitions or to join again, has run out.
    mutating func tick(now: Instant) {
        guard let next = nextDeadline, next <= now else { return }
        for member in ordered where member.deadline <= now { remove(member.id, now: now) }
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? {
        members.values.map(\.deadline).min()
    }
}
