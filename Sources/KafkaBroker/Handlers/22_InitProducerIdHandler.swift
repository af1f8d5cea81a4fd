import KafkaWire

/// InitProducerId: a new id for an idempotent producer, with epoch 0.
///
/// - A producer that brings its id back gets it with the next epoch (KIP-360), or a new id when the epochs are used up.
/// - Transactional ids are answered TRANSACTIONAL_ID_AUTHORIZATION_FAILED, as in ``FindCoordinatorHandler``.
enum InitProducerIdHandler: RequestHandler {
    static let api = ServedAPI(InitProducerIdHandler.self)

    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard request.transactionalId == nil else {
            return .answer(
                InitProducerIdResponse.with {
                    $0.errorCode = ErrorCode.transactionalIdAuthorizationFailed.rawValue
                    $0.producerEpoch = -1
                })
        }
        return .answer(
            InitProducerIdResponse.with {
                if request.producerId >= 0, request.producerEpoch >= 0, request.producerEpoch < .max - 1 {
                    $0.producerId = request.producerId
                    $0.producerEpoch = request.producerEpoch + 1
                } else {
                    $0.producerId = node.takeProducerId()
                }
            })
    }
}
