/// What a producer has to know before it can send: topics, their leaders, and its own id.
extension ProducerEngine {
    /// Waits until `topic` is known.
    func learn(_ name: String, until deadline: Instant) async throws(KafkaError) {
        let cluster = cluster
        let topic = try await cluster.retrying(
            for: deadline - now, "look up topic \(name)"
        ) { () async throws(KafkaError) in
            guard let topic = try await cluster.topic(name, mayCreate: true) else {
                throw KafkaError.refused(.unknownTopicOrPartition, "could not look up topic \(name)", topic: name)
            }
            guard !topic.partitions.isEmpty else {
                throw KafkaError(
                    .malformedResponse, "could not look up topic \(name): the cluster tells of no partition",
                    api: .metadata, topic: name, isRetriable: true)
            }
            return topic
        }
        shared.state.withLock { $0.accumulator.setPartitions(name, count: topic.partitions.count) }
    }

    /// Asks for leaders anew, in the background and not too often.
    func relearn(_ topics: Set<String>) {
        guard ending == nil else { return }
        if let later = pace.look(now: now, pause: backoff.pause(after:)) { return setTimer(later) }
        Task(executorPreference: loop) {
            try? await self.cluster.refresh(topics.sorted())
            await self.takeOverPartitions()
        }
    }

    func refreshIfOld(_ now: Instant) {
        guard pace.isOld(now: now) else { return }
        relearn(Set(cluster.assumeIsolated { $0.metadata.topics.keys.map { $0 } }))
    }

    private func takeOverPartitions() {
        let topics = cluster.assumeIsolated { $0.metadata.topics }
        shared.state.withLock { state in
            for (name, topic) in topics where topic.error == .none && state.accumulator.partitionCount(name) != nil {
                state.accumulator.setPartitions(name, count: topic.partitions.count)
            }
        }
        drain()
    }

    /// Gets a producer id, in the background: for the first batch, and where a partition has to be numbered anew.
    func prepare() {
        guard ending == nil else { return }
        switch identity.wanted(now: now) {
        case .ask: Task(executorPreference: loop) { await self.askProducerID() }
        case .wait(let until): setTimer(until)
        case .nothing: break
        }
    }

    private func askProducerID() async {
        do throws(KafkaError) {
            let answer = try await cluster.send(to: .any) { _ in
                InitProducerIdRequest.with {
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
            guard error.isRetriable else { return end(error) }
            if identity.failed(error, now: now, pause: backoff.pause(after:)) {
                configuration.client.logger.warning("\(error.message)")
            }
        }
        drain()
    }
}
