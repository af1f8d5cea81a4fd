import KafkaWire

/// A topic: its name, its id, its settings and its partitions. Lives on the loop, and is shared by reference.
final class Topic {
    let name: String
    let id: TopicID
    /// The settings that it was created with; `max.message.bytes` and `retention.bytes` have an effect.
    let configs: [String: String]
    let partitions: [Partition]

    init(name: String, id: TopicID, configs: [String: String], partitions: [Partition]) {
        self.name = name
        self.id = id
        self.configs = configs
        self.partitions = partitions
    }

    /// The partition with that number, or nil.
    func partition(_ index: PartitionID) -> Partition? {
        partitions.indices.contains(index.index) ? partitions[index.index] : nil
    }

    /// The whole number that a setting holds, or nil.
    func integer(_ config: String) -> Int? { configs[config].flatMap { Int($0) } }
}

/// A partition, led by this broker.
final class Partition {
    let index: PartitionID
    /// One node never changes a leader; clients that bring an epoch are held against it all the same (KIP-320).
    let leaderEpoch: LeaderEpoch = 0
    var log: PartitionLog
    var producers = ProducerStates()
    var aborted = AbortedTransactions()
    /// Fetches that wait for records.
    var waiting: Set<RequestTicket> = []
    /// Set when the topic was deleted; waiting fetches still hold the partition.
    var isDeleted = false

    init(index: PartitionID, log: PartitionLog) {
        self.index = index
        self.log = log
    }

    /// Before which offset every transaction has ended (KIP-98); with one node, the rest of the log is stable too.
    var lastStableOffset: Offset {
        max(log.startOffset, min(producers.firstUnstableOffset ?? log.endOffset, log.endOffset))
    }

    /// What is wrong with the leader epoch that a client believes in; -1 is no belief.
    func check(epoch: LeaderEpoch) -> ErrorCode {
        if epoch < 0 || epoch == leaderEpoch { return .none }
        return epoch < leaderEpoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
    }
}
