import KafkaWire

extension Topic {
    /// The topic's own `min.insync.replicas`, or Kafka's default.
    var leastInSync: Int { configs["min.insync.replicas"].flatMap { Int($0.trimmed) } ?? 1 }
}

// What happens to partitions when nodes come and go. Sockets are the server's; see `NodeCommands.swift`.
extension BrokerNode {
    /// Gives new partitions their replicas and leaders.
    func place(_ partitions: ArraySlice<Partition>, replication: Int, on assignment: [[BrokerID]]?) {
        for (place, partition) in partitions.enumerated() {
            let replicas = assignment.map { $0[place] } ?? cluster.place(replication)
            partition.leadership = Leadership(replicas: replicas, running: cluster.running)
        }
    }

    /// Why there cannot be that many replicas, or nil.
    func objection(toReplicationFactor factor: Int) -> String? {
        let count = cluster.running.count
        guard factor > count else { return nil }
        return
            "Unable to replicate the partition \(factor) time(s): The target replication factor of \(factor) cannot be "
            + "reached because only \(count) broker(s) are registered."
    }

    /// Why a partition cannot be on these brokers, or nil.
    func objection(toReplicas brokers: [BrokerID]) -> String? {
        if brokers.isEmpty { return "The manual partition assignment includes an empty replica list." }
        if let other = brokers.first(where: { cluster[$0] == nil }) {
            return "The manual partition assignment includes broker \(other), but no such broker is registered."
        }
        var seen: Set<BrokerID> = []
        guard let twice = brokers.first(where: { !seen.insert($0).inserted }) else { return nil }
        return "The manual partition assignment includes the broker \(twice) more than once."
    }

    /// Changes who leads or holds a partition; fetches that wait there are looked at again.
    func change(_ partition: Partition, _ body: (inout Leadership, Offset) -> Void) {
        let before = partition.leadership
        var next = before
        body(&next, partition.log.endOffset)
        if partition.heldAt != nil, before.leader != .none, next.leader != before.leader, next.leader != .none {
            // The new leader has not got what the old one had alone.
            do throws(StorageError) {
                let end = partition.highWatermark
                try counted(partition) { () throws(StorageError) in try partition.loseRecords(from: end) }
                next = before
                body(&next, partition.log.endOffset)
            } catch {
                configuration.logger.error("A log cannot be cut where its new leader's ends: \(error)")
            }
        }
        partition.leadership = next
        if PlantedMistake.leadersWriteRecords.isMade, partition.leadership.leader != before.leader {
            var builder = RecordBatchBuilder()
            builder.append(key: nil, value: nil, timestamp: 0)
            let record = try? RecordBatch(Bytes(builder.finish()))
            if let record { _ = try? partition.log.append(record, leaderEpoch: partition.leaderEpoch) }
        }
        if partition.leadership != before { storage?.note([.partition(partition.record)]) }
        waitingFetches.touch(partition)
    }

    private func changeAll(_ body: (inout Leadership, Offset) -> Void) {
        for topic in topics.sorted {
            for partition in topic.partitions { change(partition, body) }
        }
    }

    /// The node has stopped.
    func stopped(_ id: BrokerID) {
        cluster.setRunning(id, false)
        changeAll { $0.lose(id, from: $1) }
    }

    /// The node runs again.
    func started(_ id: BrokerID) {
        cluster.setRunning(id, true)
        changeAll { $0.regain(id, from: $1) }
    }

    /// There is a new node, which has no partitions yet.
    func added(_ node: ClusterMap.Node) {
        cluster.add(node)
        tellBootstrapServers()
    }

    private func tellBootstrapServers() {
        let addresses = cluster.addresses
        bootstrapServers.withLock { $0 = addresses }
    }

    /// The node is gone for good: its replicas move to nodes that do not have the partition yet, where there are any.
    func removed(_ id: BrokerID) {
        cluster.remove(id)
        tellBootstrapServers()
        let running = cluster.running
        changeAll { leadership, end in
            guard let index = leadership.replicas.firstIndex(of: id) else { return }
            var replicas = leadership.replicas
            if let next = running.first(where: { !replicas.contains($0) }) {
                replicas[index] = next
            } else if replicas.count > 1 {
                replicas.remove(at: index)
            }
            leadership.reassign(to: replicas, running: running, from: end)
        }
    }

    /// The settings as `id` has them: its own, and what it was started with.
    func configs(at id: BrokerID) -> ConfigStore {
        guard id != configuration.nodeId, let node = cluster[id] else { return configs }
        var own = configuration
        own.nodeId = id
        own.port = node.listenedPort
        var configs = configs
        configs.nodeId = id
        configs.statics = own.settings(host: node.host, port: node.port)
        return configs
    }

    /// Whether `name` is the id of a node, as resources of the kind "broker" are called.
    func isNode(_ name: String) -> Bool { cluster.nodes.contains { "\($0.id)" == name } }
}
