import ChangeEvents

/// Finds amounts far above what a user is used to spend.
///
/// Of each user the last 50 amounts are kept. With at least 3 of them, an amount over 3 times their mean and over 500
/// is an anomaly. The amount then joins the history, anomaly or not. Arithmetic is in whole 1/10000 of the currency, so
/// the comparison is exact: amount × count > 3 × sum.
///
/// A value: nothing here waits, prints or asks for the time. About 240 bytes a user; 440 where amounts have more than two decimals, or are of tens of millions.
public struct AnomalyDetector: Sendable {
    /// The rule's numbers; the defaults are the exercise's.
    public struct Rule: Equatable, Sendable {
        /// Amounts kept of each user, 1 to 50 (sums of more could overflow). Default 50.
        public var history = 50
        /// Amounts needed before anything can be an anomaly. Default 3.
        public var minimumHistory = 3
        /// An anomaly is over this many times the mean, 1 to 1000. Default 3.
        public var factor: Int64 = 3
        /// An anomaly is over this amount. Default 500.00.
        public var floor = Amount(cents: 500_00)
        /// Users kept; beyond it those not seen lately make room. Default 100,000 (about 24 MB when full).
        public var maximumUsers = 100_000

        /// The exercise's rule.
        public init() {}
    }

    /// What the detector says of one transaction.
    public struct Verdict: Equatable, Sendable {
        /// Whether the amount is far above the user's mean.
        public let isAnomaly: Bool
        /// Amounts known of the user before this one.
        public let history: Int
        /// Their mean, rounded to 1/10000; nil without any.
        public let mean: Amount?
    }

    /// What the detector was told.
    public private(set) var rule: Rule
    private var floor: Int64
    private var users: UserTable
    /// A ring of `history` places a slot.
    private var amounts: AmountRings
    private var rings: [Ring] = []

    /// What there is of a user beside the amounts.
    private struct Ring: Sendable {
        var sum: Int64 = 0
        var count: UInt8 = 0
        /// Where the next amount goes.
        var place: UInt8 = 0
    }

    /// A detector that knows nobody.
    public init(_ rule: Rule = Rule()) {
        var bounded = rule
        bounded.history = max(1, min(rule.history, 50))
        bounded.factor = max(1, min(rule.factor, 1000))
        self.rule = bounded
        floor = rule.floor.tenThousandths
        users = UserTable(limit: rule.maximumUsers)
        amounts = AmountRings(width: bounded.history)
    }

    /// Users known at present.
    public var userCount: Int { users.count }

    /// Judges a transaction, then adds it to its user's history.
    ///
    /// - Parameter partition: the partition it came from, for `forget(partition:)`.
    public mutating func observe(_ transaction: Transaction, partition: Int32) -> Verdict {
        let slot = slot(of: transaction.userID, partition: partition)
        let amount = transaction.amount.tenThousandths
        var ring = rings[slot]
        let (count, sum) = (Int(ring.count), ring.sum)
        let isAnomaly = count >= rule.minimumHistory && amount > floor && isOver(amount, sum, count)
        append(amount, to: slot, &ring)
        rings[slot] = ring
        return Verdict(
            isAnomaly: isAnomaly, history: count,
            mean: count == 0 ? nil : Amount(unscaled: Self.rounded(sum, by: Int64(count)), scale: 4))
    }

    /// Has what is known of a user loaded into the processor's caches, in steps: see ``Prefetch``.
    public func prefetch(_ user: Int64, step: Prefetch) {
        guard let slot = users.prefetch(user, step: step) else { return }
        if step == .slot { rings.prefetch(slot) } else { amounts.prefetch(slot, Int(rings[slot].place)) }
    }

    /// 50 × 2^55 is below 2^61 (see ``Amount/tenThousandths``); a multiple of the sum that overflows is beyond that.
    private func isOver(_ amount: Int64, _ sum: Int64, _ count: Int) -> Bool {
        let (limit, overflow) = rule.factor.multipliedReportingOverflow(by: sum)
        return overflow ? sum < 0 : amount * Int64(count) > limit
    }

    /// Judges by other numbers from now on. What is known stays known, but for amounts that are not kept any more.
    public mutating func change(to rule: Rule) {
        var heir = AnomalyDetector(rule)
        guard heir.rule.history != self.rule.history else {
            (self.rule, floor) = (heir.rule, heir.floor)
            users.change(limit: rule.maximumUsers)
            return
        }
        heir.tellsEvicted = tellsEvicted
        for (user, partition) in users.everybody {
            var state: [UInt8] = []
            if appendState(of: user, to: &state) { _ = heir.restore(user, partition: partition, from: state[...]) }
        }
        heir.users.tell(takeEvicted())
        self = heir
    }

    /// Drops the users whom a partition fed last, as when it is revoked; gives their number.
    @discardableResult
    public mutating func forget(partition: Int32) -> Int { users.forget(partition: partition) }

    // MARK: - State

    /// Appends the amounts of a user, the oldest first, in 1/10000; false where nobody of that id is known.
    public func appendState(of user: Int64, to bytes: inout [UInt8]) -> Bool {
        guard let slot = users.known(user) else { return false }
        let ring = rings[slot]
        var place = Int(ring.count) == rule.history ? Int(ring.place) : 0
        StateBytes.append(count: Int(ring.count), to: &bytes) { _ in
            defer { place = place + 1 == rule.history ? 0 : place + 1 }
            return amounts[slot, place]
        }
        return true
    }

    /// Takes a user's amounts over as ``appendState(of:to:)`` wrote them, in place of what was known; false, and nothing is
    /// taken, where they are damaged.
    public mutating func restore(_ user: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        StateBytes.withNumbers(bytes, limit: 50) { numbers in
            guard let numbers, numbers.allSatisfy({ $0.magnitude <= Amount.largestTenThousandths.magnitude }) else {
                return false
            }
            let slot = slot(of: user, partition: partition)
            var ring = Ring()
            for amount in numbers.suffix(rule.history) { append(amount, to: slot, &ring) }
            rings[slot] = ring
            return true
        }
    }

    /// Whether users who make room for others are told by ``takeEvicted()``. Default: no.
    public var tellsEvicted: Bool {
        get { users.tellsEvicted }
        set { users.tellsEvicted = newValue }
    }

    /// The users who have made room for others since this was asked last, with the partitions that fed them.
    public mutating func takeEvicted() -> [(user: Int64, partition: Int32)] { users.takeEvicted() }

    // MARK: - Slots

    private mutating func slot(of user: Int64, partition: Int32) -> Int {
        let (slot, isNew) = users.slot(of: user, partition: partition)
        if isNew {
            amounts.reach(slot)
            if slot == rings.count { rings.append(Ring()) } else { rings[slot] = Ring() }
        }
        return slot
    }

    @inline(__always)
    private mutating func append(_ amount: Int64, to slot: Int, _ ring: inout Ring) {
        let place = Int(ring.place)
        if Int(ring.count) == rule.history {
            ring.sum -= amounts[slot, place]
        } else {
            ring.count += 1
        }
        amounts[slot, place] = amount
        ring.sum += amount
        ring.place = UInt8(place + 1 == rule.history ? 0 : place + 1)
    }

    /// Half away from zero.
    private static func rounded(_ sum: Int64, by count: Int64) -> Int64 {
        (sum + (sum < 0 ? -count : count) / 2) / count
    }
}
