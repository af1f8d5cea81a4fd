import KafkaWire

// Requests of parts that are topics.

extension ProduceRequest: PartedRequest {
    var parts: [TopicProduceData] {
        get { topicData }
        set { topicData = newValue }
    }
    static func answers(of response: ProduceResponse) -> [ProduceResponse.TopicProduceResponse] { response.responses }
    static func set(_ answers: [ProduceResponse.TopicProduceResponse], in response: inout ProduceResponse) {
        response.responses = answers
    }
    static func key(of part: TopicProduceData) -> NamedTopic { .init(name: part.name, id: part.topicId) }
    static func key(of answer: ProduceResponse.TopicProduceResponse) -> NamedTopic {
        .init(name: answer.name, id: answer.topicId)
    }
    func resource(of part: TopicProduceData, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        node.named(part.name, part.topicId, byIdFrom: 13, context)
    }
}

extension OffsetCommitRequest: PartedRequest {
    var parts: [OffsetCommitRequestTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: OffsetCommitResponse) -> [OffsetCommitResponse.OffsetCommitResponseTopic] {
        response.topics
    }
    static func set(
        _ answers: [OffsetCommitResponse.OffsetCommitResponseTopic], in response: inout OffsetCommitResponse
    ) {
        response.topics = answers
    }
    static func key(of part: OffsetCommitRequestTopic) -> NamedTopic { .init(name: part.name, id: part.topicId) }
    static func key(of answer: OffsetCommitResponse.OffsetCommitResponseTopic) -> NamedTopic {
        .init(name: answer.name, id: answer.topicId)
    }
    func resource(of part: OffsetCommitRequestTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        node.named(part.name, part.topicId, byIdFrom: 10, context)
    }
}

extension ListOffsetsRequest: PartedRequest {
    var parts: [ListOffsetsTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: ListOffsetsResponse) -> [ListOffsetsResponse.ListOffsetsTopicResponse] {
        response.topics
    }
    static func set(_ answers: [ListOffsetsResponse.ListOffsetsTopicResponse], in response: inout ListOffsetsResponse) {
        response.topics = answers
    }
    static func key(of part: ListOffsetsTopic) -> String { part.name }
    static func key(of answer: ListOffsetsResponse.ListOffsetsTopicResponse) -> String { answer.name }
    func resource(of part: ListOffsetsTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.name)
    }
}

extension OffsetForLeaderEpochRequest: PartedRequest {
    var parts: [OffsetForLeaderTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: OffsetForLeaderEpochResponse) -> [OffsetForLeaderEpochResponse
        .OffsetForLeaderTopicResult]
    { response.topics }
    static func set(
        _ answers: [OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult],
        in response: inout OffsetForLeaderEpochResponse
    ) {
        response.topics = answers
    }
    static func key(of part: OffsetForLeaderTopic) -> String { part.topic }
    static func key(of answer: OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult) -> String { answer.topic }
    func resource(of part: OffsetForLeaderTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.topic)
    }
}

extension DeleteRecordsRequest: PartedRequest {
    var parts: [DeleteRecordsTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: DeleteRecordsResponse) -> [DeleteRecordsResponse.DeleteRecordsTopicResult] {
        response.topics
    }
    static func set(
        _ answers: [DeleteRecordsResponse.DeleteRecordsTopicResult], in response: inout DeleteRecordsResponse
    ) {
        response.topics = answers
    }
    static func key(of part: DeleteRecordsTopic) -> String { part.name }
    static func key(of answer: DeleteRecordsResponse.DeleteRecordsTopicResult) -> String { answer.name }
    func resource(of part: DeleteRecordsTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.name)
    }
}

extension DescribeProducersRequest: PartedRequest {
    var parts: [TopicRequest] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: DescribeProducersResponse) -> [DescribeProducersResponse.TopicResponse] {
        response.topics
    }
    static func set(_ answers: [DescribeProducersResponse.TopicResponse], in response: inout DescribeProducersResponse)
    {
        response.topics = answers
    }
    static func key(of part: TopicRequest) -> String { part.name }
    static func key(of answer: DescribeProducersResponse.TopicResponse) -> String { answer.name }
    func resource(of part: TopicRequest, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.name)
    }
}

extension OffsetDeleteRequest: PartedRequest {
    var parts: [OffsetDeleteRequestTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: OffsetDeleteResponse) -> [OffsetDeleteResponse.OffsetDeleteResponseTopic] {
        response.topics
    }
    static func set(
        _ answers: [OffsetDeleteResponse.OffsetDeleteResponseTopic], in response: inout OffsetDeleteResponse
    ) {
        response.topics = answers
    }
    static func key(of part: OffsetDeleteRequestTopic) -> String { part.name }
    static func key(of answer: OffsetDeleteResponse.OffsetDeleteResponseTopic) -> String { answer.name }
    func resource(of part: OffsetDeleteRequestTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.name)
    }
}

extension TxnOffsetCommitRequest: PartedRequest {
    var parts: [TxnOffsetCommitRequestTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: TxnOffsetCommitResponse) -> [TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic]
    { response.topics }
    static func set(
        _ answers: [TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic], in response: inout TxnOffsetCommitResponse
    ) {
        response.topics = answers
    }
    static func key(of part: TxnOffsetCommitRequestTopic) -> String { part.name }
    static func key(of answer: TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic) -> String { answer.name }
    func resource(of part: TxnOffsetCommitRequestTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource?
    {
        .topic(part.name)
    }
}

extension CreateTopicsRequest: PartedRequest {
    var parts: [CreatableTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: CreateTopicsResponse) -> [CreateTopicsResponse.CreatableTopicResult] {
        response.topics
    }
    static func set(_ answers: [CreateTopicsResponse.CreatableTopicResult], in response: inout CreateTopicsResponse) {
        response.topics = answers
    }
    static func key(of part: CreatableTopic) -> String { part.name }
    static func key(of answer: CreateTopicsResponse.CreatableTopicResult) -> String { answer.name }
    func resource(of part: CreatableTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        // Nobody may create that one, which the handler says.
        part.name == TopicRules.metadata ? nil : .topic(part.name)
    }
    static var refusesRepetitions: Bool { true }
    static func explained(_ answer: CreateTopicsResponse.CreatableTopicResult, _ resource: AclResourceType)
        -> CreateTopicsResponse.CreatableTopicResult
    {
        var answer = answer
        answer.errorMessage = "Authorization failed."
        return answer
    }
}

extension CreatePartitionsRequest: PartedRequest {
    var parts: [CreatePartitionsTopic] {
        get { topics }
        set { topics = newValue }
    }
    static func answers(of response: CreatePartitionsResponse) -> [CreatePartitionsResponse.CreatePartitionsTopicResult]
    { response.results }
    static func set(
        _ answers: [CreatePartitionsResponse.CreatePartitionsTopicResult], in response: inout CreatePartitionsResponse
    ) {
        response.results = answers
    }
    static func key(of part: CreatePartitionsTopic) -> String { part.name }
    static func key(of answer: CreatePartitionsResponse.CreatePartitionsTopicResult) -> String { answer.name }
    func resource(of part: CreatePartitionsTopic, _ context: RequestContext, _ node: BrokerNode) -> PartResource? {
        .topic(part.name)
    }
    static var refusesRepetitions: Bool { true }
}
