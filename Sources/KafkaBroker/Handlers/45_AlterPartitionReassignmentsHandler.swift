import KafkaWire

/// AlterPartitionReassignments (KIP-455). With one broker there is nowhere to move to: the broker itself as the only
/// replica is accepted and changes nothing, other brokers are refused (INVALID_REPLICA_ASSIGNMENT), and there is never
/// anything to be cancelled (NO_REASSIGNMENT_IN_PROGRESS).
enum AlterPartitionReassignmentsHandler: RequestHandler {
    static let api = ServedAPI(AlterPartitionReassignmentsHandler.self)

    private typealias Asked = AlterPartitionReassignmentsRequest.ReassignableTopic.ReassignablePartition

    static func handle(_ request: AlterPartitionReassignmentsRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        .answer(
            AlterPartitionReassignmentsResponse.with {
                $0.errorMessage = nil
                $0.allowReplicationFactorChange = request.allowReplicationFactorChange
                $0.responses = request.topics.map { topic in
                    .with {
                        $0.name = topic.name
                        $0.partitions = topic.partitions.map { asked in
                            .with {
                                $0.partitionIndex = asked.partitionIndex
                                ($0.errorCode, $0.errorMessage) = verdict(asked, topic.name, node)
                            }
                        }
                    }
                }
            })
    }

    private static func verdict(_ asked: Asked, _ name: String, _ node: BrokerNode) -> (ErrorCode, String?) {
        guard let topic = node.topics[name] else {
            return (.unknownTopicOrPartition, "Unable to find a topic named \(name).")
        }
        guard topic.partition(asked.partitionIndex) != nil else {
            return (.unknownTopicOrPartition, "Unable to find partition \(name):\(asked.partitionIndex).")
        }
        guard let replicas = asked.replicas else {
            return (.noReassignmentInProgress, "No partition reassignment is in progress.")
        }
        let objection = node.objection(toReplicas: replicas)
        return (objection == nil ? .none : .invalidReplicaAssignment, objection)
    }
}
