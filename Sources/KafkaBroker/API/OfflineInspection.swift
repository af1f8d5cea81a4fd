import KafkaWire

// What a broker without sockets shows of itself, and what of it has to outlive a restart.

extension OfflineServer {
    /// The time that it is.
    package var now: Instant { clock.withLock { $0 } }

    /// As ``KafkaBroker/topics``, ``KafkaBroker/groups`` and ``KafkaBroker/transactions``.
    package var topics: [KafkaBroker.TopicInfo] { node.topics.sorted.map(KafkaBroker.TopicInfo.init) }
    package var groups: [KafkaBroker.GroupInfo] {
        node.groups.groups.values.map(KafkaBroker.GroupInfo.init).sorted { $0.id < $1.id }
    }
    package var transactions: [KafkaBroker.TransactionInfo] {
        node.transactions.transactions.values.map(KafkaBroker.TransactionInfo.init).sorted { $0.id < $1.id }
    }

    /// As ``KafkaBroker/batches(topic:partition:from:maxBytes:)``.
    package func batches(topic: String, partition: PartitionID, from offset: Offset, maxBytes: Int = 1 << 20)
        -> [RecordBatch]
    {
        node.batches(topic: topic, partition: partition, from: offset, maxBytes: maxBytes)
    }

    /// Stops the broker, as on a signal: its data directory is free for another one. A broker that is forgotten without
    /// this was killed.
    package func close() { node.close() }

    /// Whether a data directory is given all that was changed.
    package var isSaved: Bool { node.storage?.isSaved ?? true }

    /// What a broker on the same data directory has to have again, however this one ends: a line for each fact.
    package var kept: [String] {
        var lines = ["cluster \(node.clusterId)"]
        func settings(_ configs: [String: String]) -> String {
            configs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        }
        for topic in node.topics.sorted {
            lines.append("topic \(topic.name) \(topic.id) \(settings(topic.configs))")
            lines += topic.partitions.map {
                "partition \(topic.name)-\($0.index) \($0.log.startOffset) to \($0.log.endOffset), stable to "
                    + "\($0.lastStableOffset), \($0.log.size) bytes, epoch \($0.leaderEpoch)"
            }
        }
        for (id, group) in node.groups.groups {
            for (topic, positions) in group.offsets.committed {
                lines += positions.map { "commit \(id) \(topic)-\($0.key): \(Self.text($0.value))" }
            }
            for (producer, offsets) in group.offsets.pending {
                lines += offsets.map { "pending \(id) \($0.key): \(Self.text($0.value.committed)) of \(producer)" }
            }
        }
        lines += node.transactions.transactions.values.map {
            "transaction \($0.id) \($0.state.rawValue) \($0.producer.id) \($0.producer.epoch) \($0.partitions.sorted())"
        }
        for kind in [ConfigResource.Kind.broker, .clientMetrics, .group] {
            lines += node.configs.names(kind).map {
                "settings \(kind) \($0): \(settings(node.configs[ConfigResource(kind: kind, name: $0)]))"
            }
        }
        lines += node.quotas.matching([:], strict: false).map { quota in
            let names = quota.entity.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value ?? "<default>")" }
            return "quota \(names): "
                + quota.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.description
        }
        return lines.sorted()
    }

    private static func text(_ position: GroupOffsets.Committed) -> String {
        "\(position.offset), epoch \(position.leaderEpoch), \(position.metadata.debugDescription)"
    }

    /// Removes a data directory that was made for a while.
    package static func remove(directory: String) { Folder(directory).remove() }
}
