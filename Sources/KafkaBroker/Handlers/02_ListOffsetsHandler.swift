import KafkaWire

/// ListOffsets: the first, the last, or the first offset at a time, from the partition's leader.
///
/// - Timestamps: -1 latest, -2 earliest, -3 the record with the highest timestamp (KIP-734), -4 earliest in this
///   broker's own storage (KIP-405, here the earliest), -5 the latest in remote storage and -6 the earliest not there
///   yet (there is none: -1 and the earliest).
/// - By time, the record itself is found, also inside a batch; in a batch whose codec this build cannot unpack, its
///   first record.
/// - With `read_committed` (isolation level 1) the latest is the last stable offset, and no record behind it is found.
enum ListOffsetsHandler: RequestHandler {
    static let api = ServedAPI(ListOffsetsHandler.self)

    static func handle(_ request: ListOffsetsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        .answer(
            ListOffsetsResponse.with {
                $0.topics = request.topics.map { topic in
                    .with {
                        $0.name = topic.name
                        $0.partitions = topic.partitions.map {
                            answer($0, node.topics[topic.name]?.partition($0.partitionIndex), request, context)
                        }
                    }
                }
            })
    }

    private typealias Asked = ListOffsetsRequest.ListOffsetsTopic.ListOffsetsPartition
    private typealias Answer = ListOffsetsResponse.ListOffsetsTopicResponse.ListOffsetsPartitionResponse

    private static func answer(
        _ asked: Asked, _ partition: Partition?, _ request: ListOffsetsRequest, _ context: RequestContext
    ) -> Answer {
        var answer = Answer()
        answer.partitionIndex = asked.partitionIndex
        guard let partition else {
            answer.errorCode = .unknownTopicOrPartition
            return answer
        }
        let refusal = partition.refusal(at: context.node, epoch: asked.currentLeaderEpoch)
        guard refusal == .none else {
            answer.errorCode = refusal
            return answer
        }
        let log = partition.log
        let end = request.isolationLevel == 1 ? partition.lastStableOffset : log.endOffset
        switch (asked.timestamp, context.version) {
        case (-1, _): answer.offset = end
        case (-2, _), (-4, 8...), (-6, 11...): answer.offset = log.startOffset
        case (-3, 7...): take(log.offsetOfMaxTimestamp(), before: end, into: &answer)
        case (-5, 9...): break
        case (0..., _): take(log.firstOffset(at: asked.timestamp), before: end, into: &answer)
        default: answer.errorCode = .unsupportedVersion
        }
        if context.version >= 4, answer.offset >= 0 {
            answer.leaderEpoch = partition.leadership.epochs.epoch(at: answer.offset)
        }
        return answer
    }

    private static func take(_ found: PartitionLog.TimedOffset?, before end: Offset, into answer: inout Answer) {
        guard let found, found.offset < end else { return }
        answer.offset = found.offset
        answer.timestamp = found.timestamp
    }
}
