import KafkaWire

/// Who holds a partition, who leads it, and since when.
///
/// A value. All nodes of this process share one log, so a replica that runs is in sync at once, and a change of leaders
/// loses nothing; what remains of it are the names, the epochs, and where each epoch began.
struct Leadership: Equatable {
    /// The nodes that hold the partition; the first one is the preferred leader.
    private(set) var replicas: [BrokerID]
    /// Those that are in sync. Not empty: the last one stays, even where it is stopped, as in Kafka.
    private(set) var inSync: [BrokerID]
    /// The leader, or none where no replica runs.
    private(set) var leader: BrokerID
    private(set) var epochs: LeaderEpochs

    /// A new partition, or one whose log was found with that epoch in its last batch. Of the replicas those in `running`
    /// are in sync; without it all.
    init(replicas: [BrokerID], running: [BrokerID]? = nil, epoch: LeaderEpoch = 0, from start: Offset = 0) {
        self.replicas = replicas
        let live = replicas.filter { running?.contains($0) ?? true }
        inSync = live.isEmpty ? Array(replicas.prefix(1)) : live
        leader = live.first ?? .none
        epochs = LeaderEpochs(first: epoch, from: start)
    }

    /// A partition as it was left when the broker stopped. Where its leader does not run, another replica leads from
    /// `end` on, the log's end.
    init(replicas: [BrokerID], running: [BrokerID], leader: BrokerID, epochs: LeaderEpochs, from end: Offset) {
        self.init(replicas: replicas, running: running)
        let first = self.leader
        self.leader = leader
        self.epochs = epochs
        if !running.contains(leader) || !replicas.contains(leader) { change(to: first, end) }
    }

    /// Counts the leaders (KIP-101).
    var epoch: LeaderEpoch { epochs.latest }
    /// The replica that leads when everything is in order.
    var preferred: BrokerID { replicas.first ?? .none }

    /// Whether so many replicas are in sync, or all of fewer.
    func isEnough(_ least: Int) -> Bool { inSync.count >= min(least, replicas.count) }

    /// Makes `node` the leader; one that is no replica takes the place of the leader that was. `end` is the log's end.
    mutating func lead(_ node: BrokerID, from end: Offset) {
        guard node != leader else { return }
        if !replicas.contains(node) {
            let index = replicas.firstIndex(of: leader) ?? 0
            if replicas.isEmpty { replicas = [node] } else { replicas[index] = node }
            inSync = replicas.filter { $0 == node || inSync.contains($0) }
        } else if !inSync.contains(node) {
            inSync = replicas.filter { $0 == node || inSync.contains($0) }
        }
        change(to: node, end)
    }

    /// `node` leads, though it has not got all records: the log ends at `end` now. The others cut theirs and are in sync.
    mutating func leadUncleanly(_ node: BrokerID, from end: Offset) {
        if node == leader { change(to: node, end) } else { lead(node, from: end) }
    }

    /// `node` has stopped: the first replica that is in sync leads in its place.
    mutating func lose(_ node: BrokerID, from end: Offset) {
        guard replicas.contains(node) else { return }
        if inSync.count > 1 { inSync.removeAll { $0 == node } }
        guard leader == node else { return }
        change(to: replicas.first { $0 != node && inSync.contains($0) } ?? .none, end)
    }

    /// `node` is back, and has caught up; it leads where nobody did.
    mutating func regain(_ node: BrokerID, from end: Offset) {
        guard replicas.contains(node) else { return }
        if leader == .none {
            // Only what was in sync may lead; with the one log there is nothing that others could have missed.
            inSync = [node]
            change(to: node, end)
        } else if !inSync.contains(node) {
            inSync = replicas.filter { $0 == node || inSync.contains($0) }
        }
    }

    /// Moves the partition to other nodes, of which those in `running` are in sync. The leader stays where it can.
    mutating func reassign(to replicas: [BrokerID], running: [BrokerID], from end: Offset) {
        self.replicas = replicas
        let live = replicas.filter(running.contains)
        inSync = live.isEmpty ? Array(replicas.prefix(1)) : live
        guard !live.contains(leader) else { return }
        change(to: live.first ?? .none, end)
    }

    /// `node` is gone for good: a node that has not got the partition yet takes its place, where there is one.
    mutating func remove(_ node: BrokerID, _ running: [BrokerID], from end: Offset) {
        guard let index = replicas.firstIndex(of: node) else { return }
        var others = replicas
        if let next = running.first(where: { !replicas.contains($0) }) {
            others[index] = next
        } else if others.count > 1 {
            others.remove(at: index)
        }
        reassign(to: others, running: running, from: end)
    }

    /// The records before `start` are gone, and so are the epochs that had no others.
    mutating func forget(before start: Offset) { epochs.forget(before: start) }

    private mutating func change(to node: BrokerID, _ end: Offset) {
        leader = node
        epochs.begin(from: end)
    }
}
