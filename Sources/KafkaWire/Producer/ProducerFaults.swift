/// Which errors of a producer's requests can never pass, as Java's client has it. All others are asked again after a pause,
/// until the time of whoever waits is up: a broker that fails in an unexpected way may be well a moment later.
///
/// Produce is not here: what a code means there hangs on the batch, see ``BatchVerdict``.
enum ProducerFaults {
    /// Metadata of one topic (`Metadata.maybeThrowExceptionForTopic`, `KafkaProducer.waitOnMetadata`).
    static let metadata: Set<ErrorCode> = [
        .invalidTopicException, .topicAuthorizationFailed, .clusterAuthorizationFailed,
    ]

    /// InitProducerId (`TransactionManager.InitProducerIdHandler`).
    static let initProducerId: Set<ErrorCode> = [
        .clusterAuthorizationFailed, .transactionalIdAuthorizationFailed, .invalidTransactionTimeout, .producerFenced,
        .invalidProducerEpoch, .unsupportedVersion, .invalidRequest,
    ]

    /// Whether the error will come again however often is asked. What a broker did not say itself says that of itself: a
    /// host that speaks another protocol, a client that is closed.
    static func isFinal(_ error: KafkaError, _ finalCodes: Set<ErrorCode>) -> Bool {
        error.isOfLogin || error.code.broker.map(finalCodes.contains) ?? !error.isRetriable
    }
}
