/// The transactions of a producer: what the application asks for, and what is done for it in the background, where it goes
/// on when nobody waits any longer. ``TransactionState`` decides.
extension ProducerEngine {
    // MARK: - Called by users

    /// Gets this producer its id and epoch, which shuts out whoever had the transactional id before.
    func initTransactions() async throws(KafkaError) { try await perform(.initialise) }

    func beginTransaction() async throws(KafkaError) {
        let work = try transactional()
        let isWaiting = try work.pending(.initialise) != nil
        if isWaiting || work.state.isUninitialised { try await perform(.initialise) }
        try transactions?.state.begin()
        shared.state.withLock { $0.notTaken = nil }
        passGate()
    }

    func commitTransaction() async throws(KafkaError) { try await perform(.commit) }
    func abortTransaction() async throws(KafkaError) { try await perform(.abort) }

    /// Aborts what is open or has failed; does nothing where that is decided otherwise.
    func abandonTransaction() async throws(KafkaError) {
        guard let work = transactions else { return }
        switch work.state.phase {
        case .inTransaction, .abortableError: try await perform(.abort)
        case .aborting: if case .abort? = work.operation?.kind { try await perform(.abort) }
        case .uninitialised, .initialising, .ready, .committing, .fatalError: break
        }
    }

    /// Waits, before another transaction begins, for the abort that is under way: to ask for it again is what may be done.
    func awaitAbort() async throws(KafkaError) {
        guard let operation = transactions?.operation, operation.kind == .abort, !operation.isTold else { return }
        try await perform(.abort)
    }

    private func transactional() throws(KafkaError) -> TransactionWork {
        if let ending, transactions?.state.phase != .fatalError { throw ending }
        guard let transactions else {
            throw KafkaError(
                .invalidTransactionState, "this producer has no transactions: set its transactional.id",
                setting: "transactional.id")
        }
        return transactions
    }

    /// Begins a call, or joins the same one, and waits for its end for `max.block.ms`.
    private func perform(_ kind: TransactionWork.Operation.Kind) async throws(KafkaError) {
        let operation = try start(kind)
        let deadline = now + configuration.maximumBlock
        while true {
            let seen = wakes
            if let result = transactions?.takeResult(of: operation) { return try result.get() }
            guard now < deadline else { throw unknownOutcome(of: kind) }
            await pause(until: deadline, unless: seen, isCancellable: false)
        }
    }

    private func start(_ kind: TransactionWork.Operation.Kind) throws(KafkaError) -> TransactionWork.Operation {
        if let pending = try transactional().pending(kind) { return pending }
        switch kind {
        case .initialise: try transactions?.state.initialise()
        case .commit:
            let notTaken = shared.state.withLock { $0.notTaken.take() }
            if let notTaken, transactions?.state.phase == .inTransaction { failed(notTaken, .abortable) }
            try transactions?.state.end(commit: true)
        case .abort: try transactions?.state.end(commit: false)
        }
        transactions?.lastError = nil
        passGate()
        guard let operation = transactions?.begin(kind) else { throw KafkaError(.closed, "the producer is closed") }
        Task(executorPreference: loop) { await self.carryOut(operation) }
        return operation
    }

    private func carryOut(_ operation: TransactionWork.Operation) async {
        let result: Result<Void, KafkaError>
        do throws(KafkaError) {
            switch operation.kind {
            case .initialise: try await takeIdentity()
            case .commit: try await end(commit: true)
            case .abort: try await end(commit: false)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        transactions?.finish(operation, result)
        passGate()
        resumeWaiters()
    }

    private func unknownOutcome(of kind: TransactionWork.Operation.Kind) -> KafkaError {
        let id = configuration.transactionalId ?? ""
        let last = transactions?.lastError.map { "; the last error was: \($0.message)" } ?? ""
        var error = KafkaError(
            .timedOut,
            "\(kind.rawValue) under transactional.id \(id) has not ended within \(configuration.maximumBlock), and goes on; "
                + "call it again to learn what came of it\(last)", setting: "max.block.ms")
        if kind != .initialise { error.transaction = .outcomeUnknown }
        return error
    }

    // MARK: - Records

    /// Says whether records are taken over.
    func passGate() {
        guard let transactions else { return }
        let gate = hasShutDown ? KafkaError(.closed, "the producer is closed") : ending ?? transactions.state.gate
        shared.state.withLock { $0.refusal = gate }
    }

    /// A record of a transaction will not arrive: the transaction cannot be committed.
    func recordFailed(_ error: KafkaError) {
        guard let state = transactions?.state, state.phase == .inTransaction || state.isEnding else { return }
        failed(error, state.verdict(onBatch: error))
    }

    /// Something of a transaction has failed.
    func failed(_ error: KafkaError, _ verdict: TransactionFaults.Verdict) {
        transactions?.state.failed(error, verdict)
        guard let state = transactions?.state else { return }
        if state.phase == .fatalError {
            if ending == nil { end(state.error ?? error) }
        } else if state.phase == .abortableError {
            dropUnsent(because: state.error ?? error)
        }
        passGate()
        resumeWaiters()
    }

    /// What was not sent yet is not sent any more (KIP-654); its senders are told by their deliveries.
    private func dropUnsent(because error: KafkaError) {
        for entry in shared.state.withLock({ $0.accumulator.takeUnsent() }) { entry.batch.complete(.failure(error)) }
    }

    private func dropAborted() {
        dropUnsent(
            because: KafkaError(
                .broker(.transactionAbortable), "the record was not sent: its transaction was aborted",
                isRetriable: false))
    }

    // MARK: - The end of a transaction

    private func end(commit: Bool) async throws(KafkaError) {
        await settle(isCommit: commit)
        try checkEnd(isCommit: commit)
        try await tellEnd(isCommit: commit)
        if !commit { _ = refusals.take() }
        if transactions?.state.ended(isVersion2: isVersion2Known()) == true { try await takeIdentity() }
    }

    /// Waits for all that is on its way, which must not arrive behind the end.
    private func settle(isCommit: Bool) async {
        if isCommit { isFlushing += 1 } else { dropAborted() }
        defer { if isCommit { isFlushing -= 1 } }
        drain()
        while ending == nil, !isCommit || transactions?.state.phase == .committing {
            let seen = wakes
            if !isCommit { dropAborted() }
            let isIdle = transactions.map { !$0.isAdding && $0.offsetsUnderWay == 0 } ?? true
            if isIdle, shared.state.withLock({ $0.accumulator.isIdle }) { return }
            await pause(until: now + .seconds(1), unless: seen, isCancellable: false)
        }
    }

    private func checkEnd(isCommit: Bool) throws(KafkaError) {
        if let error = transactions?.state.error { throw error }
        if let ending { throw ending }
    }

    /// Tells the coordinator, until it has answered.
    private func tellEnd(isCommit: Bool) async throws(KafkaError) {
        var failures = 0
        while let state = transactions?.state, state.hasStarted, !state.isUnmapped {
            switch await askEnd(isCommit: isCommit, state) {
            case .done(let response, let version):
                if version >= 5, response.producerId >= 0 {
                    take(.init(id: response.producerId, epoch: response.producerEpoch))
                    transactions?.state.bumped()
                }
                return
            case .refused(let error, let verdict):
                try await settle(error, verdict, &failures) { isCommit || $0 != .abortable }
            }
        }
    }

    /// What a refusal means: another try after a pause, or the end of the call. `counts` says which verdicts do.
    func settle(
        _ error: KafkaError, _ verdict: TransactionFaults.Verdict, _ failures: inout Int,
        _ counts: (TransactionFaults.Verdict) -> Bool = { _ in true }
    ) async throws(KafkaError) {
        transactions?.lastError = error
        if let ending { throw ending }
        let isPassing = verdict == .again || verdict == .lookUp
        if !isPassing, counts(verdict) {
            failed(error, verdict)
            if let told = transactions?.state.error { throw told }
            // While it is aborted, that there is nothing to abort is no trouble.
            if verdict == .unmapped, transactions?.state.phase == .aborting { return }
            throw error
        }
        failures += 1
        try? await loop.sleep(for: backoff.pause(after: failures))
        if let ending { throw ending }
    }

    // MARK: - Who the producer is

    /// Asks the coordinator for an id and epoch: the first, or the next one behind those that the producer has (KIP-360).
    private func takeIdentity() async throws(KafkaError) {
        var failures = 0
        while true {
            switch await askIdentity(identity.current) {
            case .done(let response, _):
                take(.init(id: response.producerId, epoch: response.producerEpoch))
                let canBump = await canBump()
                transactions?.state.initialised(isVersion2: isVersion2Known(), canBump: canBump)
                transactions?.lastError = nil
                return
            case .refused(let error, let verdict): try await settle(error, verdict, &failures)
            }
        }
    }

    private func take(_ given: ProducerIdentity.Given) {
        guard given != identity.current else { return }
        identity.assign(given)
        shared.state.withLock { $0.accumulator.renumberAll() }
    }

    /// Whether the cluster's transactions are of version 2, as far as it has told.
    private func isVersion2Known() -> Bool { cluster.assumeIsolated { $0.level(of: "transaction.version") } >= 2 }

    // MARK: - Shutting down

    /// Aborts what is open, as Java's producer does when it is closed, for no longer than `deadline`.
    func abortRest(until deadline: Instant) async {
        guard let work = transactions else { return }
        if work.state.phase == .inTransaction || work.state.phase == .abortableError { _ = try? start(.abort) }
        while ending == nil, now < deadline, let operation = transactions?.operation, operation.kind != .initialise {
            let seen = wakes
            if operation.result != nil { break }
            await pause(until: deadline, unless: seen, isCancellable: false)
        }
    }
}
