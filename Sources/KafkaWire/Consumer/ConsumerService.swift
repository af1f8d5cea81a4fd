#if ServiceLifecycle
    public import ServiceLifecycle

    /// A consumer's loop as a service of swift-service-lifecycle: it reads until the group of services shuts down, lets the
    /// application finish the batch that it has, commits, and leaves its group. Needs the package's trait `ServiceLifecycle`.
    ///
    /// ```swift
    /// let group = ServiceGroup(
    ///     services: [ConsumerService(consumer) { batch in try await handle(batch) }],
    ///     gracefulShutdownSignals: [.sigterm], logger: logger)
    /// try await group.run()
    /// ```
    public struct ConsumerService: Service {
        private let consumer: KafkaConsumer
        private let body: @Sendable (ConsumerBatch) async throws -> Void

        /// A service that gives each batch to `body`, one at a time.
        public init(_ consumer: KafkaConsumer, _ body: @escaping @Sendable (ConsumerBatch) async throws -> Void) {
            self.consumer = consumer
            self.body = body
        }

        /// Reads until the group shuts down, `body` throws, or the consumer does.
        public func run() async throws {
            let consumer = consumer
            do {
                try await withGracefulShutdownHandler {
                    for try await batch in consumer.batches { try await body(batch) }
                } onGracefulShutdown: {
                    Task { await consumer.stop() }
                }
            } catch {
                await consumer.close()
                throw error
            }
            if let error = await consumer.close() { throw error }
        }
    }
#endif
