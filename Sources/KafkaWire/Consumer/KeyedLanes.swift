import DequeModule

/// Which of many items may be worked on at once: at most so many, and of one lane one after the other, in the order in which
/// they came. A value: items go in, those to begin come out, and what is finished makes room.
public struct KeyedLanes<Lane: Hashable & Sendable, Item: Sendable>: Sendable {
    /// An item that is begun.
    public struct Begun: Sendable {
        /// The lane that it keeps busy; nil for none.
        public let lane: Lane?
        /// The item.
        public let item: Item
    }

    /// How many items may be worked on at once.
    public let maximum: Int
    /// How many are.
    public private(set) var inHand = 0
    /// How many wait.
    public private(set) var waiting = 0
    /// What may begin, as far as there is room.
    private var ready: Deque<Begun> = []
    /// What waits behind the item of its lane that is ready, or in hand. A lane that is not there is free.
    private var lanes: [Lane: Deque<Item>] = [:]

    /// Lanes on which at most `maximum` items are worked on at once; at least one is.
    public init(maximum: Int) { self.maximum = max(1, maximum) }

    /// An item comes last on its lane; one without a lane waits for no other.
    public mutating func add(_ item: Item, to lane: Lane?) {
        waiting += 1
        if let lane {
            guard lanes[lane] == nil else {
                lanes[lane]?.append(item)
                return
            }
            lanes[lane] = []
        }
        ready.append(Begun(lane: lane, item: item))
    }

    /// An item to begin with now; nil where there is none, or no room.
    public mutating func begin() -> Begun? {
        guard inHand < maximum, let begun = ready.popFirst() else { return nil }
        waiting -= 1
        inHand += 1
        return begun
    }

    /// What was begun is finished: the next of its lane may begin.
    public mutating func finish(_ begun: Begun) {
        inHand -= 1
        advance(begun.lane)
    }

    /// Forgets what waits and is so. What was begun goes on.
    public mutating func drop(where isSo: (Item) -> Bool) {
        let before = ready
        ready = []
        for (lane, items) in lanes { lanes[lane] = Deque(items.filter { !isSo($0) }) }
        for begun in before {
            if isSo(begun.item) { advance(begun.lane) } else { ready.append(begun) }
        }
        waiting = ready.count + lanes.values.reduce(0) { $0 + $1.count }
    }

    private mutating func advance(_ lane: Lane?) {
        guard let lane else { return }
        guard let next = lanes[lane]?.popFirst() else {
            lanes[lane] = nil
            return
        }
        ready.append(Begun(lane: lane, item: next))
    }
}
