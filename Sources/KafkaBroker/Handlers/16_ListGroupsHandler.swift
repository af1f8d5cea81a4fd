import KafkaWire

/// ListGroups: the groups, of all states and types or of some (from v4 and v5 on).
///
/// - Letters may be small or large in the filters, as in Kafka; a name that is none matches nothing.
enum ListGroupsHandler: RequestHandler {
    static let api = ServedAPI(ListGroupsHandler.self)

    static func handle(_ request: ListGroupsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let states = Self.names(request.statesFilter)
        let types = Self.names(request.typesFilter)
        let groups = node.groups.groups.values.filter {
            (states?.contains($0.stateName.lowercased()) ?? true) && (types?.contains($0.typeName.lowercased()) ?? true)
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

    /// The names of a filter; nil where there is none. What is longer than any state's name is passed over.
    private static func names(_ filter: [String]) -> Set<String>? {
        guard !filter.isEmpty else { return nil }
        return filter.reduce(into: []) { names, name in if name.utf8.count <= 32 { names.insert(name.lowercased()) } }
    }
}
