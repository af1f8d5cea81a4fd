import KafkaWire

/// Fetch: record batches from an offset on, at once or when there are enough of them.
///
/// - Waits up to `maxWaitMs` for `minBytes`; an error in any partition is answered at once.
/// - Whole batches only, from the one that contains the offset on; the first batch of an answer comes even where it is
///   larger than `maxBytes` and `partitionMaxBytes` (KIP-74). At most one segment of a partition per answer.
/// - Sessions (KIP-227) and topic ids (v13, KIP-516); leader epochs are checked (KIP-320).
/// - Only the leader answers; other nodes say NOT_LEADER_OR_FOLLOWER, or what is wrong with the epoch, and from v16 on who
///   leads (KIP-951).
/// - With `read_committed` (isolation level 1) an answer ends, and a fetch waits, at the last stable offset, and the
///   transactions that were aborted are named (KIP-98).
/// - Deviations: followers do not serve consumers (KIP-392), and `replicaId` and `rackId` are not looked at; no diverging
///   epochs, since all nodes share one log. An answer has at most 55 MiB (`fetch.max.bytes`).
enum FetchHandler: RequestHandler {
    static let api = ServedAPI(FetchHandler.self)

    fileprivate static let maximumBytes = 55 << 20

    static func handle(_ request: FetchRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        switch node.sessions.open(request, version: context.version, connection: context.ticket.connection) {
        case .failure(let error):
            return .answer(FetchResponse.with { $0.errorCode = error.code })
        case .success((let mode, let targets)):
            var fetch = WaitingFetch(
                context: context, request: request, mode: mode, targets: targets,
                deadline: context.now + max(0, request.maxWaitMs).duration)
            if request.maxWaitMs <= 0 || targets.isEmpty || isSatisfied(&fetch, node) {
                return node.begin(FetchWork(fetch))
            }
            fetch.request.topics = []
            fetch.request.forgottenTopicsData = []
            node.waitingFetches.add(fetch)
            return .later
        }
    }

    /// Whether there are enough bytes, or something is wrong that the client should hear of now. Otherwise the fetch knows
    /// afterwards what it waits for.
    private static func isSatisfied(_ fetch: inout WaitingFetch, _ node: BrokerNode) -> Bool {
        fetch.shares = .init(of: fetch.targets.count, least: fetch.request.minBytes)
        fetch.partitions.reserveCapacity(fetch.targets.count)
        for (place, target) in fetch.targets.enumerated() {
            guard let partition = node.partition(of: target), let share = share(target, fetch, node),
                !fetch.shares.note(share, at: place)
            else { return true }
            fetch.partitions.append(partition)
        }
        return fetch.shares.areEnough
    }

    /// How many bytes there are of a target; nil where something is wrong.
    static func share(_ target: FetchTarget, _ fetch: WaitingFetch, _ node: BrokerNode) -> Int? {
        guard let partition = node.partition(of: target), check(target, partition, fetch.context.node) == .none else {
            return nil
        }
        let available = partition.log.available(from: target.offset, before: limit(fetch, partition))
        return min(available, Int(max(0, target.maxBytes)))
    }

    /// Errors of sessions stand at the top of the answer; others with every partition that the fetch is about, also with
    /// those that its session knows.
    static func fail(_ request: FetchRequest, _ code: ErrorCode, _ context: RequestContext, _ node: BrokerNode)
        -> FetchResponse
    {
        let isAboutSessions = [
            .fetchSessionIdNotFound, .invalidFetchSessionEpoch, .fetchSessionTopicIdError, .unknownTopicId,
            .inconsistentTopicId,
        ].contains(code)
        if isAboutSessions, context.version >= 7 { return FetchResponse.with { $0.errorCode = code } }
        switch node.sessions.open(request, version: context.version, connection: context.ticket.connection) {
        case .failure(let error): return FetchResponse.with { $0.errorCode = error.code }
        case .success((let mode, let targets)):
            guard !targets.isEmpty else { return request.failed(code, version: context.version) }
            let answers = targets.map { target in
                var data = FetchResponse.FetchableTopicResponse.PartitionData()
                data.partitionIndex = target.partition
                data.abortedTransactions = nil
                return FetchAnswer(target: target, data: refused(data, code))
            }
            var response = FetchResponse()
            switch mode {
            case .sessionless: break
            case .full(let session), .incremental(let session): response.sessionId = session
            }
            for answer in node.sessions.close(mode, answers) { response.append(answer) }
            return response
        }
    }

    fileprivate static func isReadCommitted(_ fetch: WaitingFetch) -> Bool { fetch.request.isolationLevel == 1 }

    /// Where the batches begin that the fetch may not have.
    fileprivate static func limit(_ fetch: WaitingFetch, _ partition: Partition) -> Offset {
        isReadCommitted(fetch) ? partition.lastStableOffset : .max
    }

    fileprivate static func aborted(_ partition: Partition, from start: Offset, before end: Offset)
        -> [FetchResponse.FetchableTopicResponse.PartitionData.AbortedTransaction]
    {
        partition.aborted.overlapping(from: start, before: end).map { entry in
            .with {
                $0.producerId = entry.producerId
                $0.firstOffset = entry.firstOffset
            }
        }
    }

    fileprivate static func check(_ target: FetchTarget, _ partition: Partition, _ node: BrokerID) -> ErrorCode {
        let refusal = partition.refusal(at: node, epoch: target.currentLeaderEpoch)
        if refusal != .none { return refusal }
        return partition.log.contains(target.offset) ? .none : .offsetOutOfRange
    }

    fileprivate static func refused(
        _ data: FetchResponse.FetchableTopicResponse.PartitionData, _ code: ErrorCode
    ) -> FetchResponse.FetchableTopicResponse.PartitionData {
        var data = data
        data.errorCode = code
        data.highWatermark = -1
        return data
    }
}

/// The answer to a fetch with what there is now. It may name more partitions than are looked at in one turn.
struct FetchWork: LongWork {
    private let fetch: WaitingFetch
    private var answers: [FetchAnswer] = []
    private var room: Int
    private var isEmpty = true
    private var hasHints = false

    init(_ fetch: WaitingFetch) {
        self.fetch = fetch
        room = min(Int(max(0, fetch.request.maxBytes)), FetchHandler.maximumBytes)
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
        var response = FetchResponse()
        switch fetch.mode {
        case .sessionless: break
        case .full(let session), .incremental(let session): response.sessionId = session
        }
        for answer in node.sessions.close(fetch.mode, answers) { response.append(answer) }
        if hasHints { response.addEndpoints(node.cluster) }
        return .answer(response)
    }

    private mutating func answer(_ target: FetchTarget, _ budget: inout WorkBudget, _ node: BrokerNode)
        -> FetchResponse.FetchableTopicResponse.PartitionData
    {
        let isReadCommitted = FetchHandler.isReadCommitted(fetch)
        var data = FetchResponse.FetchableTopicResponse.PartitionData()
        data.partitionIndex = target.partition
        if !isReadCommitted { data.abortedTransactions = nil }
        guard let partition = node.partition(of: target) else {
            let isUnknown = fetch.context.version < 13 || node.topics[target.topicId] != nil
            return FetchHandler.refused(data, isUnknown ? .unknownTopicOrPartition : .unknownTopicId)
        }
        let error = FetchHandler.check(target, partition, fetch.context.node)
        guard error == .none else {
            if fetch.context.version >= 16, error.isAboutLeaders {
                data.currentLeader.leaderId = partition.leadership.leader
                data.currentLeader.leaderEpoch = partition.leaderEpoch
                hasHints = hasHints || partition.leadership.leader >= 0
            }
            return FetchHandler.refused(data, error)
        }
        let read = Result { () throws(StorageError) in
            try partition.log.read(
                from: target.offset, before: FetchHandler.limit(fetch, partition),
                maxBytes: min(room, Int(max(0, target.maxBytes))), atLeastOneBatch: isEmpty)
        }
        guard case .success(let slice) = read else { return FetchHandler.refused(data, .kafkaStorageError) }
        if slice.records.count > 0 {
            isEmpty = false
            room = max(0, room - slice.records.count)
            if isReadCommitted {
                let found = FetchHandler.aborted(partition, from: target.offset, before: slice.endOffset)
                data.abortedTransactions = found
                budget.spend(found.count >> 4)
                room = max(0, room - 16 * found.count)
            }
        }
        data.highWatermark = partition.log.endOffset
        data.lastStableOffset = partition.lastStableOffset
        data.logStartOffset = partition.log.startOffset
        data.records = partition.asServed(slice.records)
        return data
    }
}

extension FetchResponse {
    /// Adds a partition: to the last topic where it is the same, so that the order of the partitions stays.
    fileprivate mutating func append(_ answer: FetchAnswer) {
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
