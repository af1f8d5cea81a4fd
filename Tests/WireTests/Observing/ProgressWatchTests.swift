import TestSupport
import Testing

@testable import KafkaWire

/// When a consumer is told that a partition makes no progress, and which cause is named.
@Suite(.turn) struct ProgressWatchTests {
    private static let start = Instant(nanoseconds: 0)
    private static let partition = TopicPartition("t", 0)

    private static func watch() -> ProgressWatch {
        var watch = ProgressWatch(limit: .seconds(30), now: start)
        watch.reassigned([partition], now: start)
        return watch
    }

    private static func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    private static let reading = ProgressWatch.Facts(position: 10, leader: 1)

    /// A partition at offset 10 whose end is 15 stands still for half a minute.
    private static func stall(
        _ facts: ProgressWatch.Facts, end: Offset = 15, stable: Offset = -1, error: KafkaError? = nil
    ) -> Stall? {
        var watch = watch()
        watch.answered(partition, end: end, stable: stable, error: error, now: start)
        guard case .stalled(let stall)? = watch.look(now: at(30), { _ in facts }).first else { return nil }
        return stall
    }

    private static let truncation = KafkaError(.logTruncated, "parted")
    private static let outOfRange = KafkaError(.broker(.offsetOutOfRange), "not there")
    private static let small = KafkaError(.malformedResponse, "no whole batch", setting: "max.partition.fetch.bytes")
    private static let down = KafkaError(.connectionFailed, "refused")
    private static let late = KafkaError(.timedOut, "silent")
    private static let forbidden = KafkaError(.broker(.topicAuthorizationFailed), "no")

    @Test(
        arguments: [
            (ProgressWatch.Facts(position: 10, isPaused: true, leader: 1), -1, nil, .paused),
            (.init(position: 10, isWaiting: true, leader: 1), -1, nil, .applicationSlow),
            (.init(position: 10, isFull: true, leader: 1), -1, down, .bufferFull),
            (.init(position: 10, leader: 1, isThrottled: true), -1, nil, .throttled(broker: 1)),
            (.init(position: 10), -1, nil, .noLeader), (.init(leader: 1), -1, nil, .noPosition),
            (reading, -1, truncation, .truncated(truncation)), (reading, -1, outOfRange, .truncated(outOfRange)),
            (reading, -1, small, .fetchTooSmall(small)), (reading, -1, down, .connectionDown(down)),
            (reading, -1, late, .connectionDown(late)), (reading, -1, forbidden, .failing(forbidden)),
            (reading, 10, nil, .transactionOpen(lastStableOffset: 10, since: .seconds(30))),
            // What may be seen by now is not held back by a transaction.
            (reading, 12, nil, .unknown), (reading, -1, nil, .unknown),
        ] as [(ProgressWatch.Facts, Offset, KafkaError?, Stall.Cause)])
    func theNearestCauseIsNamed(
        _ facts: ProgressWatch.Facts, _ stable: Offset, _ error: KafkaError?, _ cause: Stall.Cause
    ) throws {
        let stall = try #require(Self.stall(facts, stable: stable, error: error))
        #expect(stall.cause == cause && stall.partition == Self.partition && stall.duration == .seconds(30))
        #expect(stall.lag == (facts.position == nil ? nil : 5))
        #expect(stall.message.hasPrefix("t-0 makes no progress"))
    }

    @Test func aPartitionThatIsReadToItsEndIsNotTold() {
        #expect(Self.stall(Self.reading, end: 10) == nil)
        // The records wait, though the position is behind them.
        #expect(Self.stall(.init(position: 10, isWaiting: true, leader: 1), end: 10)?.cause == .applicationSlow)
    }

    @Test func nothingIsToldOfAnEndThatNobodyKnowsWhereNothingIsWrong() {
        #expect(Self.stall(Self.reading, end: -1) == nil)
        let stall = Self.stall(Self.reading, end: -1, error: Self.down)
        #expect(stall?.cause == .connectionDown(Self.down) && stall?.lag == nil)
    }

    @Test func itIsToldOnceAndOnceMoreWhenItIsOver() {
        var watch = Self.watch()
        watch.answered(Self.partition, end: 15, stable: -1, error: nil, now: Self.start)
        var told: [ProgressWatch.News] = []
        for second in 0..<100 { told += watch.look(now: Self.at(second)) { _ in Self.reading } }
        #expect(told.count == 1)
        #expect(watch.handedOut(Self.partition, now: Self.at(100)) == .progressed(Self.partition, after: .seconds(100)))
        #expect(watch.handedOut(Self.partition, now: Self.at(101)) == nil)
        told = []
        for second in 101..<140 { told += watch.look(now: Self.at(second)) { _ in Self.reading } }
        #expect(told.count == 1, "it stands still again")
    }

    @Test func whatWasToldIsOverWhenNothingIsLeft() {
        var watch = Self.watch()
        watch.answered(Self.partition, end: 15, stable: -1, error: nil, now: Self.start)
        #expect(watch.look(now: Self.at(40)) { _ in Self.reading }.count == 1)
        let news = watch.look(now: Self.at(50)) { _ in .init(position: 15, leader: 1) }
        #expect(news == [.progressed(Self.partition, after: .seconds(50))])
    }

    @Test func timeCountsFromTheFirstRecordBehindAQuietEnd() {
        var watch = Self.watch()
        watch.answered(Self.partition, end: 10, stable: -1, error: nil, now: Self.start)
        #expect(watch.look(now: Self.at(1000)) { _ in Self.reading } == [])
        watch.answered(Self.partition, end: 15, stable: -1, error: nil, now: Self.at(1005))
        #expect(watch.look(now: Self.at(1010)) { _ in Self.reading } == [])
        #expect(watch.look(now: Self.at(1035)) { _ in Self.reading }.count == 1)
    }

    @Test func theAgeOfATransactionCountsFromWhereTheStableOffsetStoodStill() {
        var watch = Self.watch()
        watch.answered(Self.partition, end: 15, stable: 5, error: nil, now: Self.start)
        for second in [10, 20, 30] {
            watch.answered(Self.partition, end: 15, stable: 10, error: nil, now: Self.at(second))
        }
        let news = watch.look(now: Self.at(40)) { _ in Self.reading }
        guard case .stalled(let stall)? = news.first else { return #expect(news.count == 1) }
        #expect(stall.cause == .transactionOpen(lastStableOffset: 10, since: .seconds(30)))
    }

    @Test func onlyWhatIsAssignedIsWatchedAndAQuarterOfTheLimitApart() {
        var watch = Self.watch()
        #expect(watch.nextLook == Self.start + .milliseconds(7500))
        _ = watch.look(now: Self.at(8)) { _ in Self.reading }
        #expect(watch.nextLook == Self.start + .milliseconds(15500))
        watch.reassigned([], now: Self.at(9))
        #expect(watch.nextLook == nil)
        #expect(watch.look(now: Self.at(100)) { _ in Self.reading } == [])
        #expect(watch.handedOut(Self.partition, now: Self.at(100)) == nil)
    }

    @Test func aLimitOfZeroTellsNothing() {
        var watch = ProgressWatch(limit: .zero, now: Self.start)
        watch.reassigned([Self.partition], now: Self.start)
        watch.answered(Self.partition, end: 15, stable: -1, error: nil, now: Self.start)
        #expect(watch.nextLook == nil)
        #expect(watch.look(now: Self.at(1000)) { _ in Self.reading } == [])
    }

    @Test func severalPartitionsAreToldInTheirOrder() {
        var watch = Self.watch()
        let partitions = (0..<5).map { TopicPartition("t", PartitionID($0)) }
        watch.reassigned(partitions.reversed(), now: Self.start)
        for partition in partitions { watch.answered(partition, end: 15, stable: -1, error: nil, now: Self.start) }
        let told = watch.look(now: Self.at(30)) { _ in Self.reading }.map { news in
            if case .stalled(let stall) = news { stall.partition } else { Self.partition }
        }
        #expect(told == partitions)
    }
}

/// What is told of rebalances.
@Suite(.turn) struct RebalanceClockTests {
    private static func at(_ seconds: Int) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test func aRebalanceIsFromTheLossOfTheShareToTheNextOne() {
        var clock = RebalanceClock()
        #expect(clock.stands(.outside, now: Self.at(0)) == nil)
        #expect(clock.stands(.joining, now: Self.at(1)) == .started)
        #expect(clock.stands(.joining, now: Self.at(2)) == nil)
        #expect(clock.stands(.stable, now: Self.at(3)) == .ended(after: .seconds(2)))
        #expect(clock.stands(.stable, now: Self.at(4)) == nil)
        #expect(clock.stands(.revoking(lost: false), now: Self.at(5)) == .started)
        #expect(clock.stands(.joining, now: Self.at(6)) == nil)
        #expect(clock.stands(.left, now: Self.at(7)) == nil)
        #expect(clock.stands(.stable, now: Self.at(8)) == nil, "it has left in between")
    }

    @Test func onlyChangesOfTheShareAreTold() {
        var clock = RebalanceClock()
        let (a, b, c) = (TopicPartition("a", 0), TopicPartition("b", 0), TopicPartition("c", 0))
        var change = clock.reads([b, a])
        #expect(change.gone == [] && change.new == [a, b] && !change.lost)
        change = clock.reads([b, c])
        #expect(change.gone == [a] && change.new == [c] && !change.lost)
        clock.lose()
        change = clock.reads([])
        #expect(change.gone == [b, c] && change.new == [] && change.lost)
        change = clock.reads([a])
        #expect(!change.lost, "what is lost is lost once")
    }
}
