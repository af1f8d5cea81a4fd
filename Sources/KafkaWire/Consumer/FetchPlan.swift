import DequeModule

/// Records of one partition as they were fetched: headers are read, records are not.
struct FetchedChunk: Equatable, Sendable {
    var source: TopicPartition
    var batches: [RecordBatch]
    /// The offset that was asked for.
    var firstOffset: Offset
    /// The offset behind the last batch.
    var nextOffset: Offset
    var highWatermark: Offset
    var bytes: Int
    /// The leader epoch of the last batch, also where that is not for the application.
    var leaderEpoch = LeaderEpoch.none
    /// Whether there was nothing behind ``nextOffset``.
    var reachesEnd = false

    /// The batches in front of number `index`, which are sound, and those from it on.
    func divided(at index: Int) -> (FetchedChunk, FetchedChunk) {
        var (front, rest) = (self, self)
        front.reachesEnd = false
        front.batches = Array(batches[..<index])
        rest.batches = Array(batches[index...])
        // Not where the next batch says to begin: packed sets of old say their last offset there.
        front.nextOffset = max(firstOffset, front.batches.last.map { $0.lastOffset.next } ?? firstOffset)
        rest.firstOffset = front.nextOffset
        rest.bytes = min(bytes, rest.batches.reduce(0) { $0 + $1.bytes.count })
        front.bytes = bytes - rest.bytes
        return (front, rest)
    }

    /// The batches in front of number `index`, and those from it on, of which the first may be damaged.
    func split(at index: Int) -> (FetchedChunk, FetchedChunk) {
        var (front, rest) = (self, self)
        front.reachesEnd = false
        front.batches = Array(batches[..<index])
        rest.batches = Array(batches[index...])
        front.nextOffset = rest.batches.first?.baseOffset ?? nextOffset
        rest.firstOffset = max(front.nextOffset, firstOffset)
        return (front, rest)
    }
}

/// What a consumer has fetched, and what it fetches next. A value: answers go in, requests and chunks come out. A broker is
/// asked for one thing at a time.
struct FetchPlan: Equatable, Sendable {
    /// Where a partition stands.
    struct Position: Sendable, Equatable {
        /// The offset to fetch next; nil while it is being looked up.
        var offset: Offset?
        /// The leader epoch of the record in front of it, where that is known.
        var epoch = LeaderEpoch.none
        /// What to look up where `offset` is nil.
        var start: KafkaConsumer.StartingOffset
        /// Do not ask before.
        var pausedUntil: Instant?
        /// How often in a row it could not be read.
        var failures = 0
        /// How often in a row the batch at `offset` was damaged.
        var damaged = 0
        /// Whether a request for it is on its way.
        var isAsked = false
        /// Whether `start` is being looked up.
        var isLookedUp = false
        /// The end that was told last.
        var toldEnd: Offset?
    }

    /// What to ask one broker for.
    struct Request: Sendable, Equatable {
        var partitions: [TopicPartition]
        var offsets: [Offset]
        /// The leader epochs of the records in front of them, as far as they are known: the leader says when its log has
        /// other records there (KIP-320, KIP-595).
        var epochs: [TopicPartition: LeaderEpoch] = [:]
    }

    private(set) var positions: [TopicPartition: Position] = [:]
    private var order: Deque<TopicPartition> = []
    private var chunks: Deque<FetchedChunk> = []
    /// Partitions that are not read for the time being.
    private var held: Set<TopicPartition> = []
    /// Brokers that have not answered yet.
    private var asked: Set<BrokerID> = []
    /// How often in a row a broker has answered at once that there is nothing.
    private var hastyAnswers: [BrokerID: Int] = [:]
    private(set) var buffered = 0
    let limit: Int

    init(limit: Int) { self.limit = limit }

    // MARK: - Assignment

    /// Reads these partitions from now on, and no others.
    mutating func assign(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch] = [:]
    ) {
        positions = starts.mapValues(Self.position)
        for (partition, epoch) in epochs { positions[partition]?.epoch = epoch }
        order = Deque(starts.keys.sorted())
        chunks = []
        buffered = 0
    }

    /// Reads these partitions as well.
    mutating func add(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch] = [:]
    ) {
        for (partition, start) in starts.sorted(by: { $0.key < $1.key }) where positions[partition] == nil {
            positions[partition] = Self.position(start)
            positions[partition]?.epoch = epochs[partition] ?? .none
            order.append(partition)
        }
    }

    private static func position(_ start: KafkaConsumer.StartingOffset) -> Position {
        if case .offset(let offset) = start { return Position(offset: offset, start: start) }
        return Position(offset: nil, start: start)
    }

    /// Reads these partitions no longer.
    mutating func remove(_ partitions: Set<TopicPartition>) {
        for partition in partitions {
            drop(partition)
            positions[partition] = nil
        }
        order.removeAll { partitions.contains($0) }
    }

    /// Takes out the partitions whose offset is to be looked up now: those of which nothing waits for the application any
    /// more.
    mutating func takeUnresolved(_ now: Instant) -> [TopicPartition: KafkaConsumer.StartingOffset] {
        var starts: [TopicPartition: KafkaConsumer.StartingOffset] = [:]
        for (partition, position) in positions
        where position.offset == nil && !position.isAsked && !position.isLookedUp
            && (position.pausedUntil ?? now) <= now && !waits(partition)
        {
            starts[partition] = position.start
            positions[partition]?.isLookedUp = true
        }
        return starts
    }

    /// Whether records of the partition wait for the application.
    private func waits(_ partition: TopicPartition) -> Bool { chunks.contains { $0.source == partition } }

    /// Partitions were looked up. Those of which nothing was found are left alone for a while. Gives where those are read
    /// from that are read now.
    @discardableResult
    mutating func resolved(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], _ found: [TopicPartition: Offset], _ backoff: Backoff,
        now: Instant
    ) -> [TopicPartition: Offset] {
        var begun: [TopicPartition: Offset] = [:]
        for (partition, start) in starts {
            // Somebody may have sought elsewhere, or other partitions been assigned, while it was looked up.
            guard let position = positions[partition], position.offset == nil, position.isLookedUp,
                position.start == start
            else { continue }
            positions[partition]?.isLookedUp = false
            // What was put back meanwhile stands in front; then it is looked up again.
            guard !waits(partition) else { continue }
            guard let offset = found[partition] else {
                _ = failed(partition, backoff, now: now)
                continue
            }
            positions[partition]?.offset = offset
            positions[partition]?.pausedUntil = nil
            begun[partition] = offset
        }
        return begun
    }

    /// The partition's offset is unknown: look it up, behind what was fetched and waits for the application.
    mutating func reset(_ partition: TopicPartition, to start: KafkaConsumer.StartingOffset) {
        positions[partition]?.offset = nil
        positions[partition]?.epoch = .none
        positions[partition]?.start = start
        positions[partition]?.isLookedUp = false
        positions[partition]?.toldEnd = nil
    }

    /// Goes on wherever `start` is. What was fetched is dropped.
    mutating func seek(_ partition: TopicPartition, to start: KafkaConsumer.StartingOffset) {
        if case .offset(let offset) = start { return seek(partition, to: offset) }
        drop(partition)
        reset(partition, to: start)
        positions[partition]?.pausedUntil = nil
    }

    /// Goes on at another offset.
    mutating func seek(_ partition: TopicPartition, to offset: Offset) {
        drop(partition)
        positions[partition]?.offset = offset
        positions[partition]?.epoch = .none
        positions[partition]?.isLookedUp = false
        positions[partition]?.pausedUntil = nil
        positions[partition]?.toldEnd = nil
    }

    /// Reads all but these from now on. What was fetched of them is fetched again later: it would take the room of others.
    mutating func hold(_ partitions: Set<TopicPartition>) {
        held = partitions
        for partition in partitions {
            if let first = chunks.first(where: { $0.source == partition }) { seek(partition, to: first.firstOffset) }
        }
    }

    /// Whether the answer to a request for that offset is of use: who has sought elsewhere since wants another one.
    func isRead(_ partition: TopicPartition, at offset: Offset) -> Bool { positions[partition]?.offset == offset }

    /// What was read last may be of another topic of that name.
    mutating func forgetEpoch(_ partition: TopicPartition) { positions[partition]?.epoch = .none }

    private mutating func drop(_ partition: TopicPartition) {
        let dropped = chunks.filter { $0.source == partition }
        chunks.removeAll { $0.source == partition }
        buffered -= dropped.reduce(0) { $0 + $1.bytes }
    }

    // MARK: - Requests

    /// Takes out what to ask now, by leader. All partitions are asked for together, also those of which much waits to be
    /// taken: a request for the others alone would wait at the broker for new records of theirs, and nothing could be
    /// fetched meanwhile. One that was asked for first comes last in the next request: brokers fill their answers in the
    /// order of the request.
    mutating func takeRequests(
        now: Instant, leader: (TopicPartition) -> BrokerID?
    ) -> (requests: [BrokerID: Request], leaderless: [TopicPartition]) {
        var requests: [BrokerID: Request] = [:]
        var leaderless: [TopicPartition] = []
        guard buffered < limit else { return ([:], []) }
        for partition in order {
            guard let position = positions[partition], let offset = position.offset, !position.isAsked,
                (position.pausedUntil ?? now) <= now, !held.contains(partition)
            else { continue }
            guard let broker = leader(partition) else {
                leaderless.append(partition)
                continue
            }
            guard !asked.contains(broker) else { continue }
            positions[partition]?.isAsked = true
            positions[partition]?.pausedUntil = nil
            requests[broker, default: Request(partitions: [], offsets: [])].partitions.append(partition)
            requests[broker]?.offsets.append(offset)
            if position.epoch >= 0 { requests[broker]?.epochs[partition] = position.epoch }
        }
        if !requests.isEmpty, let first = order.popFirst() { order.append(first) }
        asked.formUnion(requests.keys)
        return (requests, leaderless)
    }

    /// The earliest time from `now` on at which a paused partition may be asked for again.
    func nextLook(_ now: Instant) -> Instant? { positions.values.compactMap(\.pausedUntil).filter { $0 > now }.min() }

    /// The request was answered, or not: the broker, and its partitions, may be asked again.
    mutating func settled(_ request: Request, by broker: BrokerID) {
        asked.remove(broker)
        for partition in request.partitions { positions[partition]?.isAsked = false }
    }

    /// A broker waits up to `wait` for records before it answers that there are none. One that does not, again and again,
    /// is asked more and more rarely, down to as rarely as if it did. `time` is what an answer without records took, nil
    /// one with some.
    mutating func holdBack(
        _ broker: BrokerID, _ request: Request, _ time: Duration?, wait: Duration, _ backoff: Backoff, now: Instant
    ) {
        guard let time, time < wait / 2 else {
            hastyAnswers[broker] = nil
            return
        }
        let count = hastyAnswers[broker, default: 0] + 1
        hastyAnswers[broker] = count
        guard count > 1 else { return }
        let until = now + min(backoff.pause(after: count - 1), wait - time)
        for partition in request.partitions { positions[partition]?.pausedUntil = until }
    }

    /// The partition could not be read at present: leaves it alone for a while, which grows. Gives how often in a row that
    /// was so, 0 for a partition that is not read.
    mutating func failed(_ partition: TopicPartition, _ backoff: Backoff, now: Instant) -> Int {
        guard let failures = positions[partition].map({ $0.failures + 1 }) else { return 0 }
        positions[partition]?.failures = failures
        positions[partition]?.pausedUntil = now + backoff.pause(after: failures)
        if PlantedMistake.goesBackAfterErrors.isMade, case .offset(let start)? = positions[partition]?.start {
            positions[partition]?.offset = start
        }
        return failures
    }

    /// The partition was read.
    mutating func worked(_ partition: TopicPartition) {
        if positions[partition]?.failures != 0 { positions[partition]?.failures = 0 }
    }

    /// The partition has no records behind `offset`, which was asked for: tells the application, once for each end.
    mutating func receivedEnd(_ partition: TopicPartition, at offset: Offset) {
        guard let position = positions[partition], position.offset == offset, position.toldEnd != offset,
            !held.contains(partition)
        else { return }
        positions[partition]?.toldEnd = offset
        chunks.append(
            FetchedChunk(
                source: partition, batches: [], firstOffset: offset, nextOffset: offset, highWatermark: offset,
                bytes: 0,
                reachesEnd: true))
    }

    /// Records came. Those of a partition that was taken away, or moved, since the request are dropped.
    mutating func received(_ chunk: FetchedChunk) {
        guard let position = positions[chunk.source], !held.contains(chunk.source),
            position.offset == chunk.firstOffset || PlantedMistake.takesLateAnswers.isMade
        else { return }
        positions[chunk.source]?.offset = chunk.nextOffset
        positions[chunk.source]?.epoch = chunk.leaderEpoch
        positions[chunk.source]?.pausedUntil = nil
        if chunk.reachesEnd { positions[chunk.source]?.toldEnd = chunk.nextOffset }
        buffered += chunk.bytes
        chunks.append(chunk)
    }

    // MARK: - Chunks

    /// The next records for the application.
    mutating func takeChunk() -> FetchedChunk? {
        guard let chunk = chunks.popFirst() else { return nil }
        buffered -= chunk.bytes
        return chunk
    }

    /// What was taken, and not used up: it comes next.
    mutating func putBack(_ chunk: FetchedChunk) {
        buffered += chunk.bytes
        chunks.prepend(chunk)
    }

    /// What is at `offset` was damaged: fetch it again, up to three times in a row. False when that was done already.
    mutating func refetch(_ partition: TopicPartition, from offset: Offset, at: Instant) -> Bool {
        // Taken away meanwhile: others deal with it.
        guard let position = positions[partition] else { return true }
        guard position.damaged < 3 else { return false }
        seek(partition, to: offset)
        positions[partition]?.damaged += 1
        positions[partition]?.pausedUntil = at
        return true
    }

    /// A chunk was sound.
    mutating func accepted(_ partition: TopicPartition) {
        if positions[partition]?.damaged != 0 { positions[partition]?.damaged = 0 }
    }
}
