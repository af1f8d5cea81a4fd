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
        var outcome: Result<Offset, KafkaError>?
        var waiters: [CheckedContinuation<Result<Offset, KafkaError>, Never>] = []
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
    }

    /// The batch's bytes with `stamp`. Packed once; stamped anew where the producer id has changed since.
    func bytes(_ stamp: Stamp, _ compression: Compression, level: Int?) throws(WireError) -> Bytes {
        let outcome: Result<[UInt8], WireError> = content.withLock { content in
            do throws(WireError) {
                if content.isFinished {
                    RecordBatchBuilder.restamp(
                        &content.bytes, producerId: stamp.producerId,
                        producerEpoch: stamp.producerEpoch,
                        baseSequence: stamp.baseSequence)
                } else {
                    var options = RecordBatchBuilder.Options()
                    options.compression = compression
                    options.compressionLevel = level
                    options.producerId = stamp.producerId
                    options.producerEpoch = stamp.producerEpoch
                    options.baseSequence = stamp.baseSequence
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

    /// Waits for the batch's first offset; below 0 where it is not known.
    func outcome() async throws(KafkaError) -> Offset {
        let outcome: Result<Offset, KafkaError> = await withCheckedContinuation { continuation in
            let known = receipt.withLock { receipt -> Result<Offset, KafkaError>? in
                if receipt.outcome == nil { receipt.waiters.append(continuation) }
                return receipt.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
        return try outcome.get()
    }

    /// Tells everybody who waits how it went.
    func complete(_ outcome: Result<Offset, KafkaError>) {
        let waiters = receipt.withLock { receipt -> [CheckedContinuation<Result<Offset, KafkaError>, Never>] in
            guard receipt.outcome == nil else { return [] }
            receipt.outcome = outcome
            defer { receipt.waiters = [] }
            return receipt.waiters
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
