import KafkaWire

/// InitProducerId: a new id for an idempotent producer, with epoch 0.
///
/// - Without a transactional id the answer is always a new id, also where the producer brings an old one, as in Kafka.
/// - Transactional ids are answered TRANSACTIONAL_ID_AUTHORIZATION_FAILED, as in ``FindCoordinatorHandler``.
enum InitProducerIdHandler: RequestHandler {
    static let api = ServedAPI(InitProducerIdHandler.self)

    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard request.transactionalId == nil else {
            return .answer(
                InitProducerIdResponse.with {
                    $0.errorCode = .transactionalIdAuthorizationFailed
                    $0.producerEpoch = -1
                })
        }
        return .answer(InitProducerIdResponse.with { $0.producerId = node.takeProducerId() })
    }
}
