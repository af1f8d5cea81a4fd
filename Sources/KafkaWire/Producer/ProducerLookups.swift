/// What a producer has to know before it can send: topics, their leaders, and its own id. Each look may create a topic that
/// is gone, where the broker's configuration and the producer's allow that, as Java's does (`ProducerMetadata`).
extension ProducerEngine {
    /// Waits until `topic` is known, for no longer than `deadline`, however long a look takes.
    func learn(_ topic: String, until deadline: Instant) async throws(KafkaError) {
        searches.begin(topic)
        defer { searches.end(topic) }
        while true {
            let seen = wakes
            guard shared.state.withLock({ $0.accumulator.partitionCount(topic) }) == nil else { return }
            if let error = searches.finalError(of: topic) ?? ending { throw error }
            if Task.isCancelled {
                throw KafkaError(.cancelled, "the task was cancelled while it waited for topic \(topic)", topic: topic)
            }
            let now = now
            guard now < deadline else {
                let last = searches.error(of: topic)
                throw KafkaError(
                    .timedOut,
                    "could not look up topic \(topic) in time; "
                        + (last.map { "the last error was: \($0.message)" }
                            ?? "no broker has answered; look whether they are reachable"),
                    broker: last?.broker, api: .metadata, topic: topic, setting: "max.block.ms")
            }
            var until = deadline
            switch searches.wanted(topic, now: now) {
            case .look: Task(executorPreference: loop) { await self.look(for: topic) }
            case .wait(let later): until = min(later, deadline)
            case .nothing: break
            }
            await pause(until: until, unless: seen, isCancellable: true)
        }
    }

    private func look(for name: String) async {
        let what = "could not look up topic \(name)"
        do throws(KafkaError) {
            try await cluster.refresh([name], mayCreate: configuration.mayCreateTopics)
            guard let topic = await cluster.metadata.topics[name] else {
                throw KafkaError.leftOut(what, api: .metadata, topic: name)
            }
            guard topic.error == .none else { throw .refused(topic.error, what, api: .metadata, topic: name) }
            guard !topic.partitions.isEmpty else {
                throw KafkaError(
                    .malformedResponse, "\(what): the cluster tells of no partition", api: .metadata, topic: name,
                    isRetriable: true)
            }
            shared.state.withLock { $0.accumulator.setTopic(name, topic.shape) }
            searches.found(name)
        } catch {
            searches.failed(
                name, error.told(for: .producing), isFinal: ProducerFaults.isFinal(error, ProducerFaults.metadata),
                now: now,
                pause: backoff.pause(after:))
        }
        resumeWaiters()
    }

    /// Asks for leaders anew, in the background and not too often.
    func relearn(_ topics: Set<String>) {
        guard ending == nil else { return }
        if let later = pace.look(now: now, pause: backoff.pause(after:)) { return setTimer(later) }
        guard !topics.isEmpty else { return }
        Task(executorPreference: loop) {
            try? await self.cluster.refresh(topics.sorted(), mayCreate: self.configuration.mayCreateTopics)
            await self.takeOverTopics()
        }
    }

    /// Looks the topics up though nothing is known to be wrong, also while nothing is sent.
    func refreshIfOld(_ now: Instant) {
        guard pace.isOld(now: now) else { return setTimer(pace.oldAt) }
        relearn(
            shared.state.withLock { $0.accumulator.topicsInUse(since: now + (.zero - configuration.topicIdleTime)) })
        setTimer(pace.oldAt)
    }

    private func takeOverTopics() {
        let topics = cluster.assumeIsolated { $0.metadata.topics }
        shared.state.withLock { state in
            for name in state.accumulator.names where state.accumulator.partitionCount(name) != nil {
                guard let topic = topics[name], topic.error == .none else { continue }
                state.accumulator.setTopic(name, topic.shape)
            }
        }
        drain()
    }

    /// Gets a producer id, in the background: for the first batch, and where a partition has to be numbered anew.
    func prepare() {
        guard ending == nil else { return }
        if let id = configuration.transactionalId {
            // It has another epoch from its coordinator, behind the transaction's end.
            return recordFailed(
                KafkaError(
                    .broker(.unknownProducerId),
                    "records under transactional.id \(id) have to be numbered anew: their topic was deleted and made again"
                ))
        }
        switch identity.wanted(now: now) {
        case .ask: Task(executorPreference: loop) { await self.askProducerID() }
        case .given: setTimer(now)
        case .wait(let until): setTimer(until)
        case .nothing: break
        }
    }

    private func askProducerID() async {
        do throws(KafkaError) {
            let answer = try await cluster.look(InitProducerIdRequest.self, "a producer's number") { _ in
                .with {
                    $0.transactionalId = nil
                    $0.transactionTimeoutMs = .max
                }
            }
            let (response, broker) = (answer.response, answer.broker)
            guard response.errorCode == .none else {
                throw .refused(response.errorCode, ProducerIdentity.what, by: broker, api: .initProducerId)
            }
            try identity.given(.init(id: response.producerId, epoch: response.producerEpoch), by: broker)
        } catch {
            // Brokers that cannot be reached may come back; what has waited for too long fails meanwhile.
            if ProducerFaults.isFinal(error, ProducerFaults.initProducerId) { return end(error) }
            if identity.failed(error, now: now, pause: backoff.pause(after:)) {
                cluster.tell(.troubled(error))
            }
        }
        drain()
    }
}

extension ClusterMetadata.Topic {
    /// What says where records go.
    var shape: TopicShape {
        TopicShape(id: id, count: partitions.count, led: partitions.indices.filter { partitions[$0].leader >= 0 })
    }
}
