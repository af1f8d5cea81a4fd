import ChangeEvents

/// Which rows were seen, so that each is judged once: Debezium delivers at least once, and a snapshot reads again what was
/// streamed before.
///
/// A row is known by its partition, its id, and a fingerprint of what it says. An insert with a known id and other content
/// is another row: a table that was emptied begins to count again. A snapshot's is the same one, updated since.
///
/// Sixty-four neighbouring ids share a place of some 290 bytes: four million rows of a serial column take about 18 MB. The places
/// that were begun first make room for others. A value: nothing here waits, prints or asks for the time.
public struct RowMemory: Sendable {
    private struct Group: Equatable, Sendable {
        var number: Int64
        var partition: Int32
        var isUsed: Bool

        @inline(__always)
        init(_ number: Int64, _ partition: Int32, isUsed: Bool = true) {
            self.number = number
            self.partition = partition
            self.isUsed = isUsed
        }

        var hash: UInt64 {
            @inline(__always) get { SlotIndex.hash(number, partition) }
        }
    }

    private static let width = 64

    private var index = SlotIndex()
    private var groups: [Group] = []
    /// 0 is no row.
    private var prints = SlotStorage<UInt32>(width: width, blank: 0)
    private var free: [Int32] = []
    private var hand = 0
    /// Whether neighbours who make room for others are told by ``takeEvicted()``. Default: no.
    public var tellsEvicted = false
    private var evicted: [(group: Int64, partition: Int32)] = []
    /// Where the row before was: rows of a serial column are neighbours.
    private var last: (group: Group, slot: Int)?
    private let limit: Int

    /// A memory that knows no row.
    ///
    /// - Parameter maximumRows: rows kept at most, where their ids follow each other; 65,536 of ids that lie far apart.
    public init(maximumRows: Int = 4_194_304) {
        limit = max(1, min(maximumRows / Self.width, Int(Int32.max)))
    }

    /// Whether the row was seen before; from now on it was.
    public mutating func isRepeated(_ row: Transaction, partition: Int32) -> Bool {
        let slot = slot(of: Group(Self.group(of: row), partition))
        let place = Self.place(of: row)
        let known = prints[slot, place]
        let print = Self.fingerprint(row)
        guard known == 0 || (known != print && row.origin == .insert) else { return true }
        prints[slot, place] = print
        return false
    }

    /// Has what is known of a row loaded into the processor's caches, in steps: see ``Prefetch``.
    public func prefetch(_ row: Transaction, partition: Int32, step: Prefetch) {
        prefetch(group: Self.group(of: row), at: Self.place(of: row), partition: partition, step: step)
    }

    /// The same of sixty-four neighbours, from one of their places on.
    public func prefetch(group: Int64, at place: Int = 0, partition: Int32, step: Prefetch) {
        let hash = SlotIndex.hash(group, partition)
        switch step {
        case .place: index.prefetch(hash)
        case .slot: if let slot = index.likely(hash) { groups.prefetch(slot) }
        case .contents: if let slot = index.likely(hash) { prints.prefetch(slot, place) }
        }
    }

    // MARK: - State

    /// The number of the sixty-four neighbours that a row is one of.
    public static func group(of row: Transaction) -> Int64 { row.id >> 6 }

    /// Which of its neighbours a row is.
    private static func place(of row: Transaction) -> Int { Int(row.id & 63) }

    /// Appends what is known of sixty-four neighbours: a number whose bits say which rows there are, the lowest for the first, and the
    /// fingerprint of each. False where nothing is known.
    public func appendState(of group: Int64, partition: Int32, to bytes: inout [UInt8]) -> Bool {
        guard let slot = known(Group(group, partition)) else { return false }
        let row = prints[slot]
        var present: UInt64 = 0
        for (place, print) in row.enumerated() where print != 0 { present |= 1 << UInt64(place) }
        var rest = present
        StateBytes.append(count: 1 + present.nonzeroBitCount, to: &bytes) { index in
            guard index > 0 else { return Int64(bitPattern: present) }
            defer { rest &= rest &- 1 }
            return Int64(row[row.startIndex + rest.trailingZeroBitCount])
        }
        return true
    }

    /// Takes sixty-four neighbours over as ``appendState(of:partition:to:)`` wrote them; without bytes none is known. False, and nothing
    /// is taken, where they are damaged.
    public mutating func restore(_ group: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        StateBytes.withNumbers(bytes, limit: 1 + Self.width) { numbers in
            guard let numbers else { return false }
            var rest = UInt64(bitPattern: numbers.first ?? 0)
            guard rest.nonzeroBitCount == max(1, numbers.count) - 1,
                numbers.dropFirst().allSatisfy({ (1...Int64(UInt32.max)).contains($0) })
            else { return false }
            let slot = slot(of: Group(group, partition))
            prints.withRow(slot) { prints in
                prints.update(repeating: 0)
                for number in numbers.dropFirst() {
                    prints[rest.trailingZeroBitCount] = UInt32(truncatingIfNeeded: number)
                    rest &= rest &- 1
                }
            }
            return true
        }
    }

    /// The neighbours that have made room for others since this was asked last.
    public mutating func takeEvicted() -> [(group: Int64, partition: Int32)] {
        guard !evicted.isEmpty else { return [] }
        defer { evicted = [] }
        return evicted
    }

    /// Drops the rows of a partition, as when it is revoked.
    public mutating func forget(partition: Int32) {
        for slot in groups.indices where groups[slot].isUsed && groups[slot].partition == partition {
            drop(slot)
            free.append(Int32(slot))
        }
    }

    @inline(__always)
    private func known(_ group: Group) -> Int? { index.slot(group.hash) { groups[$0] == group } }

    private mutating func drop(_ slot: Int) {
        last = nil
        index.remove(slot, groups[slot].hash)
        groups[slot].isUsed = false
    }

    private mutating func slot(of group: Group) -> Int {
        if let last, last.group == group { return last.slot }
        let slot = known(group) ?? newSlot(group)
        last = (group, slot)
        return slot
    }

    private mutating func newSlot(_ group: Group) -> Int {
        let slot: Int
        if let open = free.popLast() {
            slot = Int(open)
        } else if groups.count < limit {
            slot = groups.count
            groups.append(group)
            prints.reach(slot)
        } else {
            slot = hand
            hand = hand + 1 < groups.count ? hand + 1 : 0
            let oldest = groups[slot]
            if oldest.isUsed {
                drop(slot)
                if tellsEvicted { evicted.append((oldest.number, oldest.partition)) }
            }
        }
        prints.withRow(slot) { $0.update(repeating: 0) }
        groups[slot] = group
        index.insert(slot, group.hash)
        return slot
    }

    /// What the row says, in 32 bits that are not 0.
    private static func fingerprint(_ row: Transaction) -> UInt32 {
        var mixed = Self.mixed(0, row.userID)
        mixed = Self.mixed(mixed, row.amount.unscaled)
        mixed = Self.mixed(mixed, row.createdAt.microseconds)
        mixed = Self.mixed(mixed, row.merchantID ?? -1)
        return max(1, UInt32(truncatingIfNeeded: mixed >> 16))
    }

    private static func mixed(_ sum: UInt64, _ part: Int64) -> UInt64 {
        let product = (sum ^ UInt64(bitPattern: part)) &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 29
    }
}
