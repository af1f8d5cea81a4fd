/// Records processed side by side, those of one key in their order, and committed in order.
extension KafkaConsumer {
    /// Which records wait for each other when they are processed side by side.
    public enum ParallelOrder: Sendable, Equatable {
        /// Those of one partition with the same key; records without a key wait for nobody.
        case key
        /// Those of one partition.
        case partition
        /// None.
        case none
    }

    /// Processes records, up to `maximum` of them side by side, until the consumer is stopped or closed, the task is
    /// cancelled, or `body` throws. It reads by itself: no other task may.
    ///
    /// ```swift
    /// try await consumer.processInParallel(maximum: 64) { record in try await store(record.value) }
    /// ```
    ///
    /// A record whose `body` has returned is done (``mark(_:)``): what is committed (by time and by ``close(_:timeout:)`` with
    /// ``Configuration/autoCommit``, else by ``commitMarked()`` alone) ends in front of the first record that is not. A crash
    /// repeats records and loses none; which ones come again depends on what was finished, and in which order.
    ///
    /// Where the group takes partitions away, what has not begun of them is dropped, and what has is waited for, up to
    /// `letGo`, before they are given back.
    ///
    /// - Parameters:
    ///   - maximum: How many records are worked on at once. Default 16.
    ///   - order: Which records wait for each other. Default: those of the same key.
    ///   - waiting: While more records than that wait for their turn, no more are taken. Default 1000; a batch comes whole.
    ///   - letGo: How long a rebalance is held up for what is in hand. Default 30 s; see `max.poll.interval.ms`.
    ///   - body: What to do with a record. What it throws ends the call: handle what may fail in it, or pass it on with
    ///     ``RetryForwarder``.
    public func processInParallel(
        maximum: Int = 16, order: ParallelOrder = .key, waiting: Int = 1000, letGo: Duration = .seconds(30),
        _ body: @escaping @Sendable (ConsumerRecord) async throws -> Void
    ) async throws {
        await engine.commitByMarks()
        defer { Task { [engine] in await engine.withhold(false) } }
        try await withThrowingTaskGroup(of: ParallelStep.self) { group in
            var run = ParallelRun(maximum: maximum, order: order, room: max(1, waiting))
            group.addTask { .event(try await self.next()) }
            while let step = try await group.next() {
                let isToAsk = run.take(step)
                if Task.isCancelled { run.dropAll() }
                while let begun = run.lanes.begin() {
                    run.began(begun.item)
                    group.addTask {
                        try await body(begun.item)
                        self.mark(begun.item)
                        return .finished(begun)
                    }
                }
                if case .waitForRevoked(let number) = isToAsk {
                    group.addTask {
                        await self.engine.pause(letGo)
                        return .late(number)
                    }
                }
                if run.isToChangeHandout { await self.engine.withhold(run.isWithheld) }
                if isToAsk == .ask { group.addTask { .event(try await self.next()) } }
                if run.isOver { break }
            }
            group.cancelAll()
        }
    }
}

/// What happens while records are processed side by side.
enum ParallelStep: Sendable {
    case event(ConsumerEvent?)
    case finished(KeyedLanes<ParallelRun.Lane, ConsumerRecord>.Begun)
    /// What was in hand of revoked partitions has had its time.
    case late(Int)
}

/// Where a run stands that processes records side by side: what waits, what is in hand of which partition, and when the
/// consumer is asked for more. A value.
struct ParallelRun: Sendable {
    struct Lane: Hashable, Sendable {
        var partition: TopicPartition
        var key: Bytes?
    }

    /// What to do after a step.
    enum Next: Equatable, Sendable {
        case nothing
        /// Ask for the next event.
        case ask
        /// Partitions are to be let go as soon as what is in hand of them is finished, or has had its time.
        case waitForRevoked(Int)
    }

    var lanes: KeyedLanes<Lane, ConsumerRecord>
    private let order: KafkaConsumer.ParallelOrder
    private let room: Int
    private var inHand: [TopicPartition: Int] = [:]
    /// Partitions that are to be let go, while what is in hand of them is waited for.
    private var leaving: Set<TopicPartition>?
    private var revocations = 0
    private var hasEnded = false
    /// Whether the consumer is not to give out more for the time being.
    private(set) var isWithheld = false
    /// Whether that is new.
    private(set) var isToChangeHandout = false

    init(maximum: Int, order: KafkaConsumer.ParallelOrder, room: Int) {
        lanes = KeyedLanes(maximum: maximum)
        self.order = order
        self.room = room
    }

    /// Whether nothing more comes and all is finished.
    var isOver: Bool { hasEnded && lanes.inHand == 0 && lanes.waiting == 0 }

    mutating func take(_ step: ParallelStep) -> Next {
        var next = Next.nothing
        switch step {
        case .event(nil): hasEnded = true
        case .event(.batch(let batch)?):
            for record in batch { add(ConsumerRecord(record, of: batch)) }
            next = .ask
        case .event(.revoked(let revoked)?): next = revoke(Set(revoked.partitions), lost: false)
        case .event(.lost(let partitions)?): next = revoke(Set(partitions), lost: true)
        case .event(.some): next = .ask
        case .finished(let begun):
            lanes.finish(begun)
            let partition = begun.item.source
            let left = (inHand[partition] ?? 1) - 1
            inHand[partition] = left > 0 ? left : nil
            next = letGo()
        case .late(let number):
            if number == revocations, leaving != nil {
                leaving = nil
                next = .ask
            }
        }
        let isFull = isWithheld ? lanes.waiting > room / 2 : lanes.waiting > room
        isToChangeHandout = isFull != isWithheld
        isWithheld = isFull
        return next
    }

    mutating func began(_ record: ConsumerRecord) { inHand[record.source, default: 0] += 1 }

    /// Nobody wants the rest any more.
    mutating func dropAll() { lanes.drop { _ in true } }

    private mutating func add(_ record: ConsumerRecord) {
        let lane: Lane? =
            switch order {
            case .key: record.key.map { Lane(partition: record.source, key: $0) }
            case .partition: Lane(partition: record.source, key: nil)
            case .none: nil
            }
        lanes.add(record, to: lane)
    }

    private mutating func revoke(_ partitions: Set<TopicPartition>, lost: Bool) -> Next {
        lanes.drop { partitions.contains($0.source) }
        guard !lost else { return .ask }
        revocations += 1
        leaving = partitions
        let next = letGo()
        return next == .ask ? .ask : .waitForRevoked(revocations)
    }

    private mutating func letGo() -> Next {
        guard let leaving, !leaving.contains(where: { inHand[$0] != nil }) else { return .nothing }
        self.leaving = nil
        return .ask
    }
}
