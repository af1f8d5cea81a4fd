/// What a producer has to know before it can send: topics, their leaders, and its own id.
extension ProducerEngine {
    /// Waits until `topic` is known.
    func learn(_ name: String, until deadline: Instant) async throws(KafkaError) {
        let cluster = cluster
        let topic = try await cluster.retrying(
            for: deadline - .now, "look up topic \(name)"
        ) { () async throws(KafkaError) in
            guard let topic = try await cluster.topic(name, mayCreate: true), !topic.partitions.isEmpty else {
                throw KafkaError.refused(.unknownTopicOrPartition, "could not look up topic \(name)", topic: name)
            }
            return topic
        }
        shared.state.withLock { $0.accumulator.setPartitions(name, count: topic.partitions.count) }
    }

    /// Asks for leaders anew, in the background.
    func relearn(_ topics: Set<String>) {
        let earliest = lastRefresh + configuration.client.retryBackoff
        guard ending == nil, Instant.now > earliest else { return setTimer(earliest + .milliseconds(1)) }
        lastRefresh = .now
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
        isPreparing = true
        Task(executorPreference: loop) { await self.askProducerID() }
    }

    private func askProducerID() async {
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
                let code = answer.response.errorCode
                guard code == .none else {
                    throw .refused(code, "could not get a producer id", by: answer.broker, api: .initProducerId)
                }
                return Accumulator.Identity(id: answer.response.producerId, epoch: answer.response.producerEpoch)
            }
        } catch {
            // Brokers that cannot be reached may come back; what has waited for too long fails meanwhile.
            if !error.isRetriable { end(error) }
        }
        isPreparing = false
        drain()
    }
}
