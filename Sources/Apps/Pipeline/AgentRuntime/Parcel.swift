import KafkaWire

/// What one transaction brings: alerts and dead letters, what has changed of the memory, and positions, of some partitions. It can be taken back
/// into the ``Outbox`` where it did not arrive.
struct Parcel: Sendable {
    /// What there is of one partition.
    struct Part: Sendable {
        /// Alerts and dead letters, in the order of their events.
        var letters: [ProducerRecord] = []
        var changes = StateChanges()
        var changelog = ChangelogPage()
        var offset: Offset
        fileprivate var life: Int
    }

    var parts: [TopicPartition: Part] = [:]

    var isEmpty: Bool { parts.isEmpty }
    var offsets: [TopicPartition: Offset] { parts.mapValues(\.offset) }

    /// Its parts, in an order that does not change.
    var inOrder: [(source: TopicPartition, part: Part)] {
        parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// What waits for the next transaction: alerts and dead letters, and whose memory has changed, by partition. A value.
struct Outbox: Sendable {
    private var letters: [TopicPartition: [ProducerRecord]] = [:]
    private var changes: [TopicPartition: StateChanges] = [:]
    /// Counts how often a partition was given away: what comes back of an earlier life is nobody's.
    private var lives: [TopicPartition: Int] = [:]
    /// How many letters and changes wait.
    private(set) var count = 0
    /// How many bytes the letters take.
    private(set) var size = 0

    /// So many may wait before no more is judged.
    static let limit = 200_000
    /// And so many bytes.
    static let sizeLimit = 8 << 20

    /// Whether no more is to be judged before some of it has arrived; so many changes wait elsewhere.
    func isFull(beside changes: Int = 0) -> Bool { count + changes > Self.limit || size > Self.sizeLimit }

    /// Whether anything of the partition waits.
    func holds(_ partition: TopicPartition) -> Bool { letters[partition] != nil || changes[partition] != nil }

    mutating func add(_ further: [ProducerRecord], _ changed: StateChanges, of partition: TopicPartition) {
        if !further.isEmpty { letters[partition, default: []] += further }
        count += further.count
        size += Self.size(further)
        guard !changed.isEmpty else { return }
        count -= changes[partition]?.count ?? 0
        changes[partition, default: StateChanges()].formUnion(changed)
        count += changes[partition]?.count ?? 0
    }

    /// The partition is not this instance's any more, or its memory was dropped.
    mutating func drop(_ partition: TopicPartition) {
        lives[partition, default: 0] += 1
        let dropped = letters.removeValue(forKey: partition) ?? []
        count -= dropped.count + (changes.removeValue(forKey: partition)?.count ?? 0)
        size -= Self.size(dropped)
    }

    /// Takes out what there is of the partition, to be sent with the position up to which all is judged.
    mutating func part(of partition: TopicPartition, at offset: Offset) -> Parcel.Part {
        let part = Parcel.Part(
            letters: letters.removeValue(forKey: partition) ?? [],
            changes: changes.removeValue(forKey: partition) ?? StateChanges(), offset: offset,
            life: lives[partition] ?? 0)
        count -= part.letters.count + part.changes.count
        size -= Self.size(part.letters)
        return part
    }

    /// Takes back what did not arrive, in front of what came later.
    mutating func putBack(_ parcel: Parcel) {
        for (partition, part) in parcel.parts where part.life == lives[partition] ?? 0 {
            let later = letters.removeValue(forKey: partition) ?? []
            count -= later.count
            size -= Self.size(later)
            add(part.letters + later, part.changes, of: partition)
        }
    }

    private static func size(_ records: [ProducerRecord]) -> Int { records.reduce(0) { $0 + $1.size } }
}
