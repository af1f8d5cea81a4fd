import KafkaWire

/// ConsumerGroupDescribe: the groups under the newer protocol (KIP-848). A classic group answers GROUP_ID_NOT_FOUND, as one
/// that does not exist; clients then ask with DescribeGroups.
enum ConsumerGroupDescribeHandler: RequestHandler {
    static let api = ServedAPI(ConsumerGroupDescribeHandler.self)

    static func handle(_ request: ConsumerGroupDescribeRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        var size = 0
        return .answer(
            ConsumerGroupDescribeResponse.with {
                $0.groups = request.groupIds.once().map { id in
                    guard let group = node.groups.groups[id]?.consumer else { return unknown(id, node) }
                    guard size <= node.groups.limits.answerBytes else {
                        return .with {
                            $0.groupId = id
                            $0.errorCode = .coordinatorLoadInProgress
                        }
                    }
                    size += group.describedBytes
                    var answer = group.description(node.topics)
                    guard mayDescribe(answer, context, node) else {
                        return .with {
                            $0.groupId = id
                            $0.errorCode = .topicAuthorizationFailed
                            $0.errorMessage = "members of the group are assigned topics that may not be described"
                        }
                    }
                    if request.includeAuthorizedOperations {
                        answer.authorizedOperations = node.authorizedOperations(on: .group, id, context)
                    }
                    return answer
                }
            })
    }

    /// Whether all topics may be described that members have, or are to have. Kafka tells nothing of a group otherwise.
    private static func mayDescribe(
        _ group: ConsumerGroupDescribeResponse.DescribedGroup, _ context: RequestContext, _ node: BrokerNode
    ) -> Bool {
        guard node.authorizer != nil else { return true }
        var names: Set<String> = []
        for member in group.members {
            for assignment in [member.assignment, member.targetAssignment] {
                for topic in assignment.topicPartitions { names.insert(topic.topicName) }
            }
        }
        return names.allSatisfy { node.allows(.describe, on: .topic, $0, context) }
    }

    private static func unknown(_ id: String, _ node: BrokerNode) -> ConsumerGroupDescribeResponse.DescribedGroup {
        .with {
            $0.groupId = id
            guard !id.isEmpty else { return $0.errorCode = .invalidGroupId }
            $0.errorCode = .groupIdNotFound
            $0.errorMessage =
                node.groups.groups[id] == nil ? "Group \(id) not found." : "Group \(id) is not a consumer group."
        }
    }
}
