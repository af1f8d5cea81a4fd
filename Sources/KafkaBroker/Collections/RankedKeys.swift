import HeapModule
import KafkaWire

/// Keys in the order of their ranks, such as groups by when something is due in them: what comes first is known at once,
/// and a change costs the logarithm of their number.
struct RankedKeys<Key: Hashable, Rank: Comparable> {
    private struct Entry: Comparable {
        var rank: Rank
        var key: Key

        static func == (a: Entry, b: Entry) -> Bool { a.rank == b.rank }
        static func < (a: Entry, b: Entry) -> Bool { a.rank < b.rank }
    }

    private var ranks: [Key: Rank] = [:]
    /// Entries that the ranks above contradict are out of date; the first one never is.
    private var heap = Heap<Entry>()

    var count: Int { ranks.count }
    /// How many entries are held for them.
    var entryCount: Int { heap.count }
    var isEmpty: Bool { ranks.isEmpty }

    /// A key's rank; nil takes the key out.
    subscript(key: Key) -> Rank? {
        get { ranks[key] }
        set {
            guard ranks[key] != newValue else { return }
            ranks[key] = newValue
            if let newValue { heap.insert(Entry(rank: newValue, key: key)) }
            if heap.count > 2 * ranks.count + 16 { dropOutdated() }
            while let first = heap.min, ranks[first.key] != first.rank { heap.removeMin() }
        }
    }

    /// Equals among the others keep an order that follows from what was done, and not from the dictionary's.
    private mutating func dropOutdated() {
        var kept: Set<Key> = []
        heap = Heap(heap.unordered.filter { ranks[$0.key] == $0.rank && kept.insert($0.key).inserted })
    }

    /// The key with the lowest rank.
    var first: (key: Key, rank: Rank)? { heap.min.map { ($0.key, $0.rank) } }

    /// Takes out the keys with ranks up to `limit`, the lowest first, and no more than `most` of them.
    mutating func take(upTo limit: Rank, most: Int = .max) -> [Key] {
        var taken: [Key] = []
        while taken.count < most, let first, first.rank <= limit {
            taken.append(first.key)
            self[first.key] = nil
        }
        return taken
    }
}

extension RankedKeys: Equatable {
    static func == (a: Self, b: Self) -> Bool { a.ranks == b.ranks }
}
