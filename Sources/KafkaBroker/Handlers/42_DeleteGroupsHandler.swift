import KafkaWire

/// DeleteGroups: groups without members, with their positions. One with members answers NON_EMPTY_GROUP.
enum DeleteGroupsHandler: RequestHandler {
    static let api = ServedAPI(DeleteGroupsHandler.self)

    static func handle(_ request: DeleteGroupsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DeleteGroupsResponse.with {
                $0.results = request.groupsNames.once().map { id in
                    .with {
                        $0.groupId = id
                        $0.errorCode = node.groups.delete(group: id)
                    }
                }
            })
    }
}
