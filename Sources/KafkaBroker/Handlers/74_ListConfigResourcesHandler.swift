import KafkaWire

/// ListConfigResources (KIP-1142): what can have settings. Version 0 lists subscriptions to metrics only.
///
/// - Without types: topics, brokers and their loggers, subscriptions and groups. Of groups and subscriptions those that
///   have settings, as in Kafka.
enum ListConfigResourcesHandler: RequestHandler {
    static let api = ServedAPI(ListConfigResourcesHandler.self)

    static func handle(_ request: ListConfigResourcesRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome
    {
        let all: [ConfigResource.Kind] = [.topic, .broker, .brokerLogger, .clientMetrics, .group]
        var kinds = all
        if context.version == 0 {
            kinds = [.clientMetrics]
        } else if !request.resourceTypes.isEmpty {
            guard request.resourceTypes.allSatisfy({ ConfigResource.Kind(rawValue: $0) != nil }) else {
                return .answer(ListConfigResourcesResponse.with { $0.errorCode = .unsupportedVersion })
            }
            kinds = all.filter { request.resourceTypes.contains($0.rawValue) }
        }
        return .answer(
            ListConfigResourcesResponse.with {
                $0.configResources = kinds.flatMap { kind in
                    names(kind, node).map { name in
                        .with {
                            $0.resourceName = name
                            $0.resourceType = kind.rawValue
                        }
                    }
                }
            })
    }

    private static func names(_ kind: ConfigResource.Kind, _ node: BrokerNode) -> [String] {
        switch kind {
        case .topic: node.topics.sorted.map(\.name)
        case .broker, .brokerLogger: node.cluster.nodes.map { "\($0.id)" }
        case .clientMetrics, .group: node.configs.names(kind)
        }
    }
}
