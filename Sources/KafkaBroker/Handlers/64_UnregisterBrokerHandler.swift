import KafkaWire

/// UnregisterBroker (KIP-631): forgets a broker that is gone for good. There is only this one.
///
/// - Deviation: Kafka unregisters a broker that is running too; without this one there is no cluster, so it is refused
///   (INVALID_REQUEST).
enum UnregisterBrokerHandler: RequestHandler {
    static let api = ServedAPI(UnregisterBrokerHandler.self)

    static func handle(_ request: UnregisterBrokerRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            UnregisterBrokerResponse.with {
                if request.brokerId == node.configuration.nodeId {
                    $0.errorCode = .invalidRequest
                    $0.errorMessage = "broker \(request.brokerId) is the only one, and it is running"
                } else {
                    $0.errorCode = .brokerIdNotRegistered
                    $0.errorMessage = "Broker ID \(request.brokerId) is not currently registered"
                }
            })
    }
}
