import KafkaWire

/// Heartbeat: keeps a member's session alive, and tells it when to join again (REBALANCE_IN_PROGRESS).
enum HeartbeatHandler: RequestHandler {
    static let api = ServedAPI(HeartbeatHandler.self)

    static func handle(_ request: HeartbeatRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let error = node.groups.heartbeat(request, now: context.now)
        return .answer(HeartbeatResponse.with { $0.errorCode = error })
    }
}
