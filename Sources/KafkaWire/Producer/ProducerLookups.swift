/// What a producer has to know before it can send: topics, their leaders, and its own id.
extension ProducerEngine {
    /// Waits until `topic` is known.
    func learn(_ name: String, until deadline: Instant) async throws(KafkaError) {
        let cluster = cluster
        let topic = try await cluster.retrying(
            for: deadline - .now, "look up topic \(name)"
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

    /// Asks for leaders anew, in the background.
    func relearn(_ topics: Set<String>) {
        let earliest = lastRefresh + lookPause
        guard ending == nil, Instant.now > earliest else { return setTimer(earliest + .milliseconds(1)) }
        lastRefresh = .now
        lookPause = lookBackoff.next()
        Task(executorPreference: loop) {
            try? await self.cluster.refresh(topics.sorted())
            await self.takeOverPartitions()
        }
    }

    func refreshIfOld(_ now: Instant) {
        guard now > lastRefresh + configuration.client.metadataMaximumAge else { return }
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
        guard !isPreparing, ending == nil else { return }
        guard Instant.now >= prepareAt else { return setTimer(prepareAt) }
        isPreparing = true
        Task(executorPreference: loop) { await self.askProducerID() }
    }

    private func askProducerID() async {
        let before = producer
        do throws(KafkaError) {
            let answer = try await cluster.send(to: .any) { _ in
                InitProducerIdRequest.with {
                    $0.transactionalId = nil
                    $0.transactionTimeoutMs = .max
                }
            }
            let what = "could not get a producer id"
            let code = answer.response.errorCode
            guard code == .none else { throw .refused(code, what, by: answer.broker, api: .initProducerId) }
            let given = Accumulator.Identity(id: answer.response.producerId, epoch: answer.response.producerEpoch)
            // Batches that are numbered anew under the id they had would be taken for those that are lost.
            guard given.id >= 0, given != before else {
                throw KafkaError(
                    .malformedResponse,
                    "\(what): broker \(answer.broker) gave \(given.id), which "
                        + (given == before ? "this producer has already" : "is none"),
                    broker: answer.broker, api: .initProducerId, isRetriable: true)
            }
            producer = given
            prepareError = nil
            prepareBackoff.reset()
        } catch {
            // Brokers that cannot be reached may come back; what has waited for too long fails meanwhile.
            guard error.isRetriable else { return end(error) }
            if prepareError == nil { configuration.client.logger.warning("\(error.message)") }
            prepareError = error
            prepareAt = .now + prepareBackoff.next()
        }
        isPreparing = false
        drain()
    }
}
