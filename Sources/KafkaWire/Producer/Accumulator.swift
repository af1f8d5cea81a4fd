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
    /// The same in the order in which they came, which is that in which they are sent.
    private(set) var queuesInOrder: [TopicQueues] = []
    /// The topic of the record before: most often it is that of the next one too, and needs no hashing.
    private var recentName = ""
    private var recentQueues: TopicQueues?
    /// Bytes of all batches that were not acknowledged.
    private(set) var bufferedBytes = 0
    private var pendingByIdentity: [ObjectIdentifier: (number: Int, batch: ProducerBatch)] = [:]
    private var lastPending = 0
    let isIdempotent: Bool
    /// Which partition records without a key go to next.
    private var random: RandomSource
    private let partitioning: Partitioning
    private var readiness = BrokerReadiness()

    /// How many batches were not acknowledged, those on their way included.
    var pendingBatches: Int { pendingByIdentity.count }
    /// The batches that were not acknowledged, those on their way included.
    var pending: [ProducerBatch] { pendingByIdentity.values.sorted { $0.number < $1.number }.map(\.batch) }
    /// The topics that were told of, in the order in which they were.
    var names: [String] { queuesInOrder.map(\.name) }

    /// A batch with the stamp that it was first sent with: a retry carries the same.
    struct Entry: Sendable {
        var batch: ProducerBatch
        /// Which record of its partition its first one is.
        var ordinal: Int
        /// The bytes of its records, before packing: what counts against `buffer.memory`.
        var size: Int
        var stamp: ProducerBatch.Stamp?
        var attempts = 0
        /// Why the last try failed.
        var lastError: KafkaError?
        /// Whether it is a part of a batch that was too large.
        var isPart = false
        /// Whether it was told to have failed, and goes on for the sake of those behind it, see ``takeExpired(now:timeout:)``.
        var isGivenUp = false

        /// Its place among those of all partitions.
        var place: (TopicPartition, Int) { (batch.target, ordinal) }

        /// Whether it has to be through before several batches of its partition are sent at a time again.
        var isHoldingUp: Bool { attempts > 0 || isPart }
    }

    init(
        batchSize: Int, linger: Duration, maximumInFlight: Int, isIdempotent: Bool, isPacking: Bool = false,
        partitioning: Partitioning = Partitioning(), random: RandomSource
    ) {
        self.random = random
        self.partitioning = partitioning
        self.isPacking = isPacking
        self.batchSize = batchSize
        self.linger = linger
        self.maximumInFlight = maximumInFlight
        self.isIdempotent = isIdempotent
    }

    // MARK: - Records come in

    /// How many partitions the topic has; nil while it is not known.
    func partitionCount(_ topic: String) -> Int? { topics[topic].flatMap { $0.count > 0 ? $0.count : nil } }

    /// Says what the topic is like now. Under the same id partitions never go away, and an answer with fewer is an old one;
    /// a topic that was made anew, whose id is another, has as many as it has, and nothing of what was numbered for the one
    /// before it.
    mutating func setTopic(_ name: String, _ shape: TopicShape) {
        guard shape.count > 0 else { return }
        let queues = topics[name] ?? TopicQueues(name, batchLimit: partitioning.batchSizes[name] ?? batchSize)
        if topics.updateValue(queues, forKey: name) == nil { queuesInOrder.append(queues) }
        let isSame = shape.id == queues.id && shape.id != .zero
        if !isSame, shape.id != .zero, queues.id != .zero {
            for queue in queues.partitions {
                queue.line.renumber()
                takeStamps(queue)
            }
            queues.batchLimit = partitioning.batchSizes[name] ?? batchSize
        }
        queues.id = shape.id
        queues.count = isSame ? max(queues.count, shape.count) : shape.count
        for number in queues.partitions.count..<max(queues.count, queues.partitions.count) {
            queues.partitions.append(PartitionQueue(TopicPartition(name, PartitionID(index: number))))
        }
        queues.offer(shape.led, using: &random)
    }

    /// What a partitioner may choose from; nil while the topic is not known.
    mutating func offer(of topic: String) -> PartitionOffer? {
        guard let queues = topics[topic], queues.count > 0 else { return nil }
        return PartitionOffer(
            count: queues.count, available: queues.choice.map { PartitionID(index: $0) }, random: random.next())
    }

    /// The topics that records were sent to since `start`, or wait for. The others are looked up again before a record is
    /// taken for them: otherwise every look would bring one back that was deleted.
    mutating func topicsInUse(since start: Instant) -> Set<String> {
        var used: Set<String> = []
        for (name, queues) in topics where queues.count > 0 {
            if queues.lastUse.map({ $0 < start }) ?? false, queues.isIdle {
                queues.count = 0
            } else {
                used.insert(name)
            }
        }
        return used
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
        topic: String, partition: PartitionID?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestamp: Int64, bound: Int, now: @autoclosure () -> Instant
    ) -> Appended {
        guard let queues = queues(of: topic), queues.count > 0 else { return .unknownTopic }
        let count = queues.count
        let index: Int
        if let partition {
            guard (0..<count).contains(partition.index) else { return .noSuchPartition(count: count) }
            index = partition.index
        } else if let key, !partitioning.ignoresKeys {
            index = Murmur2.partition(of: key, among: Int32(count)).index
        } else {
            index = queues.sticky
        }
        let queue = queues.partitions[index]
        var wake = false
        let batch: ProducerBatch
        if let open = queue.open, queue.builder.pointee.size + bound <= queues.batchLimit {
            batch = open
        } else {
            wake = seal(queue)
            batch = ProducerBatch(queue.target, created: now())
            queue.open = batch
            queues.lastUse = batch.created
            if queue.builder.pointee.capacity < max(bound, queue.usualSize) {
                queue.builder.pointee = RecordBatchBuilder(
                    capacity: max(queue.usualSize, min(max(bound + 128, 4096), 1 << 20)))
            }
            awaits(batch)
            wake = wake || pendingBatches == 1 || linger == .zero || queue.full.isEmpty
        }
        let before = queue.builder.pointee.size
        let place = queue.builder.pointee.count
        queue.builder.pointee.append(key: key, value: value, headers: headers, timestamp: timestamp)
        let size = queue.builder.pointee.size
        bufferedBytes += size - before
        if size >= queues.batchLimit { wake = seal(queue) || wake }
        if partition == nil, key == nil || partitioning.ignoresKeys {
            queues.stick(size - before, isAdaptive: partitioning.isAdaptive, using: &random)
        }
        return .done(Delivery(batch, place, key: key, value: value, timestamp), wake: wake)
    }

    @inline(__always)
    private mutating func queues(of topic: String) -> TopicQueues? {
        if let recentQueues, recentName == topic { return recentQueues }
        guard let found = topics[topic] else { return nil }
        recentName = topic
        recentQueues = found
        return found
    }

    /// Up to how many bytes of a partition's memory stay with it between its batches: a full batch of the default size.
    private static let keptMemory = (256 << 10) + 64

    func seal(_ queue: PartitionQueue) -> Bool {
        guard let open = queue.open else { return false }
        let size = queue.builder.pointee.size
        let count = queue.builder.pointee.count
        queue.full.append(
            Entry(
                batch: open, ordinal: queue.line.sealed(count: Int(count)), size: size - RecordBatch.Layout.headerSize))
        queue.usualSize = min(size, batchSize)
        queue.open = nil
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
        var byLeader: [BrokerID: [Entry]] = [:]
        var nextLook: Instant?
        /// Topics with a batch that waits for a leader to be known.
        var leaderless: Set<String> = []
        /// A batch waits for a producer id, another one than was given.
        var needsProducer = false

        /// What goes to each leader, divided into requests of about `size` bytes.
        func requests(of size: Int) -> [(leader: BrokerID, entries: [Entry])] {
            var requests: [(leader: BrokerID, entries: [Entry])] = []
            for (leader, entries) in byLeader.inOrder {
                var request: [Entry] = []
                var bytes = 0
                for entry in entries {
                    if bytes + entry.size > size, bytes > 0 {
                        requests.append((leader, request))
                        (request, bytes) = ([], 0)
                    }
                    request.append(entry)
                    bytes += entry.size
                }
                requests.append((leader, request))
            }
            return requests
        }
    }

    /// Takes out at most one batch of each partition that may be sent now. `leader` tells the partition's leader,
    /// `isFree` whether it can take a further request, `mayGo` whether the partition may be written to.
    mutating func takeReady(
        now: Instant, flush: Bool, producer: ProducerIdentity.Given?, leader: (TopicPartition) -> BrokerID?,
        isFree: (BrokerID) -> Bool, mayGo: (TopicPartition) -> Bool = { _ in true }
    ) -> Ready {
        var ready = Ready()
        func lookAgain(_ at: Instant) { ready.nextLook = min(ready.nextLook ?? at, at) }
        for queues in queuesInOrder {
            for queue in queues.partitions {
                if let open = queue.open, queue.full.isEmpty {
                    let due = open.created + linger
                    if flush || due <= now { _ = seal(queue) } else { lookAgain(due) }
                }
                guard !queue.full.isEmpty else { continue }
                if let retryAt = queue.line.retryAt, retryAt > now {
                    lookAgain(retryAt)
                    continue
                }
                guard queue.line.hasRoom(maximumInFlight, isIdempotent: isIdempotent) else { continue }
                guard let broker = leader(queue.target) else {
                    ready.leaderless.insert(queue.target.topic)
                    continue
                }
                let isTaking = isFree(broker)
                if partitioning.availabilityTimeout > .zero {
                    readiness.offered(to: broker, isFree: isTaking, now: now)
                    queue.isSlow = readiness.isSlow(broker, longerThan: partitioning.availabilityTimeout)
                }
                guard isTaking, mayGo(queue.target) else { continue }
                // What may have arrived goes again under the number that it had, or it would be there twice; the broker
                // says so where it has not, and only then all is numbered anew.
                let isNumbered = queue.full.first?.stamp != nil
                switch isIdempotent && !isNumbered ? queue.line.takeNumbers(producer) : .ready {
                case .ready: break
                case .anew: takeStamps(queue)
                case .waits(let isUrgent):
                    ready.needsProducer = ready.needsProducer || isUrgent
                    continue
                }
                guard var entry = queue.full.popFirst() else { continue }
                if entry.stamp == nil { entry.stamp = queue.line.stamp(count: entry.batch.extent.count) }
                queue.line.sent()
                ready.byLeader[broker, default: []].append(entry)
                if !queue.full.isEmpty {
                    lookAgain(now)
                } else if let open = queue.open {
                    lookAgain(flush ? now : open.created + linger)
                }
            }
        }
        return ready
    }

    /// The batch was acknowledged, or failed for good.
    mutating func finished(_ entry: Entry, isAcknowledged: Bool = true) {
        guard let queue = queue(entry.batch.target) else { return }
        queue.line.finished(entry.stamp, isAcknowledged: isAcknowledged)
        release(entry, queue)
    }

    /// The batch is one of those that were not acknowledged.
    private mutating func awaits(_ batch: ProducerBatch) {
        lastPending += 1
        pendingByIdentity[ObjectIdentifier(batch)] = (lastPending, batch)
    }

    /// Nobody waits for the batch any more.
    mutating func settled(_ batch: ProducerBatch) { pendingByIdentity[ObjectIdentifier(batch)] = nil }

    mutating func release(_ entry: Entry, _ queue: PartitionQueue) {
        queue.line.released(isClear: queue.full.first?.isHoldingUp != true)
        bufferedBytes -= entry.size
        settled(entry.batch)
    }

    /// The batch is to be sent again, in its place among those of its partition, not before `at`; `anew` where it has not
    /// arrived under its number, and cannot.
    mutating func retry(_ entry: Entry, at: Instant, because error: KafkaError?, anew: Bool = false) {
        guard let queue = queue(entry.batch.target) else { return }
        queue.line.returned(until: at)
        var entry = entry
        if anew { entry.stamp = nil }
        entry.attempts += 1
        entry.lastError = error ?? entry.lastError
        if PlantedMistake.numbersRetriesAnew.isMade { entry.stamp = nil }
        let isBehind = PlantedMistake.retriesBehindOthers.isMade
        let place = isBehind ? nil : queue.full.firstIndex { $0.ordinal > entry.ordinal }
        queue.full.insert(entry, at: place ?? queue.full.endIndex)
    }

    /// How many bytes batches of the topic should have, now that one like this was too large for it: half as many. One
    /// record by itself tells nothing of the others.
    func limit(behind entry: Entry) -> Int { entry.size / 2 + RecordBatch.Layout.headerSize }

    /// The batch was too large for its topic: its parts go in its place, under the numbers that it had, and later batches
    /// are no larger than they are.
    mutating func divide(_ entry: Entry, into parts: [ProducerBatch], now: Instant) {
        guard let queues = topics[entry.batch.target.topic], let queue = queue(entry.batch.target) else { return }
        queues.batchLimit = min(queues.batchLimit, limit(behind: entry))
        queue.line.returned(until: now)
        var place = queue.full.firstIndex { $0.ordinal > entry.ordinal } ?? queue.full.endIndex
        var part = entry
        part.isPart = true
        for batch in parts {
            let (count, size) = batch.extent
            part.batch = batch
            part.size = size - RecordBatch.Layout.headerSize
            queue.full.insert(part, at: place)
            awaits(batch)
            bufferedBytes += part.size
            part.ordinal += Int(count)
            part.stamp?.advance(by: count)
            place += 1
        }
        bufferedBytes -= entry.size
        pendingByIdentity[ObjectIdentifier(entry.batch)] = nil
    }

    /// Takes out everything that is not on its way.
    mutating func takeAll() -> [Entry] {
        var all: [Entry] = []
        for queues in queuesInOrder {
            for queue in queues.partitions {
                _ = seal(queue)
                while let first = queue.full.popFirst() {
                    release(first, queue)
                    all.append(first)
                }
            }
        }
        return all
    }

    /// The partition's batches that are not acknowledged yet are numbered anew, see ``PartitionLine/renumber()``.
    mutating func renumber(_ target: TopicPartition) { queue(target)?.line.renumber() }

    private func queue(_ target: TopicPartition) -> PartitionQueue? {
        guard let queues = topics[target.topic], queues.partitions.indices.contains(target.partition.index) else {
            return nil
        }
        return queues.partitions[target.partition.index]
    }
}
