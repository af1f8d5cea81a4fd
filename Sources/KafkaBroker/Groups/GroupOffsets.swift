import KafkaWire

/// What a group has committed: the positions that hold, and those of transactions that have not ended.
///
/// By topic, so that a topic that is deleted is forgotten at once; and with the producers that are about to change a
/// position, so that nobody looks through all transactions for it.
struct GroupOffsets: Equatable {
    /// A position that a group has committed.
    struct Committed: Equatable {
        var offset: Offset
        var leaderEpoch: LeaderEpoch
        var metadata: String
        /// Its place in the order of all commits.
        var order: UInt64 = 0
        /// When it was committed, and until when the commit asked for it to be kept (OffsetCommit up to v4).
        var committedAt = Instant(nanoseconds: 0)
        var expiresAt: Instant?

        /// How much memory it takes with its place in the tables, roughly.
        fileprivate var bytes: Int { 160 + metadata.utf8.count }
    }

    /// A position that holds when its producer's transaction is committed.
    struct Pending: Equatable {
        var committed: Committed
        /// The producer's epoch at the time.
        var epoch: ProducerEpoch
    }

    private(set) var committed: [String: [PartitionID: Committed]] = [:]
    private(set) var pending: [ProducerID: [TopicPartition: Pending]] = [:]
    /// The producers that have a position pending.
    private var changers: [String: [PartitionID: Set<ProducerID>]] = [:]
    /// How many positions hold.
    private(set) var count = 0
    /// How much memory all this takes, roughly.
    private(set) var bytes = 0

    var isEmpty: Bool { committed.isEmpty && pending.isEmpty }
    /// The topics in which there is a position of either kind.
    var topics: Set<String> { Set(committed.keys).union(changers.keys) }

    subscript(key: TopicPartition) -> Committed? { committed[key.topic]?[key.partition] }

    /// The positions that hold, in the order of topics and partitions.
    var sorted: [(topic: String, positions: [(partition: PartitionID, committed: Committed)])] {
        committed.sorted { $0.key < $1.key }.map { topic, positions in
            (topic, positions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }

    /// Whether a topic has a position of either kind.
    func has(topic: String) -> Bool { committed[topic] != nil || changers[topic] != nil }

    /// Whether a transaction that has not ended has a position of that partition.
    func isUnstable(_ key: TopicPartition) -> Bool { changers[key.topic]?[key.partition] != nil }

    // MARK: - Changes

    mutating func store(_ position: Committed, for key: TopicPartition) {
        bytes += position.bytes
        if let old = committed[key.topic, default: [:]].updateValue(position, forKey: key.partition) {
            bytes -= old.bytes
        } else {
            count += 1
        }
    }

    mutating func remove(_ key: TopicPartition) -> Bool {
        guard let old = committed[key.topic]?.removeValue(forKey: key.partition) else { return false }
        bytes -= old.bytes
        count -= 1
        if committed[key.topic]?.isEmpty == true { committed[key.topic] = nil }
        return true
    }

    mutating func storePending(_ position: Committed, for key: TopicPartition, producer: ProducerIdentity) {
        let new = Pending(committed: position, epoch: producer.epoch)
        bytes += position.bytes
        if let old = pending[producer.id, default: [:]].updateValue(new, forKey: key) { bytes -= old.committed.bytes }
        changers[key.topic, default: [:]][key.partition, default: []].insert(producer.id)
    }

    /// The producer's transaction has ended: its positions hold, unless later ones do, or are dropped.
    mutating func endTransaction(of producer: ProducerID, commit: Bool) {
        let commit = commit || PlantedMistake.keepsAbortedOffsets.isMade
        for (key, position) in pending[producer] ?? [:] {
            dropPending(key, of: producer)
            guard commit, position.committed.order > self[key]?.order ?? 0 else { continue }
            store(position.committed, for: key)
        }
    }

    /// The topic is gone, and so are its positions; gives the partitions whose positions held.
    mutating func forget(topic: String) -> [PartitionID] {
        for (partition, producers) in changers[topic] ?? [:] {
            for producer in producers { dropPending(TopicPartition(topic, partition), of: producer) }
        }
        let partitions = (committed[topic] ?? [:]).keys.sorted()
        for partition in partitions { _ = remove(TopicPartition(topic, partition)) }
        return partitions
    }

    private mutating func dropPending(_ key: TopicPartition, of producer: ProducerID) {
        guard let old = pending[producer]?.removeValue(forKey: key) else { return }
        bytes -= old.committed.bytes
        if pending[producer]?.isEmpty == true { pending[producer] = nil }
        changers[key.topic]?[key.partition]?.remove(producer)
        if changers[key.topic]?[key.partition]?.isEmpty == true { changers[key.topic]?[key.partition] = nil }
        if changers[key.topic]?.isEmpty == true { changers[key.topic] = nil }
    }

    // MARK: - What is kept

    /// What would have to be noted for what the group `id` has committed now, in the order in which it was.
    func changes(of id: String) -> [OffsetChange] {
        var all: [(order: UInt64, change: OffsetChange)] = []
        for (topic, positions) in committed {
            for (partition, position) in positions {
                all.append(
                    (position.order, .committed(group: id, key: TopicPartition(topic, partition), position)))
            }
        }
        for (producer, positions) in pending {
            for (key, position) in positions {
                let owner = ProducerIdentity(id: producer, epoch: position.epoch)
                all.append(
                    (
                        position.committed.order,
                        .pending(group: id, key: key, position.committed, producer: owner)
                    ))
            }
        }
        return all.sorted { $0.order < $1.order }.map(\.change)
    }

    /// What does not hold though it always should.
    var objections: [String] {
        var found: [String] = []
        let held = committed.values.flatMap { $0.values } + pending.values.flatMap { $0.values.map(\.committed) }
        if held.reduce(0, { $0 + $1.bytes }) != bytes {
            found.append("\(bytes) bytes of positions are counted wrongly")
        }
        if committed.values.reduce(0, { $0 + $1.count }) != count { found.append("\(count) positions are counted") }
        if committed.values.contains(where: \.isEmpty) || pending.values.contains(where: \.isEmpty) {
            found.append("a topic or a producer is kept without positions")
        }
        let changing = pending.flatMap { producer, positions in positions.keys.map { ($0, producer) } }
        let known = changers.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
        if changing.count != known
            || changing.contains(where: { changers[$0.topic]?[$0.partition]?.contains($1) != true })
        {
            found.append("who changes a position is not known")
        }
        if committed.values.contains(where: { $0.keys.contains { $0 < 0 } }) {
            found.append("there is a position in a partition below 0")
        }
        return found
    }
}
