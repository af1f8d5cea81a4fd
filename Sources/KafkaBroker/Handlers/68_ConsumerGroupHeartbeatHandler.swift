import KafkaWire

/// ConsumerGroupHeartbeat (KIP-848): a member joins, stays, gives up partitions, leaves; the rules are ``ConsumerGroup``'s.
///
/// - The assignors are `uniform` and `range`; the one with the most votes is used, `uniform` without votes.
/// - An empty group changes its protocol with who joins. A group with members keeps it, as with Kafka's
///   `group.consumer.migration.policy=disabled`: a classic group answers GROUP_ID_NOT_FOUND here, and a consumer group
///   answers JoinGroup with INCONSISTENT_GROUP_PROTOCOL.
/// - Deviation: Kafka's default for that setting is `bidirectional`, which turns groups with members into the other kind.
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
        let settings = node.configs.consumerGroupSettings(
            of: request.groupId, memberLimit: node.configuration.maximumGroupSize)
        return .answer(node.groups.heartbeat(request, context, node.topics, settings))
    }
}
