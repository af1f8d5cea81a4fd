import KafkaWire

/// What is due when: each key has one deadline at most. A binary heap in which what was taken out or has another deadline
/// now stays until it comes up, or there is too much of it; so nothing walks over all keys.
struct DeadlineQueue<Key: Hashable> {
    private struct Entry {
        var deadline: Instant
        var key: Key
    }

    private var heap: [Entry] = []
    private var deadlines: [Key: Instant] = [:]

    /// The earliest deadline.
    var first: Instant? { heap.first?.deadline }
    /// The key with the earliest deadline.
    var firstKey: Key? { heap.first?.key }

    /// Sets a key's deadline; nil takes the key out.
    mutating func set(_ deadline: Instant?, for key: Key) {
        guard deadlines[key] != deadline else { return }
        deadlines[key] = deadline
        if let deadline {
            heap.append(Entry(deadline: deadline, key: key))
            rise(heap.count - 1)
        }
        if heap.count > 64, heap.count > 2 * deadlines.count {
            heap = deadlines.map { Entry(deadline: $0.value, key: $0.key) }
            heap.sort { $0.deadline < $1.deadline }
        }
        dropStale()
    }

    /// Takes out a key whose deadline is `now` or earlier, the earliest first.
    mutating func takeDue(_ now: Instant) -> Key? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        set(nil, for: first.key)
        return first.key
    }

    /// Sees to it that the first entry is one that counts.
    private mutating func dropStale() {
        while let first = heap.first, deadlines[first.key] != first.deadline {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            sink()
        }
    }

    private mutating func rise(_ place: Int) {
        var child = place
        while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
