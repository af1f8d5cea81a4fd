import KafkaWire

/// All transactional ids of the broker (KIP-98).
///
/// A value: requests and the time go in, refusals and identities come out, and the markers that are to be written are
/// taken with ``takeMarkers()``. Whoever has written them says so with ``complete(_:now:)``.
struct TransactionCoordinator {
    /// The end of a transaction, as it is to be told to its partitions and to the groups, which know their producers.
    struct Markers: Equatable {
        var transactionalId: String
        var producer: ProducerIdentity
        var commit: Bool
        var partitions: [TopicPartition]
    }

    /// There is one coordinator, which never moves.
    static let epoch: Int32 = 0

    private(set) var transactions: [String: Transaction] = [:]
    /// When each transaction has taken too long, or its id was not used for long.
    private var deadlines = RankedKeys<String, Instant>()
    /// Since when ids have no transaction that goes on.
    private var idle = RankedKeys<String, Instant>()
    /// When ``tick(now:)`` has something to do next.
    var nextDeadline: Instant? { deadlines.first?.rank }
    private var ids = ProducerIDs()
    private var markers: [Markers] = []
    /// Whether changes are noted for ``takeChanges()``.
    var notesChanges = false
    private var changes: [TransactionChange] = []
    /// Producer ids below this one are noted as given out.
    private var notedIds: ProducerID = 0
    private let maximumTimeout: Duration
    private let expiration: Duration
    private let limit: Int

    /// Kafka's `transaction.max.timeout.ms` and `transactional.id.expiration.ms`, and how many ids are kept: beyond,
    /// the one that has had no transaction for longest goes.
    init(maximumTimeout: Duration, expiration: Duration, limit: Int = 100_000) {
        self.maximumTimeout = maximumTimeout
        self.expiration = expiration
        self.limit = limit
    }

    /// The ends that were decided since the last call.
    mutating func takeMarkers() -> [Markers] {
        guard !markers.isEmpty else { return [] }
        defer { markers = [] }
        return markers
    }

    /// The changes since the last call, in their order.
    mutating func takeChanges() -> [TransactionChange] {
        guard notesChanges else { return [] }
        // Ids are noted by the block, before the first of a block leaves.
        if ids.next > notedIds {
            let (end, isBeyond) = ids.next.rawValue.addingReportingOverflow(ProducerIDs.block)
            notedIds = ProducerID(isBeyond ? .max : end)
            changes.append(.producerIds(notedIds))
        }
        defer { changes = [] }
        return changes
    }

    private mutating func note(_ change: @autoclosure () -> TransactionChange) {
        if notesChanges { changes.append(change()) }
    }

    /// Makes a change that was noted before the broker was started. A transaction whose end was decided is to be told
    /// to its partitions and groups once more.
    mutating func restore(_ change: TransactionChange) {
        switch change {
        case .state(let transaction): keep(transaction)
        case .forgotten(let id): drop(id)
        case .producerIds(let next):
            ids.skip(to: next)
            notedIds = next
        }
    }

    /// What would have to be noted for what is known now.
    var snapshot: [TransactionChange] {
        transactions.values.sorted { $0.id < $1.id }.map { .state($0) }
    }

    /// A producer id that was not given out before.
    mutating func takeProducerId() -> ProducerID { ids.take() }

    // MARK: - Requests

    /// Gives a producer its id and epoch; `asked` is who it was so far, or nil (KIP-360).
    mutating func initialize(_ id: String, asked: ProducerIdentity?, timeout: Duration, now: Instant)
        throws(TransactionRefusal) -> ProducerIdentity
    {
        guard !id.isEmpty else { throw TransactionRefusal(.invalidRequest) }
        guard timeout > .zero, timeout <= maximumTimeout else { throw TransactionRefusal(.invalidTransactionTimeout) }
        if transactions[id] == nil { try makeRoom() }
        var transaction =
            transactions[id] ?? Transaction(id: id, producerId: ids.take(), timeout: timeout, now: now)
        defer { keep(transaction) }
        return try transaction.initialize(asked, timeout: timeout, ids: &ids, now: now)
    }

    /// Adds partitions and groups to the producer's transaction.
    mutating func add(
        _ partitions: some Sequence<TopicPartition>, groups: some Sequence<String> = EmptyCollection(), to id: String,
        of producer: ProducerIdentity, isVersion2: Bool = false, now: Instant
    ) throws(TransactionRefusal) {
        var transaction = try found(id)
        try transaction.add(partitions, groups: groups, of: producer, isVersion2: isVersion2, now: now)
        keep(transaction)
    }

    /// Throws where the partition is not in the producer's transaction.
    func verify(_ partition: TopicPartition, in id: String, of producer: ProducerIdentity) throws(TransactionRefusal) {
        try found(id).verify(partition, of: producer)
    }

    /// Throws where the group is not in the producer's transaction.
    func verify(group: String, in id: String, of producer: ProducerIdentity) throws(TransactionRefusal) {
        try found(id).verify(group: group, of: producer)
    }

    /// Commits or aborts; gives who the producer is from then on.
    mutating func end(_ id: String, of producer: ProducerIdentity, commit: Bool, isVersion2: Bool, now: Instant)
        throws(TransactionRefusal) -> ProducerIdentity
    {
        var transaction = try found(id)
        let next = try transaction.end(producer, commit: commit, isVersion2: isVersion2, ids: &ids, now: now)
        keep(transaction)
        return next
    }

    /// The markers of the transaction are written.
    mutating func complete(_ id: String, now: Instant) {
        guard var transaction = transactions[id] else { return }
        transaction.complete(now: now)
        keep(transaction)
    }

    private func found(_ id: String) throws(TransactionRefusal) -> Transaction {
        guard !id.isEmpty else { throw TransactionRefusal(.invalidRequest) }
        guard let transaction = transactions[id] else { throw TransactionRefusal(.invalidProducerIdMapping) }
        return transaction
    }

    /// Stores what has become of a transaction, and notes its markers where its end has just been decided.
    private mutating func keep(_ transaction: Transaction) {
        let before = transactions.updateValue(transaction, forKey: transaction.id)
        if before != transaction { note(.state(transaction)) }
        if transaction.state.isPreparing, before?.state.isPreparing != true {
            markers.append(
                Markers(
                    transactionalId: transaction.id, producer: transaction.producer,
                    commit: transaction.state == .prepareCommit,
                    partitions: transaction.partitions.sorted()))
        }
        deadlines[transaction.id] = deadline(of: transaction)
        let isIdle = transaction.state != .ongoing && !transaction.state.isPreparing
        idle[transaction.id] = isIdle ? transaction.updatedAt : nil
    }

    private mutating func makeRoom() throws(TransactionRefusal) {
        guard transactions.count >= limit else { return }
        guard let oldest = idle.first?.key else { throw TransactionRefusal(.coordinatorNotAvailable) }
        forget(oldest)
    }

    private mutating func forget(_ id: String) {
        drop(id)
        note(.forgotten(id))
    }

    private mutating func drop(_ id: String) {
        transactions[id] = nil
        deadlines[id] = nil
        idle[id] = nil
    }

    // MARK: - Time

    /// Aborts the transactions that have taken too long, and forgets the ids that were not used for long.
    mutating func tick(now: Instant) {
        while let id = deadlines.take(upTo: now, most: 1).first {
            guard var transaction = transactions[id] else { continue }
            if transaction.state == .ongoing {
                transaction.fence(ids: &ids, now: now)
                keep(transaction)
            } else {
                forget(id)
            }
        }
    }

    private func deadline(of transaction: Transaction) -> Instant? {
        switch transaction.state {
        case .ongoing: transaction.startedAt.map { $0 + transaction.timeout }
        case .prepareCommit, .prepareAbort: nil
        case .empty, .completeCommit, .completeAbort: transaction.updatedAt + expiration
        }
    }
}
