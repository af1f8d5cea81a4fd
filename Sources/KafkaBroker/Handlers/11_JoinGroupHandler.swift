import KafkaWire

/// JoinGroup: answered when all members have joined; the rules are ``ClassicGroup``'s.
///
/// - A group under the newer protocol answers at once (``ConsumerGroup``); an empty one becomes a classic group.
/// - Deviation: a new group waits 50 ms for further members where Kafka waits 3 s
///   (``KafkaBroker/Configuration/initialRebalanceDelay``), and short session timeouts are allowed.
enum JoinGroupHandler: RequestHandler {
    static let api = ServedAPI(JoinGroupHandler.self)

    static func handle(_ request: JoinGroupRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let settings = node.configs.consumerGroupSettings(
            of: request.groupId, memberLimit: node.configuration.maximumGroupSize)
        if !node.groups.joinConsumerGroup(request, context, node.topics, settings) {
            node.groups.join(request, context)
        }
        return .later
    }
}
