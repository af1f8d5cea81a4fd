import KafkaWire

// What a node holds for somebody who may not be there any more.

extension BrokerNode {
    /// What it holds for clients now; connections and timers are the server's.
    var leftovers: KafkaBroker.Leftovers {
        var found = KafkaBroker.Leftovers()
        found.fetches = waitingFetches.count
        found.joins = Set(joinVersions.keys).union(groups.waiting.keys).count
        found.heldBack = delayed.count
        found.works = works.count
        found.answers = answers.count
        found.sessions = sessions.count
        found.transactions = hangingTransactions
        found.positions = hangingPositions
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
    private var hangingPositions: Int {
        let open = openTransactions
        return groups.pendingGroups.keys.count { open[$0] == nil }
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
