import KafkaWire

/// IncrementalAlterConfigs (KIP-339): sets, deletes, and changes lists, of topics, of the broker, of groups and of
/// subscriptions to metrics.
///
/// - A resource is changed as a whole or not at all; the others of the request do not depend on it.
/// - A broker's settings that need a restart in Kafka are refused, as are levels of loggers.
enum IncrementalAlterConfigsHandler: RequestHandler {
    static let api = ServedAPI(IncrementalAlterConfigsHandler.self)

    private typealias Asked = IncrementalAlterConfigsRequest.AlterConfigsResource

    static func handle(_ request: IncrementalAlterConfigsRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        let seen = ResourceCounts(request.resources.map { ($0.resourceType, $0.resourceName) })
        return node.each(of: request.resources) {
            asked, budget, node -> IncrementalAlterConfigsResponse.AlterConfigsResourceResponse in
            budget.spend(30)
            return .with {
                $0.resourceType = asked.resourceType
                $0.resourceName = asked.resourceName
                $0.errorMessage = nil
                do throws(ConfigRefusal) {
                    let resource = try seen.resource(asked.resourceType, asked.resourceName)
                    let changes = try changes(asked)
                    let old = try node.ownConfigs(of: resource)
                    try node.replaceConfigs(
                        of: resource, by: ConfigChange.apply(changes, to: old, resource),
                        validateOnly: request.validateOnly)
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            IncrementalAlterConfigsResponse.with { $0.responses = answers }
        }
    }

    private static func changes(_ asked: Asked) throws(ConfigRefusal) -> [ConfigChange] {
        guard Set(asked.configs.map(\.name)).count == asked.configs.count else {
            throw ConfigRefusal(.invalidRequest, "Error due to duplicate config keys")
        }
        var changes: [ConfigChange] = []
        for config in asked.configs {
            guard let operation = ConfigChange.Operation(rawValue: config.configOperation) else {
                throw ConfigRefusal(.invalidRequest, "Unknown operation type \(config.configOperation)")
            }
            guard operation == .delete || config.value != nil else {
                throw ConfigRefusal(.invalidRequest, "Null value not supported for : \(config.name)")
            }
            changes.append(ConfigChange(name: config.name, operation: operation, value: config.value ?? ""))
        }
        return changes
    }
}
