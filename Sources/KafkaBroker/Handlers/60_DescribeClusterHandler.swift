import KafkaWire

/// DescribeCluster: the one broker, which is the controller too. Controllers (`endpointType` 2) have no endpoints here.
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
                $0.controllerId = node.configuration.nodeId
                if request.includeClusterAuthorizedOperations {
                    $0.clusterAuthorizedOperations = AuthorizedOperations.cluster
                }
                $0.brokers = [
                    .with {
                        $0.brokerId = node.configuration.nodeId
                        $0.host = node.advertisedHost
                        $0.port = Int32(node.advertisedPort)
                    }
                ]
            })
    }
}
