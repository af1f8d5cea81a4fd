import KafkaWire

/// What is known of transactional ids, as Kafka's `__transaction_state` holds it: a record per change of an id, whose
/// value is empty where the id is forgotten.
///
/// As in Kafka, the offsets that belong to a transaction stand there as the partition of `__consumer_offsets` that holds
/// them, and not by group.
struct TransactionsLog {
    /// The folder's name. Kafka spreads ids over fifty partitions; one process needs one.
    static let name = TopicRules.transactions

    private static let valueVersion: Int16 = 1
    /// The states with Kafka's numbers.
    private static let states: [Transaction.State] = [
        .empty, .ongoing, .prepareCommit, .prepareAbort, .completeCommit, .completeAbort,
    ]

    let clock: WallClock

    /// The records of changes.
    func entries(_ changes: [TransactionChange]) throws(StorageError) -> [StateLog.Entry] {
        var entries: [StateLog.Entry] = []
        for change in changes {
            if let entry = try entry(change) { entries.append(entry) }
        }
        return entries
    }

    /// The record of a change; nil for one that does not belong here.
    func entry(_ change: TransactionChange) throws(StorageError) -> StateLog.Entry? {
        switch change {
        case .producerIds: nil
        case .forgotten(let id): .init(key: try key(id), value: nil)
        case .state(let transaction): .init(key: try key(transaction.id), value: try value(transaction))
        }
    }

    /// Reads the changes back.
    func forEachChange(in log: StateLog, _ body: (TransactionChange) -> Void) throws(StorageError) {
        try log.forEachBatch { batch throws(StorageError) in
            for record in try StateLog.records(of: batch, in: Self.name) {
                guard let bytes = record.key, let key = try? TransactionLogKey.decodeVersioned(bytes) else { continue }
                guard let bytes = record.value else {
                    body(.forgotten(key.transactionalId))
                    continue
                }
                guard let value = try? TransactionLogValue.decodeVersioned(bytes) else { continue }
                body(.state(transaction(key.transactionalId, value)))
            }
        }
    }

    private func key(_ id: String) throws(StorageError) -> [UInt8] {
        try StorageError.encoding("write the transactional id \(id)") { () throws(WireError) in
            try TransactionLogKey.with { $0.transactionalId = id }.encodeVersioned(version: 0)
        }
    }

    private func value(_ transaction: Transaction) throws(StorageError) -> [UInt8] {
        let value = TransactionLogValue.with {
            $0.producerId = transaction.producer.id
            $0.previousProducerId = transaction.previous.id
            $0.nextProducerId = transaction.next ?? .none
            $0.producerEpoch = transaction.producer.epoch
            $0.transactionTimeoutMs = Milliseconds(transaction.timeout)
            $0.transactionStatus = Int8(Self.states.firstIndex(of: transaction.state) ?? 0)
            $0.transactionPartitions = partitions(of: transaction)
            $0.transactionLastUpdateTimestampMs = clock.milliseconds(transaction.updatedAt)
            $0.transactionStartTimestampMs = transaction.startedAt.map(clock.milliseconds) ?? -1
            $0.clientTransactionVersion = transaction.isVersion2 ? 2 : 0
        }
        return try StorageError.encoding("write the state of \(transaction.id)") { () throws(WireError) in
            try value.encodeVersioned(version: Self.valueVersion)
        }
    }

    private func partitions(of transaction: Transaction) -> [TransactionLogValue.Partitions]? {
        guard transaction.state == .ongoing || transaction.state.isPreparing else { return nil }
        var topics = Dictionary(grouping: transaction.partitions.sorted(), by: \.topic).mapValues {
            $0.map(\.partition)
        }
        if !transaction.groups.isEmpty || transaction.hasUnknownGroups { topics[OffsetsLog.name] = [0] }
        return topics.sorted { $0.key < $1.key }.map { topic, ids in
            .with {
                $0.topic = topic
                $0.partitionIds = ids
            }
        }
    }

    private func transaction(_ id: String, _ value: TransactionLogValue) -> Transaction {
        var transaction = Transaction(
            id: id, producerId: value.producerId, timeout: value.transactionTimeoutMs.duration,
            now: clock.instant(value.transactionLastUpdateTimestampMs))
        transaction.producer.epoch = value.producerEpoch
        transaction.previous.id = value.previousProducerId
        transaction.next = value.nextProducerId == .none ? nil : value.nextProducerId
        let status = Int(value.transactionStatus)
        transaction.state = Self.states.indices.contains(status) ? Self.states[status] : .empty
        transaction.isVersion2 = value.clientTransactionVersion >= 2
        if value.transactionStartTimestampMs >= 0 {
            transaction.startedAt = clock.instant(value.transactionStartTimestampMs)
        }
        for topic in value.transactionPartitions ?? [] {
            if topic.topic == OffsetsLog.name {
                transaction.hasUnknownGroups = true
            } else {
                transaction.partitions.formUnion(topic.partitionIds.map { TopicPartition(topic.topic, $0) })
            }
        }
        return transaction
    }
}
