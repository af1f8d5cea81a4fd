import KafkaWire

/// DescribeProducers: the producers that partitions remember, and where their transactions begin (KIP-664).
///
/// - Any node that holds the partition answers, as in Kafka; others say NOT_LEADER_OR_FOLLOWER.
/// - What is not known is -1, as in Kafka: the sequence after a marker that brought a new epoch, the coordinator's epoch
///   before the first marker.
/// - Deviations: a partition that a request names twice is answered once; an answer tells of 200,000 producers and what
///   the last partition has beyond, further partitions are answered POLICY_VIOLATION.
enum DescribeProducersHandler: RequestHandler {
    static let api = ServedAPI(DescribeProducersHandler.self)

    private typealias Answer = DescribeProducersResponse.TopicResponse.PartitionResponse

    /// How many producers are told in one answer.
    static let limit = 200_000

    static func handle(_ request: DescribeProducersRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let asked = request.topics.flatMap { topic in
            topic.partitionIndexes.map { TopicPartition(topic.name, $0) }
        }.once()
        var told = 0
        return node.each(of: asked) { key, budget, node in
            let answer = answer(key.partition, node.topics[key.topic]?.partition(key.partition), told, context)
            told += answer.activeProducers.count
            budget.spend(1 + answer.activeProducers.count >> 2)
            return (key.topic, answer)
        } finish: { answers in
            DescribeProducersResponse.with {
                $0.topics = answers.grouped().map { name, partitions in
                    .with {
                        $0.name = name
                        $0.partitions = partitions
                    }
                }
            }
        }
    }

    private static func answer(_ index: PartitionID, _ partition: Partition?, _ told: Int, _ context: RequestContext)
        -> Answer
    {
        .with {
            $0.partitionIndex = index
            guard let partition else {
                $0.errorCode = .unknownTopicOrPartition
                return
            }
            guard partition.leadership.replicas.contains(context.node) else {
                return $0.errorCode = .notLeaderOrFollower
            }
            guard told < limit else {
                $0.errorCode = .policyViolation
                return $0.errorMessage =
                    "one answer tells of about \(limit) producers; ask for fewer partitions at once"
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
