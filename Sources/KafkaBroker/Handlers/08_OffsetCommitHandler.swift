import KafkaWire

/// OffsetCommit: stores positions of a group, of a member of it or of somebody who commits for a group without members.
///
/// - Topic ids from v10 on. Metadata of more than 4096 bytes is refused (`offset.metadata.max.bytes`).
/// - Of a group under the newer protocol, a member with a newer epoch than its own, or with an older one in which it did
///   not have all of these partitions, is answered STALE_MEMBER_EPOCH (KIP-848, KIP-1251). Before v9: UNSUPPORTED_VERSION.
/// - Positions are forgotten some time after nobody needs them (KIP-211), or after the commit's own `retentionTimeMs`.
enum OffsetCommitHandler: RequestHandler {
    static let api = ServedAPI(OffsetCommitHandler.self)

    static func handle(_ request: OffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let topics = request.topics.map { context.version >= 10 ? node.topics[$0.topicId] : node.topics[$0.name] }
        var partitions: [TopicIDPartition] = []
        if node.groups.groups[request.groupId]?.consumer != nil {
            for case (let asked, let topic?) in zip(request.topics, topics) {
                partitions += asked.partitions.map { .init(topic: topic.id, partition: $0.partitionIndex) }
            }
        }
        let groupError = node.groups.mayCommit(request, context, partitions: partitions)
        return .answer(
            OffsetCommitResponse.with {
                $0.topics = zip(request.topics, topics).map { asked, topic in
                    .with {
                        $0.name = asked.name
                        $0.topicId = asked.topicId
                        $0.partitions = asked.partitions.map { position in
                            var error = groupError
                            if error == .none {
                                error = commit(position, topic, request, context, node)
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
        _ request: OffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode
    ) -> ErrorCode {
        guard let topic, topic.partition(position.partitionIndex) != nil else {
            return context.version >= 10 && topic == nil ? .unknownTopicId : .unknownTopicOrPartition
        }
        let metadata = position.committedMetadata ?? ""
        guard metadata.utf8.count <= GroupCoordinator.maximumMetadataLength else { return .offsetMetadataTooLarge }
        node.groups.store(
            .init(
                offset: position.committedOffset, leaderEpoch: position.committedLeaderEpoch, metadata: metadata,
                committedAt: context.now,
                expiresAt: request.retentionTimeMs < 0 ? nil : context.now + request.retentionTimeMs.duration),
            for: .init(topic.name, position.partitionIndex), group: request.groupId)
        return .none
    }
}
