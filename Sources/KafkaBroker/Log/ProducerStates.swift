import KafkaWire

/// What a partition remembers of its producers (KIP-98): the last five batches of each, so that a batch sent twice is
/// stored once and answered with the offset that it already has, and a gap is refused; and where the transaction begins
/// that a producer is in.
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
        /// The highest timestamp of its last batch, in milliseconds since 1970.
        var lastTimestamp: Int64 = -1
        /// The epoch of the coordinator that last ended a transaction of it here.
        var coordinatorEpoch: Int32 = -1
        /// The first offset of the transaction that it is in.
        var transactionStart: Offset?
    }

    /// What to do with a batch.
    enum Verdict: Equatable {
        case append
        /// It was appended before, at that offset.
        case duplicate(baseOffset: Offset)
        case refuse(ErrorCode)
    }

    /// How many producers are remembered; those that wrote longest ago and are in no transaction are forgotten first.
    /// Kafka forgets by time alone (``forget(notUsedSince:)``); a number bounds the memory.
    private let limit: Int
    private var producers: [ProducerID: Producer] = [:]
    private var uses: UInt64 = 0
    /// The first offsets of the open transactions, in their order, which is that in which they began.
    private var openStarts: [Offset] = []
    /// With how many producers some are to be forgotten next: more than the limit where most are in transactions.
    private var nextForgetting: Int

    init(limit: Int = 10_000) {
        self.limit = limit
        nextForgetting = limit
    }

    /// Judges a batch; one without producer id may always be appended.
    func check(_ batch: RecordBatch) -> Verdict {
        guard batch.producerId >= 0, let known = producers[batch.producerId] else { return .append }
        if batch.producerEpoch < known.epoch { return .refuse(.invalidProducerEpoch) }
        if batch.producerEpoch > known.epoch {
            return batch.baseSequence == 0 ? .append : .refuse(.outOfOrderSequenceNumber)
        }
        if known.transactionStart != nil, !batch.attributes.isTransactional { return .refuse(.invalidTxnState) }
        let last = Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta)
        for appended in known.batches
        where appended.firstSequence == batch.baseSequence && appended.lastSequence == last {
            return .duplicate(baseOffset: appended.baseOffset)
        }
        // A marker may have brought the epoch: then the sequence begins anew (KIP-890).
        let previous = known.batches.last?.lastSequence ?? .max
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
            producer.epoch = batch.producerEpoch
            producer.batches = []
        }
        producer.lastUse = uses
        producer.lastTimestamp = batch.maxTimestamp
        if batch.attributes.isTransactional, producer.transactionStart == nil {
            producer.transactionStart = baseOffset
            openStarts.append(baseOffset)
        }
        if producer.batches.count == 5 { producer.batches.removeFirst() }
        producer.batches.append(
            Appended(
                firstSequence: batch.baseSequence,
                lastSequence: Self.sequence(batch.baseSequence, plus: batch.lastOffsetDelta), baseOffset: baseOffset))
        producers[batch.producerId] = producer
        if producers.count > nextForgetting { forgetOldest() }
    }

    /// Forgets a tenth, so that the sorting is paid for by many appends.
    private mutating func forgetOldest() {
        let idle = producers.filter { $0.value.transactionStart == nil }
        let oldest = idle.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(limit / 10 + 1)
        for (id, _) in oldest { producers[id] = nil }
        nextForgetting = max(limit, producers.count + limit / 10)
    }

    /// Forgets the producers that are in no transaction and whose last batch is from that time or before, in milliseconds
    /// since 1970 (`producer.id.expiration.ms`; `ProducerStateManager.isProducerExpired`).
    mutating func forget(notUsedSince time: Int64) {
        let old = producers.filter { $0.value.transactionStart == nil && $0.value.lastTimestamp <= time }
        for id in old.keys { producers[id] = nil }
    }

    /// Whether the batch at `offset` is the last that the producer is known to have written: its sequence is still
    /// needed.
    func isLastBatch(at offset: Offset, of producer: ProducerID) -> Bool {
        producers[producer]?.batches.last?.baseOffset == offset
    }

    // MARK: - Transactions

    /// The first offset of the oldest open transaction: what is stable ends here. Nil where there is none.
    var firstUnstableOffset: Offset? { openStarts.first }

    /// Whether the producer is in a transaction that has records here.
    func isInTransaction(_ id: ProducerID, epoch: ProducerEpoch) -> Bool {
        guard let known = producers[id] else { return false }
        return known.epoch == epoch && known.transactionStart != nil
    }

    /// Why the end of a transaction may not be marked, or nil. With transactions of version 2 the marker's epoch is the
    /// producer's next one, so that a marker that comes late cannot end the transaction after (KIP-890).
    func objection(toMarkerOf id: ProducerID, epoch: ProducerEpoch, coordinatorEpoch: Int32, isVersion2: Bool)
        -> ErrorCode?
    {
        guard let known = producers[id] else { return nil }
        if epoch < known.epoch || isVersion2 && known.transactionStart != nil && epoch == known.epoch {
            return .invalidProducerEpoch
        }
        return coordinatorEpoch < known.coordinatorEpoch ? .transactionCoordinatorFenced : nil
    }

    /// A marker was appended: the producer's transaction has ended. Gives its first offset; nil where the producer had
    /// written nothing.
    mutating func end(_ id: ProducerID, epoch: ProducerEpoch, coordinatorEpoch: Int32, timestamp: Int64) -> Offset? {
        uses += 1
        var producer = producers[id] ?? Producer(epoch: epoch, lastUse: uses)
        if producer.epoch != epoch {
            producer.epoch = epoch
            producer.batches = []
        }
        producer.lastUse = uses
        producer.lastTimestamp = timestamp
        producer.coordinatorEpoch = coordinatorEpoch
        let start = producer.transactionStart
        producer.transactionStart = nil
        producers[id] = producer
        if let start { close(start) }
        if producers.count > nextForgetting { forgetOldest() }
        return start
    }

    /// The transaction that began there is open no longer.
    private mutating func close(_ start: Offset) {
        var low = 0
        var high = openStarts.count
        while low < high {
            let middle = (low + high) / 2
            if openStarts[middle] < start { low = middle + 1 } else { high = middle }
        }
        if low < openStarts.count, openStarts[low] == start { openStarts.remove(at: low) }
    }

    /// A producer that is remembered, as DescribeProducers tells it.
    struct Active: Equatable {
        var id: ProducerID
        var epoch: ProducerEpoch
        /// The sequence of its last record; -1 where none of its epoch is known.
        var lastSequence: Int32
        var lastTimestamp: Int64
        var coordinatorEpoch: Int32
        /// The first offset of the transaction that it is in.
        var transactionStart: Offset?
    }

    /// The producers, in the order of their ids.
    var active: [Active] {
        producers.sorted { $0.key < $1.key }.map { id, producer in
            Active(
                id: id, epoch: producer.epoch, lastSequence: producer.batches.last?.lastSequence ?? -1,
                lastTimestamp: producer.lastTimestamp, coordinatorEpoch: producer.coordinatorEpoch,
                transactionStart: producer.transactionStart)
        }
    }

    /// Sequences wrap from the highest `Int32` to 0 (`DefaultRecordBatch.incrementSequence`).
    private static func sequence(_ sequence: Int32, plus delta: Int32) -> Int32 {
        Int32((Int64(sequence) + Int64(delta)) % (Int64(Int32.max) + 1))
    }
}
