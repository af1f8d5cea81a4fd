import TestSupport
import Testing

@testable import KafkaWire

/// Where a transactional producer may go from where, and what it may do there: every pair of phases.
@Suite(.turn) struct TransactionStateTests {
    typealias Phase = TransactionState.Phase

    /// `TransactionManager.State.isTransitionValid`: from where each phase is reached.
    private static let sources: [(Phase, [Phase])] = [
        (.uninitialised, [.abortableError]), (.initialising, [.uninitialised, .committing, .aborting]),
        (.ready, [.initialising, .committing, .aborting]), (.inTransaction, [.ready]), (.committing, [.inTransaction]),
        (.aborting, [.inTransaction, .abortableError]),
        (.abortableError, [.inTransaction, .committing, .abortableError, .initialising]), (.fatalError, Phase.allCases),
    ]

    @Test func everyTransitionIsAsJavaHasIt() {
        #expect(Self.sources.map(\.0) == Phase.allCases)
        for (target, sources) in Self.sources {
            for source in Phase.allCases {
                #expect(source.mayBecome(target) == sources.contains(source), "\(source) to \(target)")
            }
        }
    }

    /// A state in that phase.
    private static func state(_ phase: Phase, isVersion2: Bool = true, canBump: Bool = true) throws -> TransactionState
    {
        var state = TransactionState(id: "till")
        if phase == .uninitialised { return state }
        try state.initialise()
        if phase == .initialising { return state }
        state.initialised(isVersion2: isVersion2, canBump: canBump)
        if phase == .ready { return state }
        try state.begin()
        switch phase {
        case .committing: try state.end(commit: true)
        case .aborting: try state.end(commit: false)
        case .abortableError: state.failed(.refused(.transactionAbortable, "x"), .abortable)
        case .fatalError: state.failed(.refused(.producerFenced, "x"), .fenced)
        default: break
        }
        #expect(state.phase == phase)
        return state
    }

    /// What is called where, and the phase behind it; nil where it is refused.
    @Test(
        arguments: [
            (.uninitialised, .initialising, nil, nil, nil), (.initialising, nil, nil, nil, nil),
            (.ready, nil, .inTransaction, nil, nil), (.inTransaction, nil, nil, .committing, .aborting),
            (.committing, nil, nil, nil, nil), (.aborting, nil, nil, nil, nil),
            (.abortableError, nil, nil, nil, .aborting), (.fatalError, nil, nil, nil, nil),
        ] as [(Phase, Phase?, Phase?, Phase?, Phase?)])
    func aCallIsTakenWhereItHasAMeaning(
        _ phase: Phase, _ initialise: Phase?, _ begin: Phase?, _ commit: Phase?, _ abort: Phase?
    ) throws {
        func after(_ call: (inout TransactionState) throws(KafkaError) -> Void) throws -> Phase? {
            var state = try Self.state(phase)
            do throws(KafkaError) { try call(&state) } catch {
                let trouble: TransactionTrouble? =
                    switch phase {
                    case .abortableError: .abortable
                    case .fatalError: .fenced
                    default: nil
                    }
                #expect(error.transaction == trouble)
                #expect(trouble != nil || error.code == .invalidTransactionState)
                #expect(error.message.contains("till") || trouble == .abortable)
                #expect(state.phase == phase)
                return nil
            }
            return state.phase
        }
        #expect(try after { (state) throws(KafkaError) in try state.initialise() } == initialise)
        #expect(try after { (state) throws(KafkaError) in try state.begin() } == begin)
        #expect(try after { (state) throws(KafkaError) in try state.end(commit: true) } == commit)
        #expect(try after { (state) throws(KafkaError) in try state.end(commit: false) } == abort)
        let state = try Self.state(phase)
        #expect((state.gate == nil) == (phase == .inTransaction), "records go where a transaction is open")
        let isOpen = (try? state.checkOpen("add")) != nil
        #expect(isOpen == (phase == .inTransaction))
    }

    /// What fails where, under which version, with and without KIP-360; the phase behind it and whether another epoch is
    /// needed.
    @Test(
        arguments: [
            (.inTransaction, .abortable, true, true, .abortableError, false),
            (.inTransaction, .abortable, false, true, .abortableError, true),
            (.committing, .abortable, false, true, .abortableError, true),
            (.committing, .abortable, true, true, .abortableError, false),
            (.aborting, .abortable, true, true, .aborting, false),
            (.aborting, .abortable, false, true, .aborting, true),
            (.abortableError, .abortable, true, true, .abortableError, false),
            (.ready, .abortable, true, true, .ready, false),
            (.inTransaction, .unmapped, true, true, .abortableError, true),
            (.inTransaction, .unmapped, false, true, .abortableError, true),
            (.inTransaction, .unmapped, false, false, .fatalError, false),
            (.aborting, .unmapped, true, true, .aborting, true),
            (.inTransaction, .fenced, true, true, .fatalError, false),
            (.aborting, .fenced, false, true, .fatalError, false),
            (.abortableError, .fatal, true, true, .fatalError, false),
            (.fatalError, .abortable, true, true, .fatalError, false),
            // The first time nothing is there that could be aborted: it may be asked for again.
            (.initialising, .abortable, true, true, .uninitialised, false),
            (.initialising, .fenced, true, true, .fatalError, false),
        ] as [(Phase, TransactionFaults.Verdict, Bool, Bool, Phase, Bool)])
    func aFailureMeans(
        _ phase: Phase, _ verdict: TransactionFaults.Verdict, _ isVersion2: Bool, _ canBump: Bool, _ expected: Phase,
        _ needsBump: Bool
    ) throws {
        var state = try Self.state(phase, isVersion2: isVersion2, canBump: canBump)
        let before = state.error
        state.failed(.refused(.unknownProducerId, "x"), verdict)
        #expect(state.phase == expected)
        #expect(state.needsBump == needsBump)
        if before != nil, phase == expected { #expect(state.error == before, "the first failure is told") }
    }

    @Test func anErrorSaysWhatItMeansAndWhatToDo() throws {
        func told(_ cause: KafkaError, _ verdict: TransactionFaults.Verdict) throws -> KafkaError {
            var state = try Self.state(.inTransaction)
            state.failed(cause, verdict)
            return try #require(state.error)
        }
        let abortable = try told(.refused(.messageTooLarge, "could not send"), .abortable)
        #expect(abortable.transaction == .abortable && abortable.code == .broker(.messageTooLarge))
        #expect(abortable.message.contains("abortTransaction()") && !abortable.isRetriable)
        #expect(try told(.refused(.transactionAbortable, "x"), .abortable).isRetriable, "all of it may be done again")
        #expect(try told(KafkaError(.timedOut, "x"), .abortable).isRetriable)
        let fenced = try told(.refused(.producerFenced, "x"), .fenced)
        #expect(fenced.transaction == .fenced && fenced.message.contains("till has taken over"))
        #expect(try told(.refused(.invalidTxnState, "x"), .fatal).transaction == .fatal)
    }

    /// Before Kafka 2.5 nobody can be told that numbers are missing.
    @Test(
        arguments: [(true, false, .abortable), (false, true, .abortable), (false, false, .fatal)]
            as [(Bool, Bool, TransactionFaults.Verdict)])
    func aLostBatchIsTheEndWhereNoEpochCanBeHad(
        _ isVersion2: Bool, _ canBump: Bool, _ expected: TransactionFaults.Verdict
    ) throws {
        let state = try Self.state(.inTransaction, isVersion2: isVersion2, canBump: canBump)
        #expect(state.verdict(onBatch: KafkaError(.timedOut, "x")) == expected)
    }

    // MARK: - What belongs to a transaction

    @Test func underVersion1APartitionIsAddedFirstAndOnce() throws {
        var state = try Self.state(.inTransaction, isVersion2: false)
        let (a, b) = (TopicPartition("t", 0), TopicPartition("t", 1))
        let early = [b, a, b].filter { state.admits($0) }
        #expect(early.isEmpty && state.partitionsToAdd == [a, b] && !state.hasStarted)
        state.added([a, b])
        let admitted = [a, b].filter { state.admits($0) }
        #expect(admitted == [a, b] && state.partitionsToAdd.isEmpty && state.hasStarted)
        // The next transaction begins without any.
        try state.end(commit: true)
        let isAdmitted = state.admits(a)
        #expect(isAdmitted, "what is committed goes out")
        let needsEpoch = state.ended(isVersion2: false)
        #expect(!needsEpoch && state.phase == .ready)
        try state.begin()
        let isAdmittedAgain = state.admits(a)
        #expect(!isAdmittedAgain && !state.hasStarted)
        // What is aborted needs no more partitions.
        try state.end(commit: false)
        #expect(state.partitionsToAdd.isEmpty)
    }

    /// Otherwise it would be asked for again and again, without a pause, until the application aborts.
    @Test(arguments: [TransactionFaults.Verdict.abortable, .fatal])
    func whatHasFailedAddsNoPartition(_ verdict: TransactionFaults.Verdict) throws {
        var state = try Self.state(.inTransaction, isVersion2: false)
        _ = state.admits(TopicPartition("t", 0))
        #expect(state.partitionsToAdd.count == 1)
        state.failed(KafkaError(.broker(.topicAuthorizationFailed), "no"), verdict)
        #expect(state.partitionsToAdd.isEmpty)
    }

    @Test func underVersion2ABatchBeginsTheTransaction() throws {
        var state = try Self.state(.inTransaction)
        #expect(!state.hasStarted)
        let isAdmitted = state.admits(TopicPartition("t", 0))
        #expect(isAdmitted && state.hasStarted && state.partitionsToAdd.isEmpty)
    }

    @Test func nothingGoesOutsideOfATransaction() throws {
        for phase in Phase.allCases {
            var state = try Self.state(phase)
            let isOpen = [.inTransaction, .committing, .aborting, .abortableError].contains(phase)
            let isAdmitted = state.admits(TopicPartition("t", 0))
            #expect(isAdmitted == isOpen, "\(phase)")
        }
    }

    /// What another epoch is needed for is asked for behind the end: a lost batch of version 1, a coordinator that has
    /// forgotten the producer, and the change from version 1 to 2.
    @Test(
        arguments: [
            (false, false, nil, .ready), (false, false, .abortable, .initialising), (true, true, nil, .ready),
            (true, true, .abortable, .ready), (true, true, .unmapped, .initialising), (false, true, nil, .initialising),
            (true, false, nil, .ready),
        ] as [(Bool, Bool, TransactionFaults.Verdict?, Phase)])
    func theEndLeadsToTheNextTransaction(
        _ before: Bool, _ after: Bool, _ verdict: TransactionFaults.Verdict?, _ expected: Phase
    ) throws {
        var state = try Self.state(.inTransaction, isVersion2: before)
        if let verdict { state.failed(.refused(.unknownProducerId, "x"), verdict) }
        #expect(state.isUnmapped == (verdict == .unmapped))
        try state.end(commit: verdict == nil)
        let needsEpoch = state.ended(isVersion2: after)
        #expect(needsEpoch == (expected == .initialising))
        #expect(state.phase == expected && state.isVersion2 == after && state.error == nil)
        if expected == .initialising { state.initialised(isVersion2: after, canBump: true) }
        try state.begin()
        #expect(!state.needsBump && !state.isUnmapped)
    }

    // MARK: - Calls that are under way

    @Test func beforeItsEndIsToldOnlyTheSameCallIsTaken() throws {
        var work = TransactionWork(TransactionState(id: "till"))
        #expect(try work.pending(.commit) == nil)
        let commit = work.begin(.commit)
        #expect(try work.pending(.commit) == commit)
        let error = #expect(throws: KafkaError.self) { try work.pending(.abort) }
        #expect(error?.code == .invalidTransactionState && error?.message.contains("commitTransaction()") == true)
        let early = work.takeResult(of: commit)
        #expect(early == nil)
        work.finish(commit, .failure(KafkaError(.timedOut, "late")))
        // Nobody has heard of it: an abort would be a guess.
        #expect(throws: KafkaError.self) { try work.pending(.abort) }
        guard case .failure(let told) = work.takeResult(of: commit) else {
            Issue.record("the result is lost")
            return
        }
        #expect(told.message == "late")
        #expect(try work.pending(.abort) == nil)
        let abort = work.begin(.abort)
        work.finish(commit, .success(()))
        let other = work.takeResult(of: abort)
        #expect(other == nil, "what came of an earlier call is not that of this one")
    }
}

/// What goes out with a batch of a transaction, and what an abort takes out.
@Suite(.turn) struct TransactionalBatchTests {
    private static let target = TopicPartition("t", 0)
    private static let now = Instant(nanoseconds: 0)

    @Test(arguments: [Compression.none, .gzip], [false, true])
    func aBatchSaysWhetherItIsOfATransaction(_ compression: Compression, _ isTransactional: Bool) throws {
        var accumulator = Accumulator(
            batchSize: 1000, linger: .zero, maximumInFlight: 5, isIdempotent: true, isPacking: compression != .none,
            random: RandomSource(seed: 1))
        accumulator.setTopic("t", TopicShape(count: 1))
        let value: [UInt8] = [1, 2, 3]
        value.withUnsafeBytes { bytes in
            _ = accumulator.append(
                topic: "t", partition: 0, key: nil, value: bytes, headers: [], timestamp: 5, bound: 60, now: Self.now)
        }
        let ready = accumulator.takeReady(
            now: Self.now, flush: true, producer: .init(id: 7, epoch: 3), leader: { _ in 1 }, isFree: { _ in true })
        let entry = try #require(ready.byLeader[1]?.first)
        let bytes = try entry.batch.bytes(
            try #require(entry.stamp), compression, level: nil, isTransactional: isTransactional)
        let batch = try #require(try RecordBatch(bytes))
        try batch.verifyChecksum()
        #expect(batch.attributes.isTransactional == isTransactional && batch.attributes.compression == compression)
        #expect(batch.producerId == 7 && batch.producerEpoch == 3 && batch.baseSequence == 0)
        #expect(try batch.records(limit: 1000).map { $0.value?.copy() } == [value])
    }

    @Test func anAbortTakesOutWhatWasNeverSent() throws {
        var accumulator = Accumulator(
            batchSize: 1000, linger: .zero, maximumInFlight: 1, isIdempotent: true, random: RandomSource(seed: 1))
        accumulator.setTopic("t", TopicShape(count: 2))
        func append(_ partition: PartitionID) {
            [UInt8](repeating: 1, count: 900).withUnsafeBytes { bytes in
                _ = accumulator.append(
                    topic: "t", partition: partition, key: nil, value: bytes, headers: [], timestamp: 5, bound: 950,
                    now: Self.now)
            }
        }
        func take(_ mayGo: @escaping (TopicPartition) -> Bool) -> [Accumulator.Entry] {
            accumulator.takeReady(
                now: Self.now, flush: true, producer: .init(id: 7, epoch: 3), leader: { _ in 1 }, isFree: { _ in true },
                mayGo: mayGo
            ).byLeader[1] ?? []
        }
        append(0)
        append(0)
        append(1)
        // Partition 1 is not added yet.
        let sent = take { $0.partition == 0 }
        #expect(sent.map(\.batch.target.partition) == [0])
        accumulator.retry(sent[0], at: Self.now, because: KafkaError(.timedOut, "x"))
        let unsent = accumulator.takeUnsent()
        #expect(unsent.map(\.batch.target.partition) == [0, 1])
        #expect(accumulator.pendingBatches == 1 && accumulator.bufferedBytes == sent[0].size)
        // What was sent goes on under the number that it had.
        let again = take { _ in true }
        #expect(again.count == 1 && again.first?.stamp == sent[0].stamp)
        accumulator.finished(again[0])
        #expect(accumulator.pendingBatches == 0 && accumulator.bufferedBytes == 0)
        // In the next epoch all is numbered from the beginning.
        accumulator.renumberAll()
        append(0)
        let next = accumulator.takeReady(
            now: Self.now, flush: true, producer: .init(id: 7, epoch: 4), leader: { _ in 1 }, isFree: { _ in true }
        ).byLeader[1]?.first?.stamp
        #expect(next == .init(producerId: 7, producerEpoch: 4, baseSequence: 0))
    }

    /// The policy of a producer with transactions: a gap in the numbers ends its transaction, where others number anew.
    @Test(arguments: [ErrorCode.outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch])
    func aGapEndsTheTransaction(_ code: ErrorCode) {
        let policy = BatchVerdict.Policy(isIdempotent: true, maximumInFlight: 5, isTransactional: true)
        let error = KafkaError.refused(code, "x")
        let again = BatchVerdict(code, at: -1, records: 1, error, attempts: 0, policy)
        // A batch in front may have failed, and goes again before it.
        #expect(again == (code == .outOfOrderSequenceNumber ? .again(error) : .lost(error, .renumber)))
        #expect(BatchVerdict(code, at: -1, records: 1, error, attempts: 1, policy) == .lost(error, .renumber))
    }
}
