/// What becomes of batches when their request was answered, or was not.
extension ProducerEngine {
    func answered(
        _ entries: [Accumulator.Entry], from leader: BrokerID, in turn: SendTurn,
        _ outcome: Result<ProduceExchange.Answer, KafkaError>
    ) {
        pace.answered(by: leader)
        onTheirWay[ObjectIdentifier(turn)] = nil
        for entry in entries {
            let verdict = verdict(on: entry, outcome)
            settle(entry, verdict, (try? outcome.get())?.results?[entry.batch.target], from: leader)
        }
        drain()
        resumeWaiters()
    }

    private func verdict(
        on entry: Accumulator.Entry, _ outcome: Result<ProduceExchange.Answer, KafkaError>
    ) -> BatchVerdict {
        let answer: ProduceExchange.Answer
        switch outcome {
        case .success(let given): answer = given
        case .failure(let error): return BatchVerdict(error, attempts: entry.attempts, policy)
        }
        guard let results = answer.results else { return .arrived(.none) }
        let target = entry.batch.target
        guard let result = results[target] else {
            return BatchVerdict(
                KafkaError(
                    .malformedResponse, "broker \(answer.broker) did not answer for \(target)", broker: answer.broker,
                    topic: target.topic, partition: target.partition, isRetriable: true),
                attempts: entry.attempts, policy)
        }
        let hint = result.currentLeader
        if result.errorCode != .none, hint.leaderId >= 0 {
            cluster.assumeIsolated { _ = $0.setLeader(of: target, hint.leaderId, epoch: hint.leaderEpoch) }
        }
        let words = KafkaError.words(of: result.errorMessage)
        let count = Int(entry.batch.extent.count)
        let isTooLarge = result.errorCode == .messageTooLarge && count == 1
        let error = KafkaError.refused(
            result.errorCode,
            (isTooLarge ? "could not send a record of \(entry.size) bytes" : "could not send \(count) records")
                + " to \(target)\(words)",
            by: answer.broker, api: .produce, topic: target.topic, partition: target.partition,
            of: configuration.transactionalId,
            advice: isTooLarge ? "it is too large by itself: raise max.message.bytes of the topic" : nil)
        return BatchVerdict(
            result.errorCode, at: result.baseOffset, records: count, error, attempts: entry.attempts, policy)
    }

    private func settle(
        _ entry: Accumulator.Entry, _ verdict: BatchVerdict, _ answer: ProduceExchange.PartitionResponse?,
        from broker: BrokerID
    ) {
        let target = entry.batch.target
        var entry = entry
        // Also while it was on its way its time may have run out, or the program have given it up.
        entry.isGivenUp = entry.isGivenUp || entry.batch.isSettled
        switch verdict {
        case .arrived(let offset):
            finish(entry, .success(offset), logAppendTime: answer?.logAppendTimeMs ?? -1)
        case .again(let error, let further):
            if let ending { return finish(entry, .failure(ending)) }
            if further.contains(.renumber) { shared.state.withLock { $0.accumulator.renumber(target) } }
            if further.contains(.lookUp) {
                cluster.assumeIsolated { $0.noteRefusal(error) }
                relearn([target.topic])
            }
            // Nobody waits for it: it goes on under its number, or not at all.
            if entry.isGivenUp, further.contains(.renumber) || !policy.isIdempotent {
                return finish(entry, .failure(error))
            }
            let hint = answer?.currentLeader.leaderId ?? .none
            let isHinted =
                hint >= 0 && hint != broker && cluster.assumeIsolated { $0.metadata.leader(of: target) } == hint
            retry(entry, because: error, anew: further.contains(.renumber), isHinted: isHinted)
        case .divided(let error):
            if let ending { return finish(entry, .failure(ending)) }
            divide(entry, because: error)
        // Not refused, and not answered as often as it may be tried: an earlier try may still arrive.
        case .lost(let error, _) where policy.isIdempotent && error.isRetriable && ending == nil:
            fail(entry.batch, error)
            let at = now + backoff.pause(after: entry.attempts + 1)
            shared.state.withLock { $0.accumulator.giveUp(entry, at: at, because: error) }
            setTimer(at)
        case .lost(let error, let further):
            if further.contains(.renumber) { shared.state.withLock { $0.accumulator.renumber(target) } }
            finish(entry, .failure(ending ?? error), faults: answer.flatMap { faults(of: entry, $0, error) })
        }
    }

    /// Which records of the batch made the broker refuse it.
    private func faults(
        of entry: Accumulator.Entry, _ answer: ProduceExchange.PartitionResponse, _ error: KafkaError
    ) -> RecordFaults? {
        guard !answer.recordErrors.isEmpty, ending == nil else { return nil }
        let keys = entry.batch.keys()
        return RecordFaults(
            answer.recordErrors, count: Int(entry.batch.extent.count), words: answer.errorMessage, error,
            key: { keys.indices.contains($0) ? keys[$0] : nil })
    }

    /// Sends a batch that was too large in parts.
    private func divide(_ entry: Accumulator.Entry, because error: KafkaError) {
        let limit = shared.state.withLock { $0.accumulator.limit(behind: entry) }
        let isPacking = configuration.compression != .none
        do throws(WireError) {
            let parts = try entry.batch.divided(limit: limit, isPacking: isPacking)
            // Nobody waits any more for what was on its way for too long.
            guard parts.count > 1, entry.batch.created + configuration.deliveryTimeout > now, !entry.isGivenUp else {
                return lose(entry, error)
            }
            cluster.tell(.batchDivided(entry.batch.target, parts: parts.count, error: error))
            shared.state.withLock { $0.accumulator.divide(entry, into: parts, now: now) }
            entry.batch.complete(in: parts)
        } catch {
            lose(entry, .wire(error, broker: "", api: .produce))
        }
    }

    /// It will not arrive, and its numbers come in no other batch.
    private func lose(_ entry: Accumulator.Entry, _ error: KafkaError) {
        if policy.isIdempotent { shared.state.withLock { $0.accumulator.renumber(entry.batch.target) } }
        finish(entry, .failure(error))
    }

    /// With `isHinted` the answer has told who leads (KIP-951): that one is asked at once, as by Java
    /// (`RecordAccumulator.shouldBackoff`).
    private func retry(_ entry: Accumulator.Entry, because error: KafkaError, anew: Bool, isHinted: Bool) {
        let attempt = entry.attempts + 1
        let pause = isHinted ? .zero : backoff.pause(after: attempt)
        // Of one that is given up everything was told.
        if !entry.isGivenUp {
            cluster.tell(.batchRetried(entry.batch.target, error: error, attempt: attempt, pause: pause))
        }
        let at = now + pause
        shared.state.withLock { $0.accumulator.retry(entry, at: at, because: error, anew: anew) }
        setTimer(at)
    }

    private func finish(
        _ entry: Accumulator.Entry, _ outcome: Result<Offset, KafkaError>, logAppendTime: Int64 = -1,
        faults: RecordFaults? = nil
    ) {
        let isAcknowledged = if case .success = outcome { true } else { false }
        if isAcknowledged { pace.worked() }
        shared.state.withLock { $0.accumulator.finished(entry, isAcknowledged: isAcknowledged) }
        if case .failure(let error) = outcome { return fail(entry.batch, error, faults) }
        if entry.batch.complete(outcome, logAppendTime: logAppendTime) {
            cluster.tell(.batchAcknowledged(settled(entry.batch, try? outcome.get())))
        }
    }

    /// The batch will not arrive. One whose time was up while it was on its way has failed before.
    private func fail(_ batch: ProducerBatch, _ error: KafkaError, _ faults: RecordFaults? = nil) {
        recordFailed(error)
        guard batch.complete(.failure(error), faults: faults) else { return }
        refusals.note(batch)
        cluster.tell(.batchFailed(settled(batch, nil), error: error))
    }

    /// Fails what is on its way in time, too: it may arrive all the same, as whatever fails by a time-out.
    func watchTime(of entries: [Accumulator.Entry], in turn: SendTurn) {
        let until = nextExpiry(of: entries)
        onTheirWay[ObjectIdentifier(turn)] = (until, entries)
        if let until { setTimer(until) }
    }

    private func nextExpiry(of entries: [Accumulator.Entry]) -> Instant? {
        let now = now
        return entries.map { $0.batch.created + configuration.deliveryTimeout }.filter { $0 > now }.min()
    }

    /// Fails what has waited for longer than `delivery.timeout.ms`.
    func failExpired() {
        let timeout = configuration.deliveryTimeout
        let now = now
        if onTheirWay.values.contains(where: { $0.until.map { $0 <= now } ?? false }) { failLate(now) }
        if let next = onTheirWay.values.lazy.compactMap({ $0.until }).min() { setTimer(next) }
        let (expired, next) = shared.state.withLock { $0.accumulator.takeExpired(now: now, timeout: timeout) }
        for entry in expired { fail(entry.batch, expiry(of: entry)) }
        if let next { setTimer(next) }
        if !expired.isEmpty { resumeWaiters() }
    }

    private func failLate(_ now: Instant) {
        for (turn, request) in onTheirWay { onTheirWay[turn]?.until = nextExpiry(of: request.entries) }
        let late = onTheirWay.values.flatMap { $0.entries }.filter {
            $0.batch.created + configuration.deliveryTimeout <= now
        }
        for entry in late.sorted(by: { $0.place < $1.place }) where !entry.batch.isSettled {
            fail(entry.batch, expiry(of: entry))
            shared.state.withLock { $0.accumulator.settled(entry.batch) }
        }
        // Closing waits for those that somebody waits for.
        if !late.isEmpty { resumeWaiters() }
    }

    private func expiry(of entry: Accumulator.Entry) -> KafkaError {
        let target = entry.batch.target
        let reason =
            (entry.lastError ?? identity.error ?? withoutLeader(target)).map { "the last error was: \($0.message)" }
            ?? "look whether its leader is reachable"
        return KafkaError(
            .timedOut,
            "could not send \(entry.batch.extent.count) records to \(target) within \(configuration.deliveryTimeout); "
                + reason,
            broker: entry.lastError?.broker, topic: target.topic, partition: target.partition,
            setting: "delivery.timeout.ms")
    }

    private func withoutLeader(_ target: TopicPartition) -> KafkaError? {
        let metadata = cluster.assumeIsolated { $0.metadata }
        return metadata.leader(of: target) == nil ? metadata.withoutLeader(target) : nil
    }

    /// Nothing more is sent: everything that waits fails, and what is on its way fails unless it arrives.
    func end(_ error: KafkaError) {
        ending = ending ?? error
        let rest = shared.state.withLock { state in
            if state.refusal == nil || transactions != nil { state.refusal = error }
            return state.accumulator.takeAll()
        }
        for entry in rest { fail(entry.batch, error) }
        resumeWaiters()
    }
}
