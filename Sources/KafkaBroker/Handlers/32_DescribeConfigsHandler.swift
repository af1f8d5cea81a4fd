import KafkaWire

/// DescribeConfigs: the settings of topics, of the broker, of groups and of subscriptions to metrics, from
/// ``TopicConfigs``, ``BrokerConfigs``, ``GroupConfigs`` and ``ClientMetricsConfigs``.
///
/// - Where a value comes from, and what it falls back to (`includeSynonyms`), as in Kafka: the topic, the broker, all
///   brokers, what the broker was started with, the default. Secrets have no value.
/// - A broker is asked by its own id; the empty name is what was changed for all brokers, and nothing else.
/// - Broker loggers: there is one, `root`, at the level of the broker's logger; it cannot be changed by clients.
/// - Deviation: of the resources that one request names, the first 2000 are described. Every name of a group would have an
///   answer that is a hundred times as long.
/// - What takes effect is said in the tables; all else is only kept.
enum DescribeConfigsHandler: RequestHandler {
    static let api = ServedAPI(DescribeConfigsHandler.self)

    /// How many resources are described in one answer.
    static let limit = 2000

    private typealias Answer = DescribeConfigsResponse.DescribeConfigsResult

    static func handle(_ request: DescribeConfigsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        // A resource that is named twice is described once, with the settings that are asked for either time.
        var keys: [Resource: Set<String>?] = [:]
        for asked in request.resources {
            let wanted = asked.configurationKeys.map { Set($0) }
            let known = keys.updateValue(wanted, forKey: Resource(asked))
            if let known { keys[Resource(asked)] = known.flatMap { known in wanted.map { $0.union(known) } } }
        }
        let resources = request.resources.map { Resource($0) }.once().enumerated().map { ($0, $1) }
        return node.each(of: resources) { found, budget, node in
            let (place, asked) = found
            var answer = Answer()
            answer.resourceType = asked.type
            answer.resourceName = asked.name
            do throws(ConfigRefusal) {
                guard place < limit else {
                    throw ConfigRefusal(.policyViolation, "one request describes at most \(limit) resources")
                }
                answer.errorMessage = nil
                let wanted = keys[asked] ?? nil
                answer.configs = try describe(asked, context.node, node).filter { wanted?.contains($0.name) ?? true }
                    .map { entry($0, request) }
                budget.spend(100)
            } catch {
                answer.errorCode = error.code
                answer.errorMessage = error.message
                budget.spend(2)
            }
            return answer
        } finish: { answers in
            DescribeConfigsResponse.with { $0.results = answers }
        }
    }

    private struct Resource: Hashable {
        var type: Int8
        var name: String

        init(_ asked: DescribeConfigsRequest.DescribeConfigsResource) {
            type = asked.resourceType
            name = asked.resourceName
        }
    }

    private static func describe(_ asked: Resource, _ own: BrokerID, _ node: BrokerNode) throws(ConfigRefusal)
        -> [ConfigDescription]
    {
        let name = asked.name
        guard let kind = ConfigResource.Kind(rawValue: asked.type) else {
            throw ConfigRefusal(.invalidRequest, "Unsupported resource type: \(asked.type)")
        }
        let resource = ConfigResource(kind: kind, name: name)
        func requireName(_ what: String) throws(ConfigRefusal) {
            if name.isEmpty { throw ConfigRefusal(.invalidRequest, "\(what) must not be empty") }
        }
        switch kind {
        case .topic:
            if let objection = TopicRules.objection(toName: name) {
                throw ConfigRefusal(.invalidTopicException, objection)
            }
            guard let topic = node.topics[name] else { throw ConfigRefusal(.unknownTopicOrPartition, nil) }
            return node.configs.describe(topic: topic.configs)
        case .broker:
            guard name.isEmpty || name == "\(own)" else {
                throw ConfigRefusal(
                    .invalidRequest,
                    "Unexpected broker id, expected \(own) or empty string, but received \(name)")
            }
            return node.configs(at: own).describeBroker(shared: name.isEmpty)
        case .brokerLogger:
            try requireName("Broker id")
            guard name == "\(own)" else {
                throw ConfigRefusal(
                    .invalidRequest,
                    "Unexpected broker id, expected \(own) but received \(name)")
            }
            return [
                ConfigDescription(
                    name: "root", value: Self.level(node), source: .brokerLogger, isReadOnly: true,
                    kind: ConfigDefinition.Kind.string.rawValue)
            ]
        case .clientMetrics:
            try requireName("Client metrics subscription name")
            return node.configs.describe(resource, ClientMetricsConfigs.table, .clientMetrics)
        case .group:
            try requireName("Group name")
            return node.configs.describe(resource, GroupConfigs.table, .group)
        }
    }

    /// The logger's level under the names that Kafka's logger has.
    private static func level(_ node: BrokerNode) -> String {
        switch node.configuration.logger.logLevel {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func entry(_ config: ConfigDescription, _ request: DescribeConfigsRequest)
        -> Answer.DescribeConfigsResourceResult
    {
        .with {
            $0.name = config.name
            $0.value = config.value
            $0.readOnly = config.isReadOnly
            $0.configSource = config.source.rawValue
            $0.isSensitive = config.isSensitive
            $0.configType = config.kind
            $0.documentation = request.includeDocumentation ? config.documentation : nil
            guard request.includeSynonyms else { return }
            $0.synonyms = config.synonyms.map { synonym in
                .with {
                    $0.name = synonym.name
                    $0.value = synonym.value
                    $0.source = synonym.source.rawValue
                }
            }
        }
    }
}
