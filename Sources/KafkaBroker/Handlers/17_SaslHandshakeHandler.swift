import KafkaWire

/// SaslHandshake, where it is no part of saying who one is: at a listener without SASL. There it answers ILLEGAL_SASL_STATE, as
/// Kafka does. At others the server has the connection's ``ConnectionAuthentication`` answer it.
enum SaslHandshakeHandler: RequestHandler {
    static let api = ServedAPI(SaslHandshakeHandler.self)

    static func handle(_ request: SaslHandshakeRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(request.failed(.illegalSaslState, version: context.version))
    }
}
