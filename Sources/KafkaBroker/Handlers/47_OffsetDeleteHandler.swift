import KafkaWire

/// OffsetDelete (KIP-496): positions of a group, in topics that none of its members reads.
///
/// - A topic that a member reads answers GROUP_SUBSCRIBED_TO_TOPIC; a position that was not there is deleted all the
///   same.
enum OffsetDeleteHandler: RequestHandler {
    static let api = ServedAPI(OffsetDeleteHandler.self)

    static func handle(_ request: OffsetDeleteRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let error = node.groups.mayDeleteOffsets(group: request.groupId)
        guard error == .none else { return .answer(OffsetDeleteResponse.with { $0.errorCode = error }) }
        return .answer(
            OffsetDeleteResponse.with {
                $0.topics = request.topics.map { topic in
                    .with {
                        $0.name = topic.name
                        $0.partitions = topic.partitions.map { asked in
                            .with {
                                $0.partitionIndex = asked.partitionIndex
                                let isThere = node.topics[topic.name]?.partition(asked.partitionIndex) != nil
                                $0.errorCode =
                                    isThere
                                    ? node.groups.deleteOffset(
                                        TopicPartition(topic.name, asked.partitionIndex),
                                        group: request.groupId) : .unknownTopicOrPartition
                            }
                        }
                    }
                }
            })
    }
}
