/// What a history broke of what was promised: which promise, in which words, and when.
public struct Objection: Sendable, Equatable, CustomStringConvertible {
    /// What always holds.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        case acknowledgedIsThere = "what was acknowledged is there"
        case onceOnly = "each record is there once"
        case inOrder = "records of a producer are in their order"
        case onlyWhatWasSent = "nothing is there that nobody sent"
        case refusedIsNotThere = "what was refused for good is not there"
        case rightOffset = "an acknowledgement tells the record's place"
        case everythingIsRead = "each record reaches the group"
        case readOnceWhenCommitted = "what was committed before letting go is not read again"
        case oneOwner = "a partition has one owner in a generation"
        case ownersRead = "who reads a partition has been given it"
        case ownersCommit = "nobody commits what another member has since"
        case keepsItsShare = "who is only slow keeps its partitions"
        case noWayBack = "positions do not move back unsaid"
        case readIsThere = "what was read is in the log"
        case committedIsSeen = "of a committed transaction everything is seen, and once"
        case abortedIsUnseen = "of an aborted transaction nothing is seen"
        case openIsUnseen = "nothing is seen of a transaction before its end"
        case allOrNothing = "of a transaction all is seen, or nothing"
        case fencedIsUnseen = "what was sent by who is fenced is not seen"
        case copiedOnce = "of what is copied in transactions there is one copy"
        case callsEnd = "no call outlives its time"
        case troublesAreTold = "whoever is cut off is told"
        case nothingIsLeft = "nothing is left open"
    }

    /// Which promise was broken.
    public var rule: Rule
    /// In which way, with the records and partitions that it is about.
    public var text: String
    /// When it was broken; nil where the end shows it.
    public var time: Duration?

    init(_ rule: Rule, _ text: String, at time: Duration? = nil) {
        (self.rule, self.text, self.time) = (rule, text, time)
    }

    /// The rule, how it was broken, and when, in seconds of the simulation.
    public var description: String {
        "\(rule.rawValue): \(text)" + (time.map { " (at \(History.text($0)) s)" } ?? "")
    }
}

extension History {
    /// What does not hold of it though it was promised, in the order of the rules.
    public func objections(_ promises: Promises = Promises()) -> [Objection] {
        LogCheck(self).objections(promises) + ReadingCheck(self).objections(promises)
            + TransactionCheck(self).objections(promises) + CopyCheck(self).objections(promises)
            + ConductCheck(self).objections(promises)
    }
}
