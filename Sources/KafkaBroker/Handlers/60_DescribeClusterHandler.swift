import KafkaWire

/// DescribeCluster: the nodes that run, the first of which is the controller too; from v2 on those that are stopped as
/// well, where they are asked for. Controllers (`endpointType` 2) have no endpoints here.
enum DescribeClusterHandler: RequestHandler {
    static let api = ServedAPI(DescribeClusterHandler.self)

    static func handle(_ request: DescribeClusterRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        guard request.endpointType == 1 else {
            let code: ErrorCode = request.endpointType == 2 ? .mismatchedEndpointType : .unsupportedEndpointType
            return .answer(
                DescribeClusterResponse.with {
                    $0.errorCode = code
                    $0.errorMessage = "this is a broker's endpoint (1), and not one of type \(request.endpointType)"
                })
        }
        return .answer(
            DescribeClusterResponse.with {
                $0.clusterId = node.clusterId
                $0.controllerId = node.cluster.controller
                if request.includeClusterAuthorizedOperations {
                    $0.clusterAuthorizedOperations = node.authorizedClusterOperations(context)
                }
                $0.brokers = node.cluster.nodes(at: context.listener).filter {
                    $0.isRunning || request.includeFencedBrokers
                }.map { member in
                    .with {
                        $0.brokerId = member.id
                        $0.host = member.host
                        $0.port = Int32(member.port)
                        $0.rack = member.rack
                        if context.version >= 2 { $0.isFenced = !member.isRunning }
                    }
                }
            })
    }
}
