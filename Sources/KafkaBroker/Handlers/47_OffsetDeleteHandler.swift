import KafkaWire

/// OffsetDelete (KIP-496): positions of a group, in topics that none of its members reads.
///
/// - A topic that a member reads answers GROUP_SUBSCRIBED_TO_TOPIC; a position that was not there is deleted all the
///   same. A partition that is named twice is answered once.
enum OffsetDeleteHandler: RequestHandler {
    static let api = ServedAPI(OffsetDeleteHandler.self)

    static func handle(_ request: OffsetDeleteRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        let error = node.groups.mayDeleteOffsets(group: request.groupId)
        guard error == .none else { return .answer(OffsetDeleteResponse.with { $0.errorCode = error }) }
        return .answer(
            OffsetDeleteResponse.with {
                let topics = request.topics.gathered {
                    $0.name
                } _: {
                    $0.partitions
                }
                $0.topics = topics.map { name, partitions in
                    .with {
                        $0.name = name
                        $0.partitions = partitions.once { $0.partitionIndex }.map { asked in
                            .with {
                                $0.partitionIndex = asked.partitionIndex
                                let isThere = node.topics[name]?.partition(asked.partitionIndex) != nil
                                $0.errorCode =
                                    isThere
                                    ? node.groups.deleteOffset(
                                        TopicPartition(name, asked.partitionIndex),
                                        group: request.groupId) : .unknownTopicOrPartition
                            }
                        }
                    }
                }
            })
    }
}
