import KafkaWire

/// A fetch for which there are not enough bytes yet.
struct WaitingFetch {
    var context: RequestContext
    var request: FetchRequest
    var mode: FetchSessions.Mode
    var targets: [FetchTarget]
    /// When it is answered with what there is.
    var deadline: Instant
    /// The partitions that wake it up, one for each target.
    var partitions: [Partition] = []
    var shares = Shares()

    /// What there is of each target, and of all.
    struct Shares {
        private var bytes: [Int] = []
        private var sum = 0
        private var least = 0

        init() {}

        init(of targets: Int, least: Int32) {
            bytes = Array(repeating: 0, count: targets)
            self.least = Int(least)
        }

        var areEnough: Bool { sum >= least }

        /// A target has that many bytes now. Answers whether all have enough.
        mutating func note(_ share: Int, at target: Int) -> Bool {
            sum += share - bytes[target]
            bytes[target] = share
            return areEnough
        }
    }
}

// What it may have of a partition.
extension WaitingFetch {
    var isReadCommitted: Bool { request.isolationLevel == 1 }

    /// Where the batches begin that it may not have.
    func limit(in partition: Partition) -> Offset {
        if PlantedMistake.ignoresHighWatermark.isMade { return .max }
        if isReadCommitted, !PlantedMistake.ignoresLastStableOffset.isMade { return partition.lastStableOffset }
        return partition.heldAt == nil ? .max : partition.highWatermark
    }

    /// Whether a follower will do: to consumers, from the version on in which they say where they are (KIP-392).
    var takesFollowers: Bool {
        context.version >= 11 && request.replicaId < 0 && request.replicaState.replicaId < 0
    }

    /// What is wrong with a target in its partition.
    func refusal(of target: FetchTarget, in partition: Partition) -> ErrorCode {
        let refusal = partition.refusal(
            at: context.node, epoch: target.currentLeaderEpoch, orFollower: takesFollowers)
        if refusal != .none || parting(of: target, in: partition) != nil { return refusal }
        let isThere = partition.log.contains(target.offset) && target.offset <= partition.end(at: context.node)
        return isThere ? .none : .offsetOutOfRange
    }

    /// Whether the followers have the offset, so that a consumer that reads from the leader can be sent to one of them.
    func maySend(_ target: FetchTarget, of partition: Partition) -> Bool {
        takesFollowers && !request.rackId.isEmpty && partition.leadership.leader == context.node
            && target.offset >= partition.log.startOffset && target.offset <= partition.highWatermark
    }

    /// Where the log parts from what the client has read, by the epoch that it read last; nil where it does not, or the
    /// client says none (KIP-595).
    func parting(
        of target: FetchTarget, in partition: Partition
    ) -> FetchResponse.FetchableTopicResponse.PartitionData.EpochEndOffset? {
        guard target.lastFetchedEpoch >= 0 else { return nil }
        let end = partition.leadership.epochs.end(
            of: target.lastFetchedEpoch, logEnd: partition.end(at: context.node))
        guard end.offset >= 0, end.epoch < target.lastFetchedEpoch || end.offset < target.offset else { return nil }
        return .with {
            $0.epoch = end.epoch
            $0.endOffset = end.offset
        }
    }

    /// How many bytes there are of a target, of those that it may have at once; nil where something is to be told at once:
    /// an error, or what is in another segment than the end, which does not grow (Kafka's `DelayedFetch`, cases A to H).
    func share(of target: FetchTarget, in partition: Partition) -> Int? {
        guard refusal(of: target, in: partition) == .none, parting(of: target, in: partition) == nil else { return nil }
        let limit = limit(in: partition)
        guard !partition.log.isInOlderSegment(target.offset, than: limit) else { return nil }
        return min(partition.log.available(from: target.offset, before: limit), Int(max(0, target.maxBytes)))
    }
}

/// The fetches that wait. A partition that gets records says whose; only those are looked at again, and of them only what
/// they want of that partition.
struct WaitingFetches {
    private var fetches: [RequestTicket: WaitingFetch] = [:]
    /// Beside the fetches, so that a change does not copy them.
    private var shares: [RequestTicket: WaitingFetch.Shares] = [:]
    private var deadlines = RankedKeys<RequestTicket, Instant>()
    /// The targets whose partitions have changed since they were last looked at.
    private var touched: [RequestTicket: Set<Int>] = [:]

    var count: Int { fetches.count }
    var nextDeadline: Instant? { deadlines.first?.rank }

    mutating func add(_ fetch: WaitingFetch) {
        for (place, partition) in fetch.partitions.enumerated() { partition.waiting[fetch.context.ticket] = place }
        deadlines[fetch.context.ticket] = fetch.deadline
        shares[fetch.context.ticket] = fetch.shares
        fetches[fetch.context.ticket] = fetch
        fetches[fetch.context.ticket]?.shares = WaitingFetch.Shares()
    }

    /// Takes a fetch out, to answer it or because its connection is gone.
    @discardableResult
    mutating func remove(_ ticket: RequestTicket) -> WaitingFetch? {
        guard let fetch = fetches.removeValue(forKey: ticket) else { return nil }
        for partition in fetch.partitions { partition.waiting[ticket] = nil }
        deadlines[ticket] = nil
        shares[ticket] = nil
        touched[ticket] = nil
        return fetch
    }

    /// `partition` has records, or is gone.
    mutating func touch(_ partition: Partition) {
        for (ticket, target) in partition.waiting { touched[ticket, default: []].insert(target) }
    }

    /// Takes out the fetches that have enough now. `share` says how many bytes there are of a target; nil where something
    /// is wrong that the client should hear of.
    mutating func takeSatisfied(_ share: (WaitingFetch, Int) -> Int?) -> [WaitingFetch] {
        guard !touched.isEmpty else { return [] }
        defer { touched = [:] }
        return touched.sorted { ($0.key.connection, $0.key.number) < ($1.key.connection, $1.key.number) }
            .compactMap { ticket, targets in
                guard let fetch = fetches[ticket] else { return nil }
                for target in targets {
                    let found = share(fetch, target)
                    if found.map({ shares[ticket]?.note($0, at: target) ?? false }) ?? true { return remove(ticket) }
                }
                return nil
            }
    }

    /// Takes out a fetch that has waited long enough.
    mutating func takeDue(_ now: Instant) -> WaitingFetch? {
        guard let ticket = deadlines.take(upTo: now, most: 1).first else { return nil }
        return remove(ticket)
    }
}
