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
        /// When the broker took it, where it says that; else -1.
        var logAppendTime: Int64 = -1
        /// Which of its records are at fault, where it was refused for some.
        var faults: RecordFaults?
        var callbacks: [Callback] = []
    }

    /// Where a record has landed.
    struct Landing: Equatable, Sendable {
        /// nil where it is not known.
        var offset: Offset?
        /// In milliseconds since 1970; -1 where its own time counts.
        var logAppendTime: Int64 = -1
    }

    /// Who is told of a record without waiting for it.
    struct Callback: Sendable {
        var index: Int
        var tell: @Sendable (Result<Landing, KafkaError>) -> Void
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

    /// The keys of its records, for what is said of them; none where they cannot be read.
    func keys() -> [Bytes?] {
        let bytes = content.withLock { Bytes($0.bytes) }
        guard let records = try? RecordBatch(bytes)?.records(limit: Int(Int32.max)) else { return [] }
        return records.map(\.key)
    }

    private static func withBytes<R>(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }

    // MARK: - What it has come to

    /// Waits for the offset of a record; nil where it is not known.
    func offset(of index: Int) async throws(KafkaError) -> Offset? { try await landing(of: index).offset }

    /// Waits for a record.
    func landing(of index: Int) async throws(KafkaError) -> Landing {
        switch await outcome(isTelling: true) {
        case .whole(let outcome): return try landing(of: index, outcome).get()
        case .divided(let parts):
            guard let (part, index) = Self.place(of: index, in: parts) else { return Landing() }
            return try await part.landing(of: index)
        }
    }

    private func landing(of index: Int, _ outcome: Result<Offset, KafkaError>) -> Result<Landing, KafkaError> {
        let (time, faults) = receipt.withLock { ($0.logAppendTime, $0.faults) }
        return outcome.map { base in
            Landing(offset: base < 0 ? nil : base + Int64(index), logAppendTime: time)
        }.mapError { faults?.error(of: index) ?? $0 }
    }

    private static func place(of index: Int, in parts: [ProducerBatch]) -> (part: ProducerBatch, index: Int)? {
        var index = index
        for part in parts {
            let count = Int(part.extent.count)
            if index < count { return (part, index) }
            index -= count
        }
        return nil
    }

    /// Waits for all of the batch: what has come of how many records, in their order.
    func parts() async -> [(count: Int, outcome: Result<Offset, KafkaError>)] {
        switch await outcome(isTelling: true) {
        case .whole(let outcome):
            let count = Int(extent.count)
            guard let faults = receipt.withLock({ $0.faults }) else { return [(count, outcome)] }
            return faults.runs(of: count).map { ($0.count, .failure($0.error)) }
        case .divided(let batches):
            var parts: [(count: Int, outcome: Result<Offset, KafkaError>)] = []
            for batch in batches { parts += await batch.parts() }
            return parts
        }
    }

    /// Tells of a record once it has landed, or has failed; at once where that is known.
    func whenSettled(_ index: Int, _ tell: @escaping @Sendable (Result<Landing, KafkaError>) -> Void) {
        let known = receipt.withLock { receipt -> Outcome? in
            if receipt.outcome == nil { receipt.callbacks.append(Callback(index: index, tell: tell)) }
            return receipt.outcome
        }
        if let known { self.tell([Callback(index: index, tell: tell)], known) }
    }

    private func tell(_ callbacks: [Callback], _ outcome: Outcome) {
        switch outcome {
        case .whole(let outcome):
            for callback in callbacks { callback.tell(landing(of: callback.index, outcome)) }
        case .divided(let parts):
            for callback in callbacks {
                guard let (part, index) = Self.place(of: callback.index, in: parts) else { continue }
                part.whenSettled(index, callback.tell)
            }
        }
    }

    /// The batches that its records are in since it was too large.
    var division: [ProducerBatch]? {
        if case .divided(let parts) = receipt.withLock({ $0.outcome }) { parts } else { nil }
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
            return receipt.faults?.first ?? error
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
    func complete(
        _ outcome: Result<Offset, KafkaError>, logAppendTime: Int64 = -1, faults: RecordFaults? = nil
    ) -> Bool {
        complete(.whole(outcome), logAppendTime: logAppendTime, faults: faults)
    }

    /// Its records go on in these batches: who waits for it waits for them.
    func complete(in parts: [ProducerBatch]) {
        if receipt.withLock({ $0.isTold }) { for part in parts { part.receipt.withLock { $0.isTold = true } } }
        complete(.divided(parts))
    }

    @discardableResult
    private func complete(_ outcome: Outcome, logAppendTime: Int64 = -1, faults: RecordFaults? = nil) -> Bool {
        typealias Waiting = (waiters: [CheckedContinuation<Outcome, Never>], callbacks: [Callback])
        let waiting = receipt.withLock { receipt -> Waiting? in
            guard receipt.outcome == nil else { return nil }
            receipt.outcome = outcome
            receipt.logAppendTime = logAppendTime
            receipt.faults = faults
            defer { (receipt.waiters, receipt.callbacks) = ([], []) }
            return (receipt.waiters, receipt.callbacks)
        }
        for waiter in waiting?.waiters ?? [] {
            waiter.resume(returning: outcome)
            if PlantedMistake.wakesOnlyOne.isMade { break }
        }
        if let callbacks = waiting?.callbacks, !callbacks.isEmpty { tell(callbacks, outcome) }
        return waiting != nil
    }
}
