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
    var parts: [DescribeConfigsResource] {
        get { resources }
        set { resources = newValue }
    }
    static func answers(of response: DescribeConfigsResponse) -> [DescribeConfigsResponse.DescribeConfigsResult] {
        response.results
    }
    static func set(
        _ answers: [DescribeConfigsResponse.DescribeConfigsResult], in response: inout DescribeConfigsResponse
    ) {
        response.results = answers
    }
    static func key(of part: DescribeConfigsResource) -> NamedConfigs {
        .init(type: part.resourceType, name: part.resourceName)
    }
    static func key(of answer: DescribeConfigsResponse.DescribeConfigsResult) -> NamedConfigs {
        .init(type: answer.resourceType, name: answer.resourceName)
    }
    func resource(of part: DescribeConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        Self.key(of: part).resource(loggers: nil)
    }
    static var refusesRepetitions: Bool { false }
    static func explained(_ answer: DescribeConfigsResponse.DescribeConfigsResult, _ resource: AclResourceType)
        -> DescribeConfigsResponse.DescribeConfigsResult
    {
        var answer = answer
        answer.errorMessage = resource.refusalText
        return answer
    }
}

extension AlterConfigsRequest: PartedRequest {
    var parts: [AlterConfigsResource] {
        get { resources }
        set { resources = newValue }
    }
    static func answers(of response: AlterConfigsResponse) -> [AlterConfigsResponse.AlterConfigsResourceResponse] {
        response.responses
    }
    static func set(
        _ answers: [AlterConfigsResponse.AlterConfigsResourceResponse], in response: inout AlterConfigsResponse
    ) {
        response.responses = answers
    }
    static func key(of part: AlterConfigsResource) -> NamedConfigs {
        .init(type: part.resourceType, name: part.resourceName)
    }
    static func key(of answer: AlterConfigsResponse.AlterConfigsResourceResponse) -> NamedConfigs {
        .init(type: answer.resourceType, name: answer.resourceName)
    }
    func resource(of part: AlterConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        // Levels of loggers are not changed so, whoever asks.
        part.resourceType == ConfigResource.Kind.brokerLogger.rawValue ? nil : Self.key(of: part).resource(loggers: nil)
    }
    static var refusesRepetitions: Bool { true }
    static func explained(_ answer: AlterConfigsResponse.AlterConfigsResourceResponse, _ resource: AclResourceType)
        -> AlterConfigsResponse.AlterConfigsResourceResponse
    {
        var answer = answer
        answer.errorMessage = resource.refusalText
        return answer
    }
}

extension IncrementalAlterConfigsRequest: PartedRequest {
    var parts: [AlterConfigsResource] {
        get { resources }
        set { resources = newValue }
    }
    static func answers(of response: IncrementalAlterConfigsResponse) -> [IncrementalAlterConfigsResponse
        .AlterConfigsResourceResponse]
    {
        response.responses
    }
    static func set(
        _ answers: [IncrementalAlterConfigsResponse.AlterConfigsResourceResponse],
        in response: inout IncrementalAlterConfigsResponse
    ) {
        response.responses = answers
    }
    static func key(of part: AlterConfigsResource) -> NamedConfigs {
        .init(type: part.resourceType, name: part.resourceName)
    }
    static func key(of answer: IncrementalAlterConfigsResponse.AlterConfigsResourceResponse) -> NamedConfigs {
        .init(type: answer.resourceType, name: answer.resourceName)
    }
    func resource(of part: AlterConfigsResource, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        Self.key(of: part).resource(loggers: .clusterAction)
    }
    static var refusesRepetitions: Bool { true }
    static func explained(
        _ answer: IncrementalAlterConfigsResponse.AlterConfigsResourceResponse, _ resource: AclResourceType
    )
        -> IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
    {
        var answer = answer
        answer.errorMessage = resource.refusalText
        return answer
    }
}
