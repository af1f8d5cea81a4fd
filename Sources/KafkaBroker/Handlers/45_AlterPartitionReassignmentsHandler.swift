import KafkaWire

/// AlterPartitionReassignments (KIP-455): gives partitions other replicas, at once, since all nodes share the one log:
/// nothing is ever under way, and nothing to be cancelled (NO_REASSIGNMENT_IN_PROGRESS).
///
/// - The leader stays where it is among the new replicas; otherwise the first of them that runs leads, with the next epoch.
/// - Where `allowReplicationFactorChange` is false (v1, KIP-860), another number of replicas is refused.
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
                                ($0.errorCode, $0.errorMessage) = reassign(asked, topic.name, request, node)
                            }
                        }
                    }
                }
            })
    }

    private static func reassign(
        _ asked: Asked, _ name: String, _ request: AlterPartitionReassignmentsRequest, _ node: BrokerNode
    ) -> (ErrorCode, String?) {
        guard let topic = node.topics[name] else {
            return (.unknownTopicOrPartition, "Unable to find a topic named \(name.prefix(249)).")
        }
        guard let partition = topic.partition(asked.partitionIndex) else {
            return (.unknownTopicOrPartition, "Unable to find partition \(name.prefix(249)):\(asked.partitionIndex).")
        }
        guard let replicas = asked.replicas else {
            return (.noReassignmentInProgress, "No partition reassignment is in progress.")
        }
        if let objection = node.objection(toReplicas: replicas) { return (.invalidReplicaAssignment, objection) }
        let count = partition.leadership.replicas.count
        guard request.allowReplicationFactorChange || replicas.count == count else {
            return (
                .invalidReplicationFactor,
                "The replication factor is changed from \(count) to \(replicas.count), which the request does not allow."
            )
        }
        do throws(StorageError) {
            try node.change(partition) { $0.reassign(to: replicas, running: node.cluster.running, from: $1) }
        } catch {
            return (.kafkaStorageError, "\(error)")
        }
        return (.none, nil)
    }
}
