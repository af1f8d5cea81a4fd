import KafkaWire

/// How an agent comes to know its users' past: of each partition that it gets it reads what lies before the group's position,
/// and judges from there on. Partition by partition: one that cannot be read at present, or is read back for long, keeps no
/// other waiting.
///
/// The group's own consumer reads it, so that it is read as all else is (what is damaged, what a transaction aborted), and
/// the member is there for its group meanwhile. A value: assignments, logs' starts, what was read, and time go in; where to
/// read on comes out.
///
/// ```
/// assigned ─▶ looking up ─▶ reading ─▶ ready
///                 found        read, ended, reset
/// ```
struct ReadingBack: Equatable, Sendable {
    /// What has come of one partition's past.
    struct Outcome: Equatable, Sendable {
        /// How many records were read.
        var records: Int
        /// Why that is not all that was wanted; nil where it is.
        var cut: Cut?
    }

    /// Why not all of the past was read.
    enum Cut: Equatable, Sendable {
        /// The log ended, in front of the group's position.
        case end(Offset)
        /// The log lost what was to be read next.
        case lost
        /// It took too long.
        case time
    }

    /// What is to be done after a step.
    enum Next: Equatable, Sendable {
        case goOn
        /// What comes next of the partition is judged.
        case ready(Outcome)
        /// The partition is read on at this offset, and judged from there.
        case seek(Offset, Outcome)
    }

    private enum Stage: Equatable, Sendable {
        case lookingUp(from: Offset, to: Offset)
        case reading(Reading)
    }

    private struct Reading: Equatable, Sendable {
        var from: Offset
        var at: Offset
        var to: Offset
        var records = 0
        var last: Instant
        var spent = Duration.zero
    }

    /// How many offsets are read back at most, over all partitions that are assigned together.
    let limit: Int
    /// How long one partition is read back at most. Time in which nothing comes of it does not count.
    let time: Duration
    private var stages: [TopicPartition: Stage] = [:]

    init(limit: Int, time: Duration) {
        self.limit = limit
        self.time = time
    }

    // MARK: - What is known

    /// The partitions whose log is looked up: nothing of them may be read until then.
    var lookedUp: Set<TopicPartition> {
        Set(stages.lazy.filter { if case .lookingUp = $0.value { true } else { false } }.map(\.key))
    }

    /// The partitions whose past is not known yet.
    var pending: Set<TopicPartition> { Set(stages.keys) }

    /// Where the partition's past ends; nil where all that is read of it is judged.
    func target(of partition: TopicPartition) -> Offset? {
        switch stages[partition] {
        case .lookingUp(_, let to)?: to
        case .reading(let reading)?: reading.to
        case nil: nil
        }
    }

    /// How far it has come, over all partitions that are being read, in offsets; nil where none is.
    var progress: (partitions: Int, done: Int64, of: Int64)? {
        // Sums of distances stop at the end of 64 bits, as offsets do.
        var (count, done, all) = (0, Offset(0), Offset(0))
        for case .reading(let reading) in stages.values {
            count += 1
            done += reading.at - reading.from
            all += reading.to - reading.from
        }
        return count > 0 ? (count, done.rawValue, all.rawValue) : nil
    }

    // MARK: - Assignments

    /// These partitions came; of each the past from one offset up to another is wanted. Gives those that are ready, since
    /// there is none, or none is to be read.
    mutating func assigned(_ wanted: [TopicPartition: (from: Offset, to: Offset)]) -> [TopicPartition] {
        let open = wanted.filter { $0.value.from < $0.value.to && limit > 0 }
        let share = Int64(max(1, limit / max(1, open.count)))
        for (partition, past) in open {
            stages[partition] = .lookingUp(from: max(past.from, past.to - min(share, past.to.rawValue)), to: past.to)
        }
        return wanted.keys.filter { open[$0] == nil }
    }

    /// These partitions went.
    mutating func revoked(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions { stages[partition] = nil }
    }

    // MARK: - Steps

    /// The partition's log begins at `start`: gives where to read it back from; nil where nothing is left to be read, or it is
    /// not looked up any more.
    mutating func found(_ partition: TopicPartition, start: Offset, now: Instant) -> Offset? {
        guard case .lookingUp(let from, let to)? = stages[partition] else { return nil }
        guard start < to else {
            stages[partition] = nil
            return nil
        }
        let first = max(from, start)
        stages[partition] = .reading(Reading(from: first, at: first, to: to, last: now))
        return first
    }

    /// The partition's log can never be looked up: it is judged without its past.
    mutating func gaveUp(_ partition: TopicPartition) { stages[partition] = nil }

    /// Records came, `count` of the past among them; behind them all is `next`.
    mutating func read(_ partition: TopicPartition, upTo next: Offset, count: Int, now: Instant) -> Next {
        guard case .reading(var reading)? = stages[partition] else { return .goOn }
        reading.records += count
        guard next < reading.to else { return end(partition, reading, nil) }
        reading.at = max(reading.at, next)
        // A partition that is away for an hour was not read for an hour.
        reading.spent += min(now - reading.last, .seconds(5))
        reading.last = now
        guard reading.spent < time else { return end(partition, reading, .time) }
        stages[partition] = .reading(reading)
        return .goOn
    }

    /// The log ends at `offset` at present.
    mutating func ended(_ partition: TopicPartition, at offset: Offset) -> Next {
        guard case .reading(let reading)? = stages[partition] else { return .goOn }
        return end(partition, reading, offset < reading.to ? .end(offset) : nil)
    }

    /// The log does not have what was to be read next; it is read at `offset`.
    mutating func reset(_ partition: TopicPartition, to offset: Offset) -> Next {
        guard case .reading(var reading)? = stages[partition] else { return .goOn }
        guard offset <= reading.to else { return end(partition, reading, .lost) }
        reading.at = offset
        reading.from = min(reading.from, offset)
        stages[partition] = .reading(reading)
        return .goOn
    }

    private mutating func end(_ partition: TopicPartition, _ reading: Reading, _ cut: Cut?) -> Next {
        stages[partition] = nil
        let outcome = Outcome(records: reading.records, cut: cut)
        return cut == nil ? .ready(outcome) : .seek(reading.to, outcome)
    }
}
