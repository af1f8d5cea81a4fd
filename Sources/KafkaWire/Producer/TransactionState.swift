/// Where a transactional producer stands, and what belongs to its transaction (KIP-98, KIP-360, KIP-890), as Java's
/// `TransactionManager` has it. A value: calls, answers and failures go in.
///
/// ```
///   uninitialised ──▶ initialising ──▶ ready ──▶ inTransaction ──▶ committing ──▶ ready
///         ▲                │  ▲                      │    │            │  └──────▶ initialising
///         └─ abortableError┘  └── aborting ◀─────────┤    └────────────┤
///                                  │  ▲ └──▶ ready   │                 │
///                                  │  └──────── abortableError ◀───────┘
///                                  └──▶ fatalError, from everywhere
/// ```
struct TransactionState: Equatable, Sendable {
    enum Phase: String, CaseIterable, Sendable {
        case uninitialised, initialising, ready, inTransaction, committing, aborting, abortableError, fatalError

        /// Whether `next` may follow (`TransactionManager.State.isTransitionValid`).
        func mayBecome(_ next: Phase) -> Bool {
            switch next {
            case .uninitialised: self == .abortableError
            case .initialising: self == .uninitialised || self == .committing || self == .aborting
            case .ready: self == .initialising || self == .committing || self == .aborting
            case .inTransaction: self == .ready
            case .committing: self == .inTransaction
            case .aborting: self == .inTransaction || self == .abortableError
            case .abortableError:
                [.inTransaction, .committing, .abortableError, .initialising].contains(self)
            case .fatalError: true
            }
        }
    }

    /// The transactional id.
    let id: String
    private(set) var phase = Phase.uninitialised
    /// What is wrong, in ``Phase/abortableError`` and ``Phase/fatalError``.
    private(set) var error: KafkaError?
    /// Whether the transaction is one of version 2 (KIP-890): brokers add to it what is written, and each has an epoch of its
    /// own.
    private(set) var isVersion2 = false
    /// Whether the coordinator can give this producer another epoch (KIP-360, Kafka 2.5).
    private(set) var canBump = false
    /// Whether another epoch is needed before the next transaction: what this one has numbered may be missing, or may still
    /// arrive.
    private(set) var needsBump = false
    /// Whether the coordinator does not know the producer any more: there is nothing to end.
    private(set) var isUnmapped = false
    /// Whether the coordinator may know of a transaction: else there is nothing to end.
    private(set) var hasStarted = false
    private(set) var partitions: Set<TopicPartition> = []
    private var isInitialised = false
    private var unadded: Set<TopicPartition> = []

    /// The last version of Produce with which a batch does not add its partition to the transaction.
    static let lastProduceOfVersion1: Int16 = 11

    init(id: String) { self.id = id }

    private mutating func become(_ next: Phase, _ error: KafkaError? = nil) {
        guard phase.mayBecome(next), phase != .fatalError else { return }
        phase = next
        self.error = error
    }

    // MARK: - What the application asks for

    /// Whether the transaction is being committed or aborted.
    var isEnding: Bool { phase == .committing || phase == .aborting }

    /// Whether ``begin()`` needs ``initialise()`` before.
    var isUninitialised: Bool { phase == .uninitialised }

    mutating func initialise() throws(KafkaError) {
        guard phase == .uninitialised else { throw refusal("initialise transactions") }
        become(.initialising)
    }

    mutating func begin() throws(KafkaError) {
        try require(.inTransaction, "begin a transaction")
        become(.inTransaction)
        (hasStarted, isUnmapped) = (false, false)
        partitions = []
        unadded = []
    }

    /// The transaction is to be ended.
    mutating func end(commit: Bool) throws(KafkaError) {
        if commit || phase != .abortableError {
            try require(commit ? .committing : .aborting, commit ? "commit" : "abort")
        }
        become(commit ? .committing : .aborting)
        if !commit { unadded = [] }
    }

    /// Throws where nothing can be added to a transaction now.
    func checkOpen(_ what: String) throws(KafkaError) {
        guard phase == .inTransaction else { throw refusal(what) }
    }

    private func require(_ next: Phase, _ what: String) throws(KafkaError) {
        let isFailed = phase == .abortableError || phase == .fatalError
        guard !isFailed, phase.mayBecome(next) else { throw refusal(what) }
    }

    /// Why records are not taken over now; nil while they are.
    var gate: KafkaError? { phase == .inTransaction ? nil : refusal("send a record") }

    private func refusal(_ what: String) -> KafkaError {
        if let error { return error }
        let sentence =
            switch phase {
            case .uninitialised, .initialising, .ready: "no transaction is open; call beginTransaction() first"
            case .inTransaction: "a transaction is open; commit or abort it first"
            case .committing: "the transaction is being committed; wait for commitTransaction(), or call it again"
            case .aborting: "the transaction is being aborted; wait for abortTransaction(), or call it again"
            case .abortableError, .fatalError: "the transaction has failed"
            }
        return KafkaError(
            .invalidTransactionState, "could not \(what) under transactional.id \(id): \(sentence)",
            setting: "transactional.id")
    }

    // MARK: - What belongs to the transaction

    /// Whether a batch may go to the partition. Under version 1 the partition is added first.
    mutating func admits(_ partition: TopicPartition) -> Bool {
        switch phase {
        case .inTransaction, .committing:
            if isVersion2 {
                hasStarted = true
                return true
            }
            if partitions.contains(partition) { return true }
            unadded.insert(partition)
            return false
        // What is still there was sent before, and may have arrived.
        case .aborting, .abortableError: return true
        case .uninitialised, .initialising, .ready, .fatalError: return false
        }
    }

    /// The partitions that batches wait for. None is added any more to a transaction that has failed.
    var partitionsToAdd: [TopicPartition] {
        phase == .inTransaction || phase == .committing ? unadded.sorted() : []
    }

    mutating func added(_ added: [TopicPartition]) {
        hasStarted = true
        partitions.formUnion(added)
        unadded.subtract(added)
    }

    /// The coordinator has, or may have, a group with positions in the transaction.
    mutating func startedWithOffsets() { hasStarted = true }

    // MARK: - What comes of it

    /// The producer has its id and epoch.
    mutating func initialised(isVersion2: Bool, canBump: Bool) {
        guard phase == .initialising else { return }
        (self.isVersion2, self.canBump) = (isVersion2, canBump)
        (isInitialised, needsBump) = (true, false)
        become(.ready)
    }

    /// Something of the transaction has failed. What fails while it is aborted anyway means nothing.
    mutating func failed(_ cause: KafkaError, _ verdict: TransactionFaults.Verdict) {
        guard phase != .fatalError else { return }
        switch verdict {
        case .fenced, .fatal:
            become(.fatalError, told(cause, verdict == .fenced ? .fenced : .fatal))
        case .unmapped where !isVersion2 && !canBump:
            become(.fatalError, told(cause, .fatal))
        case .again, .lookUp, .abortable, .unmapped:
            if verdict == .unmapped { (isUnmapped, needsBump) = (true, true) }
            guard phase.mayBecome(.abortableError), phase != .abortableError else {
                // What was numbered is missing all the same.
                if phase == .aborting, !isVersion2 { needsBump = true }
                return
            }
            if phase == .initialising, !isInitialised {
                become(.abortableError, cause)
                return become(.uninitialised)
            }
            if !isVersion2 { needsBump = true }
            become(.abortableError, told(cause, .abortable))
        }
    }

    /// Whether a batch's failure is the end: brokers before Kafka 2.5 cannot be told that numbers are missing.
    func verdict(onBatch error: KafkaError) -> TransactionFaults.Verdict {
        let verdict = TransactionFaults.verdict(on: error, of: .produce)
        return verdict == .abortable && !isVersion2 && !canBump ? .fatal : verdict
    }

    /// The coordinator has given the producer another epoch with the end.
    mutating func bumped() { needsBump = false }

    /// The end is known. `isVersion2` is what the cluster says by now: it was upgraded, the next transaction needs an epoch
    /// that none of version 1 had. Says whether another epoch has to be asked for before the next one.
    mutating func ended(isVersion2: Bool) -> Bool {
        if isVersion2, !self.isVersion2 { needsBump = true }
        self.isVersion2 = isVersion2
        (hasStarted, isUnmapped) = (false, false)
        partitions = []
        unadded = []
        become(needsBump ? .initialising : .ready)
        return phase == .initialising
    }

    /// The error as the application gets it: what it means, and what to do.
    private func told(_ cause: KafkaError, _ trouble: TransactionTrouble) -> KafkaError {
        var error = cause
        error.transaction = trouble
        let advice =
            switch trouble {
            case .abortable:
                "abort the transaction (abortTransaction()), which takes back all of it, and begin it again"
            case .fenced:
                "another producer with transactional.id \(id) has taken over, or the transaction took longer than "
                    + "transaction.timeout.ms; close this producer"
            case .fatal:
                "transactions of transactional.id \(id) cannot go on here; close this producer, and make another"
            case .outcomeUnknown: "call it again"
            }
        error.message += "; \(advice)"
        if trouble == .fenced || trouble == .fatal { error.isRetriable = false }
        if trouble == .abortable { error.isRetriable = Self.mayWorkAgain(cause) }
        return error
    }

    /// Whether the transaction may go through if all of it is done again.
    private static func mayWorkAgain(_ cause: KafkaError) -> Bool {
        switch cause.code.broker {
        case .transactionAbortable, .invalidProducerEpoch, .invalidTxnState, .unknownProducerId,
            .invalidProducerIdMapping, .outOfOrderSequenceNumber, .operationNotAttempted:
            true
        default: cause.isRetriable
        }
    }
}
