import DequeModule

/// Given partitions that change while the consumer reads: Java's `assign`, and the incremental one of librdkafka.
extension KafkaConsumer {
    /// Reads these partitions from now on, and no others. Those that are new begin at these places; those that are read
    /// already go on where they are, as in Java. What becomes of the others is said at ``unassign(_:)``.
    ///
    /// For consumers of given partitions (``KafkaConsumer/Source/partitions(_:)``, ``KafkaConsumer/Source/taken(_:by:)``).
    ///
    /// - Throws: Where there is no such place, or a group or a subscription says what is read; nothing is changed then.
    ///   As ``unassign(_:)`` where what was processed could not be committed.
    public func assign(_ starts: [TopicPartition: StartingOffset]) async throws(KafkaError) {
        try await engine.assign(starts.keys.sorted(), at: starts, alone: true)
    }

    /// Reads these partitions from now on, and no others: those that are new from where the group has come to, and where it
    /// has committed nothing, or there is no group, as ``Configuration/offsetReset`` says.
    ///
    /// - Throws: Where `auto.offset.reset` is none and there is no group, or a group or a subscription says what is read;
    ///   nothing is changed then. As ``unassign(_:)`` where what was processed could not be committed.
    public func assign(_ partitions: [TopicPartition]) async throws(KafkaError) {
        try await engine.assign(partitions, at: nil, alone: true)
    }

    /// Reads these partitions as well, from these places on; those that are read already go on where they are.
    ///
    /// - Throws: Where there is no such place, or a group or a subscription says what is read; nothing is changed then.
    public func assign(adding starts: [TopicPartition: StartingOffset]) async throws(KafkaError) {
        try await engine.assign(starts.keys.sorted(), at: starts, alone: false)
    }

    /// Reads these partitions as well, from where the group has come to, and where it has committed nothing, or there is no
    /// group, as ``Configuration/offsetReset`` says.
    ///
    /// - Throws: Where `auto.offset.reset` is none and there is no group, or a group or a subscription says what is read;
    ///   nothing is changed then.
    public func assign(adding partitions: [TopicPartition]) async throws(KafkaError) {
        try await engine.assign(partitions, at: nil, alone: false)
    }

    /// Reads these partitions no longer; those that it does not read are passed over. Before it returns, what was processed
    /// of them is committed, where the consumer commits by itself, for at most `default.api.timeout.ms`. A batch that the
    /// application has in hand does not count as processed: commit it before. Then ``ConsumerEvent/lost(_:)`` is told.
    ///
    /// - Throws: Where a group or a subscription says what is read: nothing is changed then. Where not all could be
    ///   committed: the partitions are given up all the same, and those records come again.
    public func unassign(_ partitions: [TopicPartition]) async throws(KafkaError) {
        try await engine.unassign(partitions)
    }
}

extension ConsumerEngine {
    /// Reads these partitions as well, or alone: from these places on; with nil from where the group has come to, or where
    /// the configuration says.
    func assign(
        _ partitions: [TopicPartition], at starts: [TopicPartition: KafkaConsumer.StartingOffset]?, alone: Bool
    ) async throws(KafkaError) {
        let group = try groupOfGiven()
        var starts = starts
        if starts == nil, group == nil, !partitions.isEmpty {
            guard let start = resetStart else {
                throw KafkaError(
                    .invalidConfiguration,
                    "could not assign partitions: auto.offset.reset is none; say where to begin in each",
                    setting: "auto.offset.reset")
            }
            starts = Dictionary(partitions.map { ($0, start) }) { first, _ in first }
        }
        for (partition, start) in (starts ?? [:]).inOrder {
            guard let flaw = start.flaw else { continue }
            throw KafkaError(
                .invalidRequest, "could not assign \(partition): \(flaw)", topic: partition.topic,
                partition: partition.partition, isRetriable: false)
        }
        try await changeBegins()
        defer { changeEnds() }
        let failure = alone ? await handBack(Set(plan.positions.keys).subtracting(partitions)) : nil
        let new = Set(partitions).subtracting(plan.positions.keys)
        if !announcements.isClosed, !new.isEmpty {
            if let starts {
                begin(new: starts.filter { new.contains($0.key) })
            } else if let group {
                plan.expect(new.sorted())
                gained(new)
                takeUp(new.sorted(), of: group)
            }
            fetch()
        }
        if let failure { throw failure }
    }

    func unassign(_ partitions: [TopicPartition]) async throws(KafkaError) {
        _ = try groupOfGiven()
        try await changeBegins()
        defer { changeEnds() }
        if let failure = await handBack(Set(partitions).intersection(plan.positions.keys)) { throw failure }
    }

    /// The group that keeps positions of given partitions, if there is one.
    private func groupOfGiven() throws(KafkaError) -> String? {
        switch configuration.source {
        case .partitions: return nil
        case .taken(_, let group): return group
        case .group, .topics:
            throw KafkaError(
                .invalidRequest,
                "could not change the partitions: this consumer reads what it subscribes to; change the subscription",
                isRetriable: false)
        }
    }

    private func begin(new starts: [TopicPartition: KafkaConsumer.StartingOffset]) {
        gain(starts, epochs: [:])
        var known: [TopicPartition: Offset] = [:]
        for (partition, start) in starts.inOrder {
            guard case .offset(let offset) = start else { continue }
            known[partition] = offset
            // As of a seek: the group is to know.
            commits.sought(partition, to: offset)
        }
        announce(known, later: Set(starts.keys).subtracting(known.keys).sorted())
    }

    /// Commits what was processed of these partitions, and reads them no longer. Gives why not all could be committed.
    func handBack(_ partitions: Set<TopicPartition>) async -> KafkaError? {
        guard !partitions.isEmpty else { return nil }
        // Nothing more of them is given out meanwhile.
        plan.remove(partitions)
        var failure: KafkaError?
        noteMarks()
        if let group = configuration.groupId, commits.closed(group, partitions) != nil {
            let limit = configuration.client.apiTimeout
            let deadline = now + limit
            commits.closing()
            await bounded(limit) { await $0.commitRest(until: deadline) }
            failure = commits.closed(group, partitions)
        }
        guard !announcements.isClosed else { return failure }
        giveUp(partitions.sorted())
        announcements.removed(partitions.sorted())
        wakeApplication()
        return failure
    }

    // MARK: - Turns

    /// Waits until nobody else changes what is read.
    func changeBegins() async throws(KafkaError) {
        // Whether it waits is decided in there: on the way in others may have their turns.
        await withCheckedContinuation { continuation in
            guard !turns.isTaken else { return turns.wait(continuation) }
            turns.take()
            continuation.resume()
        }
        guard !announcements.isClosed else {
            changeEnds()
            throw KafkaError(.closed, "the consumer is closed")
        }
        begin()
    }

    func changeEnds() { turns.end()?.resume() }
}

/// Who changes what is read, one after the other, in the order in which they came.
struct ChangeTurns {
    private(set) var isTaken = false
    private var waiting: Deque<CheckedContinuation<Void, Never>> = []

    mutating func take() { isTaken = true }

    mutating func wait(_ waiter: CheckedContinuation<Void, Never>) { waiting.append(waiter) }

    /// The turn is over. Gives whose it is now.
    mutating func end() -> CheckedContinuation<Void, Never>? {
        guard let next = waiting.popFirst() else {
            isTaken = false
            return nil
        }
        return next
    }
}
