import KafkaWire

/// OffsetCommit: stores positions of a group, of a member of it or of somebody who commits for a group without members.
///
/// - Topic ids from v10 on. Metadata of more than 4096 bytes is refused (`offset.metadata.max.bytes`).
/// - Deviations: offsets are kept until their topic is deleted; `retentionTimeMs` is not looked at, as in Kafka since
///   2.1.
enum OffsetCommitHandler: RequestHandler {
    static let api = ServedAPI(OffsetCommitHandler.self)

    static func handle(_ request: OffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let groupError = node.groups.mayCommit(request, context)
        return .answer(
            OffsetCommitResponse.with {
                $0.topics = request.topics.map { asked in
                    let topic = context.version >= 10 ? node.topics[asked.topicId] : node.topics[asked.name]
                    return .with {
                        $0.name = asked.name
                        $0.topicId = asked.topicId
                        $0.partitions = asked.partitions.map { position in
                            var error = groupError
                            if error == .none {
                                error = commit(position, topic, request.groupId, context, node)
                            }
                            return .with {
                                $0.partitionIndex = position.partitionIndex
                                $0.errorCode = error
                            }
                        }
                    }
                }
            })
    }

    private static func commit(
        _ position: OffsetCommitRequest.OffsetCommitRequestTopic.OffsetCommitRequestPartition, _ topic: Topic?,
        _ group: String, _ context: RequestContext, _ node: BrokerNode
    ) -> ErrorCode {
        guard let topic, topic.partition(position.partitionIndex) != nil else {
            return context.version >= 10 && topic == nil ? .unknownTopicId : .unknownTopicOrPartition
        }
        let metadata = position.committedMetadata ?? ""
        guard metadata.utf8.count <= GroupCoordinator.maximumMetadataLength else { return .offsetMetadataTooLarge }
        node.groups.store(
            .init(
                offset: position.committedOffset, leaderEpoch: position.committedLeaderEpoch, metadata: metadata,
                timestamp: context.timestamp),
            for: .init(topic.name, position.partitionIndex), group: group)
        return .none
    }
}
