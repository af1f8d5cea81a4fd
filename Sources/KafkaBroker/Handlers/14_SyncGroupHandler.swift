import KafkaWire

/// SyncGroup: the leader brings everybody's assignment; the others wait for it. The rules are ``ClassicGroup``'s.
enum SyncGroupHandler: RequestHandler {
    static let api = ServedAPI(SyncGroupHandler.self)

    static func handle(_ request: SyncGroupRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        if !node.groups.syncConsumerGroup(request, context, node.topics) { node.groups.sync(request, context) }
        return .later
    }
}
