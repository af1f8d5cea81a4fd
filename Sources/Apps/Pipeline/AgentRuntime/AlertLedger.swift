import KafkaWire

/// How far each partition's past is known and judged, which of its alerts and dead letters have not arrived yet, and so what may be committed:
/// no event whose alert is still on its way. A value: assignments, verdicts and arrivals go in, commits come out.
///
/// An alert that cannot be sent holds up the commits of its own event's partition, and nothing else. What was judged stays
/// judged over a rebalance that gives the partition back, so that alerts that arrived are not sent again.
struct AlertLedger: Equatable, Sendable {
    /// An alert or a dead letter on its way, by the place of its event. Those of an earlier life of the partition are nobody's.
    struct Ticket: Equatable, Sendable {
        var partition: TopicPartition
        var offset: Offset
        fileprivate var size: Int
        fileprivate var life: Int
    }

    /// What an assignment of a partition at some offset means.
    enum Takeover: Equatable, Sendable {
        /// All in front of the offset is known.
        case goOn
        /// The group stands where this instance last committed, which has judged further since: it goes on there.
        case resume(at: Offset)
        /// What lies between this offset and the assigned one is not known; another instance has judged it.
        case readBack(from: Offset)
        /// What is known is of no use: others have judged what this one has, or it is to be judged again.
        case anew
    }

    private struct Line: Equatable, Sendable {
        var life: Int
        /// Where the group stood when it assigned the partition.
        var base = Offset(0)
        /// All in front of it is known.
        var known = Offset(0)
        /// The events, in their order, whose alerts have not arrived.
        var open: [Offset] = []
        /// How many bytes those take.
        var size = 0
        var committed = Offset(0)
        /// Whether the group knows the position, where it has not moved since.
        var isTold = false

        /// What may be committed.
        var position: Offset { max(base, open.first ?? known) }
    }

    /// So many alerts may wait before no more is judged of the partitions that they come from.
    let limit: Int
    /// And so many bytes of them.
    let sizeLimit: Int
    private var lines: [TopicPartition: Line] = [:]
    private var lives = 0
    /// How many alerts have not arrived.
    private(set) var waiting = 0
    private var waitingSize = 0
    private var isOverfull = false

    init(limit: Int = 50_000, sizeLimit: Int = 16 << 20) {
        self.limit = limit
        self.sizeLimit = sizeLimit
    }

    var partitions: [TopicPartition] { Array(lines.keys) }

    /// Up to where the partition is known.
    func known(_ partition: TopicPartition) -> Offset { lines[partition]?.known ?? 0 }

    /// Where the group stood when it assigned the partition.
    func base(_ partition: TopicPartition) -> Offset { lines[partition]?.base ?? 0 }

    /// Whether more is judged of the partition than is committed.
    func hasMoved(_ partition: TopicPartition) -> Bool { lines[partition].map { $0.position > $0.committed } ?? false }

    /// How many alerts of these partitions have not arrived.
    func waiting(of partitions: some Sequence<TopicPartition>) -> Int {
        partitions.reduce(0) { $0 + (lines[$1]?.open.count ?? 0) }
    }

    /// The partitions of which nothing more is to be judged, until half of the alerts that wait have arrived: memory is
    /// bounded, and so is what is judged again after a crash.
    mutating func overfull() -> Set<TopicPartition> {
        isOverfull =
            waiting >= (isOverfull ? limit / 2 + 1 : limit)
            || waitingSize >= (isOverfull ? sizeLimit / 2 + 1 : sizeLimit)
        return isOverfull ? Set(lines.lazy.filter { !$0.value.open.isEmpty }.map(\.key)) : []
    }

    // MARK: - Assignments

    /// The group has assigned the partition at `offset`.
    mutating func takeOver(_ partition: TopicPartition, at offset: Offset) -> Takeover {
        var line = lines[partition] ?? newLine()
        let takeover: Takeover =
            if offset == line.known {
                .goOn
            } else if offset > line.known {
                .readBack(from: line.known)
            } else if line.isTold, offset == line.committed {
                .resume(at: line.known)
            } else {
                .anew
            }
        switch takeover {
        case .resume: break
        // The group has come further than any alert that waits: those were sent by others.
        case .goOn, .readBack: drop(&line)
        case .anew:
            drop(&line)
            line.known = 0
        }
        (line.base, line.committed, line.isTold) = (offset, offset, false)
        lines[partition] = line
        return takeover
    }

    /// Another instance has the partition.
    mutating func forget(_ partition: TopicPartition) {
        guard var line = lines.removeValue(forKey: partition) else { return }
        drop(&line)
    }

    /// The partition is read on at `offset`, which the group is to know: the log does not have what would come next.
    mutating func reset(_ partition: TopicPartition, to offset: Offset) {
        guard var line = lines[partition] else { return }
        if offset < line.known { drop(&line) }
        (line.base, line.known, line.committed, line.isTold) = (offset, offset, offset, false)
        lines[partition] = line
    }

    private mutating func newLine() -> Line {
        lives += 1
        return Line(life: lives)
    }

    /// The partition's alerts on their way are of no matter any more.
    private mutating func drop(_ line: inout Line) {
        waiting -= line.open.count
        waitingSize -= line.size
        line.open = []
        line.size = 0
        lives += 1
        line.life = lives
    }

    // MARK: - Verdicts and alerts

    /// All in front of `offset` is known.
    mutating func knows(_ partition: TopicPartition, upTo offset: Offset) { lines[partition]?.known = offset }

    /// The event at `offset`, behind all that were judged before, has raised an alert of that size, or is a dead letter.
    mutating func raised(_ partition: TopicPartition, at offset: Offset, size: Int = 0) -> Ticket? {
        guard let life = lines[partition]?.life else { return nil }
        lines[partition]?.open.append(offset)
        lines[partition]?.size += size
        waiting += 1
        waitingSize += size
        return Ticket(partition: partition, offset: offset, size: size, life: life)
    }

    /// The alert has arrived.
    mutating func arrived(_ ticket: Ticket) {
        guard let line = lines[ticket.partition], line.life == ticket.life,
            let place = Self.place(of: ticket.offset, in: line.open)
        else { return }
        lines[ticket.partition]?.open.remove(at: place)
        lines[ticket.partition]?.size -= ticket.size
        waiting -= 1
        waitingSize -= ticket.size
    }

    private static func place(of offset: Offset, in open: [Offset]) -> Int? {
        var (low, high) = (0, open.count)
        while low < high {
            let middle = low + (high - low) / 2
            if open[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < open.count && open[low] == offset ? low : nil
    }

    // MARK: - Commits

    /// What is to be committed of these partitions.
    func due(_ partitions: some Sequence<TopicPartition>) -> [TopicPartition: Offset] {
        var due: [TopicPartition: Offset] = [:]
        for partition in partitions {
            guard let line = lines[partition] else { continue }
            if !line.isTold || line.position > line.committed { due[partition] = line.position }
        }
        return due
    }

    /// The group has acknowledged these.
    mutating func settled(_ offsets: [TopicPartition: Offset]) {
        for (partition, offset) in offsets {
            lines[partition]?.committed = offset
            lines[partition]?.isTold = true
        }
    }
}
