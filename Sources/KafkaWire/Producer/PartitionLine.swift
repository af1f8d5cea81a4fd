/// A partition's batches on their way: how they are numbered, under which identity, how many may be under way at a time, and
/// when those that failed go again. A value; the accumulator has one beside the queue of each partition.
///
/// Each partition keeps its own identity until a batch of it is lost for good: to number the others anew would make duplicates of
/// what is on its way there.
struct PartitionLine: Equatable, Sendable {
    /// Who numbers the batches now; nil before the first, and where nobody does.
    private(set) var producer: ProducerIdentity.Given?
    private(set) var inFlight = 0
    /// Whether another identity is needed before anything is sent for the first time.
    private var needsNewProducer = false
    /// Whether the broker has taken a batch under `producer`. Before, it takes any number for the first: a second batch that
    /// overtakes the first would stand in front of it for good.
    private var isEstablished = false
    private var nextSequence: Int32 = 0
    private var nextOrdinal = 0
    /// After a failure one batch at a time is sent, until the failed ones are through: so they stay in order.
    private var isRecovering = false
    /// When what failed may go again.
    private(set) var retryAt: Instant?

    /// Whether batches can be numbered.
    enum Numbering: Equatable, Sendable {
        case ready
        /// Under another identity than before: what has not arrived is numbered anew.
        case anew
        /// Another one than was offered is needed; with `isUrgent` nothing is on its way whose end has to be awaited first.
        case waits(isUrgent: Bool)
    }

    /// A batch of so many records is full, or due: which record of its partition the first one is. Parts of a batch that
    /// has to be divided have their place by that.
    mutating func sealed(count: Int) -> Int {
        defer { nextOrdinal += count }
        return nextOrdinal
    }

    /// Whether one more batch may be on its way.
    func hasRoom(_ limit: Int, isIdempotent: Bool) -> Bool {
        inFlight < (isRecovering || isIdempotent && !isEstablished ? 1 : limit)
    }

    /// Takes `offered` for the id where it needs another.
    mutating func takeNumbers(_ offered: ProducerIdentity.Given?) -> Numbering {
        if producer != nil, !needsNewProducer { return .ready }
        // Batches on their way still carry the old id.
        guard let offered, offered != producer, inFlight == 0 else { return .waits(isUrgent: inFlight == 0) }
        producer = offered
        needsNewProducer = false
        isEstablished = false
        nextSequence = 0
        return .anew
    }

    /// The stamp of a batch that goes out for the first time under this id.
    mutating func stamp(count: Int32) -> ProducerBatch.Stamp {
        guard let producer else { return .init() }
        defer { nextSequence = Self.sequence(after: nextSequence, count: count) }
        return .init(producerId: producer.id, producerEpoch: producer.epoch, baseSequence: nextSequence)
    }

    /// Sequence numbers wrap to 0 (`DefaultRecordBatch.incrementSequence`).
    static func sequence(after sequence: Int32, count: Int32) -> Int32 {
        let next = Int64(sequence) + Int64(count)
        return Int32(truncatingIfNeeded: next > Int64(Int32.max) ? next - Int64(Int32.max) - 1 : next)
    }

    /// A batch goes out.
    mutating func sent() {
        retryAt = nil
        inFlight += 1
    }

    /// A batch is through: acknowledged, or failed for good.
    mutating func finished(_ stamp: ProducerBatch.Stamp?, isAcknowledged: Bool) {
        inFlight -= 1
        if isAcknowledged, let producer, stamp?.producerId == producer.id, stamp?.producerEpoch == producer.epoch {
            isEstablished = true
        }
    }

    /// A batch comes back, to be sent again.
    mutating func returned(until: Instant) {
        inFlight -= 1
        isRecovering = true
        retryAt = until
    }

    /// A batch has left the line; `isClear` says that none of those behind it has failed before.
    mutating func released(isClear: Bool) { if inFlight == 0, isClear { isRecovering = false } }

    /// A batch is lost, or the broker has lost what it knew: what has no number that counts is numbered anew, under
    /// another identity, once nothing is on its way.
    mutating func renumber() { needsNewProducer = true }
}
