/// A timer's name, for cancelling it.
package struct TimerID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }
}

/// Actions by deadline: a binary heap in which cancelled timers stay until they come up.
struct TimerQueue {
    private struct Entry {
        var deadline: Instant
        var id: TimerID
    }

    private var heap: [Entry] = []
    private var actions: [TimerID: @Sendable () -> Void] = [:]
    private var nextNumber: UInt64 = 0

    mutating func insert(_ deadline: Instant, _ action: @escaping @Sendable () -> Void) -> TimerID {
        let id = TimerID(number: nextNumber)
        nextNumber += 1
        actions[id] = action
        heap.append(Entry(deadline: deadline, id: id))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return id
    }

    mutating func remove(_ id: TimerID) {
        actions[id] = nil
        // Far more cancelled than waiting timers: build the heap anew instead of carrying them along.
        if heap.count > 64, heap.count > 2 * actions.count {
            let live = heap.filter { actions[$0.id] != nil }
            heap = live.sorted { $0.deadline < $1.deadline }
        }
    }

    /// The number that the next timer gets.
    var next: UInt64 { nextNumber }

    /// Takes out the first action whose time has come, in the order of their deadlines, of those that were set before `number`:
    /// one at a time, since each may cancel others.
    mutating func takeDue(_ now: Instant, setBefore number: UInt64 = .max) -> (@Sendable () -> Void)? {
        while let first = heap.first, first.deadline <= now || actions[first.id] == nil {
            guard actions[first.id] == nil || first.id.number < number else { return nil }
            removeFirst()
            if let action = actions.removeValue(forKey: first.id) { return action }
        }
        return nil
    }

    /// How long `poll` may wait: -1 for ever.
    func millisecondsToNext(_ now: Instant) -> Int32 {
        guard let first = heap.first else { return -1 }
        guard first.deadline > now else { return 0 }
        let (nanoseconds, isFar) = first.deadline.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        return isFar ? .max : Int32(clamping: (nanoseconds - 1) / 1_000_000 + 1)
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        heap[a].deadline == heap[b].deadline
            ? heap[a].id.number < heap[b].id.number : heap[a].deadline < heap[b].deadline
    }
}
