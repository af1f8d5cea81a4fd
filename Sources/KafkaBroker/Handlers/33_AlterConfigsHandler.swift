import KafkaWire

/// AlterConfigs: replaces all settings of a resource that were set before; what is not named goes back to its default.
/// Old, since two tools that change different settings undo each other; see IncrementalAlterConfigs.
enum AlterConfigsHandler: RequestHandler {
    static let api = ServedAPI(AlterConfigsHandler.self)

    static func handle(_ request: AlterConfigsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let seen = ResourceCounts(request.resources.map { ($0.resourceType, $0.resourceName) })
        return node.each(of: request.resources) {
            asked, budget, node -> AlterConfigsResponse.AlterConfigsResourceResponse in
            budget.spend(30)
            return .with {
                $0.resourceType = asked.resourceType
                $0.resourceName = asked.resourceName
                $0.errorMessage = nil
                do throws(ConfigRefusal) {
                    try node.replaceConfigs(
                        of: seen.resource(asked.resourceType, asked.resourceName), by: configs(asked),
                        validateOnly: request.validateOnly)
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
            }
        } finish: { answers in
            AlterConfigsResponse.with { $0.responses = answers }
        }
    }

    private static func configs(_ asked: AlterConfigsRequest.AlterConfigsResource) throws(ConfigRefusal) -> [String:
        String]
    {
        var configs: [String: String] = [:]
        for config in asked.configs {
            guard let value = config.value else {
                throw ConfigRefusal(.invalidRequest, "Null value not supported for : \(config.name)")
            }
            guard configs.updateValue(value, forKey: config.name) == nil else {
                throw ConfigRefusal(.invalidRequest, "Error due to duplicate config keys")
            }
        }
        return configs
    }
}
