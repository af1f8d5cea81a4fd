import ChangeEvents

/// Finds cards that are tried out: small payments at several merchants, to see whether a stolen card works, and then a large one.
///
/// A payment of up to 100 that names its merchant is a probe. A payment over 500 is an alert where its user has paid so at 3
/// different merchants or more within the 10 minutes before it, its own moment included: a probe exactly 10 minutes older is
/// outside. Refunds (below 0) are neither.
///
/// Time is the event's (`created_at`), of which each partition has a watermark: the latest time seen, less a minute. What comes out
/// of order within that minute takes its place in the window. What is older is late: it is counted, and neither judged nor
/// remembered. A time that lies more than that minute ahead of its arrival moves no watermark: one wrong date would make all that
/// follows late.
///
/// A large payment is judged when it comes, by what is known then, so that an alert waits for nothing; a probe that comes behind it
/// counts for those after.
///
/// A value: nothing here waits, prints or asks for the time. About 240 bytes for a user who has paid small amounts lately, and
/// nothing for others.
public struct ProbeDetector: Sendable {
    /// The rule's numbers.
    public struct Rule: Equatable, Sendable {
        /// A payment of up to that, and not below 0, is a probe. Default 100.00.
        public var small = Amount(cents: 100_00)
        /// A payment over that can be an alert. Default 500.00.
        public var large = Amount(cents: 500_00)
        /// So many merchants are an alert; 1 to 15. Default 3.
        public var leastMerchants = 3
        /// How long a probe counts, in microseconds. Default 10 minutes.
        public var windowMicroseconds: Int64 = 600_000_000
        /// How far behind the latest time of its partition an event may be, in microseconds. Default a minute.
        public var latenessMicroseconds: Int64 = 60_000_000
        /// Users kept; beyond it those not seen lately make room. Default 100,000 (about 24 MB when full).
        public var maximumUsers = 100_000

        /// The rule with its defaults.
        public init() {}
    }

    /// What the detector says of one transaction.
    public struct Verdict: Equatable, Sendable {
        /// Whether the payment follows on probes.
        public let isAlert: Bool
        /// At how many merchants its user has tried a small amount within the window; 0 for payments that are not large.
        public let merchants: Int
        /// Whether it came too late to be judged.
        public let isLate: Bool
    }

    /// What the detector was told.
    public private(set) var rule: Rule
    private var small: Int64
    private var large: Int64
    /// Probes kept of each user: four times what the rule must tell apart, so that one merchant does not push out the others.
    private var kept: Int
    private var users: UserTable
    /// `kept` places a slot, in the order of their times.
    private var probes: SlotStorage<Probe>
    private var counts: [UInt8] = []

    private struct Probe: Sendable {
        var time: Int64
        var merchant: Int64
    }

    /// The latest time seen of each partition.
    private var latest: [Int32: Int64] = [:]

    /// A detector that knows nobody.
    public init(_ rule: Rule = Rule()) {
        var bounded = rule
        bounded.leastMerchants = max(1, min(rule.leastMerchants, 15))
        bounded.windowMicroseconds = max(0, rule.windowMicroseconds)
        bounded.latenessMicroseconds = max(0, rule.latenessMicroseconds)
        self.rule = bounded
        small = rule.small.tenThousandths
        large = rule.large.tenThousandths
        kept = 4 * bounded.leastMerchants
        users = UserTable(limit: rule.maximumUsers)
        probes = SlotStorage(width: kept, blank: Probe(time: 0, merchant: 0))
    }

    /// Users known at present.
    public var userCount: Int { users.count }

    /// Judges a transaction, and remembers it where it is a probe.
    ///
    /// - Parameters:
    ///   - partition: the partition it came from: watermarks are by partition, and so is `forget(partition:)`.
    ///   - arrival: the present moment; nil takes any time for possible.
    public mutating func observe(_ transaction: Transaction, partition: Int32, arrival: EventTime? = nil) -> Verdict {
        let time = transaction.createdAt.microseconds
        guard isInTime(time, partition, arrival) else { return Verdict(isAlert: false, merchants: 0, isLate: true) }
        let amount = transaction.amount.tenThousandths
        if amount > large, let slot = users.known(transaction.userID) {
            let count = merchantCount(until: time, slot)
            return Verdict(isAlert: count >= rule.leastMerchants, merchants: count, isLate: false)
        }
        if amount >= 0, amount <= small, amount <= large, let merchant = transaction.merchantID {
            remember(Probe(time: time, merchant: merchant), slot(of: transaction.userID, partition: partition))
        }
        return Verdict(isAlert: false, merchants: 0, isLate: false)
    }

    /// Has what is known of a user loaded into the processor's caches, in steps: see ``Prefetch``.
    public func prefetch(_ user: Int64, step: Prefetch) {
        guard let slot = users.prefetch(user, step: step) else { return }
        if step == .slot { counts.prefetch(slot) } else { probes.prefetch(slot, max(0, Int(counts[slot]) - 1)) }
    }

    /// Drops the users whom a partition fed last, and its watermark, as when it is revoked; gives their number.
    @discardableResult
    public mutating func forget(partition: Int32) -> Int {
        latest[partition] = nil
        return users.forget(partition: partition)
    }

    /// Judges by other numbers from now on. What is known stays known.
    public mutating func change(to rule: Rule) {
        var heir = ProbeDetector(rule)
        guard heir.kept != kept else {
            (self.rule, small, large) = (heir.rule, heir.small, heir.large)
            users.change(limit: rule.maximumUsers)
            return
        }
        heir.tellsEvicted = tellsEvicted
        heir.latest = latest
        for (user, partition) in users.everybody {
            var state: [UInt8] = []
            if appendState(of: user, to: &state) { _ = heir.restore(user, partition: partition, from: state[...]) }
        }
        heir.users.tell(takeEvicted())
        self = heir
    }

    // MARK: - Time

    /// Whether an event of that time is not late, and moves the watermark on.
    private mutating func isInTime(_ time: Int64, _ partition: Int32, _ arrival: EventTime?) -> Bool {
        guard let last = latest[partition] else {
            if isPossible(time, arrival) { latest[partition] = time }
            return true
        }
        guard time < last else {
            if time > last, isPossible(time, arrival) { latest[partition] = time }
            return true
        }
        let (watermark, underflow) = last.subtractingReportingOverflow(rule.latenessMicroseconds)
        return underflow || time >= watermark
    }

    private func isPossible(_ time: Int64, _ arrival: EventTime?) -> Bool {
        guard let arrival else { return true }
        let (limit, overflow) = arrival.microseconds.addingReportingOverflow(rule.latenessMicroseconds)
        return overflow || time <= limit
    }

    // MARK: - State

    /// Whether probes of a user are remembered.
    public func remembers(_ user: Int64) -> Bool { users.known(user) != nil }

    /// Appends the user's probes, the earliest first: time, in microseconds, and merchant. False where nobody of that id is known.
    public func appendState(of user: Int64, to bytes: inout [UInt8]) -> Bool {
        guard let slot = users.known(user) else { return false }
        let probes = probes[slot]
        var before: Int64 = 0
        StateBytes.append(count: 2 * Int(counts[slot]), to: &bytes) { index in
            let probe = probes[probes.startIndex + index / 2]
            guard index.isMultiple(of: 2) else { return probe.merchant }
            defer { before = probe.time }
            return probe.time &- before
        }
        return true
    }

    /// Takes a user's probes over as ``appendState(of:to:)`` wrote them, in place of what was known; without bytes that is a user
    /// without probes. False, and nothing is taken, where they are damaged.
    public mutating func restore(_ user: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        StateBytes.withNumbers(bytes, limit: 120) { numbers in
            guard let numbers, numbers.count.isMultiple(of: 2) else { return false }
            var time: Int64 = 0
            for index in stride(from: 0, to: numbers.count, by: 2) {
                let next = time &+ numbers[index]
                guard index == 0 || next >= time else { return false }
                time = next
            }
            let slot = slot(of: user, partition: partition)
            let skipped = max(0, numbers.count / 2 - kept)
            counts[slot] = 0
            time = 0
            for index in 0..<numbers.count / 2 {
                time = time &+ numbers[2 * index]
                guard index >= skipped else { continue }
                remember(Probe(time: time, merchant: numbers[2 * index + 1]), slot)
            }
            return true
        }
    }

    /// Appends the latest time of a partition; false where none was seen.
    public func appendState(ofPartition partition: Int32, to bytes: inout [UInt8]) -> Bool {
        guard let time = latest[partition] else { return false }
        StateBytes.append(time, to: &bytes)
        return true
    }

    /// Takes a partition's latest time over as ``appendState(ofPartition:to:)`` wrote it; without bytes none was seen. False, and
    /// nothing is taken, where it is damaged.
    public mutating func restore(partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool {
        guard let numbers = StateBytes.numbers(bytes, limit: 1) else { return false }
        latest[partition] = numbers.first
        return true
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
            probes.reach(slot)
            if slot == counts.count { counts.append(0) } else { counts[slot] = 0 }
        }
        return slot
    }

    /// Puts a probe among the user's; the oldest makes room, unless this one is older still.
    private mutating func remember(_ probe: Probe, _ slot: Int) {
        let count = Int(counts[slot])
        if count < kept { counts[slot] += 1 }
        probes.withRow(slot) { probes in
            var place = count  // after all probes up to this one
            while place > 0, probes[place - 1].time > probe.time { place -= 1 }
            if count < probes.count {
                for index in stride(from: count, to: place, by: -1) { probes[index] = probes[index - 1] }
            } else {
                guard place > 0 else { return }
                place -= 1
                for index in 0..<place { probes[index] = probes[index + 1] }
            }
            probes[place] = probe
        }
    }

    /// How many different merchants the user's probes name within the window that ends at `time`.
    private func merchantCount(until time: Int64, _ slot: Int) -> Int {
        let probes = probes[slot].prefix(Int(counts[slot]))
        let (edge, underflow) = time.subtractingReportingOverflow(rule.windowMicroseconds)
        var count = 0
        for (index, probe) in probes.enumerated() where probe.time <= time && (underflow || probe.time > edge) {
            let isKnown = probes.prefix(index).contains {
                $0.merchant == probe.merchant && (underflow || $0.time > edge)
            }
            if !isKnown { count += 1 }
        }
        return count
    }
}
