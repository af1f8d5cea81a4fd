import KafkaWire

/// SaslAuthenticate out of turn: at a listener without SASL, or behind the end of an authentication. Answers ILLEGAL_SASL_STATE,
/// as Kafka does. In its turn the server has the connection's ``ConnectionAuthentication`` answer it.
enum SaslAuthenticateHandler: RequestHandler {
    static let api = ServedAPI(SaslAuthenticateHandler.self)

    static func handle(_ request: SaslAuthenticateRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            SaslAuthenticateResponse.with {
                $0.errorCode = .illegalSaslState
                $0.errorMessage = "SaslAuthenticate request received after successful authentication"
            })
    }
}
