import HeapModule
import KafkaWire

/// What is to happen when: by time, and at one time in the order in which it was planned.
struct Agenda<What> {
    private struct Entry: Comparable {
        var time: Instant
        var number: UInt64

        static func < (a: Entry, b: Entry) -> Bool { (a.time, a.number) < (b.time, b.number) }
    }

    private var heap = Heap<Entry>()
    private var plans: [UInt64: What] = [:]
    private var lastNumber: UInt64 = 0

    /// Plans it, and gives the number under which it can be called off.
    @discardableResult
    mutating func plan(_ what: What, at time: Instant) -> UInt64 {
        lastNumber += 1
        plans[lastNumber] = what
        heap.insert(Entry(time: time, number: lastNumber))
        return lastNumber
    }

    /// Whether it was planned still.
    @discardableResult
    mutating func cancel(_ number: UInt64) -> Bool {
        guard plans.removeValue(forKey: number) != nil else { return false }
        // Most timers are cancelled long before their time: those are not carried along.
        if heap.count > 64, heap.count > 2 * plans.count {
            heap = Heap(heap.unordered.filter { plans[$0.number] != nil })
        }
        return true
    }

    /// When something is to happen next.
    var next: Instant? {
        mutating get {
            while let first = heap.min {
                if plans[first.number] != nil { return first.time }
                heap.removeMin()
            }
            return nil
        }
    }

    /// Takes out what is to happen next, with its number, where that is not after `now`.
    mutating func take(_ now: Instant) -> (number: UInt64, what: What)? {
        guard let next, next <= now else { return nil }
        let number = heap.removeMin().number
        return plans.removeValue(forKey: number).map { (number, $0) }
    }

    /// How much of that kind is planned.
    func count(where isOne: (What) -> Bool) -> Int { plans.values.count(where: isOne) }

    /// How much is planned.
    var count: Int { plans.count }
}
