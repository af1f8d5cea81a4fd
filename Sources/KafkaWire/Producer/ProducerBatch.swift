/// A batch from its first record to its acknowledgement: filled in the accumulator, then taken over from there, stamped
/// and sent by the engine, awaited by whoever sent its records.
final class ProducerBatch: Sendable {
    let target: TopicPartition
    /// When the first record came.
    let created: Instant

    private let content = Locked(Content(builder: RecordBatchBuilder(capacity: 0)))
    private let receipt = Locked(Receipt())

    private struct Content: ~Copyable {
        var builder: RecordBatchBuilder
        var bytes: [UInt8] = []
        var count: Int32 = 0
        var isFinished = false
    }

    private struct Receipt {
        var outcome: Outcome?
        var waiters: [CheckedContinuation<Outcome, Never>] = []
        var isTold = false
    }

    /// What the batch has come to.
    private enum Outcome {
        case whole(Result<Offset, KafkaError>)
        /// It was too large for its topic: its records are in these batches, in their order.
        case divided([ProducerBatch])
    }

    init(_ target: TopicPartition, created: Instant) {
        self.target = target
        self.created = created
    }

    /// How many records and bytes the batch holds, once it is sealed.
    var extent: (count: Int32, size: Int) {
        content.withLock { ($0.count, $0.isFinished ? $0.bytes.count : $0.builder.size) }
    }

    /// Seals the batch with the records that were written for it, which are still to be packed.
    func takeOver(_ builder: inout RecordBatchBuilder) {
        content.withLock {
            $0.count = builder.count
            swap(&$0.builder, &builder)
        }
    }

    /// Seals the batch with `count` records as they go out, but for stamp and checksum.
    func takeOver(_ bytes: [UInt8], count: Int32) {
        content.withLock {
            $0.bytes = bytes
            $0.count = count
            $0.isFinished = true
        }
    }

    /// Who writes the batch, for the broker's detection of duplicates.
    struct Stamp: Equatable, Sendable {
        var producerId: ProducerID = .none
        var producerEpoch: ProducerEpoch = .none
        var baseSequence: Int32 = -1

        /// The stamp behind so many records; a producer that numbers nothing has one for all.
        mutating func advance(by count: Int32) {
            if baseSequence >= 0 { baseSequence = PartitionLine.sequence(after: baseSequence, count: count) }
        }
    }

    /// The batch's bytes with `stamp`. Packed once; stamped anew where the producer id has changed since.
    func bytes(
        _ stamp: Stamp, _ compression: Compression, level: Int?, isTransactional: Bool = false
    ) throws(WireError) -> Bytes {
        let outcome: Result<[UInt8], WireError> = content.withLock { content in
            do throws(WireError) {
                if content.isFinished {
                    RecordBatchBuilder.restamp(
                        &content.bytes, producerId: stamp.producerId,
                        producerEpoch: stamp.producerEpoch,
                        baseSequence: stamp.baseSequence, isTransactional: isTransactional)
                } else {
                    var options = RecordBatchBuilder.Options()
                    options.compression = compression
                    options.compressionLevel = level
                    options.producerId = stamp.producerId
                    options.producerEpoch = stamp.producerEpoch
                    options.baseSequence = stamp.baseSequence
                    if isTransactional { options.marks = .transactional }
                    content.bytes = try content.builder.finish(options)
                    content.builder.release()
                    content.isFinished = true
                }
                return .success(content.bytes)
            } catch {
                return .failure(error)
            }
        }
        return Bytes(try outcome.get())
    }

    /// The batch's records in batches of about `limit` bytes at most, where a record is not larger by itself. They are as old as
    /// this one, and packed later with `isPacking`.
    func divided(limit: Int, isPacking: Bool) throws(WireError) -> [ProducerBatch] {
        let bytes = content.withLock { Bytes($0.bytes) }
        guard let batch = try RecordBatch(bytes) else { return [] }
        var parts: [ProducerBatch] = []
        var builder = RecordBatchBuilder(capacity: min(bytes.count, limit))
        func seal() throws(WireError) {
            let part = ProducerBatch(target, created: created)
            if isPacking {
                part.takeOver(&builder)
            } else {
                let count = builder.count
                part.takeOver(try builder.drain(), count: count)
            }
            parts.append(part)
        }
        // What this client has packed itself is no larger than it was.
        for record in try batch.records(limit: Int(Int32.max)) {
            // At least so many bytes: seven frame a record.
            let size = record.headers.reduce(7 + (record.key?.count ?? 0) + (record.value?.count ?? 0)) {
                $0 + 2 + $1.key.utf8.count + ($1.value?.count ?? 0)
            }
            if builder.count > 0, builder.size + size > limit { try seal() }
            Self.withBytes(record.key) { key in
                Self.withBytes(record.value) {
                    builder.append(key: key, value: $0, headers: record.headers, timestamp: record.timestamp)
                }
            }
        }
        if builder.count > 0 { try seal() }
        return parts
    }

    private static func withBytes<R>(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }

    // MARK: - What it has come to

    /// Waits for the offset of a record; nil where it is not known.
    func offset(of index: Int) async throws(KafkaError) -> Offset? {
        switch await outcome(isTelling: true) {
        case .whole(let outcome):
            let base = try outcome.get()
            return base < 0 ? nil : base + Int64(index)
        case .divided(let parts):
            var index = index
            for part in parts {
                let count = Int(part.extent.count)
                if index < count { return try await part.offset(of: index) }
                index -= count
            }
            return nil
        }
    }

    /// Waits for all of the batch: what has come of how many records, in their order.
    func parts() async -> [(count: Int, outcome: Result<Offset, KafkaError>)] {
        switch await outcome(isTelling: true) {
        case .whole(let outcome): return [(Int(extent.count), outcome)]
        case .divided(let batches):
            var parts: [(count: Int, outcome: Result<Offset, KafkaError>)] = []
            for batch in batches { parts += await batch.parts() }
            return parts
        }
    }

    /// Waits until all of the batch has arrived, or will not.
    func settle() async {
        guard case .divided(let parts) = await outcome(isTelling: false) else { return }
        for part in parts { await part.settle() }
    }

    /// Whether it has come to something, as far as its senders know.
    var isSettled: Bool { receipt.withLock { $0.outcome != nil } }

    /// Why it did not arrive, where nobody has been told of that yet.
    var untoldError: KafkaError? {
        receipt.withLock { receipt in
            guard !receipt.isTold, case .whole(.failure(let error)) = receipt.outcome else { return nil }
            return error
        }
    }

    private func outcome(isTelling: Bool) async -> Outcome {
        await withCheckedContinuation { continuation in
            let known = receipt.withLock { receipt -> Outcome? in
                if isTelling { receipt.isTold = true }
                if receipt.outcome == nil { receipt.waiters.append(continuation) }
                return receipt.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Tells everybody who waits how it went; false where that was known.
    @discardableResult
    func complete(_ outcome: Result<Offset, KafkaError>) -> Bool { complete(.whole(outcome)) }

    /// Its records go on in these batches: who waits for it waits for them.
    func complete(in parts: [ProducerBatch]) {
        if receipt.withLock({ $0.isTold }) { for part in parts { part.receipt.withLock { $0.isTold = true } } }
        complete(.divided(parts))
    }

    @discardableResult
    private func complete(_ outcome: Outcome) -> Bool {
        let waiters = receipt.withLock { receipt -> [CheckedContinuation<Outcome, Never>]? in
            guard receipt.outcome == nil else { return nil }
            receipt.outcome = outcome
            defer { receipt.waiters = [] }
            return receipt.waiters
        }
        for waiter in waiters ?? [] {
            waiter.resume(returning: outcome)
            if PlantedMistake.wakesOnlyOne.isMade { break }
        }
        return waiters != nil
    }
}
