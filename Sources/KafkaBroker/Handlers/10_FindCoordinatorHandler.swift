import KafkaWire

/// FindCoordinator: the node that coordinates a group or a transactional id, by its hash or by command; there are no
/// coordinators of share groups (INVALID_REQUEST).
///
/// - A key that is named twice is answered once. The empty name is a group's, as in Kafka: such a group can commit and
///   fetch positions.
enum FindCoordinatorHandler: RequestHandler {
    static let api = ServedAPI(FindCoordinatorHandler.self)

    private typealias Coordinator = FindCoordinatorResponse.Coordinator

    static func handle(_ request: FindCoordinatorRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let keys = context.version >= 4 ? request.coordinatorKeys.once() : [request.key]
        let found = keys.map { find($0, type: request.keyType, context, node) }
        guard context.version < 4 else {
            return .answer(FindCoordinatorResponse.with { $0.coordinators = found })
        }
        return .answer(
            FindCoordinatorResponse.with {
                guard let coordinator = found.first else { return }
                $0.errorCode = coordinator.errorCode
                $0.errorMessage = coordinator.errorMessage
                $0.nodeId = coordinator.nodeId
                $0.host = coordinator.host
                $0.port = coordinator.port
            })
    }

    private static func find(_ key: String, type: Int8, _ context: RequestContext, _ node: BrokerNode) -> Coordinator {
        func refuse(_ code: ErrorCode, _ message: String) -> Coordinator {
            .with {
                $0.key = key
                $0.nodeId = -1
                $0.port = -1
                $0.errorCode = code
                $0.errorMessage = message
            }
        }
        let asked: CoordinatorKey
        switch type {
        case 0: asked = .group(key)
        case 1:
            if key.isEmpty { return refuse(.invalidRequest, "a transactional id cannot be empty") }
            asked = .transaction(key)
        default: return refuse(.invalidRequest, "no coordinators of type \(type) in this broker")
        }
        guard let coordinator = node.cluster[node.cluster.coordinator(of: asked)]?.seen(at: context.listener) else {
            return refuse(.coordinatorNotAvailable, "no node runs")
        }
        return .with {
            $0.key = key
            $0.nodeId = coordinator.id
            $0.host = coordinator.host
            $0.port = Int32(coordinator.port)
            $0.errorMessage = nil
        }
    }
}
