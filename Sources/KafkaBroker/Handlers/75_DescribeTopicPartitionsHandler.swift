import KafkaWire

/// DescribeTopicPartitions (KIP-966): topics in the order of their names, and as many of their partitions as the client
/// and the broker (2000) want in one answer; the cursor says where the next request goes on.
///
/// - Without names all topics that may be described; a named topic that does not exist, or may not be described, is
///   answered with an error, and takes no room.
/// - There are no eligible leader replicas besides those in sync (the feature `eligible.leader.replicas.version` is off).
enum DescribeTopicPartitionsHandler: RequestHandler {
    static let api = ServedAPI(DescribeTopicPartitionsHandler.self)

    /// Kafka's `max.request.partition.size.limit`.
    static let limit = 2000

    private typealias Answer = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic

    static func handle(_ request: DescribeTopicPartitionsRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        if let cursor = request.cursor, cursor.partitionIndex < 0 {
            // The answer has no place for an error of its own; Kafka says it of each topic.
            return .answer(
                DescribeTopicPartitionsResponse.with {
                    $0.topics = request.topics.map { refuse($0.name, .invalidRequest) }
                })
        }
        var named = request.topics.map(\.name)
        if named.isEmpty {
            named = node.topics.sorted.map(\.name).filter { node.allows(.describe, on: .topic, $0, context) }
        }
        let names = Set(named).sorted().drop { $0 < request.cursor?.topicName ?? "" }
        var room = max(1, min(limit, Int(request.responsePartitionLimit)))
        var response = DescribeTopicPartitionsResponse()
        for name in names {
            guard node.allows(.describe, on: .topic, name, context) else {
                response.topics.append(refuse(name, .topicAuthorizationFailed))
                continue
            }
            guard let topic = node.topics[name] else {
                let isLegal = TopicRules.objection(toName: name) == nil
                response.topics.append(refuse(name, isLegal ? .unknownTopicOrPartition : .invalidTopicException))
                continue
            }
            let first = request.cursor?.topicName == name ? request.cursor?.partitionIndex.index ?? 0 : 0
            guard room > 0 else {
                response.nextCursor = cursor(name, first)
                break
            }
            let shown = topic.partitions.dropFirst(first).prefix(room)
            room -= shown.count
            response.topics.append(describe(topic, shown, context, node))
            guard shown.endIndex >= topic.partitions.count else {
                response.nextCursor = cursor(name, shown.endIndex)
                break
            }
        }
        return .answer(response)
    }

    private static func cursor(_ topic: String, _ partition: Int) -> DescribeTopicPartitionsResponse.Cursor {
        .with {
            $0.topicName = topic
            $0.partitionIndex = PartitionID(index: partition)
        }
    }

    private static func refuse(_ name: String, _ code: ErrorCode) -> Answer {
        .with {
            $0.name = name
            $0.errorCode = code
        }
    }

    private static func describe(
        _ topic: Topic, _ partitions: ArraySlice<Partition>, _ context: RequestContext, _ node: BrokerNode
    ) -> Answer {
        .with {
            $0.name = topic.name
            $0.topicId = topic.id
            $0.isInternal = TopicRules.isInternal(topic.name)
            $0.topicAuthorizedOperations = node.authorizedOperations(on: .topic, topic.name, context)
            $0.partitions = partitions.map { partition in
                .with {
                    let leadership = partition.leadership
                    if leadership.leader == .none { $0.errorCode = .leaderNotAvailable }
                    $0.partitionIndex = partition.index
                    $0.leaderId = leadership.leader
                    $0.leaderEpoch = leadership.epoch
                    $0.replicaNodes = leadership.replicas
                    $0.isrNodes = leadership.inSync
                    $0.offlineReplicas = leadership.replicas.filter { !node.cluster.isRunning($0) }
                    // Null is allowed by the format, but the Java client takes it for a list all the same.
                    $0.eligibleLeaderReplicas = []
                    $0.lastKnownElr = []
                }
            }
        }
    }
}
