import KafkaWire

/// JoinGroup: answered when all members have joined; the rules are ``ClassicGroup``'s.
///
/// - A group under the newer protocol answers at once (``ConsumerGroup``); an empty one becomes a classic group.
/// - Deviation: a new group waits 50 ms for further members where Kafka waits 3 s
///   (``BrokerConfiguration/initialRebalanceDelay``), and short session timeouts are allowed.
/// - A strategy that is offered twice counts once. Deviation: more than 1000 of them are INCONSISTENT_GROUP_PROTOCOL, and
///   where members take more memory than this broker has for them, GROUP_MAX_SIZE_REACHED.
enum JoinGroupHandler: RequestHandler {
    static let api = ServedAPI(JoinGroupHandler.self)

    static func handle(_ request: JoinGroupRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let settings = node.consumerGroupSettings(of: request.groupId, context)
        if !node.groups.joinConsumerGroup(request, context, node.topics, settings) {
            node.groups.join(request, context)
        }
        return .later
    }
}
