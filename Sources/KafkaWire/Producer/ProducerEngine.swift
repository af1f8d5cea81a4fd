/// The part of a producer that talks to brokers: an actor on the loop. It performs what its values decide:
/// ``Accumulator`` which batches go out, ``ProducerIdentity`` who sends them, ``ProducerPace`` when and how many at a
/// time, ``BatchVerdict`` what becomes of them.
actor ProducerEngine {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let configuration: KafkaProducer.Configuration
    let cluster: Cluster
    nonisolated let shared: ProducerShared

    var identity = ProducerIdentity()
    var searches = TopicSearches()
    var refusals = Refusals()
    var pace: ProducerPace
    let policy: BatchVerdict.Policy
    /// The pauses between tries of all kinds; how often each has failed, each counts.
    let backoff: Backoff
    /// The last request in the line to each broker.
    private var turns: [BrokerID: SendTurn] = [:]
    /// What is on its way, and when the next batch in a request will have waited for too long: a request may take longer than
    /// its time-out, where it has to wait for a connection first.
    var onTheirWay: [ObjectIdentifier: (until: Instant?, entries: [Accumulator.Entry])] = [:]
    /// What a transactional producer has under way; nil for all others.
    var transactions: TransactionWork?
    /// Why nothing more is sent.
    var ending: KafkaError?
    private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    /// How many wait for batches that are not full to be sent all the same.
    var isFlushing = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Counts the calls of ``resumeWaiters()``: between looking and waiting the actor may be left, and what happened
    /// then must not be waited for.
    private(set) var wakes = 0
    private(set) var hasShutDown = false

    init(_ configuration: KafkaProducer.Configuration, cluster: Cluster, shared: ProducerShared) {
        self.configuration = configuration
        self.cluster = cluster
        self.shared = shared
        loop = cluster.loop
        backoff = Backoff(configuration.client, seed: cluster.loop.random())
        pace = ProducerPace(
            limit: configuration.maximumInFlight, maximumAge: configuration.client.metadataMaximumAge,
            now: cluster.loop.now,
            pause: backoff.pause(after:))
        policy = BatchVerdict.Policy(
            isIdempotent: configuration.isIdempotent, maximumInFlight: configuration.maximumInFlight,
            maximumRetries: configuration.maximumRetries, isTransactional: configuration.transactionalId != nil)
        transactions = configuration.transactionalId.map { TransactionWork(TransactionState(id: $0)) }
    }

    var now: Instant { loop.now }

    // MARK: - Called by users

    /// Has the engine look for batches soon. From any thread.
    nonisolated func wake() {
        loop.schedule(at: loop.now) { [weak self] in self?.assumeIsolated { $0.drain() } }
    }

    /// Waits until a record for `topic` of at most `room` bytes may be taken over: the topic is known, and there is
    /// room.
    func makeReady(for topic: String, room: Int, deadline: Instant) async throws(KafkaError) {
        if shared.state.withLock({ $0.accumulator.partitionCount(topic) }) == nil {
            return try await learn(topic, until: deadline)
        }
        let memory = configuration.bufferMemory
        // Half of it, so that not every record wakes everybody; a large record needs more.
        let level = max(0, min(memory / 2, memory - room))
        isFlushing += 1
        defer { isFlushing -= 1 }
        while true {
            let seen = wakes
            guard shared.state.withLock({ $0.accumulator.bufferedBytes }) > level else { return }
            if let ending { throw ending }
            if Task.isCancelled {
                throw KafkaError(
                    .cancelled, "the task was cancelled while it waited for room for a record", topic: topic)
            }
            guard now < deadline else {
                throw KafkaError(
                    .timedOut,
                    "no room came free for a record of topic \(topic): \(memory) bytes wait to be sent; look whether the "
                        + "brokers are reachable, or raise buffer.memory", topic: topic, setting: "buffer.memory")
            }
            drain()
            await pause(until: deadline, unless: seen, isCancellable: true)
        }
    }

    /// Waits until every batch that was begun so far is acknowledged or has failed. Throws where records failed, since this
    /// was asked last, whose senders were not told of it.
    func flush() async throws(KafkaError) {
        isFlushing += 1
        defer { isFlushing -= 1 }
        drain()
        for batch in shared.state.withLock({ $0.accumulator.pending }) { await batch.settle() }
        try throwRefusals()
    }

    func throwRefusals() throws(KafkaError) {
        if let refused = refusals.take() { throw refused }
        if let ending, !hasShutDown { throw ending }
    }

    func beginFlush() { isFlushing += 1 }
    func endFlush() { isFlushing -= 1 }

    /// Flushes for at most `timeout`, fails what is left, and closes the connections.
    @discardableResult
    func shutDown(timeout: Duration) async -> Result<Void, KafkaError> {
        guard !hasShutDown else { return .success(()) }
        hasShutDown = true
        shared.state.withLock { state in
            if state.refusal == nil || transactions != nil {
                state.refusal = KafkaError(.closed, "the producer is closed")
            }
        }
        let deadline = now + timeout
        await abortRest(until: deadline)
        isFlushing += 1
        while true {
            let seen = wakes
            guard shared.state.withLock({ $0.accumulator.pendingBatches }) > 0, now < deadline else { break }
            drain()
            await pause(until: min(deadline, now + .seconds(1)), unless: seen, isCancellable: false)
        }
        let left = shared.state.withLock { $0.accumulator.pendingBatches }
        let error = KafkaError(
            .timedOut,
            "\(left) batches could not be sent before the producer was closed; look whether the brokers are reachable")
        end(error)
        await cluster.close()
        timer.cancel()
        if let refused = refusals.take() { return .failure(refused) }
        return left > 0 ? .failure(error) : .success(())
    }

    // MARK: - Sending

    /// Sends what is ready, and sets the timer for what will be.
    func drain() {
        guard ending == nil else { return }
        failExpired()
        let now = now
        refreshIfOld(now)
        let metadata = cluster.assumeIsolated { $0.metadata }
        let ready = shared.state.withLock { state in
            state.accumulator.takeReady(
                now: now, flush: isFlushing > 0, producer: identity.current, leader: { metadata.leader(of: $0) },
                isFree: { isFree($0) }, mayGo: { transactions?.state.admits($0) ?? true })
        }
        addPartitions()
        if ready.needsProducer { prepare() }
        if !ready.leaderless.isEmpty { relearn(ready.leaderless) }
        for (leader, entries) in ready.requests(of: configuration.maximumRequestSize) { start(entries, to: leader) }
        if let at = ready.nextLook { setTimer(at) }
    }

    /// Whether a request may go to the broker. What waits because the broker throttles stays here, where it fails in time.
    private func isFree(_ broker: BrokerID) -> Bool {
        guard pace.isFree(broker) else { return false }
        guard let end = cluster.assumeIsolated({ $0.throttleEnd(of: broker, .produce) }) else { return true }
        setTimer(end)
        return false
    }

    private func start(_ entries: [Accumulator.Entry], to leader: BrokerID) {
        pace.sent(to: leader)
        for entry in entries { cluster.tell(.batchSent(entry.sent(to: leader, now: now))) }
        // Packing takes time and is done elsewhere; without it, staying on the loop saves two changes of thread.
        let executor: (any TaskExecutor)? = configuration.compression == .none ? loop : nil
        let (previous, turn) = (turns[leader], SendTurn())
        turns[leader] = turn
        watchTime(of: entries, in: turn)
        let limit = transactions.flatMap { $0.state.isVersion2 ? nil : TransactionState.lastProduceOfVersion1 }
        Task(executorPreference: executor) {
            let outcome = await ProduceExchange.send(
                entries, to: leader, self.configuration, self.cluster, atMost: limit, after: previous, turn)
            turn.finish()
            await self.answered(entries, from: leader, in: turn, outcome)
        }
    }

    // MARK: - Waiting

    func setTimer(_ at: Instant) {
        if ending == nil { timer.bringForward(to: at) }
    }

    private func timerFired() {
        timer.fired()
        drain()
    }

    /// Waits for the next answer since `seen`, or until `deadline`.
    func pause(until deadline: Instant, unless seen: Int, isCancellable: Bool) async {
        let wake: @Sendable () -> Void = { [weak self] in self?.assumeIsolated { $0.resumeWaiters() } }
        let timer = loop.schedule(at: deadline, wake)
        if isCancellable {
            await withTaskCancellationHandler {
                await wait(unless: seen)
            } onCancel: {
                loop.schedule(at: loop.now, wake)
            }
        } else {
            await wait(unless: seen)
        }
        loop.cancel(timer)
    }

    private func wait(unless seen: Int) async {
        await withCheckedContinuation { continuation in
            if wakes == seen { waiters.append(continuation) } else { continuation.resume() }
        }
    }

    func resumeWaiters() {
        wakes += 1
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }
}
