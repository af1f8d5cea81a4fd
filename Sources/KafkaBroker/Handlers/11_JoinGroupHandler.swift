import KafkaWire

/// JoinGroup: answered when all members have joined; the rules are ``ClassicGroup``'s.
///
/// - Deviation: a new group waits 50 ms for further members where Kafka waits 3 s
///   (``KafkaBroker/Configuration/initialRebalanceDelay``), and short session timeouts are allowed.
enum JoinGroupHandler: RequestHandler {
    static let api = ServedAPI(JoinGroupHandler.self)

    static func handle(_ request: JoinGroupRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        node.groups.join(request, context)
        return .later
    }
}
