/// From a consumer to a producer, exactly once: the positions of what was read are committed with what was made of it.
extension KafkaConsumer {
    /// What the coordinator knows this member by, for ``KafkaProducer/sendOffsets(_:group:)``. For partitions that the
    /// application itself takes (``KafkaConsumer/Source/taken(_:by:)``), the group alone: nobody is a member, and none is checked.
    ///
    /// - Throws: Where the consumer has no group, or is no member of it at present: what it has read is not its own any more.
    public var groupMetadata: ConsumerGroupMetadata {
        get async throws(KafkaError) { try await engine.groupMetadata() }
    }
}

extension ConsumerBatch {
    /// What a transaction commits for these records.
    fileprivate func position() async throws(KafkaError) -> (CommittedOffset, ConsumerGroupMetadata) {
        (
            CommittedOffset(offset: nextOffset, leaderEpoch: leaderEpoch),
            try await engine.groupMetadata(for: source, of: assignment)
        )
    }

    /// Whether a member of a group has read them, which may be one still, of a newer generation.
    fileprivate var isOfMember: Bool {
        if case .group = engine.configuration.source { true } else { false }
    }

    fileprivate func refused(_ code: ErrorCode, of group: ConsumerGroupMetadata) async {
        await engine.positionRefused(code, of: group)
    }
}

extension ConsumerEngine {
    /// As whom to commit a position of a partition that has come with the assignment of that number.
    func groupMetadata(
        for partition: TopicPartition, of assignment: Int
    ) throws(KafkaError) -> ConsumerGroupMetadata {
        guard commits.assignment(of: partition) == assignment else { throw movedOn([:]) }
        return try groupMetadata()
    }

    /// As whom to commit positions.
    func groupMetadata() throws(KafkaError) -> ConsumerGroupMetadata {
        guard configuration.groupId != nil else {
            throw KafkaError(
                .invalidConfiguration, "a consumer without a group has nothing to commit to", setting: "group.id")
        }
        guard configuration.autoCommit == nil else {
            throw KafkaError(
                .invalidConfiguration,
                "the consumer commits by itself, also what a transaction takes back; set enable.auto.commit to false",
                setting: "enable.auto.commit")
        }
        if case .taken(_, let id) = configuration.source { return ConsumerGroupMetadata(groupId: id) }
        guard let member = membership?.member else { throw movedOn([:]) }
        return ConsumerGroupMetadata(member)
    }

    /// The coordinator has refused positions of that member: it may be none any more.
    func positionRefused(_ code: ErrorCode, of group: ConsumerGroupMetadata) {
        guard let member = membership?.member, member.memberId == group.memberId, member.generation == group.generation
        else { return }
        if let actions = membership?.commitRefused(code, of: member, now: now) { perform(actions) }
    }
}

extension ProducerTransaction {
    /// Commits with the transaction that the group has processed these records.
    ///
    /// - Throws: Where the group has moved on without this member: then another member gets the records again, and the
    ///   transaction is to be aborted.
    public func commit(_ batch: ConsumerBatch) async throws(KafkaError) {
        let (offset, group) = try await batch.position()
        do throws(KafkaError) { try await sendOffsets([batch.source: offset], group: group) } catch {
            if let code = error.code.broker, Self.movedOn.contains(code) { await batch.refused(code, of: group) }
            throw error
        }
    }

    /// The coordinator knows the member no more, or of another generation.
    fileprivate static let movedOn: Set<ErrorCode> = [.illegalGeneration, .unknownMemberId]

    /// The consumer itself says that the records are no longer its own.
    fileprivate static func isOver(_ error: KafkaError) -> Bool {
        error.code == .broker(.rebalanceInProgress) && error.transaction == nil
    }
}

extension KafkaProducer {
    /// Does all of `body` in one transaction that also commits the batch's position: what is made of these records is there
    /// exactly once, for consumers with ``IsolationLevel/readCommitted``. What may work if it is done again is done again.
    ///
    /// ```swift
    /// for try await batch in consumer.batches {
    ///     try await producer.withTransaction(committing: batch) { transaction in
    ///         for record in batch { try await transaction.enqueue(ProducerRecord(topic: "out", value: record.value)) }
    ///     }
    /// }
    /// ```
    ///
    /// The consumer must not commit by itself (`enable.auto.commit` false).
    ///
    /// - Returns: What the body returns; it is then committed. Nil where the group has given the records to another member,
    ///   or the application their partition up: nothing of the body is left.
    /// - Throws: As ``withTransaction(_:)``.
    @discardableResult
    public nonisolated(nonsending) func withTransaction<R>(
        committing batch: ConsumerBatch, _ body: nonisolated(nonsending) (ProducerTransaction) async throws -> R
    ) async throws -> R? {
        var backoff = Backoff(configuration.client, seed: loop.random())
        while true {
            do {
                return try await withTransaction { transaction in
                    let result = try await body(transaction)
                    try await transaction.commit(batch)
                    return result
                }
            } catch let error as KafkaError {
                if ProducerTransaction.isOver(error) { return nil }
                // Where the member is one still, of a newer generation, the records are its own still.
                let hasMoved =
                    batch.isOfMember && error.code.broker.map(ProducerTransaction.movedOn.contains) ?? false
                guard error.transaction == .abortable, error.isRetriable || hasMoved, !Task.isCancelled else {
                    throw error
                }
            }
            try await loop.sleep(for: backoff.next())
        }
    }
}
