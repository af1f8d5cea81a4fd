/// Records that are waited for no longer: a flush that ends, and what is given up.
extension ProducerEngine {
    /// Waits as ``flush()`` does, for at most `timeout`.
    func flush(timeout: Duration) async throws(KafkaError) {
        let deadline = now + timeout
        var left = shared.state.withLock { $0.accumulator.pending }
        beginFlush()
        defer { endFlush() }
        while true {
            let seen = wakes
            drain()
            left.removeAll { $0.isThrough }
            if left.isEmpty { break }
            if Task.isCancelled { throw unfinished(left, .cancelled, "the task was cancelled") }
            guard now < deadline else { throw unfinished(left, .timedOut, "\(timeout) were over") }
            await pause(until: deadline, unless: seen, isCancellable: true)
        }
        try throwRefusals()
    }

    private func unfinished(_ left: [ProducerBatch], _ code: KafkaError.Code, _ why: String) -> KafkaError {
        let count = left.reduce(0) { $0 + $1.unsettledRecords }
        return KafkaError(
            code,
            "\(count) records were not acknowledged yet when \(why); they are still being sent: flush again, look whether "
                + "the brokers are reachable, or give them up with purge", isRetriable: true)
    }

    /// Gives up what waits to be sent, and what is on its way; says how many records that were.
    func purge(queued: Bool, inFlight: Bool) -> Int {
        var given: [(batch: ProducerBatch, isUnderWay: Bool)] = []
        if queued {
            // As what has waited for as long as it may: its numbers leave no gap.
            let now = now
            let rest = shared.state.withLock { $0.accumulator.takeExpired(now: now, timeout: .zero).expired }
            // What has been sent before may have arrived.
            given += rest.map { ($0.batch, $0.attempts > 0) }
        }
        if inFlight { given += underWay.map { ($0.batch, true) } }
        var count = 0
        for (batch, isUnderWay) in given {
            let error = Self.purged(batch, isUnderWay)
            guard batch.complete(.failure(error)) else { continue }
            recordFailed(error)
            count += Int(batch.extent.count)
            shared.state.withLock { $0.accumulator.settled(batch) }
        }
        drain()
        resumeWaiters()
        return count
    }

    /// The batches on their way, in order.
    private var underWay: [Accumulator.Entry] {
        onTheirWay.values.flatMap { $0.entries }.sorted { $0.place < $1.place }
    }

    private static func purged(_ batch: ProducerBatch, _ isUnderWay: Bool) -> KafkaError {
        let what = "\(batch.extent.count) records to \(batch.target) were given up by the program (purge)"
        return KafkaError(
            .purged,
            isUnderWay
                ? "\(what) while they were on their way: they may have been stored; look into the topic before they are "
                    + "sent again"
                : "\(what) before they were sent; they were not stored",
            topic: batch.target.topic, partition: batch.target.partition)
    }
}

extension ProducerBatch {
    /// How many of its records have neither arrived nor failed.
    var unsettledRecords: Int { openParts.reduce(0) { $0 + Int($1.extent.count) } }

    /// Whether all of it has arrived, or will not.
    var isThrough: Bool { openParts.isEmpty }

    private var openParts: [ProducerBatch] {
        division.map { $0.flatMap(\.openParts) } ?? (isSettled ? [] : [self])
    }
}

extension KafkaProducer {
    /// As ``flush()``, for at most `timeout` (KIP-514). Throws ``KafkaError/Code/timedOut`` with the number of records that
    /// were not acknowledged yet; nothing is lost by that, they are sent as before. A cancelled task throws
    /// ``KafkaError/Code/cancelled``.
    public func flush(timeout: Duration) async throws(KafkaError) { try await engine.flush(timeout: timeout) }

    /// Gives up records, as librdkafka's `rd_kafka_purge` does, and returns how many: their deliveries throw
    /// ``KafkaError/Code/purged``, while ``flush()`` and ``close(timeout:)`` do not tell of them. The producer goes on; later
    /// records are sent as if those had never been.
    ///
    /// - Parameters:
    ///   - queued: What waits to be sent. It was not stored, unless it was being sent again, which the error says.
    ///   - inFlight: What is on its way. It may have been stored, or still be: a request cannot be called back, and where
    ///     later records were sent behind it, it is seen through for the sake of their order.
    @discardableResult
    public func purge(queued: Bool = true, inFlight: Bool = true) async -> Int {
        await engine.purge(queued: queued, inFlight: inFlight)
    }
}
