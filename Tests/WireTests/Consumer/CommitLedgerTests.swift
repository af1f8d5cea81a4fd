import TestSupport
import Testing

@testable import KafkaWire

/// How far the application has come, and what of it is committed: moves, answers and time as rows.
@Suite(.turn) struct CommitLedgerTests {
    private static let a = TopicPartition("t", 0)
    private static let b = TopicPartition("t", 1)
    private static let start = Instant(nanoseconds: 0)
    private static let later = start + .seconds(5)

    private static func ledger(_ interval: Duration? = .seconds(5)) -> CommitLedger {
        var ledger = CommitLedger(interval: interval, now: start)
        ledger.reassigned()
        return ledger
    }

    private static func at(_ offset: Offset) -> CommittedOffset { CommittedOffset(offset: offset) }

    /// Has the application take a batch up to `offset`, and be done with it.
    private static func process(_ ledger: inout CommitLedger, _ partition: TopicPartition = a, upTo offset: Offset) {
        ledger.gave(partition, upTo: at(offset))
        ledger.asked()
    }

    private static func rest(_ ledger: CommitLedger) -> [TopicPartition: Offset] {
        ledger.rest?.offsets.mapValues(\.offset) ?? [:]
    }

    private static func due(_ ledger: inout CommitLedger, _ now: Instant) throws -> CommitLedger.Attempt {
        let attempt = ledger.due(now: now)
        return try #require(attempt)
    }

    private static func own(
        _ ledger: inout CommitLedger, _ offsets: [TopicPartition: CommittedOffset]
    ) throws -> CommitLedger.Attempt {
        let attempt = ledger.own(offsets)
        return try #require(attempt)
    }

    private static func fail(_ ledger: inout CommitLedger, _ attempt: CommitLedger.Attempt, _ now: Instant = later) {
        ledger.failed(attempt, because: KafkaError(.timedOut, "x"), now: now) { .seconds(4 * $0) }
    }

    @Test func whatIsInHandIsNotProcessedUntilTheNextIsAskedFor() throws {
        var ledger = Self.ledger()
        ledger.gave(Self.a, upTo: Self.at(5))
        #expect(ledger.rest == nil)
        #expect(ledger.deadline == nil)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.a: 5])
        #expect(ledger.deadline == Self.later)
        ledger.gave(Self.b, upTo: Self.at(7))
        let attempt = try Self.due(&ledger, Self.later)
        #expect(attempt.offsets == [Self.a: Self.at(5)])
        ledger.settled(attempt)
        #expect(ledger.rest == nil)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.b: 7])
    }

    @Test func oneCommitIsOnItsWayAtATimeAndTheNextIsDueAnIntervalLater() throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 5)
        #expect(ledger.due(now: Self.start + .seconds(4)) == nil)
        let first = try Self.due(&ledger, Self.later)
        #expect(ledger.deadline == nil)
        #expect(ledger.due(now: Self.later + .seconds(9)) == nil)
        Self.process(&ledger, upTo: 8)
        ledger.settled(first)
        #expect(Self.rest(ledger) == [Self.a: 8])
        #expect(ledger.deadline == Self.later + .seconds(5))
        // Nothing to commit, when it is time to, puts it off all the same.
        ledger.settled(try Self.due(&ledger, Self.later + .seconds(5)))
        #expect(ledger.due(now: Self.later + .seconds(10)) == nil)
        Self.process(&ledger, upTo: 9)
        #expect(ledger.deadline == Self.later + .seconds(15))
    }

    @Test func withoutAnIntervalNothingIsCommittedByItself() {
        var ledger = Self.ledger(nil)
        Self.process(&ledger, upTo: 5)
        #expect(ledger.deadline == nil)
        #expect(ledger.due(now: Self.later) == nil)
        #expect(ledger.rest == nil)
        #expect(ledger.closed("g") == nil)
    }

    @Test func whatFailedIsTriedAgainLaterAndLater() throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 5)
        Self.fail(&ledger, try Self.due(&ledger, Self.later))
        // Not before the interval, nor before the pause.
        #expect(ledger.deadline == Self.later + .seconds(5))
        #expect(Self.rest(ledger) == [Self.a: 5])
        Self.fail(&ledger, try Self.due(&ledger, Self.later + .seconds(5)))
        #expect(ledger.deadline == Self.later + .seconds(8))
        #expect(ledger.failure?.code == .timedOut)
        // What was processed meanwhile goes with it.
        Self.process(&ledger, Self.b, upTo: 2)
        let attempt = try Self.due(&ledger, Self.later + .seconds(8))
        #expect(attempt.offsets.count == 2)
        ledger.settled(attempt)
        #expect(ledger.failure == nil)
        Self.process(&ledger, upTo: 6)
        Self.fail(&ledger, try Self.due(&ledger, Self.later + .seconds(13)), Self.later + .seconds(13))
        #expect(ledger.deadline == Self.later + .seconds(18))
    }

    /// Committed by hand in the middle of a batch, the position went back to the batch before when the consumer was closed,
    /// or time had come (15 → 10).
    @Test func aCommittedPositionDoesNotGoBackToThatOfTheBatchBefore() throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 10)
        ledger.gave(Self.a, upTo: Self.at(20))
        ledger.settled(try Self.own(&ledger, [Self.a: Self.at(15)]))
        #expect(ledger.rest == nil)
        #expect(ledger.due(now: Self.later) == nil)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.a: 20])
    }

    @Test func whatTheApplicationHasCommittedIsNotCommittedAgain() throws {
        for offset in [20, 30] as [Offset] {
            var ledger = Self.ledger()
            ledger.gave(Self.a, upTo: Self.at(20))
            ledger.settled(try Self.own(&ledger, [Self.a: Self.at(offset)]))
            ledger.asked()
            #expect(ledger.rest == nil)
        }
    }

    @Test func whileTheApplicationCommitsNothingIsDue() throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 10)
        let first = try Self.own(&ledger, [Self.a: Self.at(15)])
        let second = try Self.own(&ledger, [Self.a: Self.at(16)])
        #expect(ledger.deadline == nil)
        #expect(ledger.due(now: Self.later) == nil)
        Self.fail(&ledger, first)
        #expect(ledger.due(now: Self.later) == nil)
        Self.fail(&ledger, second)
        // The application has heard of it itself.
        #expect(ledger.failure == nil)
        #expect(ledger.due(now: Self.later)?.offsets == [Self.a: Self.at(10)])
    }

    enum StepBack: CaseIterable { case seek, reset, assignment }

    /// Each goes back, or begins anew, and may then commit less than before.
    @Test(arguments: StepBack.allCases) func whoGoesBackCommitsLess(_ step: StepBack) throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 100)
        ledger.settled(try Self.due(&ledger, Self.later))
        switch step {
        case .seek: ledger.sought(Self.a, to: nil)
        case .reset: ledger.reset(Self.a)
        case .assignment: ledger.reassigned()
        }
        Self.process(&ledger, upTo: 7)
        #expect(Self.rest(ledger) == [Self.a: 7])
    }

    /// What was on its way when the application went back undid that, where the answer came later.
    @Test(arguments: StepBack.allCases, [false, true])
    func anAnswerToACommitFromBeforeAStepBackSaysNothingOfIt(_ step: StepBack, isOwn: Bool) throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 100)
        Self.process(&ledger, Self.b, upTo: 50)
        let attempt = try isOwn ? Self.own(&ledger, ledger.open) : Self.due(&ledger, Self.later)
        switch step {
        case .seek: ledger.sought(Self.a, to: 7)
        case .reset:
            ledger.reset(Self.a)
            ledger.began(Self.a, at: 7)
        case .assignment:
            ledger.gaveUp([Self.a])
            ledger.gained([Self.a])
            ledger.began(Self.a, at: 7)
        }
        ledger.settled(attempt)
        #expect(Self.rest(ledger) == [Self.a: 7])
        // What is sent from there on counts again.
        ledger.settled(try Self.due(&ledger, Self.later + .seconds(5)))
        #expect(ledger.rest == nil)
        Self.process(&ledger, upTo: 6)
        #expect(ledger.rest == nil)
    }

    @Test func aSeekForgetsWhatWasReadAndNotThatOfOthers() {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 5)
        Self.process(&ledger, Self.b, upTo: 6)
        ledger.gave(Self.a, upTo: Self.at(9))
        ledger.sought(Self.a, to: nil)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.b: 6])
        // Where it went to is known, and nothing has to be read for that.
        ledger.sought(Self.b, to: 3)
        #expect(Self.rest(ledger) == [Self.b: 3])
    }

    /// A group that began at the end and read nothing committed nothing, and skipped what came before its next start
    /// (30 of 30 records).
    @Test func wherePartitionsAreBegunIsCommittedThoughNothingIsRead() throws {
        var ledger = Self.ledger()
        ledger.began(Self.a, at: 40)
        ledger.began(Self.b, at: 0)
        #expect(ledger.deadline == Self.later)
        let attempt = try Self.due(&ledger, Self.later)
        #expect(attempt.offsets == [Self.a: Self.at(40), Self.b: Self.at(0)])
        ledger.settled(attempt)
        #expect(ledger.rest == nil)
        var manual = Self.ledger(nil)
        manual.began(Self.a, at: 40)
        #expect(manual.rest == nil)
    }

    /// The position was lost, and begun anew while the application had records in hand: those come first.
    @Test func aPartitionThatIsBegunAnewIsCommittedBehindWhatIsInHand() throws {
        var ledger = Self.ledger()
        ledger.gave(Self.a, upTo: Self.at(10))
        ledger.reset(Self.a)
        ledger.began(Self.a, at: 500)
        #expect(ledger.rest == nil)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.a: 500])
        // The log begins anew: in front of what is committed.
        ledger.settled(try Self.due(&ledger, Self.later))
        ledger.reset(Self.a)
        ledger.began(Self.a, at: 0)
        #expect(Self.rest(ledger) == [Self.a: 0])
    }

    @Test func whatWasCutShortCountsAsFarAsItWasGiven() {
        var ledger = Self.ledger()
        ledger.gave(Self.a, upTo: Self.at(9))
        #expect(ledger.gaveOnly(Self.a, upTo: CommittedOffset(offset: 4, leaderEpoch: 2)) == true)
        ledger.gave(Self.b, upTo: CommittedOffset(offset: 9, leaderEpoch: 3))
        ledger.gaveOnly(Self.b, upTo: 5)
        ledger.asked()
        #expect(
            ledger.rest?.offsets == [
                Self.a: .init(offset: 4, leaderEpoch: 2), Self.b: .init(offset: 5, leaderEpoch: 3),
            ])
        // In hand it has nothing now: neither gives it something.
        #expect(ledger.gaveOnly(Self.a, upTo: Self.at(6)) == false)
        ledger.gaveOnly(Self.b, upTo: 7)
        ledger.gave(Self.a, upTo: Self.at(8))
        ledger.withheld(Self.a)
        ledger.asked()
        #expect(Self.rest(ledger) == [Self.a: 4, Self.b: 5])
    }

    @Test func partitionsThatAreLostAreCommittedByOthers() {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 5)
        ledger.gave(Self.a, upTo: Self.at(9))
        ledger.lost()
        ledger.asked()
        #expect(ledger.rest == nil)
    }

    @Test func anAnswerToACommitOfAnEarlierAssignmentSaysNothingOfThisOne() throws {
        var ledger = Self.ledger()
        Self.process(&ledger, upTo: 50)
        let attempt = try Self.due(&ledger, Self.later)
        ledger.reassigned()
        Self.process(&ledger, upTo: 20)
        ledger.settled(attempt)
        #expect(Self.rest(ledger) == [Self.a: 20])
        // The line is free again.
        #expect(ledger.due(now: Self.later + .seconds(5)) != nil)
    }

    @Test func aBatchOfAnEarlierAssignmentIsNotCommitted() {
        var ledger = Self.ledger()
        let number = ledger.assignment
        #expect(ledger.own([Self.a: Self.at(1)], of: number) != nil)
        ledger.reassigned()
        #expect(ledger.own([Self.a: Self.at(1)], of: number) == nil)
        #expect(ledger.own([Self.a: Self.at(1)])?.assignment == ledger.assignment)
    }

    @Test func closingSaysWhatWasNotCommitted() throws {
        var ledger = Self.ledger()
        #expect(ledger.closed("g") == nil)
        Self.process(&ledger, upTo: 5)
        Self.fail(&ledger, try Self.due(&ledger, Self.later))
        ledger.closing()
        #expect(ledger.closed("g")?.code == .timedOut)
        #expect(ledger.closed("g")?.message.contains("group g") == true)
        #expect(ledger.closed("g", [Self.a])?.message.contains("given up") == true)
        #expect(ledger.closed("g", [TopicPartition("other", 0)]) == nil)
        let last = try #require(ledger.rest)
        ledger.failed(last, because: KafkaError(.connectionFailed, "gone"), now: Self.later) { _ in .zero }
        #expect(ledger.closed("g")?.message == "gone")
        ledger.settled(last)
        #expect(ledger.closed("g") == nil)
    }
}
