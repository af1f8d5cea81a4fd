import KafkaWire

/// DeleteTopics: by name, or from v6 on by id. The records and the groups' positions in them are gone at once; fetches
/// that wait are answered with an error. A topic that is named twice is not deleted (INVALID_REQUEST, once). Partitions are
/// counted for `controller_mutation_rate` (KIP-599); from v5 on what is beyond is refused (THROTTLING_QUOTA_EXCEEDED).
///
/// - It takes DELETE on the topic or on the cluster. Who may not describe a topic is not told whether a name is one, nor the
///   name that belongs to an id (TOPIC_AUTHORIZATION_FAILED).
enum DeleteTopicsHandler: RequestHandler {
    static let api = ServedAPI(DeleteTopicsHandler.self)

    private typealias Answer = DeleteTopicsResponse.DeletableTopicResult

    static func handle(_ request: DeleteTopicsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let asked =
            context.version >= 6
            ? request.topics : request.topicNames.map { name in .with { $0.name = name } }
        var names: [String: Int] = [:]
        var ids: [TopicID: Int] = [:]
        for one in asked {
            if let name = one.name { names[name, default: 0] += 1 } else { ids[one.topicId, default: 0] += 1 }
        }
        var answeredNames: Set<String> = []
        var answeredIds: Set<TopicID> = []
        let once = asked.filter {
            guard let name = $0.name else { return $0.topicId == .zero || answeredIds.insert($0.topicId).inserted }
            return answeredNames.insert(name).inserted
        }
        var charge = MutationCharge(context, strictFrom: 5)
        return node.each(of: once) { one, budget, node in
            // Forgetting what groups have committed looks at all of them.
            budget.spend(20 + node.groups.groups.count)
            let count =
                one.name.map { names[$0, default: 0] } ?? (one.topicId == .zero ? 1 : ids[one.topicId, default: 0])
            return delete(one, isNamedTwice: count > 1, context, node, &charge)
        } finish: { answers in
            DeleteTopicsResponse.with {
                $0.throttleTimeMs = charge.throttle(node.time.now())
                $0.responses = answers
            }
        }
    }

    private static func delete(
        _ asked: DeleteTopicsRequest.DeleteTopicState, isNamedTwice: Bool, _ context: RequestContext,
        _ node: BrokerNode, _ charge: inout MutationCharge
    ) -> Answer {
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
        if isNamedTwice {
            return refuse(.invalidRequest, asked.name == nil ? "Duplicate topic id." : "Duplicate topic name.")
        }
        let hasAll = node.allowsOnCluster(.delete, context)
        if let name = asked.name ?? topic?.name, !hasAll {
            let isVisible = node.allows(.describe, on: .topic, name, context)
            // Where it may not be seen, nobody is told whether it is there.
            let isRefused = asked.name != nil && !isVisible
            if isRefused || topic != nil && !node.allows(.delete, on: .topic, name, context) {
                var answer = refuse(.topicAuthorizationFailed, AclResourceType.topic.refusalText)
                if asked.name == nil, isVisible { answer.name = name }
                return answer
            }
        }
        guard let topic else {
            return asked.name == nil
                ? refuse(.unknownTopicId, "This server does not host this topic ID.")
                : refuse(.unknownTopicOrPartition, "This server does not host this topic-partition.")
        }
        guard node.allows(topic.partitions.count, &charge) else {
            return refuse(.throttlingQuotaExceeded, TopicRegistry.Refusal.throttled.message)
        }
        node.deleteTopic(topic)
        return .with {
            $0.name = topic.name
            $0.topicId = topic.id
        }
    }
}
