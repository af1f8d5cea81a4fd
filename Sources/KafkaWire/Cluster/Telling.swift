/// What a cluster tells of itself to those who watch it.
extension Cluster {
    /// Tells those who watch the client; on its loop.
    @inline(__always)
    package nonisolated func tell(_ event: @autoclosure () -> ClientEvent) { observation.tell(event()) }

    /// As ``tell(_:)``, from elsewhere.
    func told(_ event: ClientEvent) { tell(event) }

    /// Tells how the opening of a connection went.
    func tellOpening(_ outcome: Result<Link, KafkaError>, of broker: String, since start: Instant) {
        switch outcome {
        case .success: tell(.connected(broker: broker, after: loop.now - start))
        case .failure(let error): tell(.connectionFailed(broker: broker, error: error, after: loop.now - start))
        }
    }

    /// Learns of brokers, topics and leaders, and tells what is other than before: of these partitions, or of all with nil.
    func learn(_ partitions: [TopicPartition]? = nil, _ change: (inout ClusterMetadata) -> Void) {
        let before = metadata
        change(&metadata)
        guard observation.isWatched else { return }
        for (partition, from, to) in metadata.leaderChanges(since: before, of: partitions) {
            tell(.leaderChanged(partition, from: from, to: to))
        }
        if partitions == nil { tell(.metadataLearned(brokers: metadata.brokers.count, topics: metadata.topics.count)) }
    }
}

extension Cluster.Target {
    /// What it is called where something is told of it.
    var name: String {
        switch self {
        case .any: "any broker"
        case .controller: "the controller"
        case .broker(let id): "broker \(id)"
        case .coordinator(let group): "group \(group)"
        case .transactionCoordinator(let id): "transactional id \(id)"
        }
    }
}

extension ClientConfiguration {
    /// Who watches a client of this configuration.
    var observation: Observation {
        var all = observers
        if let onEvent { all.append(EventCallback(body: onEvent)) }
        return Observation(all, logger: logger, keepsMetrics: keepsMetrics)
    }
}

/// ``ClientConfiguration/onEvent`` as an observer.
private struct EventCallback: ClientObserver {
    let body: @Sendable (ClientEvent) -> Void
    func observe(_ event: ClientEvent) { body(event) }
}

extension ClusterMetadata {
    /// The partitions whose leader was known and is another now, in order; only these, or all with nil.
    func leaderChanges(
        since before: ClusterMetadata, of partitions: [TopicPartition]? = nil
    ) -> [(TopicPartition, from: BrokerID, to: BrokerID)] {
        var found: [(TopicPartition, from: BrokerID, to: BrokerID)] = []
        func look(_ name: String, _ index: Int, _ old: Topic, _ new: Topic) {
            guard old.partitions.indices.contains(index), new.partitions.indices.contains(index) else { return }
            let (from, to) = (old.partitions[index].leader, new.partitions[index].leader)
            guard from != to else { return }
            found.append((TopicPartition(name, PartitionID(index: index)), max(from, .none), max(to, .none)))
        }
        if let partitions {
            for partition in partitions {
                guard let old = before.topics[partition.topic], let new = topics[partition.topic] else { continue }
                look(partition.topic, partition.partition.index, old, new)
            }
            return found
        }
        for (name, new) in topics.inOrder {
            // A topic that was made anew is another one.
            guard let old = before.topics[name], old.id == new.id, old.partitions != new.partitions else { continue }
            for index in new.partitions.indices { look(name, index, old, new) }
        }
        return found
    }
}
