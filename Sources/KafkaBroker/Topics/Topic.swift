import KafkaWire

/// A topic: its name, its id, its settings and its partitions. Lives on the loop, and is shared by reference.
final class Topic {
    let name: String
    let id: TopicID
    /// The settings that the topic itself was given, by name; see ``TopicConfigs``.
    var configs: [String: String]
    /// What takes effect, with what the topic falls back to.
    var settings: TopicSettings {
        didSet { for partition in partitions { partition.log.rolling = rolling } }
    }
    private(set) var partitions: [Partition] = []
    /// Where the records are; nil is in memory.
    private let folders: PartitionFolders?

    init(
        name: String, id: TopicID, configs: [String: String], settings: TopicSettings, folders: PartitionFolders? = nil
    ) {
        self.folders = folders
        self.name = name
        self.id = id
        self.configs = configs
        self.settings = settings
    }

    /// Adds empty partitions behind those that there are.
    func addPartitions(_ count: Int) {
        for _ in 0..<count {
            let index = PartitionID(index: partitions.count)
            let folder = folders?.folder(of: name, index, id: id)
            partitions.append(
                Partition(index: index, log: PartitionLog(rolling: rolling, folder: folder), topicId: id))
        }
    }

    private var rolling: SegmentRolling { folders == nil ? settings.rollingInMemory : settings.rolling }

    /// The partition with that number, or nil.
    func partition(_ index: PartitionID) -> Partition? {
        partitions.indices.contains(index.index) ? partitions[index.index] : nil
    }
}

/// A partition: its log, and who leads it.
final class Partition {
    let index: PartitionID
    let topicId: TopicID
    /// Who holds and who leads it; given by whoever creates it.
    var leadership = Leadership(replicas: [])
    /// Counts the leaders; clients that bring an epoch are held against it (KIP-320).
    var leaderEpoch: LeaderEpoch { leadership.epoch }
    var log: PartitionLog
    var producers = ProducerStates()
    var aborted = AbortedTransactions()
    /// Fetches that wait for records, and which of their targets it is.
    var waiting: [RequestTicket: Int] = [:]
    /// Set when the topic was deleted; waiting fetches still hold the partition.
    var isDeleted = false

    init(index: PartitionID, log: PartitionLog, topicId: TopicID = .zero) {
        self.index = index
        self.topicId = topicId
        self.log = log
    }

    /// Up to where the other replicas have the log, while they are held back; nil where they have all of it.
    var heldAt: Offset?

    /// Before which offset all replicas have the log: what consumers see ends here.
    var highWatermark: Offset {
        heldAt.map { max(log.startOffset, min($0, log.endOffset)) } ?? log.endOffset
    }

    /// Before which offset every transaction has ended (KIP-98); with one node, the rest of the log is stable too.
    var lastStableOffset: Offset {
        let end = highWatermark
        return max(log.startOffset, min(producers.firstUnstableOffset ?? end, end))
    }

    /// The first offsets of the batches that fetches get with a byte turned over, so that their checksums are wrong; set
    /// on command.
    var damaged: Set<Offset> = []

    /// The batches from the one that contains `offset` on are gone, and what they said of producers and transactions.
    func loseRecords(from offset: Offset) throws(StorageError) {
        try log.truncate(from: offset)
        var aborted = AbortedTransactions()
        var producers = ProducerStates()
        for segment in log.segments {
            for index in segment.entries.indices { aborted.found(try segment.batch(at: index), &producers) }
        }
        (self.aborted, self.producers) = (aborted, producers)
        damaged = damaged.filter { $0 < log.endOffset }
    }

    /// Where the log of that node ends: a follower's where replication is held.
    func end(at node: BrokerID) -> Offset { leadership.leader == node ? log.endOffset : highWatermark }

    /// What is wrong with asking `node` of the partition, as its leader or where a follower will do as its replica, with
    /// the epoch that the client believes in: the one place where this is decided.
    func refusal(at node: BrokerID, epoch: LeaderEpoch = .none, orFollower: Bool = false) -> ErrorCode {
        if leadership.leader == node { return check(epoch: epoch) }
        // A replica knows the epoch too, and says first what is wrong with it, as in Kafka.
        guard leadership.replicas.contains(node) else { return .notLeaderOrFollower }
        let stale = check(epoch: epoch)
        return stale == .none && !orFollower ? .notLeaderOrFollower : stale
    }

    /// What is wrong with the leader epoch that a client believes in; -1 is no belief.
    func check(epoch: LeaderEpoch) -> ErrorCode {
        if epoch < 0 || epoch == leaderEpoch { return .none }
        return epoch < leaderEpoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
    }
}
