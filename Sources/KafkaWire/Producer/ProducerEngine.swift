import DequeModule

/// The part of a producer that talks to brokers: an actor on the loop. It takes batches out of the accumulator, sends
/// them to their leaders, and deals with what comes back.
actor ProducerEngine {
    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let configuration: KafkaProducer.Configuration
    private let cluster: Cluster
    private nonisolated let shared: ProducerShared

    private var timer: (at: Instant, id: TimerID)?
    private var producer: (id: Int64, epoch: Int16)?
    private var isPreparing = false
    private var needsNewProducerId = false
    private var requestsInFlight: [Int32: Int] = [:]
    /// Requests that are not on their connection yet, by leader, in their order.
    private var outgoing: [Int32: Deque<ProduceExchange.Entries>] = [:]
    private var isFlushing = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var fatal: KafkaError?
    private var lastRefresh = Instant.now
    private var hasShutDown = false

    init(_ configuration: KafkaProducer.Configuration, cluster: Cluster, shared: ProducerShared) {
        self.configuration = configuration
        self.cluster = cluster
        self.shared = shared
        loop = cluster.loop
    }

    // MARK: - Called by users

    /// Has the engine look for batches soon. From any thread.
    nonisolated func wake() {
        loop.schedule(at: .now) { [weak self] in self?.assumeIsolated { $0.drain() } }
    }

    /// Waits until a record for `topic` may be taken over: the topic is known, and there is room.
    func makeReady(for topic: String) async throws(KafkaError) {
        if let fatal { throw fatal }
        let deadline = Instant.now + configuration.maximumBlock
        if shared.state.withLock({ $0.accumulator.partitionCount(topic) }) == nil {
            return try await learn(topic)
        }
        let memory = configuration.bufferMemory
        while shared.state.withLock({ $0.accumulator.bufferedBytes }) >= memory / 2 {
            guard Instant.now < deadline else {
                throw KafkaError(
                    .timedOut,
                    "no room came free for a record of topic \(topic): \(memory) bytes wait to be sent; look whether the "
                        + "brokers are reachable, or raise buffer.memory", topic: topic, setting: "buffer.memory")
            }
            drain()
            await pause(until: deadline)
            if let fatal { throw fatal }
        }
    }

    /// Waits until nothing is left of what was taken over so far.
    func flush() async throws(KafkaError) {
        isFlushing += 1
        defer { isFlushing -= 1 }
        while shared.state.withLock({ $0.accumulator.pendingBatches }) > 0 {
            drain()
            await pause(until: Instant.now + .seconds(1))
        }
        if let fatal { throw fatal }
    }

    /// Flushes for at most `timeout`, fails what is left, and closes the connections.
    @discardableResult
    func shutDown(timeout: Duration) async -> Result<Void, KafkaError> {
        guard !hasShutDown else { return .success(()) }
        hasShutDown = true
        shared.state.withLock { $0.isClosed = true }
        let deadline = Instant.now + timeout
        isFlushing += 1
        while shared.state.withLock({ $0.accumulator.pendingBatches }) > 0, Instant.now < deadline {
            drain()
            await pause(until: min(deadline, Instant.now + .seconds(1)))
        }
        let left = shared.state.withLock { $0.accumulator.pendingBatches }
        await cluster.close()
        if let timer { loop.cancel(timer.id) }
        guard left > 0 else { return .success(()) }
        let error = KafkaError(
            .timedOut,
            "\(left) batches could not be sent before the producer was closed; look whether the brokers are "
                + "reachable")
        let rest = shared.state.withLock {
            $0.accumulator.takeExpired(now: Instant(nanoseconds: .max), timeout: .zero)
        }
        for entry in rest { entry.batch.complete(.failure(error)) }
        return .failure(error)
    }

    // MARK: - Sending

    /// Sends what is ready, and sets the timer for what will be.
    private func drain() {
        failExpired()
        guard prepared() else { return }
        let now = Instant.now
        refreshIfOld(now)
        let metadata = cluster.assumeIsolated { $0.metadata }
        let limit = configuration.maximumInFlight
        let ready = shared.state.withLock { state in
            state.accumulator.takeReady(
                now: now, flush: isFlushing > 0, producer: producer, leader: { metadata.leader(of: $0) },
                isFree: { requestsInFlight[$0, default: 0] < limit })
        }
        if !ready.leaderless.isEmpty { relearn(ready.leaderless) }
        for (leader, entries) in ready.byLeader {
            for request in split(entries) { start(request, to: leader) }
        }
        if let at = ready.nextLook { setTimer(at) }
    }

    /// Divides batches into requests of about `max.request.size`.
    private func split(_ entries: [Accumulator.Entry]) -> [[Accumulator.Entry]] {
        var requests: [[Accumulator.Entry]] = [[]]
        var size = 0
        for entry in entries {
            if size + entry.size > configuration.maximumRequestSize, size > 0 {
                requests.append([])
                size = 0
            }
            requests[requests.count - 1].append(entry)
            size += entry.size
        }
        return requests
    }

    private func start(_ entries: ProduceExchange.Entries, to leader: Int32) {
        requestsInFlight[leader, default: 0] += 1
        outgoing[leader, default: []].append(entries)
        guard outgoing[leader]?.count == 1 else { return }
        // Packing takes time and is done elsewhere; without it, staying on the loop saves two changes of thread.
        let executor: SocketLoop? = configuration.compression == .none ? loop : nil
        Task(executorPreference: executor) { await self.work(for: leader) }
    }

    /// Prepares and sends one request after the other: sequence numbers have to arrive in their order.
    private func work(for leader: Int32) async {
        while let entries = outgoing[leader]?.first {
            do throws(KafkaError) {
                let request = try await ProduceExchange.prepare(entries, for: leader, configuration, cluster)
                send(request, entries, to: leader)
            } catch {
                answered(entries, from: leader, .failure(error))
            }
            outgoing[leader]?.removeFirst()
        }
    }

    private func send(_ request: ProduceExchange.Prepared, _ entries: ProduceExchange.Entries, to leader: Int32) {
        // The connection lives on the same loop, so that its answer comes straight back.
        guard configuration.acks != .none else {
            let error = request.connection.assumeIsolated { $0.postOneWay(frame: request.frame, of: .produce) }
            return answered(entries, from: leader, error.map { .failure($0) } ?? .success([:]))
        }
        let deadline = Instant.now + configuration.client.requestTimeout
        let completion: BrokerConnection.Completion = { [weak self] answer in
            let outcome = answer.flatMap { frame in
                do throws(KafkaError) {
                    return .success(try ProduceExchange.outcomes(frame, of: request))
                } catch {
                    return .failure(error)
                }
            }
            self?.assumeIsolated { $0.answered(entries, from: leader, outcome) }
        }
        request.connection.assumeIsolated {
            $0.post(frame: request.frame, of: .produce, deadline: deadline, completion)
        }
    }

    // MARK: - Answers

    private func answered(
        _ entries: ProduceExchange.Entries, from leader: Int32,
        _ outcome: Result<[TopicPartition: ProduceExchange.Outcome], KafkaError>
    ) {
        requestsInFlight[leader, default: 1] -= 1
        switch outcome {
        case .success(let outcomes):
            for entry in entries {
                if configuration.acks == .none {
                    finish(entry, .success(-1))
                } else {
                    settle(entry, outcomes[entry.batch.target], by: "\(leader)")
                }
            }
        case .failure(let error):
            for entry in entries { failed(entry, error) }
        }
        drain()
        resumeWaiters()
    }

    private func settle(
        _ entry: Accumulator.Entry, _ result: ProduceExchange.Outcome?, by broker: String
    ) {
        let target = entry.batch.target
        guard let result else {
            return failed(
                entry,
                KafkaError(
                    .malformedResponse, "broker \(broker) did not answer for \(target)", broker: broker,
                    topic: target.topic, partition: target.partition, isRetriable: true))
        }
        let code = ErrorCode(rawValue: result.errorCode)
        switch code {
        case .none: return finish(entry, .success(result.baseOffset))
        // The batch had arrived before; its answer was lost (KIP-98).
        case .duplicateSequenceNumber: return finish(entry, .success(result.baseOffset))
        case .outOfOrderSequenceNumber where entry.attempts == 0 && configuration.maximumInFlight > 1:
            // A batch in front of this one failed; both are sent again in order.
            return retry(entry)
        case .outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch:
            needsNewProducerId = true
            return retry(entry)
        default: break
        }
        if result.currentLeader.leaderId >= 0 {
            let hint = result.currentLeader
            cluster.assumeIsolated { $0.setLeader(of: target, hint.leaderId, epoch: hint.leaderEpoch) }
        }
        let words = result.errorMessage.map { " (\($0))" } ?? ""
        failed(
            entry,
            .refused(
                code, "could not send \(entry.batch.extent.count) records to \(target)\(words)", by: broker,
                api: .produce,
                topic: target.topic, partition: target.partition))
    }

    private func failed(_ entry: Accumulator.Entry, _ error: KafkaError) {
        guard error.isRetriable, entry.batch.created + configuration.deliveryTimeout > .now, !isPastShutDown else {
            return finish(entry, .failure(error))
        }
        if error.code.broker?.invalidatesMetadata ?? true { relearn([entry.batch.target.topic]) }
        retry(entry)
    }

    private var isPastShutDown: Bool { hasShutDown && isFlushing == 0 }

    private func retry(_ entry: Accumulator.Entry) {
        var backoff = Backoff(configuration.client)
        var pause = backoff.next()
        for _ in 0..<min(entry.attempts, 10) { pause = backoff.next() }
        let at = Instant.now + pause
        shared.state.withLock { $0.accumulator.retry(entry, at: at) }
        setTimer(at)
    }

    private func finish(_ entry: Accumulator.Entry, _ outcome: Result<Int64, KafkaError>) {
        shared.state.withLock { $0.accumulator.finished(entry) }
        entry.batch.complete(outcome)
    }

    private func failExpired() {
        let timeout = configuration.deliveryTimeout
        let expired = shared.state.withLock { $0.accumulator.takeExpired(now: .now, timeout: timeout) }
        for entry in expired {
            let target = entry.batch.target
            entry.batch.complete(
                .failure(
                    KafkaError(
                        .timedOut,
                        "could not send \(entry.batch.extent.count) records to \(target) within "
                            + "\(timeout); look whether its leader is reachable", topic: target.topic,
                        partition: target.partition, setting: "delivery.timeout.ms")))
        }
        if !expired.isEmpty { resumeWaiters() }
    }

    // MARK: - Topics and the producer id

    private func learn(_ name: String) async throws(KafkaError) {
        let cluster = cluster
        do throws(KafkaError) {
            let topic = try await cluster.retrying(
                for: configuration.maximumBlock, "look up topic \(name)"
            ) { () async throws(KafkaError) in
                guard let topic = try await cluster.topic(name, mayCreate: true), !topic.partitions.isEmpty else {
                    throw KafkaError.refused(.unknownTopicOrPartition, "could not look up topic \(name)", topic: name)
                }
                return topic
            }
            shared.state.withLock { $0.accumulator.setPartitions(name, count: topic.partitions.count) }
        } catch {
            throw error
        }
    }

    /// Asks for leaders anew, in the background.
    private func relearn(_ topics: Set<String>) {
        guard Instant.now > lastRefresh + configuration.client.retryBackoff else {
            return setTimer(lastRefresh + configuration.client.retryBackoff + .milliseconds(1))
        }
        lastRefresh = .now
        Task(executorPreference: loop) {
            try? await self.cluster.refresh(topics.sorted())
            await self.takeOverPartitions()
        }
    }

    private func refreshIfOld(_ now: Instant) {
        guard now > lastRefresh + configuration.client.metadataMaximumAge else { return }
        relearn(Set(cluster.assumeIsolated { $0.metadata.topics.keys.map { $0 } }))
    }

    private func takeOverPartitions() {
        let topics = cluster.assumeIsolated { $0.metadata.topics }
        shared.state.withLock { state in
            for (name, topic) in topics where topic.error == .none {
                state.accumulator.setPartitions(name, count: topic.partitions.count)
            }
        }
        drain()
    }

    /// Whether batches may be sent: an idempotent producer needs an id first.
    private func prepared() -> Bool {
        if fatal != nil { return false }
        guard configuration.isIdempotent else { return true }
        if needsNewProducerId {
            // Batches on their way still carry the old id.
            guard !shared.state.withLock({ $0.accumulator.isAnythingInFlight }) else { return false }
            producer = nil
            needsNewProducerId = false
            shared.state.withLock { $0.accumulator.restartSequences() }
        }
        if producer != nil { return true }
        guard !isPreparing, shared.state.withLock({ $0.accumulator.pendingBatches }) > 0 else { return false }
        isPreparing = true
        Task(executorPreference: loop) { await self.prepare() }
        return false
    }

    private func prepare() async {
        defer { isPreparing = false }
        let cluster = cluster
        do throws(KafkaError) {
            producer = try await cluster.retrying(
                for: configuration.deliveryTimeout, "get a producer id"
            ) { () async throws(KafkaError) in
                let answer = try await cluster.send(to: .any) { _ in
                    InitProducerIdRequest.with {
                        $0.transactionalId = nil
                        $0.transactionTimeoutMs = .max
                    }
                }
                let code = ErrorCode(rawValue: answer.response.errorCode)
                guard code == .none else {
                    throw .refused(code, "could not get a producer id", by: answer.broker, api: .initProducerId)
                }
                return (answer.response.producerId, answer.response.producerEpoch)
            }
            isPreparing = false
            drain()
        } catch {
            fatal = error
            let rest = shared.state.withLock {
                $0.accumulator.takeExpired(now: Instant(nanoseconds: .max), timeout: .zero)
            }
            for entry in rest { entry.batch.complete(.failure(error)) }
            resumeWaiters()
        }
    }

    // MARK: - Waiting

    private func setTimer(_ at: Instant) {
        if let timer {
            if timer.at <= at { return }
            loop.cancel(timer.id)
        }
        let id = loop.schedule(at: at) { [weak self] in
            self?.assumeIsolated {
                $0.timer = nil
                $0.drain()
            }
        }
        timer = (at, id)
    }

    /// Waits for the next answer, or until `deadline`.
    private func pause(until deadline: Instant) async {
        let timer = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.resumeWaiters() } }
        await withCheckedContinuation { waiters.append($0) }
        loop.cancel(timer)
    }

    private func resumeWaiters() {
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }
}
