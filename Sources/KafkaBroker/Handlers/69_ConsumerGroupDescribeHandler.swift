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
                    if request.includeAuthorizedOperations { answer.authorizedOperations = AuthorizedOperations.group }
                    return answer
                }
            })
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
