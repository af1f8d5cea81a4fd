import DequeModule

/// The part of a consumer that talks to brokers: an actor on the loop. It performs what ``GroupState`` and
/// ``FetchPlan`` decide, and hands the application one step at a time.
actor ConsumerEngine {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What the application gets next.
    enum Step: Sendable {
        case event(ConsumerEvent)
        case chunk(FetchedChunk)
    }

    let configuration: KafkaConsumer.Configuration
    let cluster: Cluster
    var group: GroupState?
    var plan: FetchPlan
    private var events: Deque<ConsumerEvent> = []
    private var fatal: KafkaError?
    private var isClosed = false
    private var isStopped = false
    private var hasBegun = false

    /// Set from the moment the application is told to let go until it asks for the next step.
    private var isRevoking = false
    private var isTroubled = false
    private var fetching: [Int32: Int] = [:]
    private var waiter: CheckedContinuation<Void, Never>?
    private var isCancelled = false
    private var timer: (at: Instant, id: TimerID)?

    /// Positions behind what was given to the application; they are committable when it asks for more.
    private var given: [TopicPartition: CommittedOffset] = [:]
    private var processed: [TopicPartition: CommittedOffset] = [:]
    private var nextAutoCommit: Instant
    /// How many partitions each topic had when the group last assigned them.
    private var assignedCounts: [String: Int] = [:]
    private var nextTopicLook: Instant
    private var isLooking = false
    private var isResolving = false
    private var joinBackoff: Backoff

    init(_ configuration: KafkaConsumer.Configuration, cluster: Cluster) {
        self.configuration = configuration
        self.cluster = cluster
        loop = cluster.loop
        plan = FetchPlan(limit: configuration.maximumBuffered)
        joinBackoff = Backoff(configuration.client)
        nextAutoCommit = .now + (configuration.autoCommit ?? .zero)
        nextTopicLook = .now + configuration.client.metadataMaximumAge
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
        await autoCommitIfDue()
        while true {
            if isClosed || isStopped || isCancelled || Task.isCancelled {
                isCancelled = false
                return nil
            }
            if let actions = group?.polled(now: .now) { perform(actions) }
            if let event = events.popFirst() {
                if case .revoked = event { isRevoking = true }
                return .event(event)
            }
            if let fatal { throw fatal }
            if let chunk = plan.takeChunk() {
                let epoch = chunk.batches.last?.partitionLeaderEpoch ?? -1
                given[chunk.source] = CommittedOffset(offset: chunk.nextOffset, leaderEpoch: epoch)
                fetch()
                return .chunk(chunk)
            }
            fetch()
            await wait()
        }
    }

    /// Ends a `take` that waits.
    func cancelTake() {
        isCancelled = waiter != nil
        wakeApplication()
    }

    func accepted(_ chunk: FetchedChunk) { plan.accepted(chunk.source) }

    /// Fetches a damaged chunk again; false when that was done often enough.
    func refetch(_ chunk: FetchedChunk) -> Bool {
        given[chunk.source] = nil
        return plan.refetch(chunk, at: .now + configuration.client.retryBackoff)
    }

    /// Tells the application of something that does not work, once until it works again.
    func report(_ error: KafkaError) {
        configuration.client.logger.warning("\(error.message)")
        guard !isTroubled else { return }
        isTroubled = true
        events.append(.trouble(error))
        wakeApplication()
    }

    private func worksAgain() {
        guard isTroubled else { return }
        isTroubled = false
        configuration.client.logger.info("consuming works again")
        events.append(.recovered)
        wakeApplication()
    }

    func seek(_ partition: TopicPartition, to offset: Int64) {
        plan.seek(partition, to: offset)
        given[partition] = nil
        processed[partition] = nil
        fetch()
    }

    var positions: [TopicPartition: Int64?] { plan.positions.mapValues(\.offset) }

    /// Ends the sequence behind what was given out last.
    func stop() {
        isStopped = true
        wakeApplication()
    }

    /// Commits what was processed, leaves the group, closes the connections.
    func close() async {
        guard !isClosed else { return }
        isClosed = true
        wakeApplication()
        if configuration.autoCommit != nil { await commitProcessed() }
        if let actions = group?.close(), actions.contains(.leave) { await sendLeave() }
        if let timer { loop.cancel(timer.id) }
        await cluster.close()
    }

    // MARK: - Steps of the engine

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        if case .partitions(let starts) = configuration.source { takeOver(starts) }
    }

    func takeOver(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) {
        plan.assign(starts)
        given = [:]
        processed = [:]
        fetch()
    }

    /// Announces an assignment, once its offsets are known.
    func announce(_ offsets: [TopicPartition: Int64]) {
        events.append(.assigned(offsets))
        wakeApplication()
    }

    /// The application has finished with the partitions that are taken away.
    private func letGo() async {
        isRevoking = false
        if configuration.autoCommit != nil, case .revoking(lost: false) = group?.phase { await commitProcessed() }
        processed = [:]
        plan.assign([:])
        if let actions = group?.released() { perform(actions) }
    }

    /// Resolves positions and asks for records, as far as there is something to ask for.
    private func fetch() {
        guard !isClosed, fatal == nil else { return }
        let now = Instant.now
        lookAtTopics(now)
        if !isResolving {
            let unresolved = plan.unresolved(now)
            if !unresolved.isEmpty {
                isResolving = true
                Task(executorPreference: loop) { await self.resolve(unresolved) }
            }
        }
        let metadata = cluster.assumeIsolated { $0.metadata }
        let (requests, leaderless) = plan.takeRequests(
            now: now, leader: { metadata.leader(of: $0) }, isFree: { fetching[$0, default: 0] == 0 })
        if !leaderless.isEmpty { relearn(leaderless) }
        for (leader, request) in requests {
            fetching[leader, default: 0] += 1
            Task(executorPreference: loop) { await self.fetch(request, from: leader) }
        }
        setTimer()
    }

    private func fetch(_ request: FetchPlan.Request, from leader: Int32) async {
        let outcome = await FetchExchange.fetch(request, from: leader, configuration, cluster)
        fetching[leader, default: 1] -= 1
        plan.settled(request.partitions)
        switch outcome {
        case .success(let answers):
            for answer in answers { take(answer) }
        case .failure(let error):
            let until = Instant.now + configuration.client.retryBackoff * 2
            for partition in request.partitions { plan.pause(partition, until: until) }
            if !isClosed {
                report(error)
                relearn(request.partitions)
            }
        }
        fetch()
    }

    private func take(_ answer: FetchExchange.PartitionAnswer) {
        switch answer.outcome {
        case .success(let chunk?):
            plan.received(chunk)
            worksAgain()
            wakeApplication()
        case .success(nil): worksAgain()
        case .failure(let error):
            let now = Instant.now
            plan.pause(answer.source, until: now + configuration.client.retryBackoff * 2)
            switch error.code.broker {
            case .offsetOutOfRange?: resetPosition(answer.source, error)
            case .notLeaderOrFollower?, .leaderNotAvailable?, .fencedLeaderEpoch?, .unknownLeaderEpoch?:
                relearn([answer.source])
            case let code? where code.invalidatesMetadata:
                report(error)
                relearn([answer.source])
            default:
                if error.isRetriable { report(error) } else { fail(error) }
            }
        }
    }

    private func resetPosition(_ partition: TopicPartition, _ error: KafkaError) {
        switch configuration.offsetReset {
        case .earliest: plan.reset(partition, to: .earliest)
        case .latest: plan.reset(partition, to: .latest)
        case .fail: return fail(error)
        }
        configuration.client.logger.warning("\(error.message); going on by auto.offset.reset")
    }

    private func resolve(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) async {
        defer { isResolving = false }
        let now = Instant.now
        var pause = configuration.client.retryBackoff * 2
        do throws(KafkaError) {
            let found = try await FetchExchange.offsets(starts, cluster)
            for (partition, offset) in found { plan.resolve(partition, offset) }
            if found.count == starts.count { pause = .zero }
        } catch {
            report(error)
        }
        for partition in starts.keys where plan.positions[partition]?.offset == nil {
            plan.pause(partition, until: now + pause)
        }
        isResolving = false
        fetch()
        wakeApplication()
    }

    // MARK: - Topics

    /// Asks for leaders anew, in the background and not too often.
    private func relearn(_ partitions: [TopicPartition]) {
        guard !isLooking else { return }
        isLooking = true
        let topics = Set(partitions.map(\.topic)).sorted()
        Task(executorPreference: loop) { await self.relearn(topics) }
    }

    private func relearn(_ topics: [String]) async {
        do throws(KafkaError) { try await cluster.refresh(topics) } catch { report(error) }
        try? await Task.sleep(for: configuration.client.retryBackoff)
        isLooking = false
        fetch()
    }

    /// Looks from time to time whether the group's topics have come, gone or grown; more often while one is missing.
    private func lookAtTopics(_ now: Instant) {
        guard case .group(_, let topics) = configuration.source, now >= nextTopicLook, group?.phase == .stable else {
            return
        }
        nextTopicLook = now + configuration.client.metadataMaximumAge
        Task(executorPreference: loop) { await self.compareTopics(topics) }
    }

    private func compareTopics(_ topics: [String]) async {
        try? await cluster.refresh(topics)
        let counts = partitionCounts(topics)
        if counts != assignedCounts, let actions = group?.subscriptionChanged() {
            assignedCounts = counts
            perform(actions)
        }
        planTopicLook(topics)
    }

    private func planTopicLook(_ topics: [String]) {
        let missing = topics.filter { assignedCounts[$0] == nil }
        nextTopicLook = .now + (missing.isEmpty ? configuration.client.metadataMaximumAge : .seconds(2))
        if let name = missing.first {
            report(
                .refused(
                    .unknownTopicOrPartition, "waiting for topic \(name)", topic: name,
                    advice: "create it, or look at its spelling; reading begins by itself when it is there"))
        } else {
            worksAgain()
        }
        setTimer()
    }

    func partitionCounts(_ topics: [String]) -> [String: Int] {
        let known = cluster.assumeIsolated { $0.metadata.topics }
        var counts: [String: Int] = [:]
        for name in topics {
            if let topic = known[name], topic.error == .none { counts[name] = topic.partitions.count }
        }
        return counts
    }

    /// The group has assigned partitions; from now on changes of the topics are compared with this.
    func rememberTopics() {
        guard case .group(_, let topics) = configuration.source else { return }
        assignedCounts = partitionCounts(topics)
        planTopicLook(topics)
    }

    // MARK: - Commits

    /// Commits positions, trying again while the coordinator moves.
    func commit(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        guard let id = configuration.groupId else {
            throw KafkaError(
                .invalidConfiguration, "a consumer without a group has nothing to commit to", setting: "group.id")
        }
        try await cluster.retrying(
            for: configuration.client.requestTimeout, "commit to group \(id)"
        ) { () async throws(KafkaError) in try await self.commitOnce(offsets) }
        for (partition, offset) in offsets where processed[partition]?.offset == offset.offset {
            processed[partition] = nil
        }
    }

    private func commitOnce(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        guard let group, !offsets.isEmpty else { return }
        let member = Membership(
            groupId: group.groupId, generation: group.generation, memberId: group.memberId,
            groupInstanceId: group.groupInstanceId)
        let code: ErrorCode
        do {
            code = try await cluster.commit(offsets, as: member)
        } catch {
            await cluster.forgetCoordinator(.coordinator(group: group.groupId))
            throw error
        }
        guard code != .none else { return }
        if let actions = self.group?.commitRefused(code) { perform(actions) }
        let movedOn: Set<ErrorCode> = [.illegalGeneration, .unknownMemberId, .rebalanceInProgress, .fencedInstanceId]
        throw .refused(
            code, "could not commit to group \(group.groupId)", api: .offsetCommit,
            topic: offsets.keys.first?.topic, partition: offsets.keys.first?.partition,
            advice: movedOn.contains(code)
                ? "the group has moved on, and the records behind the last commit come again" : nil)
    }

    private func autoCommitIfDue() async {
        guard let interval = configuration.autoCommit, group != nil, Instant.now >= nextAutoCommit else { return }
        nextAutoCommit = .now + interval
        await commitProcessed()
    }

    private func commitProcessed() async {
        guard group != nil, !processed.isEmpty else { return }
        do throws(KafkaError) { try await commitOnce(processed) } catch {
            configuration.client.logger.warning("\(error.message)")
            return
        }
        processed = [:]
    }

    // MARK: - The group

    func perform(_ actions: [GroupState.Action]) {
        for action in actions {
            switch action {
            case .join(let afterPause):
                let pause = afterPause ? joinBackoff.next() : .zero
                Task(executorPreference: loop) { await self.sendJoin(pause) }
            case .forgetCoordinator:
                guard let id = configuration.groupId else { continue }
                cluster.assumeIsolated { $0.forgetCoordinator(.coordinator(group: id)) }
            case .assignAndSync(let members): Task(executorPreference: loop) { await self.assignAndSync(members) }
            case .sync: Task(executorPreference: loop) { await self.sendSync([:]) }
            case .heartbeat: Task(executorPreference: loop) { await self.sendHeartbeat() }
            case .takeOver(let assignment):
                joinBackoff.reset()
                Task(executorPreference: loop) { await self.takeOver(assignment) }
            case .revoke(let lost): revoke(lost: lost)
            case .leave: Task(executorPreference: loop) { await self.sendLeave() }
            case .fail(let error): fail(error)
            }
        }
        setTimer()
    }

    private func revoke(lost: Bool) {
        // What the application was not told of, it need not let go.
        let announced = !events.contains { if case .assigned = $0 { true } else { false } }
        events.removeAll { if case .assigned = $0 { true } else { false } }
        let partitions = plan.positions.keys.sorted()
        if partitions.isEmpty || !announced {
            plan.assign([:])
            if let actions = group?.released() { perform(actions) }
        } else {
            events.append(.revoked(partitions, lost: lost))
            if lost {
                processed = [:]
                given = [:]
            }
        }
        wakeApplication()
    }

    func fail(_ error: KafkaError) {
        fatal = error
        wakeApplication()
    }

    // MARK: - Waiting

    private func wait() async {
        await withCheckedContinuation { waiter = $0 }
    }

    private func wakeApplication() {
        waiter?.resume()
        waiter = nil
    }

    private func setTimer() {
        let candidates = [group?.nextDeadline, plan.nextLook, group == nil ? nil : nextTopicLook]
        guard !isClosed, let at = candidates.compactMap({ $0 }).min() else { return }
        // A time that has passed is looked at again soon, not in a circle.
        let due = max(at, .now + .milliseconds(1))
        if let timer {
            if timer.at <= due, timer.at > .now { return }
            loop.cancel(timer.id)
        }
        let id = loop.schedule(at: due) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
        timer = (due, id)
    }

    private func timerFired() {
        timer = nil
        let now = Instant.now
        // An application that waits for records is not one that works for too long.
        if waiter != nil, let actions = group?.polled(now: now) { perform(actions) }
        if let actions = group?.tick(now: now) { perform(actions) }
        fetch()
    }
}
