import KafkaWire

/// ListPartitionReassignments (KIP-455): those that are under way, whatever is asked for. There are none: they are done at
/// once.
enum ListPartitionReassignmentsHandler: RequestHandler {
    static let api = ServedAPI(ListPartitionReassignmentsHandler.self)

    static func handle(_ request: ListPartitionReassignmentsRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        .answer(ListPartitionReassignmentsResponse.with { $0.errorMessage = nil })
    }
}
