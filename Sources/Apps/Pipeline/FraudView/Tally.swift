/// What has come of alerts that have something in common: their rule, their user, their merchant.
package struct Tally: Sendable, Equatable {
    package private(set) var count = 0
    /// The sum of the amounts, and the largest.
    package private(set) var total = 0.0
    package private(set) var largest = -Double.infinity
    /// When the latest one was written, in milliseconds since 1970.
    package private(set) var lastSeen = Int64.min
    private var recent = RecentCount()

    package init() {}

    /// Counts an alert that was written at `time`.
    package mutating func add(_ amount: Double, at time: Int64) {
        count += 1
        total += amount
        largest = max(largest, amount)
        lastSeen = max(lastSeen, time)
        recent.add(at: time)
    }

    /// How many were written in the minute before `now`.
    package func lastMinute(_ now: Int64) -> Int { recent.count(at: now) }
}

/// How many things there were within the last minute, in steps of ten seconds.
package struct RecentCount: Sendable, Equatable {
    private static let step: Int64 = 10_000
    private static let steps: Int64 = 6
    /// Counts by the number of their step, of the newest few.
    private var counts: [(step: Int64, count: Int)] = []

    package init() {}

    package static func == (a: RecentCount, b: RecentCount) -> Bool {
        a.counts.map(\.step) == b.counts.map(\.step) && a.counts.map(\.count) == b.counts.map(\.count)
    }

    /// Counts one at that time, in milliseconds since 1970.
    package mutating func add(at time: Int64) {
        let step = time / Self.step
        if let index = counts.firstIndex(where: { $0.step == step }) {
            counts[index].count += 1
            return
        }
        counts.append((step, 1))
        if counts.count > Int(Self.steps) {
            counts.sort { $0.step < $1.step }
            counts.removeFirst()
        }
    }

    /// Those of the minute before `now`.
    package func count(at now: Int64) -> Int {
        let last = now / Self.step
        return counts.reduce(0) { sum, one in
            one.step <= last && one.step > last.subtractingSaturated(Self.steps) ? sum + one.count : sum
        }
    }
}

/// Tallies by what alerts have in common. A full table forgets the quarter that was not seen for longest.
package struct TallyTable<Key: Hashable & Comparable & Sendable>: Sendable {
    private var tallies: [Key: Tally] = [:]
    private let limit: Int
    /// How many were forgotten.
    package private(set) var evicted = 0

    package init(limit: Int) { self.limit = max(4, limit) }

    package var count: Int { tallies.count }

    package subscript(key: Key) -> Tally? { tallies[key] }

    /// All of them, in the order of their keys.
    package var all: [(key: Key, tally: Tally)] {
        tallies.sorted { $0.key < $1.key }.map { (key: $0.key, tally: $0.value) }
    }

    package mutating func add(_ key: Key, _ amount: Double, at time: Int64) {
        if tallies[key] == nil, tallies.count >= limit { forget() }
        tallies[key, default: Tally()].add(amount, at: time)
    }

    private mutating func forget() {
        let old = tallies.sorted { ($0.value.lastSeen, $0.key) < ($1.value.lastSeen, $1.key) }.prefix(limit / 4)
        for (key, _) in old { tallies[key] = nil }
        evicted += old.count
    }
}
