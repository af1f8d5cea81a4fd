import KafkaWire

// What groups commit: at once, in transactions, and what is read back after a restart.

extension GroupCoordinator {
    /// Whether the sender of a commit may commit for its group; makes the group where it commits without being a
    /// member (a "simple" consumer, or an administrator). The empty name is such a group's too, as in Kafka.
    mutating func mayCommit(
        _ request: OffsetCommitRequest, _ context: RequestContext, partitions: [TopicIDPartition] = []
    ) -> ErrorCode {
        planExpiry(now: context.now)
        if let error = groups[request.groupId]?.consumer?.commit(
            request, version: context.version, partitions: partitions)
        {
            return error
        }
        if groups[request.groupId] == nil, request.generationIdOrMemberEpoch >= 0 {
            return context.version >= 9 ? .groupIdNotFound : .illegalGeneration
        }
        guard hasRoom(forGroup: request.groupId) else { return .invalidCommitOffsetSize }
        return withGroup(request.groupId, context.now) { $0.classic.commit(request, now: context.now) }
    }

    /// Stores a position of a group that may commit. Too many of them are refused as what is too large for Kafka's log.
    mutating func commit(_ committed: Committed, for key: TopicPartition, group: String) -> ErrorCode {
        if let objection = objection(to: committed) { return objection }
        let isRebalancing = groups[group]?.classic.state == .preparingRebalance
        if PlantedMistake.dropsCommitsInRebalance.isMade && isRebalancing { return .none }
        store(committed, for: key, group: group)
        return .none
    }

    private func objection(to committed: Committed) -> ErrorCode? {
        guard committed.metadata.utf8.count <= Self.maximumMetadataLength else { return .offsetMetadataTooLarge }
        return roomForOffsets < 2 * Self.maximumMetadataLength ? .invalidCommitOffsetSize : nil
    }

    mutating func store(_ committed: Committed, for key: TopicPartition, group: String) {
        let committed = ordered(committed)
        changeOffsets(of: group, in: CollectionOfOne(key.topic)) { $0.store(committed, for: key) }
        note(.committed(group: group, key: key, committed))
    }

    func committed(_ key: TopicPartition, group: String) -> Committed? { groups[group]?.offsets[key] }

    private mutating func ordered(_ committed: Committed) -> Committed {
        commits += 1
        var committed = committed
        committed.order = commits
        return committed
    }

    /// Everything that a group has committed, in the order of topics and partitions.
    func allCommitted(group: String) -> [(key: TopicPartition, value: Committed)] {
        (groups[group]?.offsets.sorted ?? []).flatMap { topic, positions in
            positions.map { (TopicPartition(topic, $0.partition), $0.committed) }
        }
    }

    mutating func removeOffset(_ key: TopicPartition, group: String) {
        var isGone = false
        changeOffsets(of: group, in: CollectionOfOne(key.topic)) { isGone = $0.remove(key) }
        if isGone { note(.removed(group: group, key: key)) }
    }

    /// Forgets a group with all that it has committed.
    mutating func forget(group id: String) {
        for topic in groups[id]?.offsets.topics.sorted() ?? [] { forgetOffsets(ofTopic: topic, group: id) }
        guard let group = groups.removeValue(forKey: id) else { return }
        use.memberBytes -= group.memberBytes
        plan(id)
    }

    /// A topic is gone, and so are the positions in it.
    mutating func forgetOffsets(ofTopic name: String) {
        for id in groupsOfTopic[name]?.sorted() ?? [] { forgetOffsets(ofTopic: name, group: id) }
    }

    private mutating func forgetOffsets(ofTopic name: String, group id: String) {
        var partitions: [PartitionID] = []
        changeOffsets(of: id, in: CollectionOfOne(name)) { partitions = $0.forget(topic: name) }
        for partition in partitions { note(.removed(group: id, key: TopicPartition(name, partition))) }
    }

    /// Changes what a group has committed in `topics`, and what is known of that here.
    private mutating func changeOffsets(
        of id: String, in topics: some Sequence<String>, _ body: (inout GroupOffsets) -> Void
    ) {
        guard let place = groups.index(forKey: id) else { return }
        let before = groups.values[place].offsets.bytes
        let wasEmpty = groups.values[place].offsets.isEmpty
        body(&groups.values[place].offsets)
        use.offsetBytes += groups.values[place].offsets.bytes - before
        for topic in topics {
            if groups.values[place].offsets.has(topic: topic) {
                groupsOfTopic[topic, default: []].insert(id)
            } else {
                groupsOfTopic[topic]?.remove(id)
                if groupsOfTopic[topic]?.isEmpty == true { groupsOfTopic[topic] = nil }
            }
        }
        if wasEmpty != groups.values[place].offsets.isEmpty { plan(id) }
    }

    // MARK: - In transactions

    /// Whether the sender may commit for its group in a transaction; makes the group where it is not a member (KIP-447).
    mutating func mayCommit(
        _ request: TxnOffsetCommitRequest, _ context: RequestContext, partitions: [TopicIDPartition] = []
    ) -> ErrorCode {
        if request.groupId.isEmpty { return .invalidGroupId }
        planExpiry(now: context.now)
        if let error = groups[request.groupId]?.consumer?.commit(request, partitions: partitions) { return error }
        if groups[request.groupId] == nil, request.generationId >= 0 { return .illegalGeneration }
        guard hasRoom(forGroup: request.groupId) else { return .invalidCommitOffsetSize }
        return withGroup(request.groupId, context.now) { $0.classic.commit(request) }
    }

    /// Keeps a position of a group that may commit until the producer's transaction ends.
    mutating func commitPending(
        _ committed: Committed, for key: TopicPartition, group: String, producer: ProducerIdentity
    ) -> ErrorCode {
        if let objection = objection(to: committed) { return objection }
        storePending(committed, for: key, group: group, producer: producer)
        return .none
    }

    mutating func storePending(
        _ committed: Committed, for key: TopicPartition, group: String, producer: ProducerIdentity
    ) {
        let committed = ordered(committed)
        changeOffsets(of: group, in: CollectionOfOne(key.topic)) {
            $0.storePending(committed, for: key, producer: producer)
        }
        pendingGroups[producer.id, default: []].insert(group)
        note(.pending(group: group, key: key, committed, producer: producer))
    }

    /// The producer of that id, as it has committed positions that are pending.
    func pendingProducer(_ id: ProducerID) -> ProducerIdentity? {
        let groups = pendingGroups[id]?.compactMap { self.groups[$0] } ?? []
        return groups.flatMap { $0.offsets.pending[id, default: [:]].values.map(\.epoch) }.max()
            .map { ProducerIdentity(id: id, epoch: $0) }
    }

    /// Whether a transaction that has not ended has a position of that partition.
    func isUnstable(_ key: TopicPartition, group: String) -> Bool { groups[group]?.offsets.isUnstable(key) ?? false }

    /// The producer's transaction has ended: its positions hold, unless later ones do, or are dropped. With version 2 of
    /// transactions the producer that ends has a later epoch than the one that committed.
    mutating func endTransaction(of producer: ProducerIdentity, commit: Bool) {
        guard let concerned = pendingGroups.removeValue(forKey: producer.id) else { return }
        for id in concerned.sorted() {
            let topics = Set((groups[id]?.offsets.pending[producer.id] ?? [:]).keys.map(\.topic))
            changeOffsets(of: id, in: topics) { $0.endTransaction(of: producer.id, commit: commit) }
        }
        note(.ended(producer: producer, commit: commit))
    }

    // MARK: - After a restart

    /// Makes a change that was noted before the broker was started.
    mutating func restore(_ change: OffsetChange, now: Instant) {
        switch change {
        case .committed(let id, let key, let committed):
            if groups[id] == nil { withGroup(id, now) { _ in } }
            store(committed, for: key, group: id)
        case .pending(let id, let key, let committed, let producer):
            if groups[id] == nil { withGroup(id, now) { _ in } }
            storePending(committed, for: key, group: id, producer: producer)
        case .ended(let producer, let commit): endTransaction(of: producer, commit: commit)
        case .removed(let id, let key): removeOffset(key, group: id)
        }
    }

    /// Forgets groups that are left with nothing after all changes were made.
    mutating func endRestoring(now: Instant) {
        while let id = idle.first?.key { forget(group: id) }
        notesChanges = true
        if !groups.isEmpty { planExpiry(now: now) }
    }

    /// What would have to be noted for what is committed now.
    var snapshot: [OffsetChange] {
        groups.sorted { $0.key < $1.key }.flatMap { id, group in group.offsets.changes(of: id) }
    }
}
