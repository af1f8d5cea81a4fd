import KafkaWire

// Requests of parts that are groups or transactional ids.

extension OffsetFetchRequest: PartedRequest {
    var parts: [OffsetFetchRequestGroup] {
        get { groups }
        set { groups = newValue }
    }
    static func answers(of response: OffsetFetchResponse) -> [OffsetFetchResponse.OffsetFetchResponseGroup] {
        response.groups
    }
    static func set(_ answers: [OffsetFetchResponse.OffsetFetchResponseGroup], in response: inout OffsetFetchResponse) {
        response.groups = answers
    }
    static func key(of part: OffsetFetchRequestGroup) -> String { part.groupId }
    static func key(of answer: OffsetFetchResponse.OffsetFetchResponseGroup) -> String { answer.groupId }
    func resource(of part: OffsetFetchRequestGroup, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .group(part.groupId)
    }
}

extension FindCoordinatorRequest: PartedRequest {
    var parts: [String] {
        get { coordinatorKeys }
        set { coordinatorKeys = newValue }
    }
    static func answers(of response: FindCoordinatorResponse) -> [FindCoordinatorResponse.Coordinator] {
        response.coordinators
    }
    static func set(_ answers: [FindCoordinatorResponse.Coordinator], in response: inout FindCoordinatorResponse) {
        response.coordinators = answers
    }
    static func key(of part: String) -> String { part }
    static func key(of answer: FindCoordinatorResponse.Coordinator) -> String { answer.key }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        coordinated == .any ? nil : PartResource(resource: coordinated, name: part)
    }
}

extension DescribeGroupsRequest: PartedRequest {
    var parts: [String] {
        get { groups }
        set { groups = newValue }
    }
    static func answers(of response: DescribeGroupsResponse) -> [DescribeGroupsResponse.DescribedGroup] {
        response.groups
    }
    static func set(_ answers: [DescribeGroupsResponse.DescribedGroup], in response: inout DescribeGroupsResponse) {
        response.groups = answers
    }
    static func key(of part: String) -> String { part }
    static func key(of answer: DescribeGroupsResponse.DescribedGroup) -> String { answer.groupId }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .group(part)
    }
}

extension ConsumerGroupDescribeRequest: PartedRequest {
    var parts: [String] {
        get { groupIds }
        set { groupIds = newValue }
    }
    static func answers(of response: ConsumerGroupDescribeResponse) -> [ConsumerGroupDescribeResponse.DescribedGroup] {
        response.groups
    }
    static func set(
        _ answers: [ConsumerGroupDescribeResponse.DescribedGroup], in response: inout ConsumerGroupDescribeResponse
    ) {
        response.groups = answers
    }
    static func key(of part: String) -> String { part }
    static func key(of answer: ConsumerGroupDescribeResponse.DescribedGroup) -> String { answer.groupId }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .group(part)
    }
}

extension DeleteGroupsRequest: PartedRequest {
    var parts: [String] {
        get { groupsNames }
        set { groupsNames = newValue }
    }
    static func answers(of response: DeleteGroupsResponse) -> [DeleteGroupsResponse.DeletableGroupResult] {
        response.results
    }
    static func set(_ answers: [DeleteGroupsResponse.DeletableGroupResult], in response: inout DeleteGroupsResponse) {
        response.results = answers
    }
    static func key(of part: String) -> String { part }
    static func key(of answer: DeleteGroupsResponse.DeletableGroupResult) -> String { answer.groupId }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .group(part)
    }
}

extension DescribeTransactionsRequest: PartedRequest {
    var parts: [String] {
        get { transactionalIds }
        set { transactionalIds = newValue }
    }
    static func answers(of response: DescribeTransactionsResponse) -> [DescribeTransactionsResponse.TransactionState] {
        response.transactionStates
    }
    static func set(
        _ answers: [DescribeTransactionsResponse.TransactionState], in response: inout DescribeTransactionsResponse
    ) {
        response.transactionStates = answers
    }
    static func key(of part: String) -> String { part }
    static func key(of answer: DescribeTransactionsResponse.TransactionState) -> String { answer.transactionalId }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .transactionalId(part)
    }
}
