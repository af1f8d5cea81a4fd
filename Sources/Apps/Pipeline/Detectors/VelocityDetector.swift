import ChangeEvents

/// Scores transactions by how fast and how high they are.
///
/// More than 5 transactions of a user within 60 seconds, the present one included: +40. An amount over 4000: +50. A
/// score over 70 is an alert, so only both together are.
///
/// The 60 seconds before a transaction at time t are those after t − 60 s up to t: a transaction exactly 60 s older is
/// outside. Time is the event's (`created_at`), so that a replay judges like the first run. Transactions may come late:
/// each is judged by its own window among the newest times known of its user, and counts for later ones.
///
/// A value: nothing here waits, prints or asks for the time. About 230 bytes a user.
public struct VelocityDetector: Sendable {
    /// Whose time the window is measured in.
    public enum Clock: Equatable, Sendable {
        /// `created_at`: the default.
        case event
        /// The moment given to `observe`, as in the exercise's originals.
        case arrival
    }

    /// The rule's numbers; the defaults are the exercise's.
    public struct Rule: Equatable, Sendable {
        /// The window in microseconds. Default 60 seconds.
        public var windowMicroseconds: Int64 = 60_000_000
        /// More transactions than this within the window are too fast; 1 to 60. Default 5.
        public var maximumTransactions = 5
        /// The score of being too fast. Default 40.
        public var velocityScore = 40
        /// An amount over this is high. Default 4000.00.
        public var highAmount = Amount(cents: 4000_00)
        /// The score of a high amount. Default 50.
        public var amountScore = 50
        /// A score over this is an alert. Default 70.
        public var alertScore = 70
        /// Whose time counts. Default the event's.
        public var clock = Clock.event
        /// Users kept; beyond it those not seen lately make room. Default 100,000 (about 23 MB when full).
        public var maximumUsers = 100_000

        /// The exercise's rule.
        public init() {}
    }

    /// What the detector says of one transaction.
    public struct Verdict: Equatable, Sendable {
        /// 0, 40, 50 or 90 with the exercise's numbers.
        public let score: Int
        /// Whether the score is over the limit.
        public let isAlert: Bool
        /// Transactions within the window, the present one included. Never above the number of times kept.
        public let count: Int
    }

    /// What the detector was told.
    public private(set) var rule: Rule
    private var high: Int64
    /// Times kept of each user: four times what the rule must tell apart, so that late transactions find theirs.
    private var kept: Int
    private var users: UserTable
    private var times: SlotStorage<Int64>  // `kept` places a slot, ascending
    private var counts: [UInt8] = []

    /// A detector that knows nobody.
    public init(_ rule: Rule = Rule()) {
        var bounded = rule
        bounded.maximumTransactions = max(1, min(rule.maximumTransactions, 60))
        self.rule = bounded
        high = rule.highAmount.tenThousandths
        kept = 4 * (bounded.maximumTransactions + 1)
        users = UserTable(limit: rule.maximumUsers)
        times = SlotStorage(width: kept, blank: 0)
    }

    /// Users known at present.
    public var userCount: Int { users.count }

    /// Scores a transaction and remembers its time.
    ///
    /// - Parameters:
    ///   - partition: the partition it came from, for `forget(partition:)`.
    ///   - arrival: when it arrived; looked at only with `Clock.arrival`, where nil means the event's own time.
    public mutating func observe(_ transaction: Transaction, partition: Int32, arrival: EventTime? = nil) -> Verdict {
        let time = rule.clock == .arrival ? arrival ?? transaction.createdAt : transaction.createdAt
        let slot = slot(of: transaction.userID, partition: partition)
        let count = insert(time.microseconds, slot)
        let isFast = count > rule.maximumTransactions
        let isHigh = transaction.amount.tenThousandths > high
        let score = (isFast ? rule.velocityScore : 0) + (isHigh ? rule.amountScore : 0)
        return Verdict(score: score, isAlert: score > rule.alertScore, count: count)
    }

    /// Has what is known of a user loaded into the processor's caches, in steps: see ``Prefetch``.
    public func prefetch(_ user: Int64, step: Prefetch) {
        guard let slot = users.prefetch(user, step: step) else { return }
        if step == .slot {
            counts.prefetch(slot)
        } else {
            // 24 times are three lines, of which the last are read first.
            times.prefetch(slot)
            times.prefetch(slot, times.width / 2)
            times.prefetch(slot, times.width - 1)
        }
    }

    /// Judges by other numbers from now on. What is known stays known, but for times that are not kept any more.
    public mutating func change(to rule: Rule) {
        var heir = VelocityDetector(rule)
        guard heir.kept != kept else {
            (self.rule, high) = (heir.rule, heir.high)
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

    /// Appends the times of a user, the earliest first, in microseconds; false where nobody of that id is known.
    public func appendState(of user: Int64, to bytes: inout [UInt8]) -> Bool {
        guard let slot = users.known(user) else { return false }
        var before: Int64 = 0
        let times = times[slot]
        StateBytes.append(count: Int(counts[slot]), to: &bytes) { index in
            let time = times[times.startIndex + index]
            defer { before = time }
            return time &- before
        }
        return true
    }

    /// Takes a user's times over as ``appendState(of:to:)`` wrote them, in place of what was known; false, and nothing is
    /// taken, where they are damaged.
    public mutating func restore(_ user: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        StateBytes.withNumbers(bytes, limit: 255) { steps in
            guard let steps else { return false }
            var time: Int64 = 0
            for (index, step) in steps.enumerated() {
                let next = time &+ step
                guard index == 0 || next >= time else { return false }
                time = next
            }
            let slot = slot(of: user, partition: partition)
            let skipped = max(0, steps.count - kept)
            time = 0
            for (index, step) in steps.enumerated() {
                time = time &+ step
                if index >= skipped { times[slot, index - skipped] = time }
            }
            counts[slot] = UInt8(steps.count - skipped)
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

    private mutating func slot(of user: Int64, partition: Int32) -> Int {
        let (slot, isNew) = users.slot(of: user, partition: partition)
        if isNew {
            times.reach(slot)
            if slot == counts.count { counts.append(0) } else { counts[slot] = 0 }
        }
        return slot
    }

    /// Puts a time among the user's, and gives the number of times within its window.
    private mutating func insert(_ time: Int64, _ slot: Int) -> Int {
        let count = Int(counts[slot])
        if count < kept { counts[slot] += 1 }
        let (edge, underflow) = time.subtractingReportingOverflow(rule.windowMicroseconds)
        return times.withRow(slot) { times in
            var place = count  // after all times up to this one
            while place > 0, times[place - 1] > time { place -= 1 }
            var earliest = place
            while earliest > 0, underflow || times[earliest - 1] > edge { earliest -= 1 }
            let within = place - earliest + 1
            if count < times.count {
                for index in stride(from: count, to: place, by: -1) { times[index] = times[index - 1] }
                times[place] = time
            } else if place > 0 {  // the oldest makes room, unless this one is older still
                for index in 0..<(place - 1) { times[index] = times[index + 1] }
                times[place - 1] = time
            }
            return within
        }
    }
}
