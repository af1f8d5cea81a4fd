import KafkaWire

/// DescribeGroups: the classic groups' states and members.
///
/// - A group that does not exist, or is under the newer protocol, answers GROUP_ID_NOT_FOUND from v6 on, and before as a
///   group in the state Dead.
/// - A group that is named twice is answered once. Deviation: where the answer is long enough, the groups behind are
///   answered COORDINATOR_LOAD_IN_PROGRESS, with which clients ask for those again.
enum DescribeGroupsHandler: RequestHandler {
    static let api = ServedAPI(DescribeGroupsHandler.self)

    static func handle(_ request: DescribeGroupsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        var size = 0
        return .answer(
            DescribeGroupsResponse.with {
                $0.groups = request.groups.once().map { id in
                    guard let group = node.groups.groups[id], group.consumer == nil else {
                        return unknown(id, context, node)
                    }
                    guard size <= node.groups.limits.answerBytes else {
                        return .with {
                            $0.groupId = id
                            $0.errorCode = .coordinatorLoadInProgress
                        }
                    }
                    size += group.memberBytes
                    var answer = group.classic.description
                    if request.includeAuthorizedOperations, context.version >= 3 {
                        answer.authorizedOperations = node.authorizedOperations(on: .group, id, context)
                    }
                    return answer
                }
            })
    }

    private static func unknown(_ id: String, _ context: RequestContext, _ node: BrokerNode)
        -> DescribeGroupsResponse.DescribedGroup
    {
        .with {
            $0.groupId = id
            $0.groupState = "Dead"
            guard context.version >= 6 else { return }
            $0.errorCode = .groupIdNotFound
            $0.errorMessage =
                node.groups.groups[id] == nil ? "Group \(id) not found." : "Group \(id) is not a classic group."
        }
    }
}
