import KafkaWire

/// The partitions of a fetch session, in the order in which they come to be answered. Taking one out, and moving one to
/// the end, cost the same however many there are (Kafka's `ImplicitLinkedHashCollection`): its place stays empty until
/// half of the places are.
struct SessionPartitions {
    /// What was last told of a partition; an incremental answer leaves out what has not changed.
    struct Told: Equatable {
        var highWatermark: Offset
        var logStartOffset: Offset
    }

    private struct Entry {
        var target: FetchTarget
        var told: Told?
    }

    private var entries: [Entry?] = []
    private var places: [FetchTarget.Key: Int] = [:]

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }

    /// What is wanted of each partition, in order.
    var targets: [FetchTarget] { entries.compactMap { $0?.target } }

    /// Adds a partition behind the others, or changes what is wanted of it.
    mutating func set(_ target: FetchTarget) {
        if let place = places[target.key] {
            entries[place]?.target = target
        } else {
            places[target.key] = entries.count
            entries.append(Entry(target: target))
        }
    }

    mutating func remove(_ key: FetchTarget.Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        entries[place] = nil
        closeGaps()
    }

    /// Puts a partition behind the others.
    mutating func moveToEnd(_ key: FetchTarget.Key) {
        guard let place = places[key] else { return }
        places[key] = entries.count
        entries.append(entries[place])
        entries[place] = nil
        closeGaps()
    }

    /// What was last told of a partition.
    subscript(told key: FetchTarget.Key) -> Told? {
        get { places[key].flatMap { entries[$0]?.told } }
        set {
            if let place = places[key] { entries[place]?.told = newValue }
        }
    }

    private mutating func closeGaps() {
        guard entries.count > 16, entries.count >= 2 * places.count else { return }
        entries = entries.filter { $0 != nil }
        for (place, entry) in entries.enumerated() {
            if let entry { places[entry.target.key] = place }
        }
    }
}
