import KafkaWire

/// A fetch for which there are not enough bytes yet.
struct WaitingFetch {
    var context: RequestContext
    var request: FetchRequest
    var mode: FetchSessions.Mode
    var targets: [FetchTarget]
    /// The partitions that wake it up.
    var partitions: [Partition]
    /// When it is answered with what there is.
    var deadline: Instant
}

/// The fetches that wait. A partition that gets records says whose; only those are looked at again.
struct WaitingFetches {
    private var fetches: [RequestTicket: WaitingFetch] = [:]
    /// Those whose partitions have changed since they were last looked at.
    private var touched: Set<RequestTicket> = []

    var count: Int { fetches.count }
    var nextDeadline: Instant? { fetches.values.map(\.deadline).min() }

    mutating func add(_ fetch: WaitingFetch) {
        for partition in fetch.partitions { partition.waiting.insert(fetch.context.ticket) }
        fetches[fetch.context.ticket] = fetch
    }

    /// Takes a fetch out, to answer it or because its connection is gone.
    @discardableResult
    mutating func remove(_ ticket: RequestTicket) -> WaitingFetch? {
        guard let fetch = fetches.removeValue(forKey: ticket) else { return nil }
        for partition in fetch.partitions { partition.waiting.remove(ticket) }
        return fetch
    }

    /// `partition` has records, or is gone.
    mutating func touch(_ partition: Partition) { touched.formUnion(partition.waiting) }

    /// The fetches that may have enough now.
    mutating func takeTouched() -> [WaitingFetch] {
        guard !touched.isEmpty else { return [] }
        defer { touched = [] }
        return touched.compactMap { fetches[$0] }
    }

    /// The fetches that have waited long enough.
    func due(_ now: Instant) -> [WaitingFetch] { fetches.values.filter { $0.deadline <= now } }
}
