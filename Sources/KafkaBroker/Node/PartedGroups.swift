import KafkaWire

// Requests of parts that are groups or transactional ids.

extension OffsetFetchRequest: PartedRequest {
    static var layout: PartLayout<Self, OffsetFetchRequestGroup, OffsetFetchResponse.OffsetFetchResponseGroup, String> {
        .init(parts: \.groups, key: \.groupId, answers: \.groups, answerKey: \.groupId, resource: .group)
    }
}

extension DescribeGroupsRequest: PartedRequest {
    static var layout: PartLayout<Self, String, DescribeGroupsResponse.DescribedGroup, String> {
        .init(parts: \.groups, key: \.self, answers: \.groups, answerKey: \.groupId, resource: .group)
    }
}

extension ConsumerGroupDescribeRequest: PartedRequest {
    static var layout: PartLayout<Self, String, ConsumerGroupDescribeResponse.DescribedGroup, String> {
        .init(parts: \.groupIds, key: \.self, answers: \.groups, answerKey: \.groupId, resource: .group)
    }
}

extension DeleteGroupsRequest: PartedRequest {
    static var layout: PartLayout<Self, String, DeleteGroupsResponse.DeletableGroupResult, String> {
        .init(parts: \.groupsNames, key: \.self, answers: \.results, answerKey: \.groupId, resource: .group)
    }
}

extension DescribeTransactionsRequest: PartedRequest {
    static var layout: PartLayout<Self, String, DescribeTransactionsResponse.TransactionState, String> {
        .init(
            parts: \.transactionalIds, key: \.self, answers: \.transactionStates, answerKey: \.transactionalId,
            resource: .transactionalId)
    }
}

extension FindCoordinatorRequest: PartedRequest {
    static var layout: PartLayout<Self, String, FindCoordinatorResponse.Coordinator, String> {
        .init(parts: \.coordinatorKeys, key: \.self, answers: \.coordinators, answerKey: \.key, resource: .group)
    }
    func resource(of part: String, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        coordinated == .any ? nil : PartResource(resource: coordinated, name: part)
    }
}
