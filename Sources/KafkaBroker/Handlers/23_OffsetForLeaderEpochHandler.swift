import KafkaWire

/// OffsetForLeaderEpoch (KIP-101, KIP-320): where the records of a leader's epoch end, so that a client notices when
/// records that it has read were lost.
///
/// - The leader answers, with the last epoch that is not above the one asked for, and where it ended: at the beginning of
///   the next, or at the log's end. Of an epoch above the present one nothing is known (-1).
/// - The nodes share one log, so that no records are ever lost; the epochs of leaders that were moved have their places in
///   it all the same.
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
                                $0.errorCode = partition.refusal(at: context.node, epoch: asked.currentLeaderEpoch)
                                guard $0.errorCode == .none else { return }
                                partition.leadership.forget(before: partition.log.startOffset)
                                let found = partition.leadership.epochs.end(
                                    of: asked.leaderEpoch, logEnd: partition.log.endOffset)
                                $0.leaderEpoch = found.epoch
                                $0.endOffset = found.offset
                            }
                        }
                    }
                }
            })
    }
}
