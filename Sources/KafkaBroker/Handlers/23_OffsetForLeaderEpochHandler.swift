import KafkaWire

/// OffsetForLeaderEpoch (KIP-101, KIP-320): where the records of a leader's epoch end, so that a client notices when
/// records that it has read were lost.
///
/// - One node, which loses nothing: there is one epoch, 0, and it ends at the log's end. Of an epoch that has not been,
///   nothing is known (-1).
enum OffsetForLeaderEpochHandler: RequestHandler {
    static let api = ServedAPI(OffsetForLeaderEpochHandler.self)

    static func handle(_ request: OffsetForLeaderEpochRequest, _ context: RequestContext, _ node: BrokerNode)
        -> Outcome
    {
        .answer(
            OffsetForLeaderEpochResponse.with {
                $0.topics = request.topics.map { topic in
                    .with {
                        $0.topic = topic.topic
                        $0.partitions = topic.partitions.map { asked in
                            .with {
                                $0.partition = asked.partition
                                guard let partition = node.topics[topic.topic]?.partition(asked.partition) else {
                                    return $0.errorCode = .unknownTopicOrPartition
                                }
                                $0.errorCode = partition.check(epoch: asked.currentLeaderEpoch)
                                guard $0.errorCode == .none, asked.leaderEpoch == partition.leaderEpoch else { return }
                                $0.leaderEpoch = partition.leaderEpoch
                                $0.endOffset = partition.log.endOffset
                            }
                        }
                    }
                }
            })
    }
}
