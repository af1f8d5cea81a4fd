import DequeModule

/// Records that wait to be sent, in batches by partition. A value: the producer holds it under one lock, records come
/// in at one end, the engine takes batches out at the other, and `now` is an argument.
struct Accumulator {
    let batchSize: Int
    let linger: Duration
    /// How many batches of one partition may be on their way.
    let maximumInFlight: Int
    /// Whether batches are packed before they are sent; the engine does that, elsewhere.
    let isPacking: Bool

    private var topics: [String: TopicQueues] = [:]
    /// The topic of the record before: most often it is that of the next one too, and needs no hashing.
    private var recentName = ""
    private var recentQueues: TopicQueues?
    /// Bytes of all batches that were not acknowledged.
    private(set) var bufferedBytes = 0
    /// Batches that were not acknowledged, those on their way included.
    private(set) var pendingBatches = 0

    /// The queues of one topic. A class, so that appending looks a topic up without copying it.
    private final class TopicQueues {
        var partitions: [PartitionQueue]
        var sticky: Int
        var stickyBytes = 0

        init(_ name: String, count: Int) {
            partitions = (0..<count).map { PartitionQueue(TopicPartition(name, Int32($0))) }
            sticky = Int.random(in: 0..<count)
        }
    }

    private final class PartitionQueue {
        let target: TopicPartition
        /// The batch that takes records, and what they are written into until it is sealed.
        var open: ProducerBatch?
        /// In memory of its own, since a `var` of a class is checked for exclusive access with each record.
        let builder: UnsafeMutablePointer<RecordBatchBuilder>
        /// How many bytes the batch before took up: about what the next one will need.
        var usualSize = 0
        var full: Deque<Entry> = []
        var inFlight = 0
        /// After a failure one batch at a time is sent, until the failed ones are through: so they stay in order.
        var isRecovering = false
        var retryAt: Instant?
        var nextSequence: Int32 = 0

        init(_ target: TopicPartition) {
            self.target = target
            builder = .allocate(capacity: 1)
            builder.initialize(to: RecordBatchBuilder(capacity: 0))
        }

        deinit {
            builder.deinitialize(count: 1)
            builder.deallocate()
        }
    }

    /// A batch with the stamp that it was first sent with: a retry carries the same.
    struct Entry: Sendable {
        var batch: ProducerBatch
        /// The bytes of its records, before packing: what counts against `buffer.memory`.
        var size: Int
        var stamp: ProducerBatch.Stamp?
        var attempts = 0
    }

    init(batchSize: Int, linger: Duration, maximumInFlight: Int, isPacking: Bool = false) {
        self.isPacking = isPacking
        self.batchSize = batchSize
        self.linger = linger
        self.maximumInFlight = maximumInFlight
    }

    // MARK: - Records come in

    /// How many partitions the topic has; nil while it is not known.
    func partitionCount(_ topic: String) -> Int? { topics[topic]?.partitions.count }

    /// Says how many partitions the topic has. Partitions never go away.
    mutating func setPartitions(_ topic: String, count: Int) {
        guard let queues = topics[topic] else {
            if count > 0 { topics[topic] = TopicQueues(topic, count: count) }
            return
        }
        for number in queues.partitions.count..<max(count, queues.partitions.count) {
            queues.partitions.append(PartitionQueue(TopicPartition(topic, Int32(number))))
        }
    }

    /// What came of a record.
    enum Appended {
        /// It is in a batch; `wake` says that the engine should look.
        case done(Delivery, wake: Bool)
        case unknownTopic
        case noSuchPartition(count: Int)
    }

    /// Appends a record of at most `bound` bytes.
    @inline(__always)
    mutating func append(
        topic: String, partition: Int32?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestamp: Int64, bound: Int, now: @autoclosure () -> Instant
    ) -> Appended {
        guard let queues = queues(of: topic) else { return .unknownTopic }
        let count = queues.partitions.count
        let index: Int
        if let partition {
            guard partition >= 0, Int(partition) < count else { return .noSuchPartition(count: count) }
            index = Int(partition)
        } else if let key {
            index = Int(Murmur2.partition(of: key, among: Int32(count)))
        } else {
            index = queues.sticky
        }
        let queue = queues.partitions[index]
        var wake = false
        let batch: ProducerBatch
        if let open = queue.open, queue.builder.pointee.size + bound <= batchSize {
            batch = open
        } else {
            wake = seal(queue)
            batch = ProducerBatch(queue.target, created: now())
            queue.open = batch
            if queue.builder.pointee.capacity < max(bound, queue.usualSize) {
                queue.builder.pointee = RecordBatchBuilder(
                    capacity: max(queue.usualSize, min(max(bound + 128, 4096), 1 << 20)))
            }
            pendingBatches += 1
            wake = wake || pendingBatches == 1 || linger == .zero || queue.full.isEmpty
        }
        let before = queue.builder.pointee.size
        let place = queue.builder.pointee.count
        queue.builder.pointee.append(key: key, value: value, headers: headers, timestamp: timestamp)
        let size = queue.builder.pointee.size
        bufferedBytes += size - before
        if size >= batchSize { wake = seal(queue) || wake }
        if key == nil, partition == nil { stick(queues, size - before) }
        return .done(Delivery(batch: batch, index: place), wake: wake)
    }

    @inline(__always)
    private mutating func queues(of topic: String) -> TopicQueues? {
        if let recentQueues, recentName == topic { return recentQueues }
        guard let found = topics[topic] else { return nil }
        recentName = topic
        recentQueues = found
        return found
    }

    /// Records without a key stay with one partition until it has got a batch full of them, then move to another
    /// (KIP-794): few large batches instead of many small ones.
    private func stick(_ queues: TopicQueues, _ bytes: Int) {
        queues.stickyBytes += bytes
        guard queues.stickyBytes >= batchSize, queues.partitions.count > 1 else { return }
        queues.stickyBytes = 0
        let other = Int.random(in: 0..<queues.partitions.count - 1)
        queues.sticky = other >= queues.sticky ? other + 1 : other
    }

    /// Up to how many bytes of a partition's memory stay with it between its batches: a full batch of the default size.
    private static let keptMemory = (256 << 10) + 64

    private func seal(_ queue: PartitionQueue) -> Bool {
        guard let open = queue.open else { return false }
        let size = queue.builder.pointee.size
        queue.full.append(Entry(batch: open, size: size - RecordBatch.Layout.headerSize))
        queue.usualSize = min(size, batchSize)
        queue.open = nil
        let count = queue.builder.pointee.count
        // Copied out, the records leave behind memory that is warm and grown. It is kept where that is little, and where
        // the next batch needs about as much.
        let isFitting = size <= Self.keptMemory && queue.builder.pointee.capacity <= max(4 * size, 4096)
        if !isPacking, isFitting, let bytes = try? queue.builder.pointee.drain() {
            open.takeOver(bytes, count: count)
        } else {
            open.takeOver(&queue.builder.pointee)
        }
        return true
    }

    // MARK: - Batches go out

    /// What is to be sent now, by leader, and when to look again.
    struct Ready {
        var byLeader: [Int32: [Entry]] = [:]
        var nextLook: Instant?
        /// Topics with a batch that waits for a leader to be known.
        var leaderless: Set<String> = []
    }

    /// Takes out at most one batch of each partition that may be sent now. `leader` tells the partition's leader,
    /// `isFree` whether it can take a further request.
    mutating func takeReady(
        now: Instant, flush: Bool, producer: (id: Int64, epoch: Int16)?, leader: (TopicPartition) -> Int32?,
        isFree: (Int32) -> Bool
    ) -> Ready {
        var ready = Ready()
        func lookAgain(_ at: Instant) { ready.nextLook = min(ready.nextLook ?? at, at) }
        for (name, queues) in topics {
            for queue in queues.partitions {
                if let open = queue.open, queue.full.isEmpty {
                    let due = open.created + linger
                    if flush || due <= now { _ = seal(queue) } else { lookAgain(due) }
                }
                guard !queue.full.isEmpty else { continue }
                if let retryAt = queue.retryAt, retryAt > now {
                    lookAgain(retryAt)
                    continue
                }
                guard queue.inFlight < (queue.isRecovering ? 1 : maximumInFlight) else { continue }
                guard let broker = leader(queue.target) else {
                    ready.leaderless.insert(name)
                    continue
                }
                guard isFree(broker) else { continue }
                guard var entry = queue.full.popFirst() else { continue }
                queue.retryAt = nil
                if entry.stamp == nil { entry.stamp = stamp(queue, entry, producer) }
                queue.inFlight += 1
                ready.byLeader[broker, default: []].append(entry)
                if !queue.full.isEmpty {
                    lookAgain(now)
                } else if let open = queue.open {
                    lookAgain(open.created + linger)
                }
            }
        }
        return ready
    }

    private func stamp(
        _ queue: PartitionQueue, _ entry: Entry, _ producer: (id: Int64, epoch: Int16)?
    ) -> ProducerBatch.Stamp {
        guard let producer else { return .init() }
        defer {
            // Sequence numbers wrap to 0 (`DefaultRecordBatch.incrementSequence`).
            let next = Int64(queue.nextSequence) + Int64(entry.batch.extent.count)
            queue.nextSequence = Int32(truncatingIfNeeded: next > Int64(Int32.max) ? next - Int64(Int32.max) - 1 : next)
        }
        return .init(producerId: producer.id, producerEpoch: producer.epoch, baseSequence: queue.nextSequence)
    }

    /// The batch was acknowledged, or failed for good.
    mutating func finished(_ entry: Entry) {
        guard let queue = queue(entry.batch.target) else { return }
        queue.inFlight -= 1
        if queue.inFlight == 0, queue.full.first?.attempts ?? 0 == 0 { queue.isRecovering = false }
        bufferedBytes -= entry.size
        pendingBatches -= 1
    }

    /// The batch is to be sent again: in front of those that were first sent after it, not before `at`.
    mutating func retry(_ entry: Entry, at: Instant) {
        guard let queue = queue(entry.batch.target) else { return }
        queue.inFlight -= 1
        queue.isRecovering = true
        queue.retryAt = at
        var entry = entry
        entry.attempts += 1
        let place = queue.full.firstIndex { other in
            other.attempts == 0 || other.batch.created > entry.batch.created
        }
        queue.full.insert(entry, at: place ?? queue.full.endIndex)
    }

    /// Takes out batches that have waited longer than `timeout`; those on their way are left alone, since they may
    /// have arrived.
    mutating func takeExpired(now: Instant, timeout: Duration) -> [Entry] {
        var expired: [Entry] = []
        for queues in topics.values {
            for queue in queues.partitions where queue.inFlight == 0 {
                while let first = queue.full.first, first.batch.created + timeout <= now {
                    expired.append(first)
                    queue.full.removeFirst()
                    // `finished` takes it as one that was on its way.
                    queue.inFlight += 1
                    finished(first)
                }
            }
        }
        return expired
    }

    /// The producer has got another id: sequence numbers begin anew, also for batches that were already stamped.
    /// To be called while nothing is on its way.
    mutating func restartSequences() {
        for queues in topics.values {
            for queue in queues.partitions {
                queue.nextSequence = 0
                for index in queue.full.indices { queue.full[index].stamp = nil }
            }
        }
    }

    /// Whether any batch is on its way.
    var isAnythingInFlight: Bool {
        topics.values.contains { $0.partitions.contains { $0.inFlight > 0 } }
    }

    private func queue(_ target: TopicPartition) -> PartitionQueue? {
        guard let queues = topics[target.topic], queues.partitions.indices.contains(Int(target.partition)) else {
            return nil
        }
        return queues.partitions[Int(target.partition)]
    }
}
