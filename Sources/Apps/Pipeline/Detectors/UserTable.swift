/// Who has which slot of a detector's storage, and which partition last fed that user.
///
/// Storage is flat arrays indexed by slot, so a user costs a fixed number of bytes. When the table is full, a user who
/// was not seen lately makes room (second-chance order), so outside input cannot grow it beyond its limit.
package struct UserTable: Sendable {
    private var slots: [Int64: Int32] = [:]
    private var users: [Int64] = []
    private var partitions: [Int32] = []
    private var isUsed: [Bool] = []
    private var wasSeen: [Bool] = []
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
    package var count: Int { slots.count }

    /// Slots ever made: the storage's size.
    var slotCount: Int { users.count }

    /// The slot of a user who is known.
    package func known(_ user: Int64) -> Int? { slots[user].map(Int.init) }

    /// All who are known, with the partitions that fed them last, in the order of their slots.
    var everybody: [(user: Int64, partition: Int32)] {
        users.indices.filter { isUsed[$0] }.map { (users[$0], partitions[$0]) }
    }

    /// Has these told by ``takeEvicted()`` as well.
    mutating func tell(_ others: [(user: Int64, partition: Int32)]) { evicted += others }

    /// Those who have made room for others since this was asked last.
    mutating func takeEvicted() -> [(user: Int64, partition: Int32)] {
        defer { evicted = [] }
        return evicted
    }

    /// The slot of a user; `isNew` means that what the slot holds is somebody else's.
    package mutating func slot(of user: Int64, partition: Int32) -> (slot: Int, isNew: Bool) {
        if let known = slots[user] {
            let slot = Int(known)
            partitions[slot] = partition
            wasSeen[slot] = true
            return (slot, false)
        }
        let slot = freeSlot()
        slots[user] = Int32(slot)
        users[slot] = user
        partitions[slot] = partition
        isUsed[slot] = true
        wasSeen[slot] = true
        return (slot, true)
    }

    /// Drops the users whom the partition fed last, and gives their number.
    mutating func forget(partition: Int32) -> Int {
        var dropped = 0
        for slot in users.indices where isUsed[slot] && partitions[slot] == partition {
            slots[users[slot]] = nil
            isUsed[slot] = false
            free.append(Int32(slot))
            dropped += 1
        }
        return dropped
    }

    private mutating func freeSlot() -> Int {
        if let slot = free.popLast() { return Int(slot) }
        if users.count < limit {
            users.append(0)
            partitions.append(0)
            isUsed.append(false)
            wasSeen.append(false)
            return users.count - 1
        }
        // Full, so every slot is used. Two turns at most: the first takes away everybody's second chance.
        while wasSeen[hand] {
            wasSeen[hand] = false
            hand = (hand + 1) % users.count
        }
        let slot = hand
        hand = (hand + 1) % users.count
        slots[users[slot]] = nil
        if tellsEvicted { evicted.append((users[slot], partitions[slot])) }
        return slot
    }
}
