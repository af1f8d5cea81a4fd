import KafkaWire

/// ConsumerGroupDescribe: the groups under the newer protocol (KIP-848), of which there are none here. A classic group
/// answers GROUP_ID_NOT_FOUND, as one that does not exist; clients then ask with DescribeGroups.
enum ConsumerGroupDescribeHandler: RequestHandler {
    static let api = ServedAPI(ConsumerGroupDescribeHandler.self)

    static func handle(_ request: ConsumerGroupDescribeRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        .answer(
            ConsumerGroupDescribeResponse.with {
                $0.groups = request.groupIds.map { id in
                    .with {
                        $0.groupId = id
                        guard !id.isEmpty else { return $0.errorCode = .invalidGroupId }
                        $0.errorCode = .groupIdNotFound
                        $0.errorMessage =
                            node.groups.groups[id] == nil
                            ? "Group \(id) not found." : "Group \(id) is not a consumer group."
                    }
                }
            })
    }
}
