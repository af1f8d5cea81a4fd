/// A transaction that is open, as ``KafkaProducer/withTransaction(_:)`` hands it to its body.
public struct ProducerTransaction: Sendable {
    package let producer: KafkaProducer

    /// Takes a record over, to be sent in the transaction; see ``KafkaProducer/enqueue(_:)``. There is no need to wait for its
    /// delivery: the commit does, and throws where the record did not arrive.
    @discardableResult
    public nonisolated(nonsending) func enqueue(_ record: ProducerRecord) async throws(KafkaError) -> Delivery {
        try await producer.enqueue(record)
    }

    /// Sends a record in the transaction, and returns when it is stored; see ``KafkaProducer/send(_:)``.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws(KafkaError) -> RecordMetadata {
        try await producer.send(record)
    }

    /// Commits positions of a group with the transaction; see ``KafkaProducer/sendOffsets(_:group:)``.
    public func sendOffsets(
        _ offsets: [TopicPartition: CommittedOffset], group: ConsumerGroupMetadata
    ) async throws(KafkaError) {
        try await producer.sendOffsets(offsets, group: group)
    }
}

/// Transactions (KIP-98): records in several partitions, and positions of consumers' groups, that consumers with
/// ``IsolationLevel/readCommitted`` see all of or nothing of.
///
/// They need ``Configuration/transactionalId``. Errors say in ``KafkaError/transaction`` what they mean: abort and begin
/// again, close the producer, or ask once more.
extension KafkaProducer {
    /// Gets this producer its id and epoch from the coordinator, and shuts out every other one with the same transactional id:
    /// an open transaction of theirs is aborted (InitProducerId). The first ``beginTransaction()`` does this by itself; to call
    /// it earlier tells earlier what is wrong.
    ///
    /// - Throws: At the latest after `max.block.ms`; it may be called again then.
    public func initTransactions() async throws(KafkaError) { try await engine.initTransactions() }

    /// Begins a transaction. Records that are sent from now on belong to it; outside of one, none are taken over.
    public func beginTransaction() async throws(KafkaError) { try await engine.beginTransaction() }

    /// Commits positions of a group with the open transaction: they hold where it is committed, and never where it is aborted.
    /// `group` says which member has read up to there; where it is a member no longer, the coordinator refuses (KIP-447).
    ///
    /// - Throws: At the latest after `max.block.ms`. The transaction has to be aborted then.
    public func sendOffsets(
        _ offsets: [TopicPartition: CommittedOffset], group: ConsumerGroupMetadata
    ) async throws(KafkaError) {
        try await engine.sendOffsets(offsets, group: group)
    }

    /// Sends what is left of the transaction, waits until all of it is stored, and commits it.
    ///
    /// - Throws: ``TransactionTrouble/abortable`` where a record did not arrive: nothing is committed.
    ///   ``TransactionTrouble/outcomeUnknown`` where nobody said so within `max.block.ms`: the commit goes on, and this call
    ///   repeated tells what came of it. Cancelling the task does not end the call.
    public func commitTransaction() async throws(KafkaError) { try await engine.commitTransaction() }

    /// Aborts the transaction: consumers with ``IsolationLevel/readCommitted`` see nothing of it. Records that were not sent yet
    /// are dropped (KIP-654). The next transaction may begin.
    ///
    /// - Throws: ``TransactionTrouble/outcomeUnknown`` after `max.block.ms`; this call repeated tells what came of it.
    public func abortTransaction() async throws(KafkaError) { try await engine.abortTransaction() }

    /// Does all of `body` in one transaction, and commits it. Where the body throws, or its task was cancelled, the transaction
    /// is aborted.
    ///
    /// ```swift
    /// try await producer.withTransaction { transaction in
    ///     try await transaction.enqueue(ProducerRecord(topic: "orders", key: "42", value: "paid"))
    ///     try await transaction.enqueue(ProducerRecord(topic: "bookings", key: "42", value: "100"))
    /// }
    /// ```
    ///
    /// - Returns: What the body returns; it is then committed.
    /// - Throws: What the body throws, or why it could not be committed: with ``TransactionTrouble/abortable`` it is aborted by
    ///   then, and may be done again; with ``TransactionTrouble/outcomeUnknown`` ask with ``commitTransaction()``.
    @discardableResult
    public nonisolated(nonsending) func withTransaction<R>(
        _ body: nonisolated(nonsending) (ProducerTransaction) async throws -> R
    ) async throws -> R {
        try await engine.awaitAbort()
        try await beginTransaction()
        do {
            let result = try await body(ProducerTransaction(producer: self))
            if Task.isCancelled {
                throw KafkaError(.cancelled, "the task was cancelled in a transaction, which was aborted")
            }
            try await commitTransaction()
            return result
        } catch {
            do throws(KafkaError) { try await engine.abandonTransaction() } catch let abort {
                // That the producer can only be closed is the worse news.
                let isEnd = abort.transaction == .fenced || abort.transaction == .fatal
                if isEnd, (error as? KafkaError)?.transaction == .abortable { throw abort }
            }
            throw error
        }
    }
}
