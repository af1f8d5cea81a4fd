import ChangeEvents
import Detectors

/// A rule that an agent applies to every transaction, in the order of its partition.
public protocol AgentRule: Sendable {
    /// What the rule says of one transaction.
    associatedtype Verdict: Sendable

    /// The numbers that can be set. Default: ``NoNumbers``.
    associatedtype Numbers: Equatable, Sendable = NoNumbers

    /// Judges by these from now on. Default: nothing changes.
    mutating func change(to numbers: Numbers)

    /// Has what is remembered of a user loaded into the processor's caches, since a transaction comes soon: a hint, asked for in the
    /// steps of ``Prefetch``. Default: nothing is done.
    func prefetch(_ user: Int64, step: Prefetch)

    /// Takes a transaction into account and judges it. `arrival` is the present moment.
    mutating func judge(_ transaction: Transaction, partition: Int32, arrival: EventTime) -> Verdict
    /// The alert that a verdict raises, or nil.
    func alert(_ verdict: Verdict, of transaction: Transaction, at place: RecordPlace) -> Alert?
    /// The exercise's line for a verdict, with its newline.
    func appendLine(_ verdict: Verdict, of transaction: Transaction, to text: inout [UInt8])
    /// Drops the users of a partition that another instance has now; gives their number.
    mutating func forget(partition: Int32) -> Int
    /// Users known at present.
    var userCount: Int { get }
    /// Whether what the rule remembers can be rebuilt from the events' own times.
    var canReplay: Bool { get }
    /// Whether a verdict is that the event came too late to be judged, which is counted. Default: never.
    func isLate(_ verdict: Verdict) -> Bool

    // What follows keeps the rule's memory in a topic, so that it survives a restart. Without it, events are read back.

    /// Whether it does. Default: false.
    var keepsState: Bool { get }
    /// Whether anything is remembered of a user. Default: yes, as of rules that remember everybody.
    func remembers(_ user: Int64) -> Bool
    /// Appends what is remembered of a user; false where that is nothing.
    func appendState(of user: Int64, to bytes: inout [UInt8]) -> Bool
    /// Takes over what ``appendState(of:to:)`` wrote, in place of what was known of the user; without bytes that is nothing. False,
    /// and nothing is taken, where it is damaged.
    mutating func restore(_ user: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool
    /// Appends what is remembered of a partition as a whole, such as a watermark; false where that is nothing. Default: nothing.
    func appendState(ofPartition partition: Int32, to bytes: inout [UInt8]) -> Bool
    /// Takes over what ``appendState(ofPartition:to:)`` wrote; without bytes that is nothing. False, and nothing is taken, where it
    /// is damaged.
    mutating func restore(partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool
    /// Whether users who make room for others are told by ``takeEvicted()``.
    var tellsEvicted: Bool { get set }
    /// The users who have made room for others since this was asked last, with the partitions that fed them.
    mutating func takeEvicted() -> [(user: Int64, partition: Int32)]
}

extension AgentRule where Numbers == NoNumbers {
    /// Nothing changes.
    public mutating func change(to numbers: NoNumbers) {}
}

extension AgentRule {
    /// Nothing is done.
    public func prefetch(_ user: Int64, step: Prefetch) {}
    /// False: events are read back after a restart.
    public var keepsState: Bool { false }
    /// True: everybody is remembered.
    public func remembers(_ user: Int64) -> Bool { true }
    /// False: nothing is kept.
    public func appendState(of user: Int64, to bytes: inout [UInt8]) -> Bool { false }
    /// False: nothing is taken over.
    public mutating func restore(_ user: Int64, partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool { false }
    /// False: nothing is kept.
    public func appendState(ofPartition partition: Int32, to bytes: inout [UInt8]) -> Bool { false }
    /// Whether there is nothing to be taken over.
    public mutating func restore(partition: Int32, from bytes: ArraySlice<UInt8>) -> Bool { bytes.isEmpty }
    /// False: nothing is late.
    public func isLate(_ verdict: Verdict) -> Bool { false }
    /// False: nobody is told.
    public var tellsEvicted: Bool {
        get { false }
        set {}
    }
    /// Nobody.
    public mutating func takeEvicted() -> [(user: Int64, partition: Int32)] { [] }
}

extension AnomalyDetector: AgentRule {
    /// The rule's own.
    public typealias Numbers = Rule
    /// Judges by the transaction's own time alone: `arrival` is not used.
    public mutating func judge(_ transaction: Transaction, partition: Int32, arrival: EventTime) -> Verdict {
        observe(transaction, partition: partition)
    }
    /// An alert where the amount is an anomaly; else nil.
    public func alert(_ verdict: Verdict, of transaction: Transaction, at place: RecordPlace) -> Alert? {
        Alert(verdict, of: transaction, at: place)
    }
    /// The exercise's line: an anomaly, or a profile that was updated.
    public func appendLine(_ verdict: Verdict, of transaction: Transaction, to text: inout [UInt8]) {
        Report.append(verdict, of: transaction, to: &text)
    }
    /// True: what is remembered of users follows from the events alone.
    public var canReplay: Bool { true }
    /// True: a user's amounts.
    public var keepsState: Bool { true }
}

extension VelocityDetector: AgentRule {
    /// The rule's own.
    public typealias Numbers = Rule
    /// Judges by the clock that the rule names: the transaction's own time or `arrival`.
    public mutating func judge(_ transaction: Transaction, partition: Int32, arrival: EventTime) -> Verdict {
        observe(transaction, partition: partition, arrival: arrival)
    }
    /// An alert where the score is too high; else nil.
    public func alert(_ verdict: Verdict, of transaction: Transaction, at place: RecordPlace) -> Alert? {
        Alert(verdict, of: transaction, at: place)
    }
    /// The exercise's line: the transaction's score, and whether it is too high.
    public func appendLine(_ verdict: Verdict, of transaction: Transaction, to text: inout [UInt8]) {
        Report.append(verdict, of: transaction, to: &text)
    }
    /// Whether the rule goes by the events' own time: when they arrived first cannot be found out again.
    public var canReplay: Bool { rule.clock == .event }
    /// True: a user's times.
    public var keepsState: Bool { true }
}

extension ProbeDetector: AgentRule {
    /// The rule's own.
    public typealias Numbers = Rule
    /// Judges by the transaction's own time; one that lies ahead of `arrival` moves no watermark.
    public mutating func judge(_ transaction: Transaction, partition: Int32, arrival: EventTime) -> Verdict {
        observe(transaction, partition: partition, arrival: arrival)
    }
    /// An alert where a large payment follows on small ones; else nil.
    public func alert(_ verdict: Verdict, of transaction: Transaction, at place: RecordPlace) -> Alert? {
        Alert(verdict, of: transaction, at: place)
    }
    /// A line for each transaction: at how many merchants small amounts were paid, or that it came too late.
    public func appendLine(_ verdict: Verdict, of transaction: Transaction, to text: inout [UInt8]) {
        Report.append(verdict, of: transaction, to: &text)
    }
    /// True: it goes by the events' own time.
    public var canReplay: Bool { true }
    /// Whether it came behind its partition's watermark.
    public func isLate(_ verdict: Verdict) -> Bool { verdict.isLate }
    /// True: a user's small payments, and a partition's latest time.
    public var keepsState: Bool { true }
}
