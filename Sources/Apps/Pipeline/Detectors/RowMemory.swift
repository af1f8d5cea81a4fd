import ChangeEvents

/// Which rows were seen, so that each is judged once: Debezium delivers at least once, and a snapshot reads again what was
/// streamed before.
///
/// A row is known by its partition, its id, and a fingerprint of what it says. An insert with a known id and other content
/// is another row: a table that was emptied begins to count again. A snapshot's is the same one, updated since.
///
/// Sixteen neighbouring ids share a place of some 90 bytes: two million rows of a serial column take about 12 MB. The places
/// that were begun first make room for others. A value: nothing here waits, prints or asks for the time.
public struct RowMemory: Sendable {
    private struct Group: Hashable, Sendable {
        var partition: Int32
        var number: Int64
    }

    private static let width = 16

    private var slots: [Group: Int32] = [:]
    private var groups: [Group?] = []
    /// `width` of each slot; 0 is no row.
    private var prints: [UInt32] = []
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
    /// - Parameter maximumRows: rows kept at most, where their ids follow each other; 131,072 of ids that lie far apart.
    public init(maximumRows: Int = 2_097_152) {
        limit = max(1, min(maximumRows / Self.width, Int(Int32.max)))
    }

    /// Whether the row was seen before; from now on it was.
    public mutating func isRepeated(_ row: Transaction, partition: Int32) -> Bool {
        let group = Group(partition: partition, number: row.id >> 4)
        let place = slot(of: group) * Self.width + Int(row.id & 15)
        let known = prints[place]
        let print = Self.fingerprint(row)
        guard known == 0 || (known != print && row.origin == .insert) else { return true }
        prints[place] = print
        return false
    }

    // MARK: - State

    /// The number of the sixteen neighbours that a row is one of.
    public static func group(of row: Transaction) -> Int64 { row.id >> 4 }

    /// Appends what is known of sixteen neighbours; false where nothing is.
    public func appendState(of group: Int64, partition: Int32, to bytes: inout [UInt8]) -> Bool {
        guard let slot = slots[Group(partition: partition, number: group)] else { return false }
        let first = Int(slot) * Self.width
        for place in 0..<Self.width { StateBytes.append(Int64(prints[first + place]), to: &bytes) }
        return true
    }

    /// Takes sixteen neighbours over as ``appendState(of:partition:to:)`` wrote them; false, and nothing is taken, where they
    /// are damaged.
    public mutating func restore(_ group: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        guard let numbers = StateBytes.numbers(bytes, limit: Self.width), numbers.count == Self.width,
            numbers.allSatisfy({ (0...Int64(UInt32.max)).contains($0) })
        else { return false }
        let first = slot(of: Group(partition: partition, number: group)) * Self.width
        for (place, number) in numbers.enumerated() { prints[first + place] = UInt32(truncatingIfNeeded: number) }
        return true
    }

    /// The neighbours that have made room for others since this was asked last.
    public mutating func takeEvicted() -> [(group: Int64, partition: Int32)] {
        defer { evicted = [] }
        return evicted
    }

    /// Drops the rows of a partition, as when it is revoked.
    public mutating func forget(partition: Int32) {
        last = nil
        for (slot, group) in groups.enumerated() {
            guard let group, group.partition == partition else { continue }
            slots[group] = nil
            groups[slot] = nil
            free.append(Int32(slot))
        }
    }

    private mutating func slot(of group: Group) -> Int {
        if let last, last.group == group { return last.slot }
        let slot = slots[group].map(Int.init) ?? newSlot(group)
        last = (group, slot)
        return slot
    }

    private mutating func newSlot(_ group: Group) -> Int {
        let slot: Int
        if let open = free.popLast() {
            slot = Int(open)
        } else if groups.count < limit {
            slot = groups.count
            groups.append(nil)
            prints.append(contentsOf: repeatElement(0, count: Self.width))
        } else {
            slot = hand
            hand = hand + 1 < groups.count ? hand + 1 : 0
            if let oldest = groups[slot] {
                slots[oldest] = nil
                if tellsEvicted { evicted.append((oldest.number, oldest.partition)) }
            }
        }
        for index in 0..<Self.width { prints[slot * Self.width + index] = 0 }
        slots[group] = Int32(slot)
        groups[slot] = group
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
