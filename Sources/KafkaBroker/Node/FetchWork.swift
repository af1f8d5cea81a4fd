import KafkaWire

/// The answer to a fetch with what there is now. It may name more partitions than are looked at in one turn.
struct FetchWork: LongWork {
    /// At most so many bytes of records are in an answer (`fetch.max.bytes`).
    private static let maximumBytes = 55 << 20

    private let fetch: WaitingFetch
    private var answers: [FetchAnswer] = []
    private var room: Int
    private var isEmpty = true
    private var hasHints = false

    init(_ fetch: WaitingFetch) {
        self.fetch = fetch
        room = min(Int(max(0, fetch.request.maxBytes)), Self.maximumBytes)
        answers.reserveCapacity(fetch.targets.count)
    }

    mutating func step(_ budget: inout WorkBudget, _ node: BrokerNode) -> Outcome? {
        while answers.count < fetch.targets.count {
            if budget.isUsedUp { return nil }
            let target = fetch.targets[answers.count]
            budget.spend(1)
            let data = answer(target, &budget, node)
            answers.append(FetchAnswer(target: target, data: data))
        }
        if node.ledger.isInForce, let held = node.throttled(fetch, answers) { return .answer(held) }
        var response = FetchResponse()
        switch fetch.mode {
        case .sessionless: break
        case .full(let session), .incremental(let session): response.sessionId = session
        }
        for answer in node.sessions.close(fetch.mode, answers) { response.append(answer) }
        if hasHints { response.addEndpoints(node.cluster, at: fetch.context.listener) }
        return .answer(response)
    }

    private mutating func answer(_ target: FetchTarget, _ budget: inout WorkBudget, _ node: BrokerNode)
        -> FetchResponse.FetchableTopicResponse.PartitionData
    {
        var data = FetchResponse.FetchableTopicResponse.PartitionData()
        data.partitionIndex = target.partition
        if !fetch.isReadCommitted { data.abortedTransactions = nil }
        guard node.mayRead(target, fetch) else { return Self.refused(data, .topicAuthorizationFailed) }
        let place = PlantedMistake.readsFirstPartition.isMade ? fetch.targets.first ?? target : target
        guard let partition = node.partition(of: place) else {
            let isUnknown = fetch.context.version < 13 || node.topics[target.topicId] != nil
            return Self.refused(data, isUnknown ? .unknownTopicOrPartition : .unknownTopicId)
        }
        let error = fetch.refusal(of: target, in: partition)
        guard error == .none else {
            if fetch.context.version >= 16, error.isAboutLeaders {
                data.currentLeader.leaderId = partition.leadership.leader
                data.currentLeader.leaderEpoch = partition.leaderEpoch
                hasHints = hasHints || partition.leadership.leader >= 0
            }
            return Self.refused(data, error)
        }
        let closer = node.closerReplica(fetch, target, partition)
        guard closer == .none else {
            data.preferredReadReplica = closer
            return Self.bounded(data, partition)
        }
        if let parting = fetch.parting(of: target, in: partition) {
            data.divergingEpoch = parting
            return Self.bounded(data, partition)
        }
        let read = Result { () throws(StorageError) in
            try partition.log.read(
                from: target.offset, before: fetch.limit(in: partition),
                maxBytes: min(room, Int(max(0, target.maxBytes))), atLeastOneBatch: isEmpty)
        }
        guard case .success(let slice) = read else { return Self.refused(data, .kafkaStorageError) }
        if slice.records.count > 0 {
            isEmpty = false
            room = max(0, room - slice.records.count)
            if fetch.isReadCommitted {
                let found = aborted(partition, from: target.offset, before: slice.endOffset)
                data.abortedTransactions = found
                budget.spend(found.count >> 4)
                room = max(0, room - 16 * found.count)
            }
        }
        data.records = partition.asServed(slice.records)
        return Self.bounded(data, partition)
    }

    private static func bounded(
        _ data: FetchResponse.FetchableTopicResponse.PartitionData, _ partition: Partition
    ) -> FetchResponse.FetchableTopicResponse.PartitionData {
        var data = data
        data.highWatermark = partition.highWatermark
        data.lastStableOffset = partition.lastStableOffset
        data.logStartOffset = partition.log.startOffset
        return data
    }

    private func aborted(_ partition: Partition, from start: Offset, before end: Offset)
        -> [FetchResponse.FetchableTopicResponse.PartitionData.AbortedTransaction]
    {
        if PlantedMistake.hidesAborted.isMade { return [] }
        return partition.aborted.overlapping(from: start, before: end).map { entry in
            .with {
                $0.producerId = entry.producerId
                $0.firstOffset = entry.firstOffset
            }
        }
    }

    /// What is answered of a partition that gives no records.
    static func refused(
        _ data: FetchResponse.FetchableTopicResponse.PartitionData, _ code: ErrorCode
    ) -> FetchResponse.FetchableTopicResponse.PartitionData {
        var data = data
        data.errorCode = code
        data.highWatermark = -1
        return data
    }
}

extension BrokerNode {
    /// The follower from which a consumer is to read what it asks the leader for (KIP-392); -1 where that is the leader.
    func closerReplica(_ fetch: WaitingFetch, _ target: FetchTarget, _ partition: Partition) -> BrokerID {
        guard configuration.replicaSelector == .rackAware, fetch.maySend(target, of: partition) else { return .none }
        return cluster.closest(to: fetch.request.rackId, of: partition.leadership)
    }
}

extension FetchResponse {
    /// Adds a partition: to the last topic where it is the same, so that the order of the partitions stays.
    mutating func append(_ answer: FetchAnswer) {
        let target = answer.target
        // No copy of it is at hand: else all its partitions would be copied with each that is added.
        if responses.last?.topic == target.topic, responses.last?.topicId == target.topicId {
            responses[responses.count - 1].partitions.append(answer.data)
        } else {
            responses.append(
                .with {
                    $0.topic = target.topic
                    $0.topicId = target.topicId
                    $0.partitions = [answer.data]
                })
        }
    }
}
