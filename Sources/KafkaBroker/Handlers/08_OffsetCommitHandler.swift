import KafkaWire

/// OffsetCommit: stores positions of a group, of a member of it or of somebody who commits for a group without members.
///
/// - Topic ids from v10 on. Metadata of more than 4096 bytes is refused (`offset.metadata.max.bytes`).
/// - Of a group under the newer protocol, a member with a newer epoch than its own, or with an older one in which it did
///   not have all of these partitions, is answered STALE_MEMBER_EPOCH (KIP-848, KIP-1251). Before v9: UNSUPPORTED_VERSION.
/// - A partition that is named twice gets the position that comes last, as in Kafka, and one answer.
/// - Deviation: where positions take more memory than this broker has for them, INVALID_COMMIT_OFFSET_SIZE, which Kafka says
///   of what is too large for its log.
/// - Positions are forgotten some time after nobody needs them (KIP-211), or after the commit's own `retentionTimeMs`.
enum OffsetCommitHandler: RequestHandler {
    static let api = ServedAPI(OffsetCommitHandler.self)

    private typealias Asked = OffsetCommitRequest.OffsetCommitRequestTopic.OffsetCommitRequestPartition

    static func handle(_ request: OffsetCommitRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let asked = request.topics.gathered {
            NamedTopic(name: $0.name, id: $0.topicId)
        } _: {
            $0.partitions
        }.map {
            (key: $0.key, positions: $0.parts.lastOnce { $0.partitionIndex })
        }
        let topics = asked.map { context.version >= 10 ? node.topics[$0.key.id] : node.topics[$0.key.name] }
        var partitions: [TopicIDPartition] = []
        if node.groups.isConsumerGroup(request.groupId) {
            for case (let asked, let topic?) in zip(asked, topics) {
                partitions += asked.positions.map { .init(topic: topic.id, partition: $0.partitionIndex) }
            }
        }
        let groupError = node.groups.mayCommit(request, context, partitions: partitions)
        return .answer(
            OffsetCommitResponse.with {
                $0.topics = zip(asked, topics).map { asked, topic in
                    .with {
                        $0.name = asked.key.name
                        $0.topicId = asked.key.id
                        $0.partitions = asked.positions.map { position in
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
        _ position: Asked, _ topic: Topic?, _ request: OffsetCommitRequest, _ context: RequestContext,
        _ node: BrokerNode
    ) -> ErrorCode {
        guard let topic, topic.partition(position.partitionIndex) != nil else {
            return context.version >= 10 && topic == nil ? .unknownTopicId : .unknownTopicOrPartition
        }
        return node.groups.commit(
            .init(
                offset: position.committedOffset, leaderEpoch: position.committedLeaderEpoch,
                metadata: position.committedMetadata ?? "", committedAt: context.now,
                expiresAt: request.retentionTimeMs < 0 ? nil : context.now + request.retentionTimeMs.duration),
            for: .init(topic.name, position.partitionIndex), group: request.groupId)
    }
}
