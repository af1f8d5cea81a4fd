import KafkaWire

/// DescribeQuorum (KIP-595, KIP-836): who keeps the cluster's metadata. All nodes do, as ones that are broker and
/// controller in one; there are no observers. The first that runs leads.
///
/// - Deviation: the metadata are in memory and not in a log, so that all its offsets are 0.
enum DescribeQuorumHandler: RequestHandler {
    static let api = ServedAPI(DescribeQuorumHandler.self)

    /// The one topic of a quorum, of one partition.
    private static let topic = "__cluster_metadata"

    private typealias Answer = DescribeQuorumResponse.TopicData.PartitionData

    static func handle(_ request: DescribeQuorumRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        // One partition in all, as in Kafka: else each would have a list of all nodes.
        let isOne = request.topics.count == 1 && request.topics[0].partitions.count == 1
        return .answer(
            DescribeQuorumResponse.with {
                $0.errorMessage = nil
                $0.topics = request.topics.map { asked in
                    .with {
                        $0.topicName = asked.topicName
                        $0.partitions = asked.partitions.map {
                            describe(isOne ? asked.topicName : "", $0.partitionIndex, context, node)
                        }
                    }
                }
                guard context.version >= 2 else { return }
                $0.nodes = node.cluster.nodes.map { member in
                    .with {
                        $0.nodeId = member.id
                        $0.listeners = node.configuration.listenerNames.enumerated().map { index, name in
                            let seen = member.seen(at: index)
                            return .with {
                                $0.name = name
                                $0.host = seen.host
                                $0.port = seen.port
                            }
                        }
                    }
                }
            })
    }

    private static func describe(
        _ name: String, _ index: PartitionID, _ context: RequestContext, _ node: BrokerNode
    ) -> Answer {
        .with {
            $0.partitionIndex = index
            $0.errorMessage = nil
            guard name == topic, index == 0 else { return $0.errorCode = .unknownTopicOrPartition }
            $0.leaderId = node.cluster.controller
            $0.leaderEpoch = 1
            $0.currentVoters = node.cluster.nodes.map { member in
                .with {
                    $0.replicaId = member.id
                    guard context.version >= 1, member.isRunning else { return }
                    $0.lastFetchTimestamp = context.timestamp
                    $0.lastCaughtUpTimestamp = context.timestamp
                }
            }
        }
    }
}
