import KafkaWire

/// DeleteTopics: by name, or from v6 on by id. The records and the groups' positions in them are gone at once; fetches
/// that wait are answered with an error.
enum DeleteTopicsHandler: RequestHandler {
    static let api = ServedAPI(DeleteTopicsHandler.self)

    private typealias Answer = DeleteTopicsResponse.DeletableTopicResult

    static func handle(_ request: DeleteTopicsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let asked =
            context.version >= 6
            ? request.topics : request.topicNames.map { name in .with { $0.name = name } }
        return .answer(DeleteTopicsResponse.with { $0.responses = asked.map { delete($0, node) } })
    }

    private static func delete(_ asked: DeleteTopicsRequest.DeleteTopicState, _ node: BrokerNode) -> Answer {
        func refuse(_ code: ErrorCode, _ message: String?) -> Answer {
            .with {
                $0.name = asked.name
                $0.topicId = asked.topicId
                $0.errorCode = code
                $0.errorMessage = message
            }
        }
        let topic: Topic?
        switch (asked.name, asked.topicId == .zero) {
        case (let name?, true): topic = node.topics[name]
        case (nil, false): topic = node.topics[asked.topicId]
        case (nil, true): return refuse(.invalidRequest, "Neither topic name nor id were specified.")
        case (_?, false): return refuse(.invalidRequest, "You may not specify both topic name and topic id.")
        }
        guard let topic else {
            return asked.name == nil
                ? refuse(.unknownTopicId, "This server does not host this topic ID.")
                : refuse(.unknownTopicOrPartition, "This server does not host this topic-partition.")
        }
        node.deleteTopic(topic)
        return .with {
            $0.name = topic.name
            $0.topicId = topic.id
        }
    }
}
