/// Who has which slot of a detector's storage, and which partition last fed that user.
///
/// A user costs a fixed number of bytes: 16, and 11 to 21 of the index. When the table is full, a user who was not seen lately makes
/// room (second-chance order), so outside input cannot grow it beyond its limit.
package struct UserTable: Sendable {
    private struct Entry: Sendable {
        var user: Int64
        var partition: Int32
        var isUsed: Bool
        var wasSeen: Bool
    }

    private var index = SlotIndex()
    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var hand = 0
    private var limit: Int
    /// Whether those who make room for others are kept to be told.
    var tellsEvicted = false
    private var evicted: [(user: Int64, partition: Int32)] = []

    /// - Parameter limit: users kept at most, 1 or more.
    package init(limit: Int) { self.limit = Self.bounded(limit) }

    private static func bounded(_ limit: Int) -> Int { max(1, min(limit, Int(Int32.max))) }

    /// Keeps so many users at most from now on. Of more that are known already none is dropped: each new one takes the place of another.
    mutating func change(limit: Int) { self.limit = Self.bounded(limit) }

    /// Users kept at present.
    package var count: Int { index.count }

    /// The slot of a user who is known.
    @inline(__always)
    package func known(_ user: Int64) -> Int? { index.slot(SlotIndex.hash(user)) { entries[$0].user == user } }

    /// Has what is needed to find a user loaded. Gives in the second step the slot that is probably the user's.
    @inline(__always)
    func prefetch(_ user: Int64, step: Prefetch) -> Int? {
        switch step {
        case .place:
            index.prefetch(SlotIndex.hash(user))
            return nil
        case .slot:
            let slot = index.likely(SlotIndex.hash(user))
            if let slot { entries.prefetch(slot) }
            return slot
        case .contents: return index.likely(SlotIndex.hash(user))
        }
    }

    /// All who are known, with the partitions that fed them last, in the order of their slots.
    var everybody: [(user: Int64, partition: Int32)] {
        entries.filter(\.isUsed).map { ($0.user, $0.partition) }
    }

    /// Has these told by ``takeEvicted()`` as well.
    mutating func tell(_ others: [(user: Int64, partition: Int32)]) { evicted += others }

    /// Those who have made room for others since this was asked last.
    mutating func takeEvicted() -> [(user: Int64, partition: Int32)] {
        guard !evicted.isEmpty else { return [] }
        defer { evicted = [] }
        return evicted
    }

    /// The slot of a user; `isNew` means that what the slot holds is somebody else's.
    package mutating func slot(of user: Int64, partition: Int32) -> (slot: Int, isNew: Bool) {
        let known = known(user)
        let slot = known ?? freeSlot()
        entries[slot] = Entry(user: user, partition: partition, isUsed: true, wasSeen: true)
        if known == nil { index.insert(slot, SlotIndex.hash(user)) }
        return (slot, known == nil)
    }

    /// Drops the users whom the partition fed last, and gives their number.
    mutating func forget(partition: Int32) -> Int {
        let before = index.count
        for slot in entries.indices where entries[slot].isUsed && entries[slot].partition == partition {
            drop(slot)
            free.append(Int32(slot))
        }
        return before - index.count
    }

    private mutating func drop(_ slot: Int) {
        index.remove(slot, SlotIndex.hash(entries[slot].user))
        entries[slot].isUsed = false
    }

    private mutating func freeSlot() -> Int {
        if let slot = free.popLast() { return Int(slot) }
        if entries.count < limit {
            entries.append(Entry(user: 0, partition: 0, isUsed: false, wasSeen: false))
            return entries.count - 1
        }
        // Full, so every slot is used. Two turns at most: the first takes away everybody's second chance.
        while entries[hand].wasSeen {
            entries[hand].wasSeen = false
            hand = (hand + 1) % entries.count
        }
        let slot = hand
        hand = (hand + 1) % entries.count
        if tellsEvicted { evicted.append((entries[slot].user, entries[slot].partition)) }
        drop(slot)
        return slot
    }
}
