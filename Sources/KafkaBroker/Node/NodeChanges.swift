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
    func change(_ partition: Partition, _ body: (inout Leadership, Offset) -> Void) throws(StorageError) {
        try change([partition], body)
    }

    /// As KRaft does, it is written before anybody is told: a client that has heard of an epoch takes no older one, and would
    /// wait for ever where the disk has forgotten it. Throws where it cannot be written; then all stays as it is.
    private func change(
        _ partitions: [Partition], _ body: (inout Leadership, Offset) -> Void
    ) throws(StorageError) {
        var changes: [(partition: Partition, next: Leadership, cut: Offset?)] = []
        for partition in partitions {
            let before = partition.leadership
            var next = before
            body(&next, partition.log.endOffset)
            var cut: Offset?
            if partition.heldAt != nil, before.leader != .none, next.leader != before.leader, next.leader != .none {
                // The new leader has not got what the old one had alone.
                cut = partition.highWatermark
                next = before
                body(&next, partition.highWatermark)
            }
            if next != before { changes.append((partition, next, cut)) }
        }
        guard !changes.isEmpty else { return }
        try storage?.keep(
            changes.map { .partition($0.partition.record(of: $0.next)) },
            WallClock(now: time.now(), timestamp: time.timestamp()))
        for (partition, next, cut) in changes {
            if let cut {
                do throws(StorageError) {
                    try counted(partition) { () throws(StorageError) in try partition.loseRecords(from: cut) }
                } catch {
                    configuration.logger.error("A log cannot be cut where its new leader's ends: \(error)")
                }
            }
            let isLed = next.leader != partition.leadership.leader
            partition.leadership = next
            if PlantedMistake.leadersWriteRecords.isMade, isLed {
                var builder = RecordBatchBuilder()
                builder.append(key: nil, value: nil, timestamp: 0)
                let record = try? RecordBatch(Bytes(builder.finish()))
                if let record { _ = try? partition.log.append(record, leaderEpoch: partition.leaderEpoch) }
            }
            waitingFetches.touch(partition)
        }
    }

    /// Nodes have come or gone. What cannot be written now is decided later: until then partitions are led as before.
    private func changeAll(_ body: (inout Leadership, Offset) -> Void) {
        do throws(StorageError) {
            try change(topics.sorted.flatMap(\.partitions), body)
        } catch {
            electionRetry = time.now() + .milliseconds(100)
            configuration.logger.error("Leaders cannot be elected yet: \(error)")
        }
    }

    /// Elects what could not be elected when nodes came or went.
    func electIfDue(now: Instant) {
        guard let retry = electionRetry, now >= retry else { return }
        electionRetry = nil
        let cluster = cluster
        changeAll { leadership, end in
            for id in leadership.replicas where cluster[id] == nil { leadership.remove(id, cluster.running, from: end) }
            for id in leadership.replicas {
                if cluster.isRunning(id) { leadership.regain(id, from: end) } else { leadership.lose(id, from: end) }
            }
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
        changeAll { $0.remove(id, running, from: $1) }
    }

    /// The settings as `id` has them: its own, and what it was started with.
    func configs(at id: BrokerID) -> ConfigStore {
        guard id != configuration.nodeId, let node = cluster[id] else { return configs }
        var own = configuration
        own.nodeId = id
        own.port = node.listenedPort
        var configs = configs
        configs.nodeId = id
        configs.statics = own.settings(of: node)
        return configs
    }

    /// Whether `name` is the id of a node, as resources of the kind "broker" are called.
    func isNode(_ name: String) -> Bool { cluster.nodes.contains { "\($0.id)" == name } }
}
