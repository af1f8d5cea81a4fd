import KafkaWire

/// Keeps a broker's state on disk: what handlers change is noted, and written before the answer leaves.
///
/// The order of the logs is that of their dependence: topics and producer ids, then transactions, then offsets. What
/// could not be written stays noted, and is tried again with the next request.
final class BrokerStorage {
    let directory: DataDirectory
    private(set) var metadata: ClusterMetadata
    private let metadataLog: StateLog
    private let transactionsLog: StateLog
    private let offsetsLog: StateLog
    private var startOffsets: [TopicPartition: Offset]
    private var startOffsetsChanged = false
    private var unsavedMetadata: [MetadataRecord] = []
    private var unsavedTransactions: [TransactionChange] = []
    private var unsavedOffsets: [OffsetChange] = []
    /// What deleted topics leave, to go once it is written that they are deleted.
    private var doomed: [(folder: LogFolder, files: [DiskFile])] = []

    /// Reads what the directory holds. Throws where the broker's own state is damaged, and leaves the files as they are,
    /// unless the directory is to be used without what is lost.
    init(_ directory: DataDirectory) throws(StorageError) {
        self.directory = directory
        metadataLog = try directory.stateLog(MetadataLog.name)
        transactionsLog = try directory.stateLog(TransactionsLog.name)
        offsetsLog = try directory.stateLog(OffsetsLog.name)
        var remarks: [String] = []
        for log in [metadataLog, transactionsLog, offsetsLog] {
            if let objection = log.objection, !directory.salvages {
                throw StorageError(objection.action, objection.reason, StorageError.wayOn)
            }
            if let missing = log.missing { remarks.append(missing) }
        }
        let found = try directory.startOffsetCheckpoint()
        for log in [metadataLog, transactionsLog, offsetsLog] { cuts += try log.settle() }
        if directory.salvages { metadataLog.skips = { remarks.append("\($0)") } }
        metadata = try MetadataLog.read(metadataLog)
        self.remarks = remarks
        // Where the broker was killed between writing that a topic is deleted and writing the checkpoint, that of a
        // topic of the same name would begin with the old one's offsets.
        let partitions = metadata.partitions
        startOffsets = (found ?? [:]).filter { partitions.contains($0.key) }
        startOffsetsChanged = found.map { startOffsets.count < $0.count } ?? true
    }

    /// A producer in one of the partitions that it has written to; without one, in the groups that it has committed to.
    struct ProducerOnPartition: Hashable {
        /// With the epoch of the markers.
        var producer: ProducerIdentity
        var partition: TopicPartition?
    }

    /// How a producer's last transaction ended.
    struct Decision {
        var transaction: Transaction
        /// Whether all that are told of with that epoch ended so.
        var isCertain: Bool
    }

    /// How the transactions ended that are told of in the log.
    private var decided: [ProducerOnPartition: Decision] = [:]
    /// How the transaction ended in which a producer with that epoch has written; nil where nothing is told of it.
    func end(of producer: ProducerIdentity, in partition: TopicPartition?) -> Decision? {
        // The end of a transaction of version 2 has the epoch after that of its records (KIP-890).
        for (epoch, isVersion2) in [(producer.epoch, false), (producer.epoch.bumped, true)] {
            let identity = ProducerIdentity(id: producer.id, epoch: epoch)
            let end = decided[ProducerOnPartition(producer: identity, partition: partition)]
            if let end, end.transaction.isVersion2 == isVersion2 { return end }
        }
        return nil
    }

    /// What was taken out of the logs of the broker's state.
    private(set) var cuts: [LogRecovery.Cut] = []
    /// What else is to be told of the broker's state.
    private(set) var remarks: [String] = []

    /// Where a partition begins whose log was found like that: as it was kept beside the log, if that is exact, and as
    /// the checkpoint says otherwise.
    func startOffset(of key: TopicPartition, _ log: LogRecovery) throws(StorageError) -> Offset {
        let path = directory.root.path(of: StartOffsetCheckpoint.name)
        let told = startOffsets[key] ?? 0
        if let expected = log.expected, log.isExpectedExactly {
            // What retention has removed is not in the checkpoint, and not in the files either.
            if told > expected.start || told < expected.start && expected.start > log.segments.first?.baseOffset ?? 0 {
                remarks.append(
                    "\(path): \(key.topic)-\(key.partition) begins at offset \(expected.start), and not at \(told); it is "
                        + "written anew")
                note(startOffset: expected.start, of: key)
            }
            return expected.start
        }
        let end = max(log.endOffset, log.expected?.end ?? 0)
        guard told > end else { return max(told, log.expected?.start ?? 0) }
        let reason = "\(key.topic)-\(key.partition) begins at offset \(told) there, and its log ends at \(end)"
        guard directory.salvages else {
            throw StorageError("use \(path)", reason, "correct that line, or " + StorageError.wayOn)
        }
        remarks.append("\(path): \(reason); it begins with its first record now")
        note(startOffset: 0, of: key)
        return 0
    }

    // MARK: - Noting

    /// How much was noted since the broker was started.
    private(set) var noteCount = 0

    /// Whether something of deleted topics is still there.
    var hasDoomed: Bool { !doomed.isEmpty }

    func note(_ records: [MetadataRecord]) {
        noteCount += records.count
        for record in records { metadata.apply(record) }
        unsavedMetadata += records
    }

    /// Records of a partition were deleted.
    func note(startOffset: Offset, of key: TopicPartition) {
        noteCount += 1
        startOffsets[key] = startOffset
        startOffsetsChanged = true
    }

    /// A topic was deleted.
    func noteRemoval(of topic: Topic) {
        note([.removeTopic(.with { $0.topicId = topic.id })])
        for partition in topic.partitions {
            if startOffsets.removeValue(forKey: TopicPartition(topic.name, partition.index)) != nil {
                startOffsetsChanged = true
            }
            if let folder = partition.log.folder {
                doomed.append((folder, partition.log.segments.compactMap(\.file)))
            }
        }
    }

    func note(_ changes: [TransactionChange]) {
        noteCount += changes.count
        for change in changes {
            if case .producerIds(let next) = change {
                note([.producerIds(.with { $0.nextProducerId = next })])
            } else {
                unsavedTransactions.append(change)
            }
        }
    }

    func note(_ changes: [OffsetChange]) {
        noteCount += changes.count
        unsavedOffsets += changes
    }

    // MARK: - Writing

    /// Whether everything that was noted is written.
    var isSaved: Bool {
        unsavedMetadata.isEmpty && unsavedTransactions.isEmpty && unsavedOffsets.isEmpty && !startOffsetsChanged
    }

    /// Writes changes of which somebody is told at once, and makes them safe against a loss of power; where that fails,
    /// nothing is noted.
    func keep(_ records: [MetadataRecord], _ clock: WallClock) throws(StorageError) {
        try save(clock)
        try MetadataLog.append(records, to: metadataLog, timestamp: clock.timestamp)
        try metadataLog.sync()
        noteCount += records.count
        for record in records { metadata.apply(record) }
    }

    /// Writes what was noted.
    func save(_ clock: WallClock) throws(StorageError) {
        guard !isSaved else { return }
        do throws(StorageError) {
            try write(clock)
        } catch {
            // What makes room on a full disk is written into the room that is kept for it.
            guard hasDoomed || startOffsetsChanged, directory.releaseReserve() else { throw error }
            try write(clock)
        }
    }

    private func write(_ clock: WallClock) throws(StorageError) {
        if !unsavedMetadata.isEmpty {
            try MetadataLog.append(unsavedMetadata, to: metadataLog, timestamp: clock.timestamp)
            unsavedMetadata = []
            for (folder, files) in doomed {
                for file in files { file.remove() }
                folder.remove()
            }
            doomed = []
        }
        if startOffsetsChanged {
            try directory.writeCheckpoint(startOffsets: startOffsets)
            startOffsetsChanged = false
        }
        if !unsavedTransactions.isEmpty {
            let form = TransactionsLog(clock: clock)
            try transactionsLog.append(form.entries(unsavedTransactions), timestamp: clock.timestamp)
            unsavedTransactions = []
        }
        if !unsavedOffsets.isEmpty {
            try OffsetsLog(clock: clock).append(unsavedOffsets, to: offsetsLog)
            unsavedOffsets = []
        }
    }

    /// Writes logs anew of which most is out of date, from what is in force now.
    func tidy(
        _ transactions: TransactionCoordinator, _ groups: GroupCoordinator, _ clock: WallClock
    ) throws(StorageError) {
        directory.keepReserve()
        guard isSaved else { return }
        if metadataLog.isOutgrown {
            let records = metadata.records
            try metadataLog.rewrite { (log) throws(StorageError) in
                try MetadataLog.append(records, to: log, timestamp: clock.timestamp)
            }
        }
        if transactionsLog.isOutgrown {
            let form = TransactionsLog(clock: clock)
            let entries = try form.entries(transactions.snapshot)
            try transactionsLog.rewrite { (log) throws(StorageError) in
                try log.append(entries, timestamp: clock.timestamp)
            }
        }
        try rewriteOffsets(groups, clock)
    }

    /// How many positions are written anew at a time, or a few more; the next turn goes on.
    private static let rewritingPart = 2000

    /// The groups whose positions are still to be written anew, and from where on those stand that are.
    private var rewriting: (start: Offset, groups: [String])?

    /// Whether ``tidy(_:_:_:)`` is to be called again at once.
    var isRewriting: Bool { rewriting != nil && isSaved }

    /// Writes the positions anew, a part at a time. What is committed between the parts stands between them; a group's
    /// part is what holds when it is written, so that what follows on it is newer.
    private func rewriteOffsets(_ groups: GroupCoordinator, _ clock: WallClock) throws(StorageError) {
        if rewriting == nil, offsetsLog.isOutgrown {
            rewriting = (try offsetsLog.beginRewriting(), groups.groups.keys.sorted(by: >))
        }
        guard let (start, groupsLeft) = rewriting else { return }
        // Where the disk is full, it is begun again with one of the next turns.
        rewriting = nil
        var rest = groupsLeft
        var changes: [OffsetChange] = []
        while changes.count < Self.rewritingPart, let id = rest.popLast() {
            changes += groups.groups[id]?.offsets.changes(of: id) ?? []
        }
        try OffsetsLog(clock: clock).append(changes, to: offsetsLog)
        if rest.isEmpty { try offsetsLog.endRewriting(from: start) } else { rewriting = (start, rest) }
    }

    /// Everything is written, and the directory is left.
    func close() throws(StorageError) { try directory.close() }

    // MARK: - Reading back

    /// Gives transactions and offsets what they had when the broker was stopped.
    func restore(
        _ transactions: inout TransactionCoordinator, _ groups: inout GroupCoordinator, _ clock: WallClock
    ) throws(StorageError) {
        transactions.restore(.producerIds(metadata.nextProducerId))
        var remarks: [String] = []
        if directory.salvages {
            for log in [transactionsLog, offsetsLog] { log.skips = { remarks.append("\($0)") } }
        }
        defer { self.remarks += remarks }
        // Only the last state of an id counts: an earlier one would have its markers written again.
        var latest: [String: Transaction] = [:]
        try TransactionsLog(clock: clock).forEachChange(in: transactionsLog) { change in
            switch change {
            case .state(let transaction):
                latest[transaction.id] = transaction
                guard transaction.state.isPreparing else { break }
                for key in transaction.partitions.map(Optional.some) + [nil] {
                    let place = ProducerOnPartition(producer: transaction.producer, partition: key)
                    let before = decided[place]
                    decided[place] = Decision(
                        transaction: transaction,
                        isCertain: before.map { $0.isCertain && $0.transaction.state == transaction.state } ?? true)
                }
            case .forgotten(let id): latest[id] = nil
            case .producerIds: break
            }
        }
        for (_, transaction) in latest.inOrder { transactions.restore(.state(transaction)) }
        var restored = groups
        try OffsetsLog(clock: clock).forEachChange(in: offsetsLog) { restored.restore($0, now: clock.now) }
        restored.endRestoring(now: clock.now)
        groups = restored
        transactions.notesChanges = true
    }
}
