import KafkaWire

/// What one transaction brings: alerts, what has changed of the memory, and positions, of some partitions. It can be taken back
/// into the ``Outbox`` where it did not arrive.
struct Parcel: Sendable {
    /// What there is of one partition.
    struct Part: Sendable {
        var alerts: [ProducerRecord] = []
        var changes = StateChanges()
        var changelog: [ChangelogRecord] = []
        var offset: Offset
        fileprivate var life: Int
    }

    var parts: [TopicPartition: Part] = [:]

    var isEmpty: Bool { parts.isEmpty }
    var offsets: [TopicPartition: Offset] { parts.mapValues(\.offset) }

    /// All records, in an order that does not change: of each partition the alerts, then the changelog.
    func records(changelog topic: String) -> [ProducerRecord] {
        parts.sorted { $0.key < $1.key }.flatMap { source, part in
            part.alerts + part.changelog.map { $0.produced(to: topic, source.partition) }
        }
    }
}

/// What waits for the next transaction: alerts, and whose memory has changed, by partition. A value.
struct Outbox: Sendable {
    private var alerts: [TopicPartition: [ProducerRecord]] = [:]
    private var changes: [TopicPartition: StateChanges] = [:]
    /// Counts how often a partition was given away: what comes back of an earlier life is nobody's.
    private var lives: [TopicPartition: Int] = [:]
    /// How many alerts and changes wait.
    private(set) var count = 0

    /// So many may wait before no more is judged.
    static let limit = 200_000

    /// Whether anything of the partition waits.
    func holds(_ partition: TopicPartition) -> Bool { alerts[partition] != nil || changes[partition] != nil }

    mutating func add(_ further: [ProducerRecord], _ changed: StateChanges, of partition: TopicPartition) {
        if !further.isEmpty { alerts[partition, default: []] += further }
        count += further.count
        guard !changed.isEmpty else { return }
        count -= changes[partition]?.count ?? 0
        changes[partition, default: StateChanges()].formUnion(changed)
        count += changes[partition]?.count ?? 0
    }

    /// The partition is not this instance's any more, or its memory was dropped.
    mutating func drop(_ partition: TopicPartition) {
        lives[partition, default: 0] += 1
        count -=
            (alerts.removeValue(forKey: partition)?.count ?? 0) + (changes.removeValue(forKey: partition)?.count ?? 0)
    }

    /// Takes out what there is of the partition, to be sent with the position up to which all is judged.
    mutating func part(of partition: TopicPartition, at offset: Offset) -> Parcel.Part {
        let part = Parcel.Part(
            alerts: alerts.removeValue(forKey: partition) ?? [],
            changes: changes.removeValue(forKey: partition) ?? StateChanges(), offset: offset,
            life: lives[partition] ?? 0)
        count -= part.alerts.count + part.changes.count
        return part
    }

    /// Takes back what did not arrive, in front of what came later.
    mutating func putBack(_ parcel: Parcel) {
        for (partition, part) in parcel.parts where part.life == lives[partition] ?? 0 {
            let later = alerts.removeValue(forKey: partition) ?? []
            count -= later.count
            add(part.alerts + later, part.changes, of: partition)
        }
    }
}
