import KafkaWire

/// ListOffsets: the first, the last, or the first offset at a time, from the partition's leader.
///
/// - Timestamps: -1 latest, -2 earliest, -3 the record with the highest timestamp (KIP-734), -4 earliest in this
///   broker's own storage (KIP-405, here the earliest), -5 the latest in remote storage and -6 the earliest not there
///   yet (there is none: -1 and the earliest).
/// - By time, the record itself is found, also inside a batch; in a batch whose codec this build cannot unpack, its
///   first record.
/// - With `read_committed` (isolation level 1) the latest is the last stable offset, and no record behind it is found.
/// - A partition that a request names twice is answered INVALID_REQUEST each time, as in Kafka.
/// - A search by time goes on in parts; what unpacks to more than 16 MiB counts as one record.
enum ListOffsetsHandler: RequestHandler {
    static let api = ServedAPI(ListOffsetsHandler.self)

    static func handle(_ request: ListOffsetsRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        node.begin(OffsetSearch(request, context))
    }
}

/// A ListOffsets request while it is worked on.
private struct OffsetSearch: LongWork {
    private typealias Asked = ListOffsetsRequest.ListOffsetsTopic.ListOffsetsPartition
    private typealias Answer = ListOffsetsResponse.ListOffsetsTopicResponse.ListOffsetsPartitionResponse

    private let request: ListOffsetsRequest
    private let context: RequestContext
    private let namedTwice: Set<TopicPartition>
    private var response = ListOffsetsResponse()
    /// The partitions of the topic that is answered now, as far as they are.
    private var answers: [Answer] = []
    /// The search in the partition that is answered now, where there is one.
    private var search: TimeSearch?

    init(_ request: ListOffsetsRequest, _ context: RequestContext) {
        self.request = request
        self.context = context
        var named: Set<TopicPartition> = []
        var twice: Set<TopicPartition> = []
        for topic in request.topics {
            for partition in topic.partitions {
                let key = TopicPartition(topic.name, partition.partitionIndex)
                if !named.insert(key).inserted { twice.insert(key) }
            }
        }
        namedTwice = twice
    }

    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome? {
        while response.topics.count < request.topics.count {
            let topic = request.topics[response.topics.count]
            while answers.count < topic.partitions.count {
                guard !budget.isUsedUp, let answer = answer(topic.partitions[answers.count], topic.name, &budget, node)
                else { return nil }
                answers.append(answer)
                search = nil
            }
            response.topics.append(
                .with {
                    $0.name = topic.name
                    $0.partitions = answers
                })
            answers = []
        }
        return .answer(response)
    }

    /// The answer for a partition; nil where its search is not at its end.
    private mutating func answer(_ asked: Asked, _ topic: String, _ budget: inout WorkBudget, _ node: BrokerNode)
        -> Answer?
    {
        budget.spend(1)
        var answer = Answer()
        answer.partitionIndex = asked.partitionIndex
        guard !namedTwice.contains(TopicPartition(topic, asked.partitionIndex)) else {
            answer.errorCode = .invalidRequest
            return answer
        }
        guard let partition = node.topics[topic]?.partition(asked.partitionIndex) else {
            answer.errorCode = .unknownTopicOrPartition
            return answer
        }
        let refusal = partition.refusal(at: context.node, epoch: asked.currentLeaderEpoch)
        guard refusal == .none else {
            answer.errorCode = refusal
            return answer
        }
        let log = partition.log
        let end = request.isolationLevel == 1 ? partition.lastStableOffset : partition.highWatermark
        switch (asked.timestamp, context.version) {
        case (-1, _): answer.offset = end
        case (-2, _), (-4, 8...), (-6, 11...): answer.offset = log.startOffset
        case (-3, 7...), (0..., _):
            var search = search ?? (asked.timestamp == -3 ? TimeSearch(highestIn: log) : TimeSearch(asked.timestamp))
            let progress = search?.step(in: log, &budget) ?? .nothing
            self.search = search
            if progress == .unfinished { return nil }
            if case .found(let found) = progress, found.offset < end {
                answer.offset = found.offset
                answer.timestamp = found.timestamp
            }
        case (-5, 9...): break
        default: answer.errorCode = .unsupportedVersion
        }
        if context.version >= 4, answer.offset >= 0 {
            answer.leaderEpoch = partition.leadership.epochs.epoch(at: answer.offset)
        }
        return answer
    }
}
