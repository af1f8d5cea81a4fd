#if ServiceLifecycle
    public import ServiceLifecycle

    /// A producer as a service of swift-service-lifecycle: it lives until the group of services shuts down, and sends what is
    /// left then. List it in front of the services that send through it: those are ended first. Needs the package's trait
    /// `ServiceLifecycle`.
    public struct ProducerService: Service {
        private let producer: KafkaProducer
        private let timeout: Duration

        /// A service that closes the producer in the end, for which it has `timeout`.
        public init(_ producer: KafkaProducer, closingWithin timeout: Duration = .seconds(30)) {
            self.producer = producer
            self.timeout = timeout
        }

        /// Waits for the end; throws where records did not arrive.
        public func run() async throws {
            try? await gracefulShutdown()
            try await producer.close(timeout: timeout)
        }
    }
#endif
