import KafkaWire

/// What a partition remembers of its idempotent producers (KIP-98): the last five batches of each, so that a batch sent
/// twice is stored once and answered with the offset that it already has, and a gap is refused.
struct ProducerStates {
    /// A batch that was appended.
    private struct Appended: Equatable {
        var firstSequence: Int32
        var lastSequence: Int32
        var baseOffset: Offset
    }

    private struct Producer {
        var epoch: ProducerEpoch
        var batches: [Appended] = []
        /// When it last wrote, in batches of the partition.
        var lastUse: UInt64
    }

    /// What to do with a batch.
    enum Verdict: Equatable {
        case append
        /// It was appended before, at that offset.
        case duplicate(baseOffset: Offset)
        case refuse(ErrorCode)
    }

    /// How many producers are remembered; those that wrote longest ago are forgotten first. Kafka forgets by time
    /// (`producer.id.expiration.ms`); a number bounds the memory.
    private let limit: Int
    private var producers: [ProducerID: Producer] = [:]
    private var uses: UInt64 = 0

    init(limit: Int = 10_000) { self.limit = limit }

    /// Judges a batch; one without producer id may always be appended.
    func check(_ batch: RecordBatch) -> Verdict {
        guard batch.producerId >= 0, let known = producers[batch.producerId] else { return .append }
        if batch.producerEpoch < known.epoch { return .refuse(.invalidProducerEpoch) }
        if batch.producerEpoch > known.epoch {
            return batch.baseSequence == 0 ? .append : .refuse(.outOfOrderSequenceNumber)
        }
        let last = Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta)
        for appended in known.batches
        where appended.firstSequence == batch.baseSequence && appended.lastSequence == last {
            return .duplicate(baseOffset: appended.baseOffset)
        }
        guard let previous = known.batches.last?.lastSequence else { return .append }
        return batch.baseSequence == Self.sequence(previous, plus: 1) ? .append : .refuse(.outOfOrderSequenceNumber)
    }

    /// Remembers that `batch` was appended at `baseOffset`.
    mutating func remember(_ batch: RecordBatch, at baseOffset: Offset) {
        guard batch.producerId >= 0 else { return }
        uses += 1
        var producer =
            producers[batch.producerId]
            ?? Producer(epoch: batch.producerEpoch, lastUse: uses)
        if producer.epoch != batch.producerEpoch {
            producer = Producer(epoch: batch.producerEpoch, lastUse: uses)
        }
        producer.lastUse = uses
        if producer.batches.count == 5 { producer.batches.removeFirst() }
        producer.batches.append(
            Appended(
                firstSequence: batch.baseSequence,
                lastSequence: Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta), baseOffset: baseOffset))
        producers[batch.producerId] = producer
        if producers.count > limit { forgetOldest() }
    }

    /// Forgets a tenth, so that the sorting is paid for by many appends.
    private mutating func forgetOldest() {
        let oldest = producers.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(limit / 10 + 1)
        for (id, _) in oldest { producers[id] = nil }
    }

    /// Sequences wrap from the highest `Int32` to 0 (`DefaultRecordBatch.incrementSequence`).
    private static func sequence(_ sequence: Int32, plus delta: Int32) -> Int32 {
        Int32((Int64(sequence) + Int64(delta)) % (Int64(Int32.max) + 1))
    }
}
