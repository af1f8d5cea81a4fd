import DequeModule

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
        /// Where the records end that may be had, as a broker has said last; nil where none has.
        var end: Offset?
        /// Who is asked in place of the leader.
        var replica: PreferredReplica?

        mutating func ask() { (isAsked, pausedUntil) = (true, nil) }
    }

    /// A replica that the leader has pointed to, since it is closer (KIP-392).
    struct PreferredReplica: Sendable, Equatable {
        var broker: BrokerID
        /// Who has pointed to it: another leader is asked first.
        var leader: BrokerID
        /// Then the leader is asked again (`metadata.max.age.ms`).
        var until: Instant
    }

    private(set) var positions: [TopicPartition: Position] = [:]
    private var order: Deque<TopicPartition> = []
    private(set) var buffer: FetchBuffer
    /// Partitions that are not read for the time being.
    private var held: Set<TopicPartition> = []
    /// What is on its way, from brokers that have not answered yet.
    private(set) var room: FetchRoom
    /// How often in a row a broker has answered at once that there is nothing.
    private var hastyAnswers: [BrokerID: Int] = [:]
    /// How many fetched bytes are held for the application, those of paused partitions among them.
    var buffered: Int { buffer.bytes + buffer.bytesAside }
    /// The partitions that are paused.
    var paused: Set<TopicPartition> { buffer.paused }

    /// What is fetched and on its way stays within so much, as ``FetchRoom`` says; half of it may be of paused partitions.
    init(_ room: FetchRoom) {
        self.room = room
        buffer = FetchBuffer(roomAside: room.limit / 2)
    }

    // MARK: - Assignment

    /// Reads these partitions from now on, and no others.
    mutating func assign(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], epochs: [TopicPartition: LeaderEpoch] = [:]
    ) {
        positions = starts.mapValues(Self.position)
        for (partition, epoch) in epochs { positions[partition]?.epoch = epoch }
        order = Deque(starts.keys.sorted())
        buffer.removeAll(keepingPausesOf: Set(starts.keys))
    }

    /// Reads these partitions as well, as soon as it is known where: somebody else looks that up.
    mutating func expect(_ partitions: [TopicPartition]) {
        let new = Set(partitions).subtracting(positions.keys).sorted()
        add(Dictionary(new.map { ($0, Self.elsewhere) }) { first, _ in first })
        for partition in new {
            positions[partition]?.offset = nil
            positions[partition]?.isLookedUp = true
        }
    }

    /// Those of them that still wait for that: the application has not sought in them since.
    func awaited(_ partitions: [TopicPartition]) -> [TopicPartition] {
        partitions.filter { positions[$0].map { $0.offset == nil && $0.start == Self.elsewhere } ?? false }
    }

    /// No place that anybody may seek to.
    private static let elsewhere = KafkaConsumer.StartingOffset.offset(.none)

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
            buffer.forget(partition)
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
            && (position.pausedUntil ?? now) <= now && !buffer.holds(partition)
        {
            starts[partition] = position.start
            positions[partition]?.isLookedUp = true
        }
        return starts
    }

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
            guard !buffer.holds(partition) else { continue }
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
    mutating func seek(
        _ partition: TopicPartition, to start: KafkaConsumer.StartingOffset, epoch: LeaderEpoch = .none
    ) {
        if case .offset(let offset) = start { return seek(partition, to: offset, epoch: epoch) }
        buffer.drop(partition)
        reset(partition, to: start)
        positions[partition]?.pausedUntil = nil
    }

    /// Goes on at another offset.
    mutating func seek(_ partition: TopicPartition, to offset: Offset, epoch: LeaderEpoch = .none) {
        buffer.drop(partition)
        move(partition, to: offset, epoch: epoch)
    }

    private mutating func move(_ partition: TopicPartition, to offset: Offset, epoch: LeaderEpoch = .none) {
        positions[partition]?.offset = offset
        positions[partition]?.epoch = epoch
        positions[partition]?.isLookedUp = false
        positions[partition]?.pausedUntil = nil
        positions[partition]?.toldEnd = nil
    }

    /// Reads all but these from now on. What was fetched of them is fetched again later: it would take the room of others.
    mutating func hold(_ partitions: Set<TopicPartition>) {
        held = partitions
        for partition in partitions {
            if let first = buffer.first(of: partition) { seek(partition, to: first.firstOffset) }
        }
    }

    /// Whether the answer to a request for that offset is of use: who has sought elsewhere since wants another one.
    func isRead(_ partition: TopicPartition, at offset: Offset) -> Bool { positions[partition]?.offset == offset }

    /// What was read last may be of another topic of that name.
    mutating func forgetEpoch(_ partition: TopicPartition) { positions[partition]?.epoch = .none }

    /// Fetches no more of these partitions, and gives out nothing of them, until they are resumed. What was fetched is kept as
    /// far as there is room; what is dropped is fetched again then.
    mutating func pause(_ partitions: [TopicPartition]) {
        let own = partitions.filter { positions[$0] != nil }
        // Where the position is lost, what was read before comes first, and may not be had again.
        let unique = Set(own.filter { positions[$0]?.offset == nil })
        for (partition, offset) in buffer.pause(own, keeping: unique).inOrder { move(partition, to: offset) }
    }

    /// Goes on with them.
    mutating func resume(_ partitions: [TopicPartition]) { buffer.resume(partitions) }

    /// Gives nothing out, of whichever partition, while that is so.
    mutating func withhold(_ isWithheld: Bool) { buffer.isWithheld = isWithheld }

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
        guard room.mayAsk(waiting: buffer.bytes) else { return ([:], []) }
        let paused = buffer.paused
        var brokers: [BrokerID] = []
        for partition in order {
            guard let position = positions[partition], let offset = position.offset, !position.isAsked,
                (position.pausedUntil ?? now) <= now, !held.contains(partition), !paused.contains(partition)
            else { continue }
            guard let leader = leader(partition) else {
                leaderless.append(partition)
                continue
            }
            var broker = leader
            if let replica = position.replica {
                if replica.leader == leader, now < replica.until {
                    broker = replica.broker
                } else {
                    positions[partition]?.replica = nil
                }
            }
            guard !room.isAsked(broker) else { continue }
            if requests[broker] == nil { brokers.append(broker) }
            requests[broker, default: Request(partitions: [], offsets: [])].partitions.append(partition)
            requests[broker]?.offsets.append(offset)
            // A follower may not have cut yet what its leader has: only that one knows.
            if position.epoch >= 0, broker == leader { requests[broker]?.epochs[partition] = position.epoch }
        }
        let granted = room.ask(brokers, waiting: buffer.bytes, aside: buffer.bytesAside)
        var asked: [BrokerID: Request] = [:]
        for (broker, bytes) in granted {
            guard var request = requests[broker] else { continue }
            request.maximumBytes = bytes
            for partition in request.partitions { positions[partition]?.ask() }
            asked[broker] = request
        }
        if !asked.isEmpty, let first = order.popFirst() { order.append(first) }
        return (asked, leaderless)
    }

    /// The earliest time from `now` on at which a paused partition may be asked for again.
    func nextLook(_ now: Instant) -> Instant? { positions.values.compactMap(\.pausedUntil).filter { $0 > now }.min() }

    /// The request was answered, or not: the broker, and its partitions, may be asked again.
    mutating func settled(_ request: Request, by broker: BrokerID) {
        room.settled(broker)
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
    /// was so, 0 for a partition that is not read. With `isHinted` it is known by now who can be asked: that one is, at once;
    /// brokers that point to each other are left alone all the same.
    mutating func failed(
        _ partition: TopicPartition, _ backoff: Backoff, now: Instant, isHinted: Bool = false
    ) -> Int {
        guard let failures = positions[partition].map({ $0.failures + 1 }) else { return 0 }
        positions[partition]?.failures = failures
        // Whatever it was, the leader knows better.
        if positions[partition]?.replica != nil { positions[partition]?.replica = nil }
        positions[partition]?.pausedUntil = isHinted && failures == 1 ? nil : now + backoff.pause(after: failures)
        if PlantedMistake.goesBackAfterErrors.isMade, case .offset(let start)? = positions[partition]?.start {
            positions[partition]?.offset = start
        }
        return failures
    }

    /// The partition was read.
    mutating func worked(_ partition: TopicPartition) {
        if positions[partition]?.failures != 0 { positions[partition]?.failures = 0 }
    }

    /// Where the records of the partition end, as an answer says.
    mutating func heard(_ partition: TopicPartition, end: Offset) {
        if end >= 0, positions[partition]?.end != end { positions[partition]?.end = end }
    }

    /// The leader has pointed to another replica.
    mutating func prefers(_ partition: TopicPartition, _ replica: PreferredReplica) {
        if replica.broker != replica.leader { positions[partition]?.replica = replica }
    }

    /// The replica has not got the offset: the leader is asked. False where it was the leader that has not.
    mutating func leavesReplica(_ partition: TopicPartition) -> Bool {
        guard positions[partition]?.replica != nil else { return false }
        positions[partition]?.replica = nil
        return true
    }

    /// The partition has no records behind `offset`, which was asked for: tells the application, once for each end.
    mutating func receivedEnd(_ partition: TopicPartition, at offset: Offset) {
        guard let position = positions[partition], position.offset == offset, position.toldEnd != offset,
            !held.contains(partition)
        else { return }
        positions[partition]?.toldEnd = offset
        buffer.append(
            FetchedChunk(
                source: partition, batches: [], firstOffset: offset, nextOffset: offset, highWatermark: offset,
                bytes: 0,
                reachesEnd: true))
    }

    /// Records came. Those of a partition that was taken away, or moved, since the request are dropped; so are those of one
    /// that was paused, where too much stands aside already: they are fetched again when it is resumed.
    mutating func received(_ chunk: FetchedChunk) {
        guard let position = positions[chunk.source], !held.contains(chunk.source), buffer.hasRoom(for: chunk),
            position.offset == chunk.firstOffset || PlantedMistake.takesLateAnswers.isMade
        else { return }
        positions[chunk.source]?.offset = chunk.nextOffset
        positions[chunk.source]?.epoch = chunk.leaderEpoch
        positions[chunk.source]?.pausedUntil = nil
        if chunk.reachesEnd { positions[chunk.source]?.toldEnd = chunk.nextOffset }
        buffer.append(chunk)
    }

    /// What of a partition's way to the application the plan knows: whether it is held, from where on records of it wait for
    /// the application, and whether what waits leaves no room.
    func hindrance(of partition: TopicPartition) -> (isHeld: Bool, waiting: Offset?, isFull: Bool) {
        let isHeld = held.contains(partition) || buffer.paused.contains(partition)
        return (isHeld, buffer.first(of: partition)?.firstOffset, !room.mayAsk(waiting: buffer.bytes))
    }

    // MARK: - Chunks

    /// The next records for the application.
    mutating func takeChunk() -> FetchedChunk? { buffer.take() }

    /// What was taken, and not used up: it comes next, unless its partition was given up meanwhile. Of a paused partition it is
    /// fetched again where too much stands aside.
    mutating func putBack(_ chunk: FetchedChunk) {
        guard let position = positions[chunk.source] else { return }
        if position.offset == nil || buffer.hasRoom(for: chunk) { return buffer.putBack(chunk) }
        seek(chunk.source, to: chunk.firstOffset)
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

    /// Whether what comes of the partition was damaged when it came last.
    func isDoubted(_ partition: TopicPartition) -> Bool { positions[partition].map { $0.damaged > 0 } ?? false }

    /// A chunk that was doubted was sound.
    mutating func accepted(_ partition: TopicPartition) { positions[partition]?.damaged = 0 }
}
