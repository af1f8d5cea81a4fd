import KafkaWire

/// DeleteRecords (KIP-107): the records before an offset, -1 being all, are gone for readers at once; their memory is
/// freed segment by segment. The answer's low watermark is the first offset that is left.
///
/// - Only the leader does it (NOT_LEADER_OR_FOLLOWER).
/// - A topic that is only compacted refuses (POLICY_VIOLATION), an offset beyond the end too (OFFSET_OUT_OF_RANGE).
enum DeleteRecordsHandler: RequestHandler {
    static let api = ServedAPI(DeleteRecordsHandler.self)

    private typealias Asked = DeleteRecordsRequest.DeleteRecordsTopic.DeleteRecordsPartition

    static func handle(_ request: DeleteRecordsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        // Of a partition that is named twice the last offset counts, as in Kafka.
        var wanted: [TopicPartition: Asked] = [:]
        for topic in request.topics {
            for asked in topic.partitions { wanted[TopicPartition(topic.name, asked.partitionIndex)] = asked }
        }
        let keys = request.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic.name, $0.partitionIndex) }
        }.once()
        return node.each(of: keys) { key, budget, node -> (String, Answer) in
            budget.spend(20)
            return (
                key.topic,
                .with {
                    $0.partitionIndex = key.partition
                    $0.lowWatermark = -1
                    guard let asked = wanted[key] else { return }
                    switch delete(asked, node.topics[key.topic], context, node) {
                    case .success(let offset): $0.lowWatermark = offset
                    case .failure(let refusal): $0.errorCode = refusal.code
                    }
                }
            )
        } finish: { answers in
            DeleteRecordsResponse.with {
                $0.topics = answers.grouped().map { name, partitions in
                    .with {
                        $0.name = name
                        $0.partitions = partitions
                    }
                }
            }
        }
    }

    private typealias Answer = DeleteRecordsResponse.DeleteRecordsTopicResult.DeleteRecordsPartitionResult

    private struct Refusal: Error {
        var code: ErrorCode
    }

    private static func delete(_ asked: Asked, _ topic: Topic?, _ context: RequestContext, _ node: BrokerNode)
        -> Result<Offset, Refusal>
    {
        guard let topic, let partition = topic.partition(asked.partitionIndex) else {
            return .failure(Refusal(code: .unknownTopicOrPartition))
        }
        let refusal = partition.refusal(at: context.node)
        guard refusal == .none else { return .failure(Refusal(code: refusal)) }
        if TopicRules.isInternal(topic.name) { return .failure(Refusal(code: .invalidTopicException)) }
        guard topic.settings.allowsDeletion else { return .failure(Refusal(code: .policyViolation)) }
        let end = partition.log.endOffset
        let offset = asked.offset == -1 ? end : asked.offset
        guard offset >= 0, offset <= end else { return .failure(Refusal(code: .offsetOutOfRange)) }
        node.deleteRecords(before: offset, in: partition, of: topic)
        return .success(partition.log.startOffset)
    }
}
