/// What becomes of batches when their request was answered, or was not.
extension ProducerEngine {
    func answered(
        _ entries: [Accumulator.Entry], from leader: BrokerID, _ outcome: Result<ProduceExchange.Answer, KafkaError>
    ) {
        requestsInFlight[leader, default: 1] -= 1
        switch outcome {
        case .success(let answer):
            for entry in entries {
                guard let results = answer.results else {
                    finish(entry, .success(.none))
                    continue
                }
                settle(entry, results[entry.batch.target], by: answer.broker)
            }
        case .failure(let error):
            for entry in entries { failed(entry, error) }
        }
        drain()
        resumeWaiters()
    }

    private func settle(_ entry: Accumulator.Entry, _ result: ProduceExchange.PartitionResponse?, by broker: String) {
        let target = entry.batch.target
        guard let result else {
            return failed(
                entry,
                KafkaError(
                    .malformedResponse, "broker \(broker) did not answer for \(target)", broker: broker,
                    topic: target.topic, partition: target.partition, isRetriable: true))
        }
        let code = result.errorCode
        let words = result.errorMessage.map { " (\($0))" } ?? ""
        let error = KafkaError.refused(
            code, "could not send \(entry.batch.extent.count) records to \(target)\(words)", by: broker, api: .produce,
            topic: target.topic, partition: target.partition)
        switch code {
        case .none: finish(entry, .success(result.baseOffset))
        // The batch had arrived before; its answer was lost (KIP-98).
        case .duplicateSequenceNumber: finish(entry, .success(result.baseOffset))
        case .outOfOrderSequenceNumber where entry.attempts == 0 && configuration.maximumInFlight > 1:
            // A batch in front of this one failed; both are sent again in order.
            retry(entry, because: error)
        case .outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch:
            guard configuration.isIdempotent else { return failed(entry, error) }
            shared.state.withLock { $0.accumulator.renumber(target) }
            retry(entry, because: error)
        default:
            if result.currentLeader.leaderId >= 0 {
                let hint = result.currentLeader
                cluster.assumeIsolated { $0.setLeader(of: target, hint.leaderId, epoch: hint.leaderEpoch) }
            }
            failed(entry, error)
        }
    }

    private func failed(_ entry: Accumulator.Entry, _ error: KafkaError) {
        if error.isRetriable, ending == nil, entry.attempts < configuration.maximumRetries ?? .max {
            if error.code.broker?.invalidatesMetadata ?? true { relearn([entry.batch.target.topic]) }
            // Whether its time is up is looked at before it is sent again.
            return retry(entry, because: error)
        }
        // The numbers of the batches behind it would leave a gap.
        if configuration.isIdempotent { shared.state.withLock { $0.accumulator.renumber(entry.batch.target) } }
        finish(entry, .failure(ending ?? error))
    }

    private func retry(_ entry: Accumulator.Entry, because error: KafkaError) {
        if let ending { return finish(entry, .failure(ending)) }
        let pause = lookBackoff.pause(after: entry.attempts + 1)
        if entry.attempts == Self.triesUntold { configuration.client.logger.warning("\(error.message)") }
        let at = Instant.now + pause
        shared.state.withLock { $0.accumulator.retry(entry, at: at, because: error) }
        setTimer(at)
    }

    /// What works with the fourth try is nobody's trouble.
    private static let triesUntold = 3

    private func finish(_ entry: Accumulator.Entry, _ outcome: Result<Offset, KafkaError>) {
        let isAcknowledged = if case .success = outcome { true } else { false }
        if isAcknowledged { lookBackoff.reset() }
        shared.state.withLock { $0.accumulator.finished(entry, isAcknowledged: isAcknowledged) }
        entry.batch.complete(outcome)
    }

    /// Fails what has waited for longer than `delivery.timeout.ms`.
    func failExpired() {
        let timeout = configuration.deliveryTimeout
        let (expired, next) = shared.state.withLock { $0.accumulator.takeExpired(now: .now, timeout: timeout) }
        for entry in expired {
            let target = entry.batch.target
            let reason =
                (entry.lastError ?? prepareError ?? withoutLeader(target)).map { "the last error was: \($0.message)" }
                ?? "look whether its leader is reachable"
            entry.batch.complete(
                .failure(
                    KafkaError(
                        .timedOut,
                        "could not send \(entry.batch.extent.count) records to \(target) within \(timeout); \(reason)",
                        broker: entry.lastError?.broker, topic: target.topic, partition: target.partition,
                        setting: "delivery.timeout.ms")))
        }
        if let next { setTimer(next) }
        if !expired.isEmpty { resumeWaiters() }
    }

    private func withoutLeader(_ target: TopicPartition) -> KafkaError? {
        let metadata = cluster.assumeIsolated { $0.metadata }
        return metadata.leader(of: target) == nil ? metadata.withoutLeader(target) : nil
    }

    /// Nothing more is sent: everything that waits fails, and what is on its way fails unless it arrives.
    func end(_ error: KafkaError) {
        ending = ending ?? error
        let rest = shared.state.withLock { state in
            if state.refusal == nil { state.refusal = error }
            return state.accumulator.takeAll()
        }
        for entry in rest { entry.batch.complete(.failure(error)) }
        resumeWaiters()
    }
}
