import DequeModule

/// The part of a consumer that talks to brokers: an actor on the loop. It performs what ``GroupState`` and
/// ``FetchPlan`` decide, and hands the application one step at a time.
actor ConsumerEngine {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the application gets next.
    enum Step: Sendable {
        case event(ConsumerEvent)
        /// Records, with the number of the assignment that they belong to.
        case chunk(FetchedChunk, assignment: Int)
    }

    let configuration: KafkaConsumer.Configuration
    let cluster: Cluster
    var group: GroupState?
    var plan: FetchPlan
    var fatal: KafkaError?
    private(set) var isClosed = false
    private var isStopped = false
    private var hasBegun = false
    var events: Deque<ConsumerEvent> = []
    var troubles = Troubles()

    /// Counts the assignments, given and taken away.
    private(set) var assignment = 0
    /// Set from the moment the application is told to let go until it has.
    private var isRevoking = false
    var fetching: [BrokerID: Int] = [:]
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Counts the calls of ``wakeApplication()``: between looking and waiting the actor may be left, and what happened
    /// then must not be waited for.
    private var wakes = 0
    private var timer: (at: Instant, id: TimerID)?
    private var gates: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextGate = 0

    /// Positions behind what was given to the application; they are committable when it asks for more.
    private var given: [TopicPartition: CommittedOffset] = [:]
    var processed: [TopicPartition: CommittedOffset] = [:]
    var nextAutoCommit: Instant
    /// How many partitions each topic had when the group last assigned them.
    var assignedCounts: [String: Int] = [:]
    var nextTopicLook: Instant
    /// The topics that are read; of a pattern, those that it matched when it was looked at last.
    var topicNames: [String] = []
    /// Topics that a consumer without a group has looked for already.
    var followedTopics: Set<String> = []
    var hasFollowed = false
    var isFollowing = false
    var failedFollowing = 0
    /// The end that the application has come to with the chunk that it has.
    private var reachedEnd: (partition: TopicPartition, offset: Offset)?
    var isLooking = false
    var isResolving = false
    /// The pauses between tries of all kinds; how often each has failed, each counts.
    let backoff: Backoff
    var lookBackoff: Backoff
    /// How often in a row a broker has answered at once that there is nothing.
    var hastyAnswers: [BrokerID: Int] = [:]
    /// How often in a row the position could not be committed, and whether it is being tried.
    var failedCommits = 0
    var isCommitting = false
    var commitFailure: KafkaError?

    init(_ configuration: KafkaConsumer.Configuration, cluster: Cluster) {
        self.configuration = configuration
        self.cluster = cluster
        loop = cluster.loop
        plan = FetchPlan(limit: configuration.maximumBuffered)
        backoff = Backoff(configuration.client, seed: cluster.loop.random())
        lookBackoff = backoff
        nextAutoCommit = .now + (configuration.autoCommit ?? .zero)
        nextTopicLook = .now + configuration.client.metadataMaximumAge
        if case .named(let names)? = configuration.source.topics { topicNames = names }
        if let id = configuration.groupId {
            group = GroupState(
                groupId: id, groupInstanceId: configuration.groupInstanceId,
                sessionTimeout: configuration.sessionTimeout, heartbeatInterval: configuration.heartbeatInterval,
                maximumPollInterval: configuration.maximumPollInterval)
        }
    }

    // MARK: - The application's side

    /// The next step; nil when the consumer is closed or the task is cancelled.
    func take() async throws(KafkaError) -> Step? {
        begin()
        processed.merge(given) { $1 }
        given = [:]
        if isRevoking { await letGo() }
        autoCommitIfDue()
        while true {
            let seen = wakes
            if isClosed || isStopped { return nil }
            if Task.isCancelled {
                await withdraw()
                return nil
            }
            if let actions = group?.polled(now: .now) { perform(actions) }
            if let event = events.popFirst() {
                if case .revoked = event { isRevoking = true }
                return .event(event)
            }
            if let end = reachedEnd {
                reachedEnd = nil
                return .event(.reachedEnd(end.partition, at: end.offset))
            }
            if let fatal { throw fatal }
            if let chunk = plan.takeChunk() {
                let epoch = chunk.batches.last?.partitionLeaderEpoch ?? .none
                if chunk.nextOffset > chunk.firstOffset {
                    given[chunk.source] = CommittedOffset(offset: chunk.nextOffset, leaderEpoch: epoch)
                }
                if chunk.reachesEnd { reachedEnd = (chunk.source, chunk.nextOffset) }
                fetch()
                return .chunk(chunk, assignment: assignment)
            }
            fetch()
            await withCheckedContinuation { continuation in
                if wakes == seen { waiters.append(continuation) } else { continuation.resume() }
            }
        }
    }

    /// Has a `take` that waits look again, at whether its task was cancelled for one.
    func wakeApplication() {
        wakes += 1
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }

    func accepted(_ chunk: FetchedChunk) { plan.accepted(chunk.source) }

    /// The application gets `front` for now, and `rest` with the next steps: what both hold is too much at once.
    func divided(_ front: ConsumerBatch, _ rest: FetchedChunk) {
        // Taken away, or sought elsewhere, since it was taken.
        guard given[front.source] != nil else { return }
        given[front.source] = CommittedOffset(
            offset: front.nextOffset, leaderEpoch: front.leaderEpoch)
        forgetEnd(front.source)
        plan.putBack(rest)
    }

    /// Fetches again, from `offset` on, what was damaged; false when that was done often enough.
    func refetch(_ partition: TopicPartition, from offset: Offset) -> Bool {
        plan.refetch(partition, from: offset, at: .now + configuration.client.retryBackoff)
    }

    /// The application gets only what stands in front of `offset`; the rest is fetched again.
    func returned(_ partition: TopicPartition, from offset: Offset) {
        given[partition]?.offset = offset
        forgetEnd(partition)
        if plan.positions[partition] != nil { plan.seek(partition, to: offset) }
    }

    /// The application gets nothing of a chunk, and does not move on.
    func withheld(_ partition: TopicPartition) {
        given[partition] = nil
        forgetEnd(partition)
    }

    private func forgetEnd(_ partition: TopicPartition) {
        if reachedEnd?.partition == partition { reachedEnd = nil }
    }

    /// A damaged batch is left out: the application is told, and goes on at `offset`.
    func skipped(_ partition: TopicPartition, to offset: Offset?, because error: KafkaError) {
        configuration.client.logger.error("\(error.message)")
        events.append(.trouble(error))
        guard let offset, plan.positions[partition] != nil else { return }
        plan.seek(partition, to: offset)
    }

    func seek(_ partition: TopicPartition, to offset: Offset) {
        plan.seek(partition, to: offset)
        given[partition] = nil
        forgetEnd(partition)
        processed[partition] = nil
        fetch()
    }

    var positions: [TopicPartition: Offset?] { plan.positions.mapValues(\.offset) }

    /// Ends the sequence behind what was given out last.
    func stop() {
        isStopped = true
        wakeApplication()
    }

    /// Commits what was processed, leaves the group, closes the connections. Gives why not all could be committed.
    @discardableResult
    func close() async -> KafkaError? {
        guard !isClosed else { return nil }
        isClosed = true
        wakeApplication()
        await bounded(.seconds(10)) { engine in
            await engine.commitBeforeLeaving()
            for case .leave(let memberId) in await engine.closeGroup() { await engine.sendLeave(memberId) }
        }
        if let timer { loop.cancel(timer.id) }
        timer = nil
        await cluster.close()
        guard let group, configuration.autoCommit != nil, !processed.isEmpty else { return nil }
        return commitFailure
            ?? KafkaError(
                .timedOut,
                "could not commit to group \(group.groupId) in time before it was left; the records behind the last commit "
                    + "come again", api: .offsetCommit)
    }

    private func closeGroup() -> [GroupState.Action] { group?.close() ?? [] }
    private func withdrawGroup() -> [GroupState.Action] { group?.withdraw() ?? [] }

    private func commitBeforeLeaving() async {
        commitFailure = nil
        if configuration.autoCommit != nil { await commitProcessed() }
    }

    /// The reading task was cancelled: as ``close()``, but somebody may read again, and joins again then.
    private func withdraw() async {
        guard group != nil, group?.phase != .outside else { return }
        await bounded(.seconds(3)) { engine in
            await engine.commitBeforeLeaving()
            for case .leave(let memberId) in await engine.withdrawGroup() { await engine.sendLeave(memberId) }
        }
        _ = withdrawGroup()
        isRevoking = false
        events.removeAll { event in
            switch event {
            case .assigned, .revoked: true
            case .batch, .trouble, .recovered, .reachedEnd: false
            }
        }
        reassign([:])
    }

    /// Does something for at most that long; what is not finished then goes on unheard.
    private func bounded(_ limit: Duration, _ work: @escaping @Sendable (ConsumerEngine) async -> Void) async {
        let gate = nextGate
        nextGate += 1
        let timer = loop.schedule(at: .now + limit) { [weak self] in self?.assumeIsolated { $0.open(gate) } }
        await withCheckedContinuation { continuation in
            gates[gate] = continuation
            Task(executorPreference: loop) {
                await work(self)
                await self.open(gate)
            }
        }
        loop.cancel(timer)
    }

    private func open(_ gate: Int) { gates.removeValue(forKey: gate)?.resume() }

    // MARK: - Assignments

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        switch configuration.source {
        case .partitions(let starts): takeOver(starts)
        case .topics: nextTopicLook = .now
        case .group: break
        }
    }

    func takeOver(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) {
        reassign(starts)
        fetch()
    }

    private func reassign(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) {
        assignment += 1
        plan.assign(starts)
        given = [:]
        reachedEnd = nil
        processed = [:]
        tell(troubles.endFetching())
    }

    /// Announces an assignment, once its offsets are known.
    func announce(_ offsets: [TopicPartition: Offset]) {
        events.append(.assigned(offsets))
        wakeApplication()
    }

    /// Topics are gone that a consumer without a group read.
    func tellRevoked(_ partitions: [TopicPartition]) {
        events.append(.revoked(partitions, lost: true))
        wakeApplication()
    }

    /// The application has finished with the partitions that are taken away.
    private func letGo() async {
        if configuration.autoCommit != nil, group?.phase == .revoking(lost: false) {
            await bounded(configuration.sessionTimeout) { await $0.commitProcessed() }
        }
        isRevoking = false
        guard case .revoking = group?.phase else { return }
        reassign([:])
        if let actions = group?.released() { perform(actions) }
    }

    private func revoke(lost: Bool) {
        // What the application was not told of, it need not let go.
        let isKnown = !events.contains { if case .assigned = $0 { true } else { false } }
        events.removeAll { if case .assigned = $0 { true } else { false } }
        if lost {
            processed = [:]
            given = [:]
        }
        let partitions = plan.positions.keys.sorted()
        if let place = events.firstIndex(where: { if case .revoked = $0 { true } else { false } }) {
            events[place] = .revoked(partitions, lost: lost)
        } else if isRevoking {
            // The application is letting go already.
        } else if partitions.isEmpty || !isKnown {
            reassign([:])
            if let actions = group?.released() { perform(actions) }
        } else {
            events.append(.revoked(partitions, lost: lost))
        }
        wakeApplication()
    }

    // MARK: - The group

    func perform(_ actions: [GroupState.Action]) {
        for action in actions {
            switch action {
            case .join(let attempt, let afterPause):
                let pause = afterPause ? backoff.pause(after: group?.failures ?? 1) : .zero
                Task(executorPreference: loop) { await self.sendJoin(attempt, pause) }
            case .forgetCoordinator:
                guard let id = configuration.groupId else { continue }
                cluster.assumeIsolated { $0.forgetCoordinator(.coordinator(group: id)) }
            case .assignAndSync(let members): Task(executorPreference: loop) { await self.assignAndSync(members) }
            case .sync: Task(executorPreference: loop) { await self.sendSync([:]) }
            case .heartbeat: Task(executorPreference: loop) { await self.sendHeartbeat() }
            case .takeOver(let assignment): Task(executorPreference: loop) { await self.takeOver(assignment) }
            case .revoke(let lost): revoke(lost: lost)
            case .leave(let memberId): Task(executorPreference: loop) { await self.sendLeave(memberId) }
            case .report(let error): report(error, .membership)
            case .recovered: worksAgain(.membership)
            case .fail(let error): fail(error)
            }
        }
        setTimer()
    }

    func fail(_ error: KafkaError) {
        fatal = fatal ?? error
        wakeApplication()
    }

    // MARK: - Time

    func setTimer() {
        let now = Instant.now
        let candidates = [
            group?.nextDeadline, plan.nextLook(now), looksAtTopics ? nextTopicLook : nil, autoCommitDeadline,
        ]
        guard !isClosed, let at = candidates.compactMap({ $0 }).min() else { return }
        // A time that has passed is looked at again soon, not in a circle.
        let due = max(at, now + .milliseconds(1))
        if let timer {
            if timer.at <= due, timer.at > now { return }
            loop.cancel(timer.id)
        }
        let id = loop.schedule(at: due) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
        timer = (due, id)
    }

    private func timerFired() {
        timer = nil
        guard !isClosed else { return }
        let now = Instant.now
        // An application that waits for records is not one that works for too long.
        if !waiters.isEmpty, let actions = group?.polled(now: now) { perform(actions) }
        if let actions = group?.tick(now: now) { perform(actions) }
        autoCommitIfDue()
        fetch()
    }
}
