import KafkaWire

/// A partition of a topic, which is named by its id: a topic of the same name that is created again is another one.
struct TopicIDPartition: Hashable, Comparable {
    var topic: TopicID
    var partition: PartitionID

    static func < (a: TopicIDPartition, b: TopicIDPartition) -> Bool {
        let one = a.topic.rawValue
        let other = b.topic.rawValue
        return (one.high, one.low, a.partition.rawValue) < (other.high, other.low, b.partition.rawValue)
    }
}

/// A member of a group under the newer protocol (KIP-848), and its way from what it has to what it is to have.
///
/// ```
///            ┌────────── gave up what it was to ──────────┐
///            ▼                                            │
///         stable ──a new target takes partitions away──▶ unrevokedPartitions ──time out──▶ removed
///            │ ▲                                          ▲
///            │ └────── all are free, and its own          │
///            ▼                                            │
///         unreleasedPartitions ──a new target─────────────┘
/// ```
struct ConsumerGroupMember: TabledMember {
    enum State {
        /// It has what the target says.
        case stable
        /// It has been told to give up partitions, and has not confirmed that.
        case unrevokedPartitions
        /// It waits for partitions that others have not given up yet.
        case unreleasedPartitions
    }

    /// The epochs of requests, and of static members that are away, with a meaning of their own.
    static let joiningEpoch: Int32 = 0
    static let leavingEpoch: Int32 = -1
    static let awayEpoch: Int32 = -2

    var id: String
    /// The name of a static member (KIP-345), or nil.
    var instanceId: String?
    var rackId: String?
    var clientId = ""
    /// Where it comes from: a slash and the address.
    var clientHost = ""
    /// Its place in the order of joining.
    var order = 0
    /// How long it may take to give up partitions.
    var rebalanceTimeout = Duration.zero
    var topicNames: Set<String> = []
    /// An expression for further topics, or nil.
    var topicRegex: String?
    /// The number under which the group knows what it subscribes to.
    var wish: Int?
    /// The assignor that it votes for, or nil.
    var assignor: String?
    var epoch = ConsumerGroupMember.joiningEpoch
    /// The epoch of before: a member whose last answer was lost still brings it.
    var previousEpoch: Int32 = -1
    var state = State.stable
    /// The partitions that are its own, and in which epoch they became that.
    var assigned: [TopicIDPartition: Int32] = [:]
    /// Partitions that it has to give up, and so far nobody else is given.
    var revoking: [TopicIDPartition: Int32] = [:]
    /// When it is removed if nothing is heard of it.
    var sessionDeadline = Instant(nanoseconds: 0)
    /// When it is removed if it has not given up ``revoking``.
    var rebalanceDeadline: Instant?
    /// What it has where it speaks the classic protocol; nil of a member that speaks the newer one.
    var classic: ClassicSide?

    init(id: String) { self.id = id }

    /// Whether it has what the target of that epoch says.
    func isReconciled(to epoch: Int32) -> Bool { state == .stable && self.epoch == epoch }

    /// When it is removed if it goes on like this.
    var deadline: Instant? {
        var first = min(sessionDeadline, rebalanceDeadline ?? sessionDeadline)
        if let classic { first = min(first, classic.joinDeadline ?? first, classic.syncDeadline ?? first) }
        return first
    }

    var bytes: Int {
        GroupLimits.memberOverhead + 3 * id.utf8.count + (instanceId?.utf8.count ?? 0) + (rackId?.utf8.count ?? 0)
            + clientId.utf8.count + (classic?.bytes ?? 0)
    }

    /// What it subscribes to.
    var wishes: GroupSubscriptions.Wish { .init(names: topicNames, regex: topicRegex) }

    private mutating func advance(to epoch: Int32) {
        guard epoch != self.epoch else { return }
        previousEpoch = self.epoch
        self.epoch = epoch
    }
}

extension ConsumerGroupMember {
    /// What a member is held against.
    struct Goal {
        /// The target's epoch, and the member's part of it.
        var epoch: Int32
        var partitions: Set<TopicIDPartition>
        /// Whether what the member subscribes to has just changed.
        var topicsHaveChanged: Bool
        /// What the member says it has; nil where it says nothing.
        var owned: Set<TopicIDPartition>?
    }

    /// Goes as far towards `goal` as is possible now. `wants` says whether the member subscribes to a topic, `isTaken`
    /// whether somebody has a partition.
    mutating func reconcile(
        with goal: Goal, wants: (TopicID) -> Bool, isTaken: (TopicIDPartition) -> Bool
    ) {
        switch state {
        case .stable:
            if epoch != goal.epoch {
                move(to: goal, wants, isTaken)
            } else if goal.topicsHaveChanged {
                drop(goal, keeping: wants)
            }
        case .unrevokedPartitions:
            if stillOwns(revoking, goal) {
                if goal.topicsHaveChanged { drop(goal, keeping: wants) }
            } else {
                move(to: goal, wants, isTaken)
            }
        case .unreleasedPartitions: move(to: goal, wants, isTaken)
        }
    }

    private func stillOwns(_ partitions: [TopicIDPartition: Int32], _ goal: Goal) -> Bool {
        guard let owned = goal.owned else { return true }
        return owned.contains { partitions[$0] != nil }
    }

    /// Gives up topics that are not subscribed to any more, before there is a new target.
    private mutating func drop(_ goal: Goal, keeping wants: (TopicID) -> Bool) {
        let lost = assigned.filter { !wants($0.key.topic) }
        guard !lost.isEmpty else { return }
        assigned = assigned.filter { wants($0.key.topic) }
        let all = revoking.merging(lost) { old, _ in old }
        guard stillOwns(all, goal) else { return }
        revoking = all
        state = .unrevokedPartitions
    }

    private mutating func move(
        to goal: Goal, _ wants: (TopicID) -> Bool, _ isTaken: (TopicIDPartition) -> Bool
    ) {
        let target = goal.partitions.filter { wants($0.topic) }
        let kept = assigned.filter { target.contains($0.key) }
        let lost = assigned.filter { !target.contains($0.key) }
        var free: [TopicIDPartition] = []
        var hasUnreleased = false
        for partition in target where kept[partition] == nil {
            // What the member itself was to give up is nobody else's.
            if isTaken(partition), revoking[partition] == nil {
                hasUnreleased = true
            } else {
                free.append(partition)
            }
        }
        assigned = kept
        if !lost.isEmpty, stillOwns(lost, goal) {
            revoking = lost
            state = .unrevokedPartitions
            return
        }
        for partition in free { assigned[partition] = goal.epoch }
        revoking = [:]
        state = hasUnreleased ? .unreleasedPartitions : .stable
        advance(to: goal.epoch)
    }
}
