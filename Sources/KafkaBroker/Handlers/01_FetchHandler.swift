import KafkaWire

/// Fetch: record batches from an offset on, at once or when there are enough of them.
///
/// - Waits up to `maxWaitMs` for `minBytes`, of which a partition counts no more than its `partitionMaxBytes`, unless the
///   first batch by itself is larger; an error in any partition is answered at once, and so is what is in an older segment.
/// - Whole batches only, from the one that contains the offset on; the first batch of an answer comes even where it is
///   larger than `maxBytes` and `partitionMaxBytes` (KIP-74). At most one segment of a partition per answer.
/// - Sessions (KIP-227) and topic ids (v13, KIP-516); leader epochs are checked (KIP-320), and who says which epoch it has
///   read last is told where the log parts from that (KIP-595).
/// - The leader answers, and from v11 on consumers are answered by followers too, up to the high watermark; what is behind
///   a follower's log is out of range there. Other nodes say NOT_LEADER_OR_FOLLOWER, or what is wrong with the epoch, and
///   from v16 on who leads (KIP-951).
/// - With `replica.selector.class` a leader sends consumers that say where they are to a follower in their rack that is in
///   sync and has the offset (KIP-392), at once and without records. What waits is not looked at again for that.
/// - With `read_committed` (isolation level 1) an answer ends, and a fetch waits, at the last stable offset, and the
///   transactions that were aborted are named (KIP-98).
/// - Who is over a quota (`consumer_byte_rate`, `request_percentage`) is answered with nothing and the time for which he is
///   held back; an answer is bounded to what the quota gives in a window.
/// - A topic that may not be read answers TOPIC_AUTHORIZATION_FAILED, at once; with a session, each fetch asks anew. Who
///   names itself as a replica needs CLUSTER_ACTION.
/// - Deviations: who names itself as a replica (`replicaId`) gets what consumers get, from the leader alone; an epoch of
///   which nothing is known parts from nothing, where Kafka says OFFSET_OUT_OF_RANGE. An answer has at most 55 MiB
///   (`fetch.max.bytes`).
enum FetchHandler: RequestHandler {
    static let api = ServedAPI(FetchHandler.self)

    static func handle(_ request: FetchRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        switch node.sessions.open(request, version: context.version, connection: context.ticket.connection) {
        case .failure(let error):
            return .answer(FetchResponse.with { $0.errorCode = error.code })
        case .success((let mode, let targets)):
            var request = request
            node.bound(&request, context)
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

    /// Whether there are enough bytes, or something that the client should hear of now. Otherwise the fetch knows
    /// afterwards what it waits for.
    private static func isSatisfied(_ fetch: inout WaitingFetch, _ node: BrokerNode) -> Bool {
        fetch.shares = .init(of: fetch.targets.count, least: fetch.request.minBytes)
        var answer = AnswerSize(room: fetch.request.maxBytes)
        fetch.partitions.reserveCapacity(fetch.targets.count)
        for (place, target) in fetch.targets.enumerated() {
            guard node.mayRead(target, fetch), let partition = node.partition(of: target),
                let share = fetch.share(of: target, in: partition),
                !fetch.shares.note(share, at: place), node.closerReplica(fetch, target, partition) == .none
            else { return true }
            answer.add(share) { partition.log.firstBatchSize(from: target.offset, before: fetch.limit(in: partition)) }
            if answer.bytes >= fetch.request.minBytes { return true }
            fetch.partitions.append(partition)
        }
        return fetch.shares.areEnough
    }

    /// How large the answer would be now: its first batch comes whole, also where it is larger than a limit, and counts as
    /// what it is (Kafka's `ReplicaManager.fetchMessages`, which reads before it waits). A fetch that waits already is held
    /// against the limits alone, as in Kafka.
    private struct AnswerSize {
        private(set) var bytes = 0
        private var room: Int

        init(room: Int32) { self.room = Int(max(0, room)) }

        /// Adds a partition that has so many bytes within its own limit.
        mutating func add(_ share: Int, first: () -> Int) {
            let added = max(min(share, room), bytes == 0 ? first() : 0)
            bytes += added
            room = max(0, room - added)
        }
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
                return FetchAnswer(target: target, data: FetchWork.refused(data, code))
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
}
