import KafkaWire

// Requests of parts that are topics.

extension ProduceRequest: PartedRequest {
    static var layout: PartLayout<Self, TopicProduceData, ProduceResponse.TopicProduceResponse, NamedTopic> {
        .init(parts: \.topicData, key: \.named, answers: \.responses, answerKey: \.named, resource: .topic)
    }
    func resource(of part: TopicProduceData, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        node.named(part.named, byIdFrom: 13, context)
    }
}

extension OffsetCommitRequest: PartedRequest {
    static var layout:
        PartLayout<Self, OffsetCommitRequestTopic, OffsetCommitResponse.OffsetCommitResponseTopic, NamedTopic>
    {
        .init(parts: \.topics, key: \.named, answers: \.topics, answerKey: \.named, resource: .topic)
    }
    func resource(of part: OffsetCommitRequestTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        node.named(part.named, byIdFrom: 10, context)
    }
}

extension ProduceRequest.TopicProduceData {
    fileprivate var named: NamedTopic { .init(name: name, id: topicId) }
}

extension ProduceResponse.TopicProduceResponse {
    fileprivate var named: NamedTopic { .init(name: name, id: topicId) }
}

extension OffsetCommitRequest.OffsetCommitRequestTopic {
    fileprivate var named: NamedTopic { .init(name: name, id: topicId) }
}

extension OffsetCommitResponse.OffsetCommitResponseTopic {
    fileprivate var named: NamedTopic { .init(name: name, id: topicId) }
}

extension ListOffsetsRequest: PartedRequest {
    static var layout: PartLayout<Self, ListOffsetsTopic, ListOffsetsResponse.ListOffsetsTopicResponse, String> {
        .init(parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic)
    }
}

extension OffsetForLeaderEpochRequest: PartedRequest {
    static var layout:
        PartLayout<Self, OffsetForLeaderTopic, OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult, String>
    {
        .init(parts: \.topics, key: \.topic, answers: \.topics, answerKey: \.topic, resource: .topic)
    }
}

extension DeleteRecordsRequest: PartedRequest {
    static var layout: PartLayout<Self, DeleteRecordsTopic, DeleteRecordsResponse.DeleteRecordsTopicResult, String> {
        .init(parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic)
    }
}

extension DescribeProducersRequest: PartedRequest {
    static var layout: PartLayout<Self, TopicRequest, DescribeProducersResponse.TopicResponse, String> {
        .init(parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic)
    }
}

extension OffsetDeleteRequest: PartedRequest {
    static var layout:
        PartLayout<Self, OffsetDeleteRequestTopic, OffsetDeleteResponse.OffsetDeleteResponseTopic, String>
    {
        .init(parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic)
    }
}

extension TxnOffsetCommitRequest: PartedRequest {
    static var layout:
        PartLayout<
            Self, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic, String
        >
    {
        .init(parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic)
    }
}

extension CreatePartitionsRequest: PartedRequest {
    static var layout:
        PartLayout<Self, CreatePartitionsTopic, CreatePartitionsResponse.CreatePartitionsTopicResult, String>
    {
        .init(
            parts: \.topics, key: \.name, answers: \.results, answerKey: \.name, resource: .topic,
            refusesRepetitions: true)
    }
}

extension CreateTopicsRequest: PartedRequest {
    static var layout: PartLayout<Self, CreatableTopic, CreateTopicsResponse.CreatableTopicResult, String> {
        .init(
            parts: \.topics, key: \.name, answers: \.topics, answerKey: \.name, resource: .topic,
            refusesRepetitions: true
        ) { answer, _ in answer.errorMessage = "Authorization failed." }
    }
    func resource(of part: CreatableTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        // Nobody may create that one, which the handler says.
        part.name == TopicRules.metadata ? nil : .topic(part.name)
    }
}
