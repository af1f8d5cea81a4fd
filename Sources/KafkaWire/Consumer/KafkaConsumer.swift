/// Reads records from Kafka, as a member of a group or from given partitions.
///
/// ```swift
/// let consumer = try KafkaConsumer(
///     .init(bootstrapServers: ["localhost:9092"], group: "billing", topics: ["orders"]))
/// for try await batch in consumer.batches {
///     for record in batch { print(record.offset, record.value?.text ?? "null") }
///     try await batch.commit()
/// }
/// ```
///
/// Nothing has to be started: the first batch asked for connects and joins. Heartbeats go on while the application
/// works on a batch. One task at a time may read. Cancelling that task ends the sequence, commits what was processed and
/// leaves the group; reading again joins again. ``close(_:timeout:)`` does the same for good.
public final class KafkaConsumer: Sendable {
    let configuration: Configuration
    let engine: ConsumerEngine

    /// The loop that the client is on.
    package var loop: any EventLoop { engine.loop }
    /// What does its work, for who looks whether anything still holds it.
    package var worker: AnyObject { engine }

    /// A consumer. Throws when the configuration makes no sense; connects when it is first read from.
    public convenience init(_ configuration: Configuration) throws(KafkaError) {
        try self.init(configuration, cluster: try Cluster(configuration.client))
    }

    package init(_ configuration: Configuration, cluster: Cluster) throws(KafkaError) {
        self.configuration = try configuration.validated()
        engine = ConsumerEngine(configuration, cluster: cluster)
    }

    deinit {
        let engine = engine
        Task { await engine.close() }
    }

    /// Batches of records, for ever, until the consumer is closed or the task is cancelled.
    public var batches: Batches {
        Batches(consumer: self) { if case .batch(let batch) = $0 { batch } else { nil } }
    }

    /// Batches, and everything else that happens: assignments, revocations, troubles.
    public var events: Events { Events(consumer: self) { $0 } }

    /// Commits that the group has processed everything before these offsets.
    public func commit(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        try await engine.commit(offsets)
    }

    /// Goes on reading the partition at `offset`. What was fetched of it is dropped. An offset that the log does not have is
    /// gone on from as ``Configuration/offsetReset`` says, which ``ConsumerEvent/reset(_:from:to:because:)`` tells.
    ///
    /// - Throws: Where no partition has such an offset, or the consumer does not have the partition.
    public func seek(_ partition: TopicPartition, to offset: Offset) async throws(KafkaError) {
        try await engine.seek([partition: .offset(offset)])
    }

    /// Goes on reading the partition at `start`, which is looked up. What was fetched of it is dropped.
    ///
    /// - Throws: Where no partition has such a place, or the consumer does not have the partition.
    public func seek(_ partition: TopicPartition, to start: StartingOffset) async throws(KafkaError) {
        try await engine.seek([partition: start])
    }

    /// Where the application has come to in each assigned partition, as Java's `position`: behind the last record that was
    /// given out, whatever is fetched already; nil while that is being looked up.
    public var positions: [TopicPartition: Offset?] { get async { await engine.positions } }

    /// The generation of the group that it is a member of; nil where it is none.
    package var generation: Int32? { get async { await engine.membership?.member?.generation } }

    /// Reads all partitions but these, until it is called again. What happens to their assignment is told all the same.
    package func hold(_ partitions: Set<TopicPartition>) async { await engine.hold(partitions) }

    /// Where the logs of these partitions begin, as far as their leaders say so within `limit`.
    package func logStarts(
        of partitions: [TopicPartition], within limit: Duration
    ) async -> [TopicPartition: Result<Offset, KafkaError>] {
        await engine.cluster.listOffsets(Dictionary(partitions.map { ($0, -2) }) { $1 }, within: limit)
    }

    /// Whether what could not be looked up may be found later.
    package static func mayPass(_ error: KafkaError) -> Bool { ErrorVerdicts.mayPass(error) }

    /// Ends ``batches`` and ``events`` behind what was given out last; positions can still be committed. Follow it with
    /// ``close(_:timeout:)``.
    public func stop() async { await engine.stop() }

    /// Commits what was processed, leaves the group and closes the connections, all within `timeout` (default 10 s); a broker
    /// that is silent then is not waited for. Closing twice does nothing. Gives the error where what was processed could not
    /// be committed: those records come again.
    @discardableResult
    public func close(_ operation: CloseOperation = .usual, timeout: Duration = .seconds(10)) async -> KafkaError? {
        await engine.close(operation, within: timeout)
    }

    func next() async throws(KafkaError) -> ConsumerEvent? {
        while true {
            let step = try await withCancellation()
            switch step {
            case nil: return nil
            case .news(let news): return ConsumerEvent(news, engine)
            case .chunk(let chunk, let assignment, let isDoubted):
                if let batch = try await sound(chunk, assignment, isDoubted) { return .batch(batch) }
            }
        }
    }

    /// The records of a chunk; nil where there are none, or none that can be handed out now.
    private func sound(
        _ chunk: FetchedChunk, _ assignment: Int, _ isDoubted: Bool
    ) async throws(KafkaError) -> ConsumerBatch? {
        var rest = chunk
        while !rest.batches.isEmpty {
            let damage: ConsumerBatch.Damage
            do throws(ConsumerBatch.Damage) {
                var later: FetchedChunk?
                let batch = try ConsumerBatch(
                    rest, rest: &later, assignment: assignment, limit: configuration.decompressionLimit,
                    unpackedLimit: configuration.unpackedAtOnce,
                    maximum: configuration.maximumRecords ?? .max, engine: engine)
                // Each turn on the engine's loop costs more than many records.
                if isDoubted { await engine.accepted(rest) }
                if let later { await engine.divided(batch, later) }
                let given =
                    configuration.interceptors.isEmpty ? batch : batch.passed(through: configuration.interceptors)
                engine.marks.gave(given)
                return given.count > 0 ? given : nil
            } catch {
                damage = error
            }
            if damage.index > 0 {
                // What stands in front is sound; the damaged batch comes first the next time.
                let front = rest.split(at: damage.index).0
                await engine.returned(front.source, from: front.nextOffset)
                rest = front
                continue
            }
            await engine.withheld(rest.source)
            if damage.kind == .foreign { throw damage.error }
            // Damaged on its way, or at the broker: fetching it again tells which.
            if damage.kind == .damaged, await engine.refetch(rest.source, from: rest.firstOffset) { return nil }
            guard configuration.corruptBatches == .skip else { throw damage.error }
            let (_, behind) = rest.split(at: 1)
            // The damage may lie in the number of the batch's last offset.
            let last = rest.batches[0].lastOffset
            let next =
                behind.batches.first?.baseOffset ?? min(last.next, max(rest.highWatermark, rest.firstOffset.next))
            await engine.skipped(rest.source, to: next == chunk.nextOffset ? nil : next, because: damage.error)
            if next != chunk.nextOffset { return nil }
            rest = behind
        }
        return nil
    }

    private func withCancellation() async throws(KafkaError) -> ConsumerEngine.Step? {
        let engine = engine
        let outcome: Result<ConsumerEngine.Step?, KafkaError> = await withTaskCancellationHandler {
            do throws(KafkaError) {
                return .success(try await engine.take())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            Task { await engine.wakeApplication() }
        }
        return try outcome.get()
    }

    /// A sequence of ``ConsumerBatch``.
    public typealias Batches = Incoming<ConsumerBatch>
    /// A sequence of ``ConsumerEvent``.
    public typealias Events = Incoming<ConsumerEvent>

    /// What a consumer gives, one after the other: batches alone, or all that happens.
    public struct Incoming<Element: Sendable>: AsyncSequence, Sendable {
        /// Why a consumer ends that was not closed.
        public typealias Failure = KafkaError
        let consumer: KafkaConsumer
        /// What of an event is an element; the others are passed over.
        let element: @Sendable (ConsumerEvent) -> Element?

        /// Goes on where the consumer is: iterators of one consumer share what it gives.
        public func makeAsyncIterator() -> Iterator { Iterator(incoming: self) }

        /// Asks the consumer for what comes next.
        public struct Iterator: AsyncIteratorProtocol {
            let incoming: Incoming

            /// What comes next; nil once the consumer is closed. Throws what ended it otherwise.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(KafkaError) -> Element? {
                while let event = try await incoming.consumer.next() {
                    if let element = incoming.element(event) { return element }
                }
                return nil
            }
        }
    }
}
