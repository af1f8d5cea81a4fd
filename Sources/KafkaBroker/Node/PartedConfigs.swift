import KafkaWire

// Requests of parts that are what has settings.

/// A resource with settings, as requests name it.
struct NamedConfigs: Hashable {
    var type: Int8
    var name: String

    /// What is asked of whom: settings of brokers and of metrics are the cluster's. Levels of loggers are changed by whom
    /// brokers trust, which is Kafka's rule.
    func resource(loggers: AclOperation?) -> PartResource? {
        switch ConfigResource.Kind(rawValue: type) {
        case .topic: .topic(name)
        case .group: .group(name)
        case .broker, .clientMetrics: .cluster()
        case .brokerLogger: .cluster(loggers)
        case nil: nil
        }
    }
}

extension DescribeConfigsRequest: PartedRequest {
    static var layout:
        PartLayout<Self, DescribeConfigsResource, DescribeConfigsResponse.DescribeConfigsResult, NamedConfigs>
    {
        .init(
            parts: \.resources, key: \.named, answers: \.results, answerKey: \.named, resource: .any
        ) { $0.errorMessage = $1.refusalText }
    }
    func resource(of part: DescribeConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        part.named.resource(loggers: nil)
    }
}

extension AlterConfigsRequest: PartedRequest {
    static var layout:
        PartLayout<Self, AlterConfigsResource, AlterConfigsResponse.AlterConfigsResourceResponse, NamedConfigs>
    {
        .init(
            parts: \.resources, key: \.named, answers: \.responses, answerKey: \.named, resource: .any,
            refusesRepetitions: true
        ) { $0.errorMessage = $1.refusalText }
    }
    func resource(of part: AlterConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        // Levels of loggers are not changed so, whoever asks.
        part.resourceType == ConfigResource.Kind.brokerLogger.rawValue ? nil : part.named.resource(loggers: nil)
    }
}

extension IncrementalAlterConfigsRequest: PartedRequest {
    static var layout:
        PartLayout<
            Self, AlterConfigsResource, IncrementalAlterConfigsResponse.AlterConfigsResourceResponse, NamedConfigs
        >
    {
        .init(
            parts: \.resources, key: \.named, answers: \.responses, answerKey: \.named, resource: .any,
            refusesRepetitions: true
        ) { $0.errorMessage = $1.refusalText }
    }
    func resource(of part: AlterConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        part.named.resource(loggers: .clusterAction)
    }
}

extension DescribeConfigsRequest.DescribeConfigsResource {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}

extension DescribeConfigsResponse.DescribeConfigsResult {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}

extension AlterConfigsRequest.AlterConfigsResource {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}

extension AlterConfigsResponse.AlterConfigsResourceResponse {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}

extension IncrementalAlterConfigsResponse.AlterConfigsResourceResponse {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}

extension IncrementalAlterConfigsRequest.AlterConfigsResource {
    fileprivate var named: NamedConfigs { .init(type: resourceType, name: resourceName) }
}
