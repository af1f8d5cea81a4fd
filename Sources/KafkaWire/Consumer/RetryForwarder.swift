/// Sends what could not be processed to retry topics and dead letters, as a ``RetryPolicy`` says.
///
/// ```swift
/// let forwarder = RetryForwarder(RetryPolicy(), producer)
/// try await consumer.processInParallel { record in
///     try await forwarder.process(record) { try await handle($0) }
/// }
/// ```
///
/// A record counts as processed when it was handled, or has been stored in the topic that it goes to: none is lost between
/// the two, and after a crash one may be in both.
public struct RetryForwarder: Sendable {
    /// Where records go.
    public let policy: RetryPolicy
    let producer: KafkaProducer

    /// A forwarder that sends with this producer, which stays the caller's to close.
    public init(_ policy: RetryPolicy, _ producer: KafkaProducer) {
        self.policy = policy
        self.producer = producer
    }

    /// Waits until the record is due, handles it, and sends it on where `body` throws. What is cancelled is no failure: it
    /// is thrown on.
    ///
    /// - Parameter mayPass: Whether trying again may help; what it says no to goes to the dead letters at once. Default:
    ///   always.
    /// - Throws: ``KafkaError`` where the record could not be sent on; it has not been processed then.
    public func process(
        _ record: ConsumerRecord, mayPass: @Sendable (any Error) -> Bool = { _ in true },
        _ body: @Sendable (ConsumerRecord) async throws -> Void
    ) async throws {
        try await waitUntilDue(record)
        do { try await body(record) } catch {
            if isToThrow(error) { throw error }
            try await forward(record, because: error, mayPass: mayPass(error))
        }
    }

    /// Sends the record on, and returns when it is stored.
    @discardableResult
    public func forward(
        _ record: ConsumerRecord, because error: any Error, mayPass: Bool = true
    ) async throws(KafkaError) -> RecordMetadata {
        try await producer.send(forwarded(record, because: error, mayPass: mayPass))
    }

    func forwarded(_ record: ConsumerRecord, because error: any Error, mayPass: Bool) -> ProducerRecord {
        policy.forwarded(record, because: error, mayPass: mayPass, now: producer.loop.wallMilliseconds)
    }

    /// Whether that is no failure of the record.
    func isToThrow(_ error: any Error) -> Bool { error is CancellationError || Task.isCancelled }

    /// Waits until a record of a retry topic is to be processed. Records of one retry topic are due in their order.
    ///
    /// - Throws: Where the task is cancelled.
    public func waitUntilDue(_ record: ConsumerRecord) async throws {
        let rest = policy.rest(of: record, now: producer.loop.wallMilliseconds)
        if rest > .zero { try await producer.loop.sleep(for: rest) }
    }
}
