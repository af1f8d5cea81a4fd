import KafkaWire

/// ListGroups: the groups, of all states and types or of some (from v4 and v5 on).
///
/// - Letters may be small or large in the filters, as in Kafka; a name that is none matches nothing.
enum ListGroupsHandler: RequestHandler {
    static let api = ServedAPI(ListGroupsHandler.self)

    static func handle(_ request: ListGroupsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let states = Set(request.statesFilter.map { $0.lowercased() })
        let types = Set(request.typesFilter.map { $0.lowercased() })
        let groups = node.groups.groups.values.filter {
            (states.isEmpty || states.contains($0.stateName.lowercased()))
                && (types.isEmpty || types.contains($0.typeName.lowercased()))
        }
        return .answer(
            ListGroupsResponse.with {
                $0.groups = groups.sorted { $0.id < $1.id }.map { group in
                    .with {
                        $0.groupId = group.id
                        $0.protocolType = group.protocolType ?? ""
                        if context.version >= 4 { $0.groupState = group.stateName }
                        if context.version >= 5 { $0.groupType = group.typeName }
                    }
                }
            })
    }
}
