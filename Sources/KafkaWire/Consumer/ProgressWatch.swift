/// Notices partitions that have records and make no progress, and why. A value: answers, what is handed out and time go in,
/// what is to be told comes out, once for each standstill and once when it is over.
struct ProgressWatch: Equatable, Sendable {
    /// What is known of a partition at the time of a look.
    struct Facts: Equatable, Sendable {
        /// The offset that the application gets next; nil while it is being looked up.
        var position: Offset?
        var isPaused = false
        /// Whether records of it wait for the application.
        var isWaiting = false
        /// Whether others' records leave no room for it.
        var isFull = false
        var leader: BrokerID?
        var isThrottled = false
    }

    /// What is to be told.
    enum News: Equatable, Sendable {
        case stalled(Stall)
        case progressed(TopicPartition, after: Duration)
    }

    private struct Track: Equatable, Sendable {
        /// When something was last handed out, or there was nothing to hand out.
        var since: Instant
        /// The high watermark; -1 while it is not known.
        var end: Offset = -1
        var stable: Offset = -1
        var stableSince: Instant
        /// Why it could not be read when it was last tried.
        var error: KafkaError?
        var isTold = false
    }

    private let limit: Duration
    private var tracks: [TopicPartition: Track] = [:]
    private var lastLook: Instant

    /// With a limit of zero nothing is ever told.
    init(limit: Duration, now: Instant) {
        self.limit = limit
        lastLook = now
    }

    private var isOn: Bool { limit > .zero }

    /// When to look next; nil where there is nothing to look at.
    var nextLook: Instant? { isOn && !tracks.isEmpty ? lastLook + limit / 4 : nil }

    // MARK: - What happens

    /// These partitions are read now, and no others.
    mutating func reassigned(_ partitions: some Collection<TopicPartition>, now: Instant) {
        guard isOn else { return }
        if tracks.isEmpty { lastLook = now }
        var kept: [TopicPartition: Track] = [:]
        for partition in partitions { kept[partition] = tracks[partition] ?? Track(since: now, stableSince: now) }
        tracks = kept
    }

    /// A leader has answered for a partition. `stable` is -1 for consumers that read what is not committed, too.
    mutating func answered(
        _ partition: TopicPartition, end: Offset, stable: Offset, error: KafkaError?, now: Instant
    ) {
        guard isOn, tracks[partition] != nil else { return }
        tracks[partition]?.error = error
        if end >= 0 { tracks[partition]?.end = end }
        guard stable >= 0, tracks[partition]?.stable != stable else { return }
        tracks[partition]?.stable = stable
        tracks[partition]?.stableSince = now
    }

    /// Its leader could not be asked.
    mutating func failed(_ partition: TopicPartition, _ error: KafkaError) { tracks[partition]?.error = error }

    /// The application has got records of a partition. Gives what is to be told, which is little: the next look tells it.
    mutating func handedOut(_ partition: TopicPartition, now: Instant) -> News? {
        guard isOn, let track = tracks[partition] else { return nil }
        tracks[partition]?.since = now
        guard track.isTold else { return nil }
        tracks[partition]?.isTold = false
        return .progressed(partition, after: now - track.since)
    }

    // MARK: - Looking

    /// Looks at all partitions where it is time to. Gives what is to be told, in the order of the partitions.
    mutating func look(now: Instant, _ facts: (TopicPartition) -> Facts) -> [News] {
        guard let due = nextLook, now >= due else { return [] }
        lastLook = now
        var news: [News] = []
        for partition in tracks.keys.sorted() {
            guard let track = tracks[partition] else { continue }
            let facts = facts(partition)
            guard Self.wantsProgress(track, facts) else {
                tracks[partition]?.since = now
                tracks[partition]?.isTold = false
                if track.isTold { news.append(.progressed(partition, after: now - track.since)) }
                continue
            }
            guard !track.isTold, now - track.since >= limit else { continue }
            tracks[partition]?.isTold = true
            news.append(
                .stalled(
                    Stall(
                        partition: partition, position: facts.position, lag: Self.lag(track, facts),
                        duration: now - track.since, cause: Self.cause(track, facts, now: now))))
        }
        return news
    }

    private static func lag(_ track: Track, _ facts: Facts) -> Int64? {
        guard track.end >= 0, let position = facts.position else { return nil }
        return max(0, track.end - position)
    }

    /// Whether there is something to hand out, or it cannot be known.
    private static func wantsProgress(_ track: Track, _ facts: Facts) -> Bool {
        if facts.isWaiting { return true }
        if let lag = lag(track, facts) { return lag > 0 }
        // Nobody has told of an end: where nothing is wrong, an answer will.
        return facts.position == nil || facts.leader == nil || facts.isThrottled || track.error != nil
    }

    private static func cause(_ track: Track, _ facts: Facts, now: Instant) -> Stall.Cause {
        if facts.isPaused { return .paused }
        if facts.isWaiting { return .applicationSlow }
        if facts.isFull { return .bufferFull }
        guard let leader = facts.leader else { return .noLeader }
        if facts.isThrottled { return .throttled(broker: leader) }
        if let error = track.error { return cause(of: error) }
        guard let position = facts.position else { return .noPosition }
        if track.stable >= 0, track.stable < track.end, position >= track.stable {
            return .transactionOpen(lastStableOffset: track.stable, since: now - track.stableSince)
        }
        return .unknown
    }

    private static func cause(of error: KafkaError) -> Stall.Cause {
        if error.code == .logTruncated || error.code.broker == .offsetOutOfRange { return .truncated(error) }
        if error.setting == "max.partition.fetch.bytes" { return .fetchTooSmall(error) }
        if error.isOfReaching || error.code == .timedOut { return .connectionDown(error) }
        return .failing(error)
    }
}
