import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// What an agent may commit while alerts are on their way.
@Suite(.turn) struct AlertLedgerTests {
    private static let p = TopicPartition("t", 0)
    private static let q = TopicPartition("t", 1)

    /// A partition that was assigned at 0, judged up to `known`, with alerts of the events at these offsets.
    private static func ledger(
        upTo known: Offset, alerts: [Offset]
    ) -> (AlertLedger, [AlertLedger.Ticket]) {
        var ledger = AlertLedger(limit: 4)
        _ = ledger.takeOver(p, at: 0)
        let tickets = alerts.compactMap { ledger.raised(p, at: $0) }
        ledger.knows(p, upTo: known)
        return (ledger, tickets)
    }

    @Test func whereItBeganIsCommittedToo() {
        var ledger = AlertLedger()
        _ = ledger.takeOver(Self.p, at: 7)
        #expect(ledger.due([Self.p, Self.q]) == [Self.p: 7])
        ledger.settled([Self.p: 7])
        #expect(ledger.due([Self.p]).isEmpty)
    }

    /// The order in which the alerts of the events at 2, 5 and 7 arrive, and what may be committed after each.
    @Test(arguments: [
        ([0, 1, 2], [5, 7, 10] as [Offset]), ([2, 1, 0], [2, 2, 10]), ([1, 0, 2], [2, 7, 10]),
        ([0, 2, 1], [5, 5, 10]),
    ])
    func nothingIsCommittedBehindAnAlertThatWaits(_ order: [Int], _ positions: [Offset]) {
        var (ledger, tickets) = Self.ledger(upTo: 10, alerts: [2, 5, 7])
        #expect(ledger.due([Self.p]) == [Self.p: 2])
        var seen: [Offset] = []
        for index in order {
            ledger.arrived(tickets[index])
            seen.append(ledger.due([Self.p])[Self.p] ?? -1)
        }
        #expect(seen == positions)
        #expect(ledger.waiting == 0)
        // Told twice it counts once.
        ledger.arrived(tickets[0])
        #expect(ledger.waiting == 0)
    }

    @Test func anotherPartitionIsCommittedMeanwhile() {
        var (ledger, _) = Self.ledger(upTo: 10, alerts: [2])
        _ = ledger.takeOver(Self.q, at: 0)
        ledger.knows(Self.q, upTo: 50)
        #expect(ledger.due([Self.p, Self.q]) == [Self.p: 2, Self.q: 50])
        ledger.settled([Self.p: 2, Self.q: 50])
        #expect(ledger.due([Self.p, Self.q]).isEmpty)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var alerts: [Offset]
        var committed: Offset?
        var assigned: Offset
        var takeover: AlertLedger.Takeover
        /// What is committed then.
        var due: Offset
        var waiting: Int
    }

    /// A partition that was judged up to 10 comes back.
    static let cases = [
        Case(
            testDescription: "as it was", alerts: [], committed: 10, assigned: 10, takeover: .goOn, due: 10, waiting: 0),
        Case(
            testDescription: "with an alert on its way: what arrived is not sent again", alerts: [2, 5], committed: 2,
            assigned: 2, takeover: .resume(at: 10), due: 2, waiting: 2),
        Case(
            testDescription: "others have gone further", alerts: [], committed: 10, assigned: 15,
            takeover: .readBack(from: 10), due: 15, waiting: 0),
        Case(
            testDescription: "others have gone further, alerts and all", alerts: [2], committed: 2, assigned: 15,
            takeover: .readBack(from: 10), due: 15, waiting: 0),
        Case(
            testDescription: "others have gone further, but not as far", alerts: [2], committed: 2, assigned: 6,
            takeover: .anew, due: 6, waiting: 0),
        Case(
            testDescription: "somebody has set it back", alerts: [], committed: 10, assigned: 4, takeover: .anew,
            due: 4,
            waiting: 0),
        Case(
            testDescription: "nothing was committed", alerts: [], committed: nil, assigned: 0, takeover: .anew, due: 0,
            waiting: 0),
    ]

    @Test(arguments: cases) func aPartitionThatComesBackIsGoneOnWithWhereThatIsRight(_ one: Case) {
        var (ledger, tickets) = Self.ledger(upTo: 10, alerts: one.alerts)
        if let committed = one.committed { ledger.settled([Self.p: committed]) }
        #expect(ledger.takeOver(Self.p, at: one.assigned) == one.takeover)
        #expect(ledger.due([Self.p]) == [Self.p: one.due])
        #expect(ledger.waiting == one.waiting)
        for ticket in tickets { ledger.arrived(ticket) }
        #expect(ledger.waiting == 0)
        if case .resume = one.takeover { #expect(ledger.due([Self.p]) == [Self.p: 10]) }
    }

    /// An alert of the partition's life before frees no event that is judged again at its place.
    @Test func alertsOfAnEarlierLifeAreNobodys() {
        var (ledger, old) = Self.ledger(upTo: 10, alerts: [2])
        ledger.reset(Self.p, to: 0)
        #expect(ledger.waiting == 0)
        _ = ledger.raised(Self.p, at: 2)
        ledger.knows(Self.p, upTo: 10)
        ledger.arrived(old[0])
        #expect(ledger.waiting == 1)
        #expect(ledger.due([Self.p]) == [Self.p: 2])
        ledger.forget(Self.p)
        #expect(ledger.waiting == 0 && ledger.partitions.isEmpty && ledger.due([Self.p]).isEmpty)
    }

    /// While its past is read, a partition's position is the group's.
    @Test func whatIsReadBackIsNotCommitted() {
        var ledger = AlertLedger()
        #expect(ledger.takeOver(Self.p, at: 100) == .readBack(from: 0))
        ledger.knows(Self.p, upTo: 40)
        #expect(ledger.due([Self.p]) == [Self.p: 100])
        ledger.settled([Self.p: 100])
        ledger.knows(Self.p, upTo: 90)
        #expect(ledger.due([Self.p]).isEmpty)
        ledger.knows(Self.p, upTo: 130)
        #expect(ledger.due([Self.p]) == [Self.p: 130])
    }

    /// Memory is bounded: of what raises alerts that cannot be sent nothing more is judged, until half of them are.
    @Test func whoRaisesTooManyAlertsThatWaitIsHeld() {
        var (ledger, tickets) = Self.ledger(upTo: 10, alerts: [1, 2, 3])
        _ = ledger.takeOver(Self.q, at: 0)
        #expect(ledger.overfull().isEmpty)
        tickets += [4].compactMap { ledger.raised(Self.p, at: $0) }
        #expect(ledger.overfull() == [Self.p])
        ledger.arrived(tickets[0])
        #expect(ledger.overfull() == [Self.p])
        ledger.arrived(tickets[1])
        #expect(ledger.overfull().isEmpty)
    }
}
