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

    let id: String
    /// Groups begin with 1, since a member may be given the epoch before there is a target, and 0 means to join.
    private(set) var epoch: Int32
    private(set) var assignmentEpoch: Int32
    private(set) var members = MemberTable<ConsumerGroupMember>()
    /// Static members: instance id to member id.
    private(set) var staticMembers: [String: String] = [:]
    /// Who is to have what.
    private(set) var target: [String: Set<TopicIDPartition>] = [:]
    /// Who has what, including what is to be given up.
    private(set) var owners: [TopicIDPartition: String] = [:]
    /// How many partitions the target gives out.
    private var targetSize = 0
    /// What members subscribe to.
    private(set) var subscriptions = GroupSubscriptions()
    /// An expression that the next heartbeat finds matched; see ``take(_:_:insteadOf:owned:_:_:now:)``.
    private var heldBack: String?
    /// How many members speak the classic protocol, and how many of them offer each strategy.
    private(set) var classicCount = 0
    private(set) var offers: [String: Int] = [:]
    /// When the target was last made.
    private var assignedAt: Instant?
    /// When the last member went, for forgetting groups that leave nothing behind.
    private(set) var emptySince: Instant?
    private var joined = 0
    /// How much memory a partition takes that is given out: in the target, with its member, among the owners.
    private static let partitionBytes = 160

    init(id: String, now: Instant, epoch: Int32 = 1) {
        self.id = id
        self.epoch = epoch
        assignmentEpoch = epoch
        emptySince = now
    }

    /// The members in the order in which they joined.
    var ordered: [ConsumerGroupMember] { members.ordered }

    /// The topics that there are of those that members subscribe to.
    var topics: [String: GroupSubscriptions.SubscribedTopic] { subscriptions.topics }

    /// How much memory the group takes, roughly.
    var bytes: Int { members.bytes + subscriptions.bytes + max(targetSize, owners.count) * Self.partitionBytes }

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
        let known = members.remove(old ?? member.id)
        if let old, old != member.id {
            if let part = target.removeValue(forKey: old) { target[member.id] = part }
            for partition in member.assigned.keys { owners[partition] = member.id }
            for partition in member.revoking.keys { owners[partition] = member.id }
        } else if known == nil {
            joined += 1
            member.order = joined
        }
        if let known, known.topicNames == member.topicNames, known.topicRegex == member.topicRegex {
            member.wish = known.wish
            member.topicNames = known.topicNames
        } else {
            let (number, wish) = subscriptions.add(member.wishes)
            member.wish = number
            member.topicNames = wish.names
            if let wish = known?.wish { subscriptions.remove(wish) }
        }
        if known?.classic != member.classic {
            if let side = known?.classic { count(side, -1) }
            if let side = member.classic { count(side, 1) }
        }
        if let instance = member.instanceId { staticMembers[instance] = member.id }
        members[member.id] = member
        emptySince = nil
    }

    /// Counts a member of the classic protocol, and what it offers.
    private mutating func count(_ side: ConsumerGroupMember.ClassicSide, _ change: Int) {
        classicCount += change
        for offered in side.protocols {
            let count = (offers[offered.name] ?? 0) + change
            offers[offered.name] = count > 0 ? count : nil
        }
    }

    /// Takes over a member of the classic protocol with what it has, when the group changes its protocol.
    mutating func adopt(_ member: ConsumerGroupMember) {
        put(member)
        target[member.id] = Set(member.assigned.keys)
        targetSize += member.assigned.count
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
        var later: String?
        if let regex = member.topicRegex, regex != before.topicRegex, !member.topicNames.isEmpty,
            !subscriptions.knows(regex), regex != heldBack
        {
            later = regex
        }
        heldBack = later
        let topicsChanged = look(at: registry, room: settings.room, mayFind: settings.mayFind)
        if wishesChanged || topicsChanged { bumpEpoch() }
        assignIfDue(interval: settings.assignmentInterval, room: settings.room, now: now)
        reconcile(member.id, owned: owned, topicsHaveChanged: wishesChanged, now: now)
    }

    /// Removes a member; the others get what it had with their next heartbeats.
    mutating func remove(_ id: String, now: Instant) {
        guard let member = members.remove(id) else { return }
        if let instance = member.instanceId, staticMembers[instance] == id { staticMembers[instance] = nil }
        release(member)
        targetSize -= target.removeValue(forKey: id)?.count ?? 0
        if let wish = member.wish { subscriptions.remove(wish) }
        if let side = member.classic { count(side, -1) }
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

    /// Looks which topics there are, as far as that or the subscriptions have changed; says whether it did.
    mutating func look(
        at registry: TopicRegistry, room: Int = .max, mayFind: (String) -> Bool = { _ in true }
    ) -> Bool {
        subscriptions.look(at: registry, heldBack: heldBack, room: room, mayFind: mayFind)
    }

    /// The name of a topic that members subscribe to.
    func topicName(_ id: TopicID) -> String? { subscriptions.name(of: id) }

    /// Whether a member reads `topic`.
    func mayRead(topic: String) -> Bool { subscriptions.contains(topic) }

    // MARK: - From target to members

    /// How far apart two targets of a group of that many members and partitions are at least, so that making them takes
    /// no more than a small part of the time however fast members come and go.
    static func pause(ofSize size: Int) -> Duration { size <= 1000 ? .zero : .microseconds(10 * size) }

    /// Makes a new target, if there is reason to, room for it, and the last one is not younger than `interval`
    /// (KIP-1263).
    mutating func assignIfDue(interval: Duration, room: Int = .max, now: Instant) {
        guard epoch > assignmentEpoch else { return }
        let interval = max(interval, Self.pause(ofSize: members.count + subscriptions.partitionCount))
        if let assignedAt, assignedAt + interval > now { return }
        guard (subscriptions.partitionCount - targetSize) * Self.partitionBytes <= room else { return }
        let pools = subscriptions.pools
        let task = AssignmentTask(
            members: members.values.map { member in
                .init(
                    id: member.id, instanceId: member.instanceId, pools: member.wish.flatMap { pools.ofWish[$0] } ?? [],
                    current: target[member.id] ?? [])
            },
            pools: pools.sets,
            partitions: Dictionary(topics.values.map { ($0.id, $0.partitions) }, uniquingKeysWith: max))
        target = assignor.assign(task)
        targetSize = target.values.reduce(0) { $0 + $1.count }
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
            epoch: assignmentEpoch, partitions: target[id] ?? [], topicsHaveChanged: topicsHaveChanged, owned: owned)
        let wish = before.wishes
        member.reconcile(with: goal) { topic in
            subscriptions.wants(topic, wish)
        } isTaken: { partition in
            owners[partition] != nil
        }
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
        for id in members.takeDue(now) { remove(id, now: now) }
    }

    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? { members.nextDeadline }

    /// What does not hold of the group though it always should.
    var objections: [String] {
        var found = members.objections + subscriptions.objections(members.values.map(\.wishes))
        if members.values.reduce(0, { $0 + ($1.classic == nil ? 0 : 1) }) != classicCount {
            found.append("\(classicCount) members are counted as classic ones")
        }
        if target.values.reduce(0, { $0 + $1.count }) != targetSize {
            found.append("\(targetSize) is no target's size")
        }
        var owned: [TopicIDPartition: String] = [:]
        for member in members.values {
            for partition in [member.assigned.keys, member.revoking.keys].joined() { owned[partition] = member.id }
        }
        if owned != owners { found.append("who has which partition is not what the members have") }
        if epoch < assignmentEpoch { found.append("the target is newer than the group") }
        return found
    }
}
