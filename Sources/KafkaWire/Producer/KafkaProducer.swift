/// Sends records to Kafka.
///
/// ```swift
/// let producer = try KafkaProducer(.init(bootstrapServers: ["localhost:9092"]))
/// let stored = try await producer.send(ProducerRecord(topic: "orders", key: "42", value: "{}"))
/// print(stored.offset ?? -1)
///
/// for order in orders { try await producer.enqueue(ProducerRecord(topic: "orders", key: order.id, value: order.json)) }
/// try await producer.flush()
/// try await producer.close()
/// ```
///
/// ``send(_:)`` returns when the record is stored. For many records there is ``enqueue(_:)``, which only appends to a
/// batch: it waits when there is no room, or when the topic is not known yet, and else does not suspend.
/// What becomes of such a record its ``Delivery`` tells; ``flush()`` and ``close(timeout:)`` throw where one did not arrive
/// whose delivery nobody has looked at. Records of one partition arrive in their order. Nothing has to be started;
/// ``close(timeout:)`` sends what is left.
public final class KafkaProducer: Sendable {
    let configuration: Configuration
    private let shared: ProducerShared
    let engine: ProducerEngine
    /// nil where there are none, which costs a record next to nothing.
    private let interceptors: ProducerInterceptors?
    private let partitioner: (any Partitioner)?

    /// The loop that the client is on.
    package var loop: any EventLoop { engine.loop }
    /// What does its work, for who looks whether anything still holds it.
    package var worker: AnyObject { engine }
    /// The epoch that it has at present; nil where it has none.
    package var epoch: Int16? { get async { await engine.identity.current?.epoch.rawValue } }

    /// A producer. Throws when the configuration makes no sense; connects when it is first used.
    public convenience init(_ configuration: Configuration) throws(KafkaError) {
        try self.init(configuration, cluster: try Cluster(configuration.client))
    }

    package init(_ configuration: Configuration, cluster: Cluster) throws(KafkaError) {
        let configuration = try configuration.validated()
        self.configuration = configuration
        shared = ProducerShared(
            Accumulator(
                batchSize: min(configuration.batchSize, configuration.maximumRequestSize), linger: configuration.linger,
                maximumInFlight: configuration.isIdempotent ? configuration.maximumInFlight : 1,
                isIdempotent: configuration.isIdempotent, isPacking: configuration.compression != .none,
                partitioning: Partitioning(
                    ignoresKeys: configuration.ignoresKeys, isAdaptive: configuration.isAdaptive,
                    availabilityTimeout: configuration.availabilityTimeout,
                    batchSizes: configuration.topicBatchSizes.mapValues { min($0, configuration.maximumRequestSize) }),
                random: cluster.loop.randomSource()))
        engine = ProducerEngine(configuration, cluster: cluster, shared: shared)
        partitioner = configuration.partitioner
        let logger = configuration.client.logger
        interceptors =
            configuration.interceptors.isEmpty
            ? nil
            : ProducerInterceptors(configuration.interceptors, clientId: configuration.client.clientId) {
                logger.warning("\($0)")
            }
        if let id = configuration.transactionalId {
            shared.state.withLock { $0.refusal = TransactionState(id: id).gate }
        }
    }

    deinit {
        // Forgotten to be closed: what is left is still sent, as long as the process lives.
        let engine = engine
        Task { await engine.shutDown(timeout: .seconds(5)) }
    }

    /// Sends a record, and returns when it is stored as `acks` demands. Throws when it is not, at the latest after
    /// `max.block.ms` and `delivery.timeout.ms`. Records of other tasks go in the same batch; one task that sends many in
    /// a row is faster with ``enqueue(_:)``.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws(KafkaError) -> RecordMetadata {
        try await enqueue(record).acknowledgement()
    }

    /// Takes a record over, to be sent. Throws when the record is too large, the topic is unknown, or no room has come free
    /// within `max.block.ms`; whether it arrives is told by the ``Delivery``, and if not there, by ``flush()``. A transaction of
    /// which a record was not taken over can only be aborted.
    @discardableResult
    public nonisolated(nonsending) func enqueue(_ record: ProducerRecord) async throws(KafkaError) -> Delivery {
        guard let interceptors else { return try await take(record) }
        let changed = interceptors.changed(record)
        do throws(KafkaError) {
            let delivery = try await take(changed.record)
            interceptors.watch(delivery, of: changed)
            return delivery
        } catch {
            interceptors.refused(changed, error)
            throw error
        }
    }

    private nonisolated(nonsending) func take(_ record: ProducerRecord) async throws(KafkaError) -> Delivery {
        if let delivery = try tryTake(record) { return delivery }
        let deadline = loop.now + configuration.maximumBlock
        while true {
            do throws(KafkaError) {
                try await engine.makeReady(for: record.topic, room: Self.upperBound(record), deadline: deadline)
            } catch {
                throw notTaken(because: error)
            }
            if let delivery = try tryTake(record) { return delivery }
        }
    }

    /// A record that was not taken over is missing in its transaction, which can only be aborted, as Java has it
    /// (`TransactionManager.maybeTransitionToErrorState`).
    private func notTaken(because error: KafkaError) -> KafkaError {
        if configuration.transactionalId != nil, error.code != .cancelled, error.code != .invalidTransactionState {
            shared.state.withLock { $0.notTaken = $0.notTaken ?? error }
        }
        return error
    }

    private static func upperBound(_ record: ProducerRecord) -> Int {
        withBytes(record.key) { key in
            withBytes(record.value) { RecordBatchBuilder.upperBound(key: key, value: $0, headers: record.headers) }
        }
    }

    /// Takes a record over if that needs no waiting; nil when there is no room now, or the topic is not known yet.
    public func tryEnqueue(_ record: ProducerRecord) throws(KafkaError) -> Delivery? {
        guard let interceptors else { return try tryTake(record) }
        let changed = interceptors.changed(record)
        do throws(KafkaError) {
            guard let delivery = try tryTake(changed.record) else {
                interceptors.notTaken(changed)
                return nil
            }
            interceptors.watch(delivery, of: changed)
            return delivery
        } catch {
            interceptors.refused(changed, error)
            throw error
        }
    }

    private func tryTake(_ record: ProducerRecord) throws(KafkaError) -> Delivery? {
        let outcome: Result<Delivery?, KafkaError> = Self.withBytes(record.key) { key in
            Self.withBytes(record.value) { value in
                do throws(KafkaError) {
                    return .success(
                        try tryTake(
                            topic: record.topic, partition: record.partition, key: key, value: value,
                            headers: record.headers, timestamp: record.timestamp))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try outcome.get()
    }

    /// As ``tryEnqueue(_:)``, for bytes that lie somewhere else; they are copied.
    public func tryEnqueue(
        topic: String, partition: PartitionID? = nil, key: UnsafeRawBufferPointer? = nil,
        value: UnsafeRawBufferPointer?,
        headers: [RecordHeader] = [], timestamp: Int64? = nil
    ) throws(KafkaError) -> Delivery? {
        guard interceptors == nil else {
            return try tryEnqueue(
                ProducerRecord(
                    topic: topic, key: key.map { Bytes(Array($0)) }, value: value.map { Bytes(Array($0)) },
                    headers: headers, partition: partition, timestamp: timestamp))
        }
        return try tryTake(
            topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp)
    }

    @inline(__always)
    private func tryTake(
        topic: String, partition: PartitionID?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestamp: Int64?
    ) throws(KafkaError) -> Delivery? {
        do throws(KafkaError) {
            return try place(
                topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp)
        } catch {
            throw notTaken(because: error)
        }
    }

    /// Has the partitioner choose, if there is one.
    @inline(__always)
    private func place(
        topic: String, partition: PartitionID?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestamp: Int64?
    ) throws(KafkaError) -> Delivery? {
        guard let partitioner, partition == nil else {
            return try append(
                topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp)
        }
        // It is asked outside of the lock: it is not ours.
        guard let offer = shared.state.withLock({ $0.accumulator.offer(of: topic) }) else {
            if let refusal = shared.state.withLock({ $0.refusal }) { throw refusal }
            return nil
        }
        let chosen = try partitioner.partition(topic: topic, key: key, value: value, among: offer)
        return try append(
            topic: topic, partition: chosen, key: key, value: value, headers: headers, timestamp: timestamp)
    }

    private func append(
        topic: String, partition: PartitionID?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestamp: Int64?
    ) throws(KafkaError) -> Delivery? {
        let bound = RecordBatchBuilder.upperBound(key: key, value: value, headers: headers)
        guard bound + RecordBatch.Layout.headerSize <= configuration.maximumRequestSize else {
            throw KafkaError(
                .recordTooLarge,
                "this client refused a record of about \(bound) bytes for topic \(topic): max.request.size is "
                    + "\(configuration.maximumRequestSize); raise it here and max.message.bytes at the broker",
                topic: topic, setting: "max.request.size")
        }
        let time = timestamp ?? loop.wallMilliseconds
        let memory = configuration.bufferMemory
        guard bound <= memory else {
            throw KafkaError(
                .recordTooLarge,
                "this client refused a record of about \(bound) bytes for topic \(topic): buffer.memory is \(memory); "
                    + "raise it", topic: topic, setting: "buffer.memory")
        }
        let appended = try shared.state.withLock { state throws(KafkaError) -> Accumulator.Appended? in
            if let refusal = state.refusal { throw refusal }
            if state.accumulator.bufferedBytes + bound > memory { return nil }
            return state.accumulator.append(
                topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: time,
                bound: bound, now: loop.now)
        }
        switch appended {
        case .done(let delivery, let wake):
            if wake { engine.wake() }
            return delivery
        case .unknownTopic: return nil
        case .noSuchPartition(let count):
            throw KafkaError(
                .invalidRequest,
                "topic \(topic) has partitions 0 to \(count - 1), and no partition \(partition ?? -1)", topic: topic,
                partition: partition)
        case nil: return nil
        }
    }

    /// Waits until every record that was taken over so far is acknowledged, or has failed. Throws the first refusal, with
    /// the number of records, where some failed since this was called last whose deliveries nobody has looked at.
    public func flush() async throws(KafkaError) { try await engine.flush() }

    /// Sends what is left, for at most `timeout`, and closes the connections. Records that are then still on their way
    /// fail. Throws as ``flush()`` does. Closing twice does nothing.
    public func close(timeout: Duration = .seconds(30)) async throws(KafkaError) {
        let outcome = await engine.shutDown(timeout: timeout)
        interceptors?.close()
        try outcome.get()
    }

    private static func withBytes<R>(_ bytes: Bytes?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }
}

/// What the callers of `send` and the engine share, under one lock.
final class ProducerShared: Sendable {
    struct State {
        var accumulator: Accumulator
        /// Why no more records are taken over.
        var refusal: KafkaError?
        /// Why a record of the open transaction was not.
        var notTaken: KafkaError?
    }

    let state: Locked<State>

    init(_ accumulator: Accumulator) { state = Locked(State(accumulator: accumulator)) }
}
