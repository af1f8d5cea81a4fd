// Ids that a reader by id has passed over, and may not forget yet.

/// What a snapshot of the database says of the transactions that ran when it was taken.
struct SnapshotBounds: Equatable, Sendable {
    /// All transactions below this number are over: what they did is visible, or never will be.
    var oldestRunning: Int64
    /// No transaction from this number on had begun.
    var next: Int64
    /// The database's clock, in microseconds since 1970.
    var time: Int64
}

/// A stretch of ids without rows.
///
/// A row gets its id when it is inserted, and appears when its transaction commits. So with several writers, ids appear
/// out of order, and "all above the highest that I know" loses rows. An id that is missing may belong to a transaction
/// that still runs; or to one that was rolled back, and then to nobody for ever.
struct IDGap: Equatable, Sendable {
    /// The first id without a row.
    var first: Int64
    /// The last one.
    var last: Int64
    /// The first snapshot that did not have these rows.
    var seen: SnapshotBounds
}

/// The gaps below the highest id that was read, in their order.
struct IDGaps: Equatable, Sendable {
    /// Gaps kept at most; beyond it the oldest are given up.
    static let limit = 100_000
    /// A writer takes a row's id a moment before its transaction gets a number, and the snapshot knows numbers only. So
    /// a gap is kept for so long at least, in microseconds.
    static let grace: Int64 = 10_000_000

    private(set) var gaps: [IDGap]
    /// Ids that were given up although a row might still have appeared.
    private(set) var givenUp: Int64 = 0

    init(_ gaps: [IDGap] = []) { self.gaps = gaps }

    /// Takes note of gaps above all those known.
    mutating func note(_ new: [ClosedRange<Int64>], seen: SnapshotBounds) {
        for range in new { gaps.append(IDGap(first: range.lowerBound, last: range.upperBound, seen: seen)) }
        let excess = max(0, gaps.count - Self.limit)
        for gap in gaps.prefix(excess) { givenUp &+= gap.last &- gap.first &+ 1 }
        gaps.removeFirst(excess)
    }

    /// Rows have appeared: `ids`, ascending, are gaps no more.
    mutating func fill(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        var left: [IDGap] = []
        var next = ids[...]
        for gap in gaps {
            var first: Int64? = gap.first
            while let id = next.first, id <= gap.last {
                next.removeFirst()
                guard let start = first, id >= start else { continue }
                if id > start { left.append(IDGap(first: start, last: id &- 1, seen: gap.seen)) }
                first = id < gap.last ? id &+ 1 : nil
            }
            if let first { left.append(IDGap(first: first, last: gap.last, seen: gap.seen)) }
        }
        gaps = left
    }

    /// Forgets the gaps that nobody can fill any more: every transaction that ran when a gap was first seen is over.
    mutating func settle(_ now: SnapshotBounds) {
        gaps.removeAll { $0.seen.next <= now.oldestRunning && now.time &- $0.seen.time >= Self.grace }
    }
}
