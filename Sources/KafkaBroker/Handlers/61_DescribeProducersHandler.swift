import KafkaWire

/// DescribeProducers: the producers that partitions remember, and where their transactions begin (KIP-664).
///
/// - Any node that holds the partition answers, as in Kafka; others say NOT_LEADER_OR_FOLLOWER.
/// - What is not known is -1, as in Kafka: the sequence after a marker that brought a new epoch, the coordinator's epoch
///   before the first marker.
enum DescribeProducersHandler: RequestHandler {
    static let api = ServedAPI(DescribeProducersHandler.self)

    private typealias Answer = DescribeProducersResponse.TopicResponse.PartitionResponse

    static func handle(_ request: DescribeProducersRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            DescribeProducersResponse.with {
                $0.topics = request.topics.map { topic in
                    .with {
                        $0.name = topic.name
                        $0.partitions = topic.partitionIndexes.map {
                            answer($0, node.topics[topic.name]?.partition($0), context)
                        }
                    }
                }
            })
    }

    private static func answer(_ index: PartitionID, _ partition: Partition?, _ context: RequestContext) -> Answer {
        .with {
            $0.partitionIndex = index
            guard let partition else {
                $0.errorCode = .unknownTopicOrPartition
                return
            }
            guard partition.leadership.replicas.contains(context.node) else {
                return $0.errorCode = .notLeaderOrFollower
            }
            $0.activeProducers = partition.producers.active.map { producer in
                .with {
                    $0.producerId = producer.id
                    $0.producerEpoch = Int32(producer.epoch.rawValue)
                    $0.lastSequence = producer.lastSequence
                    $0.lastTimestamp = producer.lastTimestamp
                    $0.coordinatorEpoch = producer.coordinatorEpoch
                    $0.currentTxnStartOffset = producer.transactionStart ?? .none
                }
            }
        }
    }
}
