/// The part of a consumer that talks to brokers: an actor on the loop. It performs what its values decide, and hands the
/// application one step at a time: ``GroupMembership`` has the group, ``TopicWatch`` the topics, ``FetchPlan`` what is
/// fetched, ``CommitLedger`` what is committed, ``Announcements`` what is told and in which order.
actor ConsumerEngine {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the application gets next.
    enum Step: Sendable {
        case news(Announcements.News)
        /// Records, with the number of the assignment that they belong to. Of those that the engine doubts it wants to hear where they are
        /// sound.
        case chunk(FetchedChunk, assignment: Int, isDoubted: Bool)
    }

    let configuration: KafkaConsumer.Configuration
    let reader: ConsumerRecord.Reader
    let cluster: Cluster
    var membership: (any GroupMembership)?
    var topics: TopicWatch
    var plan: FetchPlan
    var commits: CommitLedger
    var announcements = Announcements()
    /// How many requests are on their way with which the member leaves.
    var partings = 0
    /// How often the member has left, or had no more time for it.
    var leavings = 0
    /// The partitions that the group is taking away, until the application has let go of them.
    var leaving: [TopicPartition] = []
    var leaderLooks = LeaderLooks()
    var progress: ProgressWatch
    var rebalance = RebalanceClock()
    /// Whose turn it is to change what is read.
    var turns = ChangeTurns()
    /// What was said with each broker about fetching.
    var dialogues: [BrokerID: FetchDialogue] = [:]
    /// What the application marks as done.
    nonisolated let marks: MarkBoard
    /// The pauses between tries of all kinds; how often each has failed, each counts.
    let backoff: Backoff

    private(set) var hasBegun = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Counts the calls of ``wakeApplication()``: between looking and waiting the actor may be left, and what happened
    /// then must not be waited for.
    private var wakes = 0
    private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }

    init(_ configuration: KafkaConsumer.Configuration, cluster: Cluster) {
        self.configuration = configuration
        reader = ConsumerRecord.Reader(group: configuration.groupId, clientId: configuration.client.clientId)
        self.cluster = cluster
        loop = cluster.loop
        backoff = Backoff(configuration.client, seed: cluster.loop.random())
        let now = cluster.loop.now
        topics = TopicWatch(
            configuration.source, excludesInternal: configuration.excludesInternalTopics,
            maximumAge: configuration.client.metadataMaximumAge, now: now)
        plan = FetchPlan(
            FetchRoom(
                limit: configuration.maximumBuffered, largest: configuration.fetchMaximumBytes,
                least: max(FetchRoom.usualBatch, configuration.fetchMinimumBytes)))
        progress = ProgressWatch(limit: configuration.client.progressLimit, now: now)
        commits = CommitLedger(interval: configuration.groupId == nil ? nil : configuration.autoCommit, now: now)
        marks = MarkBoard(isOn: configuration.commitsMarked)
        commits.isByMarks = configuration.commitsMarked
        if case .taken(let partitions, _) = configuration.source {
            commits.gained(partitions)
            marks.gained(partitions, commits.assignment)
        }
        if case .group(let id, _) = configuration.source, configuration.groupProtocol == .consumer {
            var chance = loop.randomSource()
            membership = HeartbeatMembership(
                groupId: id, groupInstanceId: configuration.groupInstanceId,
                memberId: Uuid.random(using: &chance).description,
                maximumPollInterval: configuration.maximumPollInterval)
        } else if case .group(let id, _) = configuration.source {
            membership = GroupState(
                groupId: id, groupInstanceId: configuration.groupInstanceId,
                sessionTimeout: configuration.sessionTimeout, heartbeatInterval: configuration.heartbeatInterval,
                maximumPollInterval: configuration.maximumPollInterval,
                rebalanceProtocol: .of(configuration.assignors))
        }
    }

    var now: Instant { loop.now }
    var hasShare: Bool { membership?.standing == .stable || isTaken }
    /// Whether the application itself takes partitions, whose positions a group keeps.
    private var isTaken: Bool { if case .taken = configuration.source { true } else { false } }

    func pause(_ time: Duration) async {
        if time > .zero { try? await loop.sleep(for: time) }
    }

    // MARK: - The application's side

    /// The next step; nil when the consumer is closed or the task is cancelled.
    func take() async throws(KafkaError) -> Step? {
        begin()
        commits.asked()
        if announcements.isLettingGo { await letGo() }
        commitIfDue()
        while true {
            let seen = wakes
            let isCancelled = Task.isCancelled
            if announcements.isOpen, !isCancelled { poll() }
            switch announcements.next(isCancelled: isCancelled) {
            case .end: return nil
            case .withdraw:
                await withdraw()
                return nil
            case .news(let news): return .news(news)
            case .failure(let error): throw error
            case .records: break
            }
            if !topics.wantsNothing, let chunk = plan.takeChunk() {
                noteProgress(chunk.source)
                gave(chunk)
                fetch()
                return .chunk(
                    chunk, assignment: commits.assignment(of: chunk.source), isDoubted: plan.isDoubted(chunk.source))
            }
            fetch()
            await withCheckedContinuation { continuation in
                if wakes == seen { waiters.append(continuation) } else { continuation.resume() }
            }
        }
    }

    /// The application asks for more. A member that leaves joins behind that: the coordinator might take the one for the other.
    private func poll() {
        guard partings == 0, let actions = membership?.polled(now: now) else { return }
        perform(actions)
    }

    /// Has a `take` that waits look again, at whether its task was cancelled for one.
    func wakeApplication() {
        wakes += 1
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }

    /// Ends the sequence behind what was given out last.
    func stop() {
        announcements.stop()
        wakeApplication()
    }

    /// Commits what was processed, leaves the group, closes the connections. Gives why not all could be committed.
    @discardableResult
    func close(
        _ operation: KafkaConsumer.CloseOperation = .usual, within limit: Duration = .seconds(10)
    ) async -> KafkaError? {
        guard announcements.close() else { return nil }
        wakeApplication()
        let deadline = now + max(.zero, limit)
        await leave(within: max(.zero, limit)) { $0.close(operation) }
        await endSessions(within: min(.milliseconds(500), max(.zero, deadline - now)))
        timer.cancel()
        shareEnded()
        await cluster.close()
        for interceptor in configuration.interceptors { interceptor.onClose() }
        return configuration.groupId.flatMap { commits.closed($0) }
    }

    /// The reading task was cancelled: as ``close()``, but somebody may read again, and joins again then.
    private func withdraw() async {
        if isTaken {
            let deadline = now + .seconds(3)
            await bounded(.seconds(3)) { await $0.commitRest(until: deadline) }
        }
        guard let membership, membership.standing != .outside else { return }
        await leave(within: .seconds(3)) { $0.withdraw() }
        _ = self.membership?.withdraw()
        announcements.withdrew()
        reassign([:])
    }

    /// Does something for at most that long; what is not finished then goes on unheard.
    func bounded(_ limit: Duration, _ work: @escaping @Sendable (isolated ConsumerEngine) async -> Void) async {
        let end = Arrival<Void>()
        let timer = loop.schedule(at: now + limit) { end.give(()) }
        Task(executorPreference: loop) {
            await work(self)
            end.give(())
        }
        await end.value()
        loop.cancel(timer)
    }

    func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        switch configuration.source {
        case .partitions(let starts):
            gain(starts, epochs: [:])
            fetch()
        case .taken(let partitions, let group):
            plan.expect(partitions)
            shareChanged()
            takeUp(partitions, of: group)
        case .topics: topics.lookSoon(now: now)
        case .group: break
        }
    }

    /// Reads these partitions from now on, and no others.
    func reassign(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch] = [:]
    ) {
        plan.assign(starts, epochs: epochs)
        commits.reassigned()
        shareChanged()
        marks.reassigned(commits.assignment)
        tell(announcements.reassigned())
    }

    // MARK: - What is told

    /// Tells the application of something that does not work, once until it works again.
    func report(_ error: KafkaError, _ source: Troubles.Source) {
        guard !announcements.isClosed else { return }
        let error = error.told(for: .consuming)
        let change = announcements.trouble(error, source)
        guard change != .none else { return }
        cluster.tell(.troubled(error))
        if change != .more { wakeApplication() }
    }

    /// A coordinator that loads, a transaction that ends, a leader that is elected are matters of a moment; a broker that
    /// cannot be reached is said at once.
    func isToBeTold(_ error: KafkaError, after failures: Int) -> Bool { error.code.broker == nil || failures > 2 }

    func worksAgain(_ source: Troubles.Source) { tell(announcements.worksAgain(source)) }

    private func tell(_ change: Troubles.Change) {
        guard change == .recovered else { return }
        cluster.tell(.recovered)
        wakeApplication()
    }

    /// Reads these partitions as well.
    func gain(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch]
    ) {
        plan.add(starts, epochs: epochs)
        gained(starts.keys)
    }

    /// These partitions are read as well from now on.
    func gained(_ partitions: some Collection<TopicPartition>) {
        commits.gained(partitions)
        marks.gained(partitions, commits.assignment)
        shareChanged()
    }

    /// Reads these partitions no longer.
    func giveUp(_ partitions: [TopicPartition]) {
        plan.remove(Set(partitions))
        commits.gaveUp(partitions)
        marks.gaveUp(partitions)
        shareChanged()
        tell(announcements.gaveUp(partitions))
    }

    func announce(_ offsets: [TopicPartition: Offset], later: some Collection<TopicPartition>) {
        announcements.assigned(offsets, later: later)
        wakeApplication()
    }

    /// So long the application waits for all of its partitions to be looked up; what takes longer is told of later.
    var firstLook: Duration { min(.seconds(2), configuration.client.requestTimeout) }

    func fail(_ error: KafkaError) {
        announcements.fail(error.told(for: .consuming))
        wakeApplication()
    }

    // MARK: - Time

    func setTimer() {
        let now = now
        let candidates = [
            membership?.nextDeadline, plan.nextLook(now), topics.deadline(hasShare: hasShare),
            hasShare ? commits.deadline : nil, progress.nextLook,
        ]
        guard !announcements.isClosed, let at = candidates.compactMap({ $0 }).min() else { return }
        // A time that has passed is looked at again soon, not in a circle.
        timer.bringForward(to: max(at, now + .milliseconds(1)))
    }

    private func timerFired() {
        timer.fired()
        guard !announcements.isClosed else { return }
        let now = now
        // An application that waits for records is not one that works for too long.
        if !waiters.isEmpty { poll() }
        if let actions = membership?.tick(now: now) { perform(actions) }
        commitIfDue()
        watchProgress()
        fetch()
    }
}
