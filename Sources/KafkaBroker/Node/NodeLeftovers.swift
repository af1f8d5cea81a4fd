import KafkaWire

/// What a broker holds for its clients at one moment. When all of them have gone, or the broker was stopped, everything is
/// zero: what is not was forgotten.
public struct BrokerLeftovers: Sendable, Equatable {
    /// Connections of clients.
    public var connections = 0
    /// Ports that are listened on.
    public var listeners = 0
    /// Timers that are set: of the broker itself, and of connections that are held back.
    public var timers = 0
    /// Bytes of requests and answers in memory.
    public var bytes = 0
    /// Fetches that wait for records.
    public var fetches = 0
    /// Requests of members that wait for others of their group (JoinGroup, SyncGroup).
    public var joins = 0
    /// Requests that a hook holds back.
    public var heldBack = 0
    /// Requests that are worked on in parts.
    public var works = 0
    /// Answers that were made, and have not left.
    public var answers = 0
    /// Fetch sessions (KIP-227).
    public var sessions = 0
    /// Partitions that wait for the end of a transaction that no coordinator knows.
    public var transactions = 0
    /// Producers that have positions pending in groups without a transaction in which they might be committed.
    public var positions = 0

    init() {}

    private var counts: [(count: Int, noun: String)] {
        [
            (connections, "connection"), (listeners, "listener"), (timers, "timer"), (bytes, "byte"),
            (fetches, "waiting fetch"), (joins, "waiting join"), (heldBack, "request held back"),
            (works, "request in work"), (answers, "answer"), (sessions, "fetch session"),
            (transactions, "partition in a transaction of nobody"),
            (positions, "producer with pending positions and no transaction"),
        ]
    }

    /// Whether nothing is left.
    public var isEmpty: Bool { counts.allSatisfy { $0.count == 0 } }
}

extension BrokerLeftovers: CustomStringConvertible {
    /// What is there, with how much of it: `2 × waiting fetch, 1 × timer`; `nothing` where that is all.
    public var description: String {
        let there = counts.filter { $0.count > 0 }
        return there.isEmpty ? "nothing" : there.map { "\($0.count) × \($0.noun)" }.joined(separator: ", ")
    }
}

// What a node holds for somebody who may not be there any more.

extension BrokerNode {
    /// What it holds for clients now; connections and timers are the server's.
    var leftovers: BrokerLeftovers {
        var found = BrokerLeftovers()
        found.fetches = waitingFetches.count
        found.joins = Set(joinVersions.keys).union(groups.waiting.keys).count
        found.heldBack = delayed.count
        found.works = works.count
        found.answers = answers.count
        found.sessions = sessions.count
        found.transactions = hangingTransactions
        found.positions = hangingProducers.count
        return found
    }

    /// The partitions that wait for the end of a transaction of which no coordinator knows: `read_committed` would not get
    /// past it.
    private var hangingTransactions: Int {
        let open = openTransactions
        return topics.sorted.reduce(0) { sum, topic in
            sum
                + topic.partitions.count { partition in
                    partition.producers.active.contains { producer in
                        producer.transactionStart != nil
                            && open[producer.id]?.contains(TopicPartition(topic.name, partition.index)) != true
                    }
                }
        }
    }

    /// The producers that have positions pending in groups, and no transaction in which they may come to hold.
    var hangingProducers: [ProducerIdentity] {
        let open = openTransactions
        return groups.pendingGroups.keys.filter { open[$0] == nil }.sorted().compactMap(groups.pendingProducer)
    }

    /// The partitions of transactions that have not ended, by the ids that their records are under.
    private var openTransactions: [ProducerID: Set<TopicPartition>] {
        var found: [ProducerID: Set<TopicPartition>] = [:]
        for transaction in transactions.transactions.values
        where transaction.state == .ongoing || transaction.state.isPreparing {
            // At the end of its epochs a producer gets another id, and the records have the one of before.
            for id in [transaction.producer.id, transaction.previous.id] where id >= 0 {
                found[id, default: []].formUnion(transaction.partitions)
            }
        }
        return found
    }
}
