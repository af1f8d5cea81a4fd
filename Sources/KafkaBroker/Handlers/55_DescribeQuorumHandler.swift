import KafkaWire

/// DescribeQuorum (KIP-595, KIP-836): who keeps the cluster's metadata. This broker alone does, as one that is broker
/// and controller in one; there are no observers.
///
/// - Deviation: the metadata are in memory and not in a log, so that all its offsets are 0.
enum DescribeQuorumHandler: RequestHandler {
    static let api = ServedAPI(DescribeQuorumHandler.self)

    /// The one topic of a quorum, of one partition.
    private static let topic = "__cluster_metadata"

    private typealias Answer = DescribeQuorumResponse.TopicData.PartitionData

    static func handle(_ request: DescribeQuorumRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DescribeQuorumResponse.with {
                $0.errorMessage = nil
                $0.topics = request.topics.map { asked in
                    .with {
                        $0.topicName = asked.topicName
                        $0.partitions = asked.partitions.map {
                            describe(asked.topicName, $0.partitionIndex, context, node)
                        }
                    }
                }
                guard context.version >= 2 else { return }
                $0.nodes = [
                    .with {
                        $0.nodeId = node.configuration.nodeId
                        $0.listeners = [
                            .with {
                                $0.name = "PLAINTEXT"
                                $0.host = node.advertisedHost
                                $0.port = node.advertisedPort
                            }
                        ]
                    }
                ]
            })
    }

    private static func describe(
        _ name: String, _ index: PartitionID, _ context: RequestContext, _ node: BrokerNode
    ) -> Answer {
        .with {
            $0.partitionIndex = index
            $0.errorMessage = nil
            guard name == topic, index == 0 else { return $0.errorCode = .unknownTopicOrPartition }
            $0.leaderId = node.configuration.nodeId
            $0.leaderEpoch = 1
            $0.currentVoters = [
                .with {
                    $0.replicaId = node.configuration.nodeId
                    guard context.version >= 1 else { return }
                    $0.lastFetchTimestamp = context.timestamp
                    $0.lastCaughtUpTimestamp = context.timestamp
                }
            ]
        }
    }
}
