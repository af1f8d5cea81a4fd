import KafkaWire

/// UnregisterBroker (KIP-631): forgets a node that is gone for good; its replicas move to others, as with
/// ``KafkaBroker/removeNode(_:)``.
///
/// - Deviation: Kafka unregisters a broker that is running too; here such a one is refused (INVALID_REQUEST).
enum UnregisterBrokerHandler: RequestHandler {
    static let api = ServedAPI(UnregisterBrokerHandler.self)

    static func handle(_ request: UnregisterBrokerRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            UnregisterBrokerResponse.with {
                guard let member = node.cluster[request.brokerId] else {
                    $0.errorCode = .brokerIdNotRegistered
                    $0.errorMessage = "Broker ID \(request.brokerId) is not currently registered"
                    return
                }
                guard !member.isRunning else {
                    $0.errorCode = .invalidRequest
                    $0.errorMessage = "broker \(request.brokerId) is running; stop it first"
                    return
                }
                node.removed(request.brokerId)
                $0.errorMessage = nil
            })
    }
}
