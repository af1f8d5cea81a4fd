import KafkaWire

/// Why a transaction's request is refused.
struct TransactionRefusal: Error, Equatable {
    var code: ErrorCode
    init(_ code: ErrorCode) { self.code = code }
}

/// One transactional id: who may write under it, and the transaction that goes on (KIP-98, KIP-360, KIP-890).
///
/// ```
///   Empty ──add──▶ Ongoing ──end──▶ PrepareCommit ──marked──▶ CompleteCommit ──┐
///     ▲              ▲   └──end, time-out, fencing──▶ PrepareAbort ──marked──▶ CompleteAbort
///     └──initialize──┴────────────────────────add──────────────────────────────┴──┘
/// ```
///
/// A producer of version 2 may also abort where nothing was added, since it cannot know whether anything was.
struct Transaction: Equatable {
    /// With Kafka's names. Kafka has two more, `Dead` and `PrepareEpochFence`, between writing to its log and having
    /// written; here there is nothing in between.
    enum State: String, CaseIterable, Sendable {
        case empty = "Empty"
        case ongoing = "Ongoing"
        case prepareCommit = "PrepareCommit"
        case prepareAbort = "PrepareAbort"
        case completeCommit = "CompleteCommit"
        case completeAbort = "CompleteAbort"

        /// Whether the end is decided and its markers are being written.
        var isPreparing: Bool { self == .prepareCommit || self == .prepareAbort }
    }

    let id: String
    var state = State.empty
    var producer: ProducerIdentity
    /// Who `producer` was before its last change, for requests that are sent again; its epoch is -1 after another
    /// producer took over.
    var previous = ProducerIdentity.none
    /// The producer id that follows once the markers are written: the epochs of the current one are used up.
    var next: ProducerID?
    var timeout: Duration
    /// The partitions with records of the transaction.
    var partitions: Set<TopicPartition> = []
    /// The groups with offsets of the transaction.
    var groups: Set<String> = []
    /// When the transaction began that goes on, or the last one.
    var startedAt: Instant?
    var updatedAt: Instant
    /// Whether the producer of the current transaction speaks version 2 (KIP-890).
    var isVersion2 = false
    /// Whether it is known from before the broker was started that it has offsets, but not of which groups.
    var hasUnknownGroups = false

    init(id: String, producerId: ProducerID, timeout: Duration, now: Instant) {
        self.id = id
        producer = ProducerIdentity(id: producerId, epoch: .none)
        self.timeout = timeout
        updatedAt = now
    }

    // MARK: - Who may write

    /// A producer begins, or asks for a new epoch after an error, and then says who it is (KIP-360). An open transaction
    /// is aborted first: the producer is told to ask again.
    mutating func initialize(
        _ asked: ProducerIdentity?, timeout: Duration, ids: inout ProducerIDs, now: Instant
    ) throws(TransactionRefusal) -> ProducerIdentity {
        if let asked, producer.epoch != .none, asked.id != producer.id {
            // The request may be sent again after it was answered with another id.
            guard asked.id == previous.id, asked.epoch.isExhausted else { throw TransactionRefusal(.producerFenced) }
        }
        switch state {
        case .prepareCommit, .prepareAbort: throw TransactionRefusal(.concurrentTransactions)
        case .ongoing:
            fence(ids: &ids, now: now)
            throw TransactionRefusal(.concurrentTransactions)
        case .empty, .completeCommit, .completeAbort: break
        }
        if let asked, producer.epoch != .none, asked.epoch != producer.epoch {
            guard asked.epoch == previous.epoch else { throw TransactionRefusal(.producerFenced) }
        } else if producer.epoch.isExhausted {
            previous = ProducerIdentity(id: producer.id, epoch: asked == nil ? .none : producer.epoch)
            producer = ProducerIdentity(id: ids.take(), epoch: 0)
        } else {
            previous.epoch = asked == nil ? .none : producer.epoch
            producer.epoch = producer.epoch.bumped
        }
        self.timeout = timeout
        state = .empty
        startedAt = nil
        updatedAt = now
        return producer
    }

    /// Refuses whoever is not the current producer.
    private func check(_ asked: ProducerIdentity) throws(TransactionRefusal) {
        guard asked.id == producer.id else { throw TransactionRefusal(.invalidProducerIdMapping) }
        guard asked.epoch == producer.epoch else { throw TransactionRefusal(.producerFenced) }
        if state.isPreparing { throw TransactionRefusal(.concurrentTransactions) }
    }

    // MARK: - What belongs to it

    /// Adds partitions and groups; begins a transaction where none goes on.
    mutating func add(
        _ partitions: some Sequence<TopicPartition>, groups: some Sequence<String>, of asked: ProducerIdentity,
        isVersion2: Bool, now: Instant
    ) throws(TransactionRefusal) {
        try check(asked)
        if state != .ongoing {
            state = .ongoing
            startedAt = now
        }
        self.partitions.formUnion(partitions)
        self.groups.formUnion(groups)
        self.isVersion2 = isVersion2
        updatedAt = now
    }

    /// Throws where the partition is not in the producer's transaction.
    func verify(_ partition: TopicPartition, of asked: ProducerIdentity) throws(TransactionRefusal) {
        try check(asked)
        guard partitions.contains(partition) else { throw TransactionRefusal(.transactionAbortable) }
    }

    /// Throws where the group is not in the producer's transaction.
    func verify(group: String, of asked: ProducerIdentity) throws(TransactionRefusal) {
        try check(asked)
        guard groups.contains(group) || hasUnknownGroups else { throw TransactionRefusal(.transactionAbortable) }
    }

    // MARK: - The end

    /// The producer commits or aborts. Gives who it is from then on: with version 2 every transaction has an epoch of
    /// its own.
    mutating func end(
        _ asked: ProducerIdentity, commit: Bool, isVersion2: Bool, ids: inout ProducerIDs, now: Instant
    ) throws(TransactionRefusal) -> ProducerIdentity {
        let isRetry = isVersion2 && isSentAgain(asked)
        guard asked.id == producer.id || isRetry else { throw TransactionRefusal(.invalidProducerIdMapping) }
        guard
            isRetry && !(state == .ongoing || state == .empty) || isCurrent(asked, isVersion2)
                || PlantedMistake.takesEndOfFenced.isMade
        else {
            throw TransactionRefusal(.producerFenced)
        }
        switch (state, commit) {
        case (.ongoing, _):
            return prepare(commit: commit, isVersion2: isVersion2, ids: &ids, now: now)
        case (.prepareCommit, true), (.prepareAbort, false):
            throw TransactionRefusal(.concurrentTransactions)
        case (.completeCommit, true), (.completeAbort, false):
            // In version 1 the answer may have been lost; in version 2 the epoch tells.
            if isRetry || !isVersion2 { return producer }
            if commit { throw TransactionRefusal(.invalidTxnState) }
            return prepare(commit: false, isVersion2: true, ids: &ids, now: now)
        case (.completeCommit, false), (.empty, false):
            guard isVersion2, !isRetry else { throw TransactionRefusal(.invalidTxnState) }
            return prepare(commit: false, isVersion2: true, ids: &ids, now: now)
        case (.completeAbort, true):
            // The coordinator aborted it while the commit was on its way: it can be done again (KAFKA-20785).
            throw TransactionRefusal(isRetry ? .producerFenced : .invalidTxnState)
        case (.prepareCommit, false), (.prepareAbort, true), (.empty, true):
            throw TransactionRefusal(.invalidTxnState)
        }
    }

    /// Whether an end comes from the current producer. With version 2 its epoch has changed when the end was decided.
    private func isCurrent(_ asked: ProducerIdentity, _ isVersion2: Bool) -> Bool {
        asked == producer && !(isVersion2 && state.isPreparing)
    }

    /// Whether an end was decided before, under the epoch or the id that the producer still believes in.
    private func isSentAgain(_ asked: ProducerIdentity) -> Bool {
        if asked.id == producer.id {
            return asked.epoch != .none && asked.epoch.bumped == producer.epoch && asked != producer
        }
        return asked.id == previous.id && asked.epoch.isExhausted && producer.epoch == 0
    }

    private mutating func prepare(commit: Bool, isVersion2: Bool, ids: inout ProducerIDs, now: Instant)
        -> ProducerIdentity
    {
        self.isVersion2 = isVersion2
        if isVersion2 {
            previous.epoch = producer.epoch
            advance(ids: &ids)
        }
        if state != .ongoing { startedAt = now }
        state = commit ? .prepareCommit : .prepareAbort
        updatedAt = now
        return next.map { ProducerIdentity(id: $0, epoch: 0) } ?? producer
    }

    /// Aborts an open transaction on the coordinator's own account: the producer is late, or another one takes over.
    mutating func fence(ids: inout ProducerIDs, now: Instant) {
        guard state == .ongoing else { return }
        previous.epoch = .none
        if isVersion2 {
            advance(ids: &ids)
        } else {
            producer.epoch = producer.epoch.bumped
        }
        state = .prepareAbort
        updatedAt = now
    }

    /// Goes on to the next epoch, and then to another id where that was the last one.
    private mutating func advance(ids: inout ProducerIDs) {
        if producer.epoch.isExhausted { next = ids.take() }
        producer.epoch = producer.epoch.bumped
    }

    /// The markers are written.
    mutating func complete(now: Instant) {
        guard state.isPreparing else { return }
        state = state == .prepareCommit ? .completeCommit : .completeAbort
        partitions = []
        groups = []
        hasUnknownGroups = false
        updatedAt = now
        guard let id = next else { return }
        previous.id = producer.id
        producer = ProducerIdentity(id: id, epoch: 0)
        next = nil
    }
}

/// The producer ids of the cluster, each given out once.
struct ProducerIDs: Equatable {
    private var count: Int64 = 0

    /// How many ids are noted at once as given out; those that are left of a block when the broker stops are not used.
    static let block: Int64 = 1000

    /// The next id.
    var next: ProducerID { ProducerID(count) }

    /// An id that was not given out before. The highest of all is given out for ever: it takes 2⁶³ of them, or a disk that
    /// says so.
    mutating func take() -> ProducerID {
        defer { if count < .max { count += 1 } }
        return ProducerID(count)
    }

    /// Counts the ids below `next` as given out.
    mutating func skip(to next: ProducerID) { count = max(count, next.rawValue) }
}

extension ProducerEpoch {
    /// Whether no further epoch is given out: the last one is kept for fencing the producer that has it.
    var isExhausted: Bool { rawValue >= .max - 1 }

    /// The next epoch; the highest has none.
    var bumped: ProducerEpoch { ProducerEpoch(rawValue == .max ? .max : rawValue + 1) }
}
