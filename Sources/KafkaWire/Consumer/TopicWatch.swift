/// Which topics a consumer reads, how many partitions they had when that was looked at last, and when to look again. A
/// value: what the cluster tells and time go in, what it means to the consumer comes out.
struct TopicWatch: Equatable, Sendable {
    typealias Topics = [String: ClusterMetadata.Topic]
    /// The racks of the replicas of topics' partitions, see ``ClusterMetadata/replicaRacks(of:)``.
    typealias Racks = [String: [Set<String?>]]

    private let source: KafkaConsumer.Source
    /// Which topics are read, as the application said last.
    private(set) var wanted: KafkaConsumer.Topics?
    /// Whether the coordinator was to match a pattern once.
    private(set) var hadCoordinatorPattern = false
    /// Whether the application has said so since the member joined, or the topics were looked at.
    private var isNew = false
    private let maximumAge: Duration
    private let excludesInternal: Bool
    /// While a topic is missing, it is looked for more often.
    private static let missingAge = Duration.seconds(2)

    /// The topics that are read; of a pattern, those that it matched when it was looked at last.
    private(set) var names: [String] = []
    /// How many partitions each had when they were assigned last, or taken up.
    private var counts: [String: Int] = [:]
    /// The topics that this member named when it joined its group.
    private var joined: [String] = []
    /// As the group's leader: the topics of all members, which nobody else watches.
    private(set) var led: [String] = []
    private(set) var isLeading = false
    /// How many partitions they had when this member assigned them, or as many as the group has assigned, see
    /// ``remember(assigned:)``.
    var assignedCounts: [String: Int] = [:]
    /// The racks of their replicas then; empty where this member has none itself, and so does not look at them (KIP-881).
    private var assignedRacks: Racks = [:]
    private var nextLook: Instant
    /// Topics that a consumer without a group has looked for already.
    private var followed: Set<String> = []
    private var hasFollowed = false
    private var isFollowing = false
    /// How often in a row a consumer without a group could not look.
    private var failures = 0

    init(_ source: KafkaConsumer.Source, excludesInternal: Bool = true, maximumAge: Duration, now: Instant) {
        self.source = source
        self.maximumAge = maximumAge
        self.excludesInternal = excludesInternal
        nextLook = now + maximumAge
        want(source.topics)
        isNew = false
    }

    /// Other topics are read from now on.
    mutating func want(_ topics: KafkaConsumer.Topics?) {
        wanted = topics
        isNew = true
        // What is wanted anew begins where the application says.
        hasFollowed = false
        if wantsNothing { followed = [] }
        switch topics {
        case .named(let names)?: self.names = names
        case .matchedByCoordinator?: (names, hadCoordinatorPattern) = ([], true)
        case .matching?, nil: break
        }
    }

    /// Whether the application names what it reads. What a pattern matches is there, or was.
    var areNamed: Bool {
        switch wanted {
        case .named?, nil: true
        case .matching?, .matchedByCoordinator?: false
        }
    }

    /// Whether the application has unsubscribed from all topics.
    var wantsNothing: Bool { if case .named(let names)? = wanted { names.isEmpty } else { false } }

    /// What the coordinator matches topics by; nil where it does not.
    var coordinatorPattern: String? { if case .matchedByCoordinator(let text)? = wanted { text } else { nil } }

    // MARK: - When to look

    /// When to look next; nil where that is never, or not now: a group's topics are looked at while this member has its
    /// share of them, and none while nothing is wanted.
    func deadline(hasShare: Bool) -> Instant? {
        switch source {
        case .group: hasShare && !wantsNothing ? nextLook : nil
        case .topics: wantsNothing ? nil : nextLook
        case .partitions, .taken: nil
        }
    }

    /// Whether to look now; the next time comes later.
    mutating func takeDue(hasShare: Bool, now: Instant) -> Bool {
        guard let deadline = deadline(hasShare: hasShare), now >= deadline else { return false }
        nextLook = now + maximumAge
        guard case .topics = source else { return true }
        // What is said meanwhile is looked at behind it.
        guard !isFollowing else { return false }
        (isNew, isFollowing) = (false, true)
        return true
    }

    /// Look as soon as may be.
    mutating func lookSoon(now: Instant) { nextLook = now }

    /// A look was in vain: the next one is due after `pause`.
    mutating func failed(now: Instant, pause: Duration) { nextLook = now + pause }

    // MARK: - What was seen

    /// Takes up the names that the pattern matches among all topics.
    mutating func match(_ topics: Topics) {
        guard case .matching(let pattern)? = wanted else { return }
        names = pattern.matches(among: topics.values.filter { !excludesInternal || !$0.isInternal }.map(\.name))
    }

    /// How many partitions these topics have; those that do not exist are left out.
    func partitionCounts(of names: [String], _ topics: Topics) -> [String: Int] {
        partitionCounts(of: names, topics, before: counts)
    }

    func partitionCounts(of names: [String], _ topics: Topics, before: [String: Int]) -> [String: Int] {
        var found: [String: Int] = [:]
        for name in names {
            guard let topic = topics[name] else { continue }
            switch topic.error {
            case .none: found[name] = topic.partitions.count
            case .unknownTopicOrPartition, .unknownTopicId: break
            // An error of the moment takes nothing away.
            default: found[name] = before[name]
            }
        }
        return found
    }

    // MARK: - In a group

    /// The member joins the group. Whether it leads is said anew.
    mutating func joins() {
        joined = names
        isNew = false
        (led, assignedCounts, assignedRacks, isLeading) = ([], [:], [:], false)
    }

    /// It leads the group, whose members want these topics.
    mutating func leads(_ topics: [String]) { (led, isLeading) = (topics, true) }

    /// It assigns their partitions, of which there are so many, with replicas in these racks: from now on they are compared
    /// with this.
    mutating func remember(_ topics: Topics, racks: Racks = [:]) {
        assignedCounts = partitionCounts(of: led, topics)
        assignedRacks = racks
    }

    /// Whether the member reads the topic.
    func wants(_ topic: String) -> Bool {
        switch wanted {
        case .named(let names)?: names.contains(topic)
        case .matching(let pattern)?: pattern.matches(among: [topic]) == [topic]
        case .matchedByCoordinator?, nil: true
        }
    }

    /// Whether there is no such partition, as far as that is known.
    func isGone(_ partition: TopicPartition, _ topics: Topics) -> Bool {
        guard let topic = topics[partition.topic] else { return false }
        switch topic.error {
        case .none: return !topic.partitions.indices.contains(partition.partition.index)
        case .unknownTopicOrPartition, .unknownTopicId: return true
        default: return false
        }
    }

    /// The group has assigned partitions, or they were taken up: from now on changes of the topics are compared with this.
    /// Gives what is said of a topic that is missing.
    mutating func settled(_ topics: Topics, now: Instant) -> KafkaError? {
        counts = partitionCounts(of: names, topics)
        return plan(topics, now: now)
    }

    /// The topics of a group's member were looked at: whether it has to join again, and what is said of a topic that is
    /// missing. Each does so where its pattern matches others; where partitions have come or gone, or their replicas are in other
    /// racks, the leader does, for all (a follower that joins again unchanged gets what it has). As in Java
    /// (`ConsumerCoordinator.MetadataSnapshot`) a broker that is away has no rack.
    mutating func compared(
        _ topics: Topics, racks: Racks = [:], now: Instant
    ) -> (haveChanged: Bool, missing: KafkaError?) {
        isNew = false
        let missing = settled(topics, now: now)
        let seen = partitionCounts(of: led, topics, before: assignedCounts)
        let haveMoved = led.contains { name in
            guard let before = assignedRacks[name], let now = racks[name] else { return false }
            return before != now
        }
        return (names != joined || isLeading && (seen != assignedCounts || haveMoved), missing)
    }

    /// Why a topic that the application names cannot be read as things are, however long is waited: it may not be seen, or
    /// no topic can have that name. What a pattern matches was seen.
    func denial(_ topics: Topics) -> KafkaError? {
        guard areNamed else { return nil }
        for name in names {
            guard let code = topics[name]?.error, ErrorVerdicts.isDenial(code) else { continue }
            return .refused(code, "could not read topic \(name)", api: .metadata, topic: name)
        }
        return nil
    }

    private mutating func plan(_ topics: Topics, now: Instant) -> KafkaError? {
        let missing = names.first { counts[$0] == nil }
        let isComplete = missing == nil && led.allSatisfy { assignedCounts[$0] != nil }
        let looksOften = !isComplete || names.isEmpty && coordinatorPattern == nil
        nextLook = now + (!looksOften ? maximumAge : Self.missingAge)
        if isNew { nextLook = now }
        if case .matching(let pattern)? = wanted, names.isEmpty {
            return .refused(
                .unknownTopicOrPartition, "waiting for a topic that \(pattern) matches",
                advice: "create one, or look at the pattern; reading begins by itself when it is there")
        }
        guard let name = missing else { return nil }
        // A topic that is there, and cannot be read at present, is not a missing one.
        let code = topics[name]?.error ?? .unknownTopicOrPartition
        let isUnknown = [.unknownTopicOrPartition, .unknownTopicId, .none].contains(code)
        return .refused(
            code == .none ? .unknownTopicOrPartition : code, "waiting for topic \(name)", api: .metadata, topic: name,
            advice: isUnknown ? "create it, or look at its spelling; reading begins by itself when it is there" : nil)
    }

    // MARK: - Without a group

    /// The partitions that there are, and where to begin in those of them that are not `read` yet: at `start` in what was
    /// there when it was looked for first, at the first record in all later ones, which nobody has seen.
    func followed(
        _ topics: Topics, read: some Collection<TopicPartition>, from start: KafkaConsumer.StartingOffset
    ) -> (all: Set<TopicPartition>, new: [TopicPartition: KafkaConsumer.StartingOffset]) {
        let all = partitionCounts(of: names, topics).flatMap { name, count in
            (0..<count).map { TopicPartition(name, PartitionID(index: $0)) }
        }
        var isPattern = false
        if case .matching? = wanted { isPattern = true }
        let read = Set(read)
        var new: [TopicPartition: KafkaConsumer.StartingOffset] = [:]
        for partition in all where !read.contains(partition) {
            new[partition] = followed.contains(partition.topic) || isPattern && hasFollowed ? .earliest : start
        }
        return (Set(all), new)
    }

    /// They are read now. Topics that are known to be there, or known to be missing: what comes of them later is new. Gives
    /// what is said of a topic that is missing.
    mutating func tookUp(_ topics: Topics, now: Instant) -> KafkaError? {
        isFollowing = false
        failures = 0
        let missing = settled(topics, now: now)
        // Other topics may be wanted since: they are looked at next.
        guard !isNew else { return missing }
        for name in names where counts[name] != nil || topics[name]?.error == .unknownTopicOrPartition {
            followed.insert(name)
        }
        followed.formIntersection(names)
        hasFollowed = true
        return missing
    }

    /// They could not be looked at, or taken up. Gives how often in a row that was so.
    mutating func followingFailed(now: Instant, pause: (_ failures: Int) -> Duration) -> Int {
        isFollowing = false
        failures += 1
        failed(now: now, pause: pause(failures))
        return failures
    }
}
