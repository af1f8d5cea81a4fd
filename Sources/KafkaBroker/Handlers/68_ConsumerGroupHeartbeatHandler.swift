import KafkaWire

/// ConsumerGroupHeartbeat (KIP-848): a member joins, stays, gives up partitions, leaves; the rules are ``ConsumerGroup``'s.
///
/// - The assignors are `uniform` and `range`; the one with the most votes is used, `uniform` without votes.
/// - Groups change their protocol, empty ones and those with members, as with Kafka's default
///   `group.consumer.migration.policy=bidirectional`: a classic group of consumers becomes a consumer group with the first
///   member that comes here, and is a classic group again when the last such member has gone. Other classic groups answer
///   GROUP_ID_NOT_FOUND.
/// - Deviation: expressions are read by ``NamePattern``, which knows the usual part of what RE2/J does; the rest is answered
///   INVALID_REGULAR_EXPRESSION. They are matched at once, where Kafka does so in the background and tells the member with
///   a later heartbeat.
/// - Deviation: a new target is made with the first heartbeat that needs one, as in Kafka up to 4.2
///   (`group.consumer.assignment.interval.ms` is 0). Kafka 4.3 waits for a second after the last one, and a test would
///   wait for a further heartbeat with it; set, the interval takes effect.
enum ConsumerGroupHeartbeatHandler: RequestHandler {
    static let api = ServedAPI(ConsumerGroupHeartbeatHandler.self)

    static func handle(_ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        // Who names a topic that he may not see is refused; with an expression, such topics are not found.
        guard
            (request.subscribedTopicNames ?? []).once().allSatisfy({ node.allows(.describe, on: .topic, $0, context) })
        else {
            return .answer(
                ConsumerGroupHeartbeatResponse.with {
                    $0.errorCode = .topicAuthorizationFailed
                    $0.errorMessage = nil
                })
        }
        let settings = node.consumerGroupSettings(of: request.groupId, context)
        return .answer(node.groups.heartbeat(request, context, node.topics, settings))
    }
}
