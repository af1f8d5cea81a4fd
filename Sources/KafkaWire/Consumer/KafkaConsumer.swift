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
/// works on a batch. One task at a time may read. Cancelling that task ends the sequence; ``close()`` commits what was
/// processed and leaves the group.
public final class KafkaConsumer: Sendable {
    private let configuration: Configuration
    private let engine: ConsumerEngine

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
    public var batches: Batches { Batches(consumer: self) }

    /// Batches, and everything else that happens: assignments, revocations, troubles.
    public var events: Events { Events(consumer: self) }

    /// Commits that the group has processed everything before these offsets.
    public func commit(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        try await engine.commit(offsets)
    }

    /// Goes on reading the partition at `offset`. What was fetched of it is dropped.
    public func seek(_ partition: TopicPartition, to offset: Int64) async { await engine.seek(partition, to: offset) }

    /// The offset that is fetched next of each assigned partition; nil while it is being looked up.
    public var positions: [TopicPartition: Int64?] { get async { await engine.positions } }

    /// Ends ``batches`` and ``events`` behind what was given out last; positions can still be committed. Follow it with
    /// ``close()``.
    public func stop() async { await engine.stop() }

    /// Commits what was processed, leaves the group and closes the connections. Closing twice does nothing.
    public func close() async { await engine.close() }

    private func next() async throws(KafkaError) -> ConsumerEvent? {
        while true {
            let step = try await withCancellation()
            switch step {
            case nil: return nil
            case .event(let event): return event
            case .chunk(let chunk):
                do throws(KafkaError) {
                    let batch = try ConsumerBatch(
                        chunk, limit: configuration.decompressionLimit, skipCorrupt: false, engine: engine)
                    await engine.accepted(chunk)
                    if batch.count > 0 { return .batch(batch) }
                } catch {
                    // Damaged on its way, or at the broker: fetching it again tells which.
                    if await engine.refetch(chunk) { continue }
                    guard configuration.corruptBatches == .skip else { throw error }
                    await engine.report(error)
                    let rest = try ConsumerBatch(
                        chunk, limit: configuration.decompressionLimit, skipCorrupt: true, engine: engine)
                    if rest.count > 0 { return .batch(rest) }
                }
            }
        }
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
            Task { await engine.cancelTake() }
        }
        return try outcome.get()
    }

    /// A sequence of ``ConsumerBatch``.
    public struct Batches: AsyncSequence, Sendable {
        public typealias Failure = KafkaError
        let consumer: KafkaConsumer

        public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer) }

        public struct Iterator: AsyncIteratorProtocol {
            let consumer: KafkaConsumer

            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(KafkaError) -> ConsumerBatch? {
                while let event = try await consumer.next() {
                    if case .batch(let batch) = event { return batch }
                }
                return nil
            }
        }
    }

    /// A sequence of ``ConsumerEvent``.
    public struct Events: AsyncSequence, Sendable {
        public typealias Failure = KafkaError
        let consumer: KafkaConsumer

        public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer) }

        public struct Iterator: AsyncIteratorProtocol {
            let consumer: KafkaConsumer

            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(KafkaError) -> ConsumerEvent? {
                try await consumer.next()
            }
        }
    }
}
