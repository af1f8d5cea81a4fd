// Any request, as it is.

extension KafkaAdmin {
    /// Which broker a request goes to.
    public enum Destination: Sendable, Hashable {
        /// Whichever can be reached.
        case any
        /// The controller; under KRaft a broker that passes the request on.
        case controller
        /// That broker.
        case broker(BrokerID)
        /// The leader of that partition.
        case leader(TopicPartition)
        /// The coordinator of that group.
        case groupCoordinator(String)
        /// The coordinator of that transactional id.
        case transactionCoordinator(String)
    }

    /// An answer, and who gave it.
    public struct Answer<Response: Sendable>: Sendable {
        /// The answer. Error codes in it are as the broker wrote them.
        public var response: Response
        /// The version of request and answer.
        public var version: Int16
        /// The broker, as `host:port`.
        public var broker: String
    }

    /// Sends any request once, and gives its answer: what this class has no method for, or hides. Leaders, coordinators and
    /// the controller are looked up anew each time; errors in the answer are the caller's matter.
    ///
    /// - Parameters:
    ///   - version: The version to speak, also one that Kafka does not call stable; nil is the highest that both sides
    ///     do. ``KafkaError/Code/unsupportedVersion`` where one side does not speak it, and
    ///     ``KafkaError/Code/invalidRequest`` where the request holds what it cannot carry.
    ///   - timeout: How long the answer may take; nil is ``ClientConfiguration/requestTimeout``.
    public func send<R: WireRequest>(
        _ request: R, to destination: Destination, version: Int16? = nil, timeout: Duration? = nil
    ) async throws(KafkaError) -> Answer<R.Response> {
        let target: Cluster.Target
        switch destination {
        case .any: target = .any
        case .broker(let id): target = .broker(id)
        case .controller:
            try await cluster.refresh([])
            target = .controller
        case .leader(let partition):
            try await cluster.refresh([partition.topic])
            guard let leader = await cluster.leaders(of: [partition])[partition] else {
                throw KafkaError(.invalidRequest, "\(partition) has no leader")
            }
            target = .broker(try leader.get())
        case .groupCoordinator(let id):
            target = .coordinator(group: id)
            await cluster.forgetCoordinator(target)
        case .transactionCoordinator(let id):
            target = .transactionCoordinator(id: id)
            await cluster.forgetCoordinator(target)
        }
        let answer = try await cluster.send(to: target, exactly: version, timeout: timeout) { _ in request }
        return Answer(response: answer.response, version: answer.version, broker: answer.broker)
    }
}
