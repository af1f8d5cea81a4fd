import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct FetchPlanTests {
    private static let now = Instant(nanoseconds: 1000)
    private static let a = TopicPartition("t", 0)
    private static let b = TopicPartition("t", 1)
    private static let c = TopicPartition("t", 2)

    private static func plan(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) -> FetchPlan {
        var plan = FetchPlan(FetchRoom(limit: 1000))
        plan.assign(starts)
        return plan
    }

    private static func chunk(_ source: TopicPartition, _ from: Offset, _ to: Offset, bytes: Int = 10) -> FetchedChunk {
        FetchedChunk(source: source, batches: [], firstOffset: from, nextOffset: to, highWatermark: to, bytes: bytes)
    }

    private static func ask(
        _ plan: inout FetchPlan, now: Instant = now, leaders: [TopicPartition: BrokerID]
    ) -> (requests: [BrokerID: FetchPlan.Request], leaderless: [TopicPartition]) {
        plan.takeRequests(now: now, leader: { leaders[$0] })
    }

    private static let backoff = Backoff(initial: .milliseconds(10), limit: .milliseconds(10), seed: 7)

    @Test func eachLeaderIsAskedOnceForItsPartitions() {
        var plan = Self.plan([Self.a: .offset(1), Self.b: .offset(2), Self.c: .offset(3)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 2]
        let (requests, leaderless) = Self.ask(&plan, leaders: leaders)
        #expect(
            requests == [
                1: .init(partitions: [Self.a], offsets: [1], maximumBytes: 333),
                2: .init(partitions: [Self.b], offsets: [2], maximumBytes: 333),
            ])
        #expect(leaderless == [Self.c])
        #expect(Self.ask(&plan, leaders: leaders).requests.isEmpty)
        plan.settled(.init(partitions: [Self.b], offsets: [2]), by: 2)
        #expect(Self.ask(&plan, leaders: leaders).requests.keys.sorted() == [2])
        // A broker that has not answered is not asked for others in between.
        plan.assign([Self.c: .offset(3)])
        #expect(Self.ask(&plan, leaders: [Self.c: 1]).requests.isEmpty)
        plan.settled(.init(partitions: [Self.a], offsets: [1]), by: 1)
        #expect(Self.ask(&plan, leaders: [Self.c: 1]).requests.keys.sorted() == [1])
    }

    /// What was fetched of them would take the room of the others.
    @Test func partitionsThatAreHeldAreNotReadAndTakeNoRoom() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1]
        let first = Self.ask(&plan, leaders: leaders).requests[1]
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 2000))
        #expect(plan.buffered == 2000)
        plan.hold([Self.a])
        #expect(plan.buffered == 0 && plan.takeChunk() == nil)
        #expect(plan.positions[Self.a]?.offset == 0)
        // What is on its way is dropped, too, and no end is told.
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.receivedEnd(Self.a, at: 0)
        #expect(plan.takeChunk() == nil)
        plan.settled(first ?? .init(partitions: [], offsets: []), by: 1)
        let second = Self.ask(&plan, leaders: leaders).requests[1]
        #expect(second?.partitions == [Self.b])
        plan.settled(second ?? .init(partitions: [], offsets: []), by: 1)
        plan.hold([])
        #expect(Set(Self.ask(&plan, leaders: leaders).requests[1]?.partitions ?? []) == [Self.a, Self.b])
    }

    @Test func theOrderTurns() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0), Self.c: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1, Self.c: 1]
        var first: [TopicPartition] = []
        for _ in 0..<3 {
            let request = Self.ask(&plan, leaders: leaders).requests[1] ?? .init(partitions: [], offsets: [])
            first += request.partitions.prefix(1)
            // Nobody is asked before the answer: whoever looks meanwhile turns nothing.
            #expect(Self.ask(&plan, leaders: leaders).requests.isEmpty)
            plan.settled(request, by: 1)
        }
        #expect(first == [Self.a, Self.b, Self.c])
    }

    @Test func chunksMoveThePositionAndStaleOnesDoNot() {
        var plan = Self.plan([Self.a: .offset(5)])
        plan.received(Self.chunk(Self.a, 5, 9))
        plan.received(Self.chunk(Self.a, 5, 9))
        plan.received(Self.chunk(Self.b, 0, 9))
        #expect(plan.positions[Self.a]?.offset == 9)
        #expect(plan.buffered == 10)
        #expect(plan.takeChunk()?.nextOffset == 9)
        #expect(plan.takeChunk() == nil)
        #expect(plan.buffered == 0)
    }

    @Test func aPartitionThatWaitsToBeTakenIsAskedForWithTheOthers() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0), Self.c: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1, Self.c: 2]
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 100))
        let requests = Self.ask(&plan, leaders: leaders).requests
        #expect(requests[1]?.offsets.sorted() == [0, 5])
        #expect(requests[2]?.offsets == [0])
    }

    @Test func nothingIsAskedWhileTooMuchWaits() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 1000))
        #expect(Self.ask(&plan, leaders: [Self.b: 2]).requests.isEmpty)
    }

    @Test func aBrokerWithoutRoomIsAskedWhenTheApplicationHasTaken() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 2]
        let requests = Self.ask(&plan, leaders: leaders).requests
        #expect(requests.mapValues(\.maximumBytes) == [1: 333, 2: 333])
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 333))
        plan.received(Self.chunk(Self.a, 5, 6, bytes: 2))
        plan.settled(requests[1] ?? .init(partitions: [], offsets: []), by: 1)
        // 335 wait, 333 are on their way: 332 would be in crumbs.
        #expect(Self.ask(&plan, leaders: leaders).requests.isEmpty)
        #expect(plan.hindrance(of: Self.b).isFull)
        #expect(plan.takeChunk()?.nextOffset == 5)
        #expect(!plan.hindrance(of: Self.b).isFull)
        #expect(Self.ask(&plan, leaders: leaders).requests[1]?.offsets == [6])
    }

    @Test func partitionsThatFailedAreLeftAloneForAWhile() throws {
        var plan = Self.plan([Self.a: .offset(0)])
        #expect(plan.failed(Self.a, Self.backoff, now: Self.now) == 1)
        let later = try #require(plan.nextLook(Self.now))
        #expect((Self.now + .milliseconds(8)...Self.now + .milliseconds(12)).contains(later))
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests.isEmpty)
        // A time that has passed is no reason to wake up.
        #expect(plan.nextLook(later) == nil)
        #expect(Self.ask(&plan, now: later, leaders: [Self.a: 1]).requests.count == 1)
        #expect(plan.failed(Self.a, Self.backoff, now: Self.now) == 2)
        plan.worked(Self.a)
        #expect(plan.failed(Self.a, Self.backoff, now: Self.now) == 1)
        #expect(plan.failed(Self.b, Self.backoff, now: Self.now) == 0)
    }

    /// Whom the answer has pointed to is asked at once; where that one points elsewhere again, they may do so without end.
    @Test func aPartitionWhoseNewLeaderIsKnownIsNotLeftAlone() throws {
        var plan = Self.plan([Self.a: .offset(0)])
        #expect(plan.failed(Self.a, Self.backoff, now: Self.now, isHinted: true) == 1)
        #expect(Self.ask(&plan, leaders: [Self.a: 2]).requests.keys.sorted() == [2])
        plan.settled(FetchPlan.Request(partitions: [Self.a], offsets: [0]), by: 2)
        #expect(plan.failed(Self.a, Self.backoff, now: Self.now, isHinted: true) == 2)
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests.isEmpty)
        #expect(plan.nextLook(Self.now) != nil)
    }

    @Test func aBrokerThatAnswersAtOnceThatThereIsNothingIsAskedMoreRarely() {
        var plan = Self.plan([Self.a: .offset(0)])
        let request = FetchPlan.Request(partitions: [Self.a], offsets: [0])
        // Once may be; one that takes its time, or has records, is not held back.
        let rows: [(Duration?, Bool)] = [
            (.zero, false), (.milliseconds(400), false), (.zero, false), (nil, false), (.zero, false), (.zero, true),
        ]
        for (time, isHeldBack) in rows {
            plan.holdBack(1, request, time, wait: .milliseconds(500), Self.backoff, now: Self.now)
            #expect((plan.nextLook(Self.now) != nil) == isHeldBack)
        }
    }

    @Test func unknownOffsetsAreLookedUpAndASeekWins() {
        var plan = Self.plan([Self.a: .earliest, Self.b: .offset(3)])
        let starts = plan.takeUnresolved(Self.now)
        #expect(starts == [Self.a: .earliest])
        #expect(plan.takeUnresolved(Self.now).isEmpty)
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests.isEmpty)
        plan.seek(Self.a, to: 42)
        plan.resolved(starts, [Self.a: 7], Self.backoff, now: Self.now)
        #expect(plan.positions[Self.a]?.offset == 42)
        plan.reset(Self.a, to: .latest)
        let again = plan.takeUnresolved(Self.now)
        #expect(again == [Self.a: .latest])
        plan.resolved(again, [Self.a: 7], Self.backoff, now: Self.now)
        #expect(plan.positions[Self.a]?.offset == 7)
    }

    @Test func partitionsAreLookedUpOneByOne() {
        var plan = Self.plan([Self.a: .earliest, Self.b: .earliest])
        let starts = plan.takeUnresolved(Self.now)
        #expect(starts.count == 2)
        plan.resolved(starts, [Self.a: 7], Self.backoff, now: Self.now)
        #expect(Self.ask(&plan, leaders: [Self.a: 1, Self.b: 1]).requests[1]?.partitions == [Self.a])
        // The other one is looked up later, and holds up nobody.
        #expect(plan.takeUnresolved(Self.now).isEmpty)
        #expect(plan.takeUnresolved(Self.now + .milliseconds(12)) == [Self.b: .earliest])
        #expect(plan.takeUnresolved(Self.now + .milliseconds(12)).isEmpty)
    }

    /// The answer to the first would have been taken for that to the second.
    @Test func aLookUpThatIsOutOfDateFindsNothing() {
        var plan = Self.plan([Self.a: .earliest])
        let first = plan.takeUnresolved(Self.now)
        plan.reset(Self.a, to: .latest)
        let second = plan.takeUnresolved(Self.now)
        #expect(second == [Self.a: .latest])
        plan.resolved(first, [Self.a: 0], Self.backoff, now: Self.now)
        #expect(plan.positions[Self.a]?.offset == nil)
        plan.resolved(second, [Self.a: 9], Self.backoff, now: Self.now)
        #expect(plan.positions[Self.a]?.offset == 9)
        plan.assign([Self.a: .latest])
        plan.resolved(second, [Self.a: 9], Self.backoff, now: Self.now)
        #expect(plan.positions[Self.a]?.offset == nil)
    }

    @Test func aSeekDropsWhatWasFetchedAndWhatIsOnItsWay() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.received(Self.chunk(Self.b, 0, 5))
        plan.seek(Self.a, to: 100)
        plan.received(Self.chunk(Self.a, 5, 9))
        #expect(plan.takeChunk()?.source == Self.b)
        #expect(plan.takeChunk() == nil)
        #expect(plan.buffered == 0)
        plan.seek(TopicPartition("other", 0), to: 1)
        #expect(plan.positions.count == 2)
    }

    /// What was fetched and not given out yet was thrown away with the position (6,000 records).
    @Test func whatWaitsIsGivenOutBeforeALostPositionIsLookedUp() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.reset(Self.a, to: .earliest)
        #expect(plan.takeUnresolved(Self.now).isEmpty)
        #expect(plan.takeChunk()?.nextOffset == 5)
        let starts = plan.takeUnresolved(Self.now)
        #expect(starts == [Self.a: .earliest])
        // Divided meanwhile: the rest of it comes first, too.
        plan.putBack(Self.chunk(Self.a, 3, 5))
        #expect(plan.resolved(starts, [Self.a: 90], Self.backoff, now: Self.now).isEmpty)
        #expect(plan.takeChunk()?.nextOffset == 5)
        let again = plan.takeUnresolved(Self.now)
        #expect(plan.resolved(again, [Self.a: 90], Self.backoff, now: Self.now) == [Self.a: 90])
        #expect(plan.positions[Self.a]?.offset == 90)
        #expect(plan.buffered == 0)
    }

    @Test func anAnswerForAnOffsetThatNobodyWantsAnyMoreIsKnownByIt() {
        var plan = Self.plan([Self.a: .offset(99)])
        #expect(plan.isRead(Self.a, at: 99) == true)
        plan.seek(Self.a, to: 3)
        #expect(plan.isRead(Self.a, at: 99) == false)
        #expect(plan.isRead(Self.b, at: 99) == false)
        plan.seek(Self.a, to: .last(2))
        #expect(plan.isRead(Self.a, at: 3) == false)
        #expect(plan.takeUnresolved(Self.now) == [Self.a: .last(2)])
    }

    @Test func theEpochOfWhatWasReadLastGoesWithTheRequestUntilTheApplicationMoves() {
        var plan = FetchPlan(FetchRoom(limit: 1000))
        plan.assign([Self.a: .offset(0), Self.b: .offset(4)], epochs: [Self.b: 2])
        var epochs: [[TopicPartition: LeaderEpoch]] = []
        func ask() {
            let request = Self.ask(&plan, leaders: [Self.a: 1, Self.b: 1]).requests[1]
            guard let request else { return }
            epochs.append(request.epochs)
            plan.settled(request, by: 1)
        }
        ask()
        var chunk = Self.chunk(Self.a, 0, 5)
        chunk.leaderEpoch = 7
        plan.received(chunk)
        ask()
        plan.seek(Self.b, to: 1)
        ask()
        plan.seek(Self.a, to: 0)
        ask()
        #expect(epochs == [[Self.b: 2], [Self.a: 7, Self.b: 2], [Self.a: 7], [:]])
    }

    @Test func partitionsAreAddedWhereverTheyBegin() {
        var plan = Self.plan([Self.a: .offset(1)])
        plan.add([Self.a: .offset(9), Self.b: .offset(2), Self.c: .latest])
        #expect(plan.positions.mapValues(\.offset) == [Self.a: 1, Self.b: 2, Self.c: nil])
        #expect(plan.takeUnresolved(Self.now) == [Self.c: .latest])
    }

    @Test func whatIsExpectedComesToWhatIsReadAndWhatIsGivenUpIsNotPutBack() {
        var plan = Self.plan([Self.a: .offset(1)])
        plan.received(Self.chunk(Self.a, 1, 5))
        plan.expect([Self.a, Self.b, Self.b])
        #expect(plan.places == [Self.a: 1, Self.b: nil])
        #expect(plan.awaited([Self.a, Self.b, Self.c]) == [Self.b])
        // Somebody else looks that up.
        #expect(plan.takeUnresolved(Self.now).isEmpty)
        plan.seek(Self.b, to: Offset(7))
        #expect(plan.awaited([Self.b]).isEmpty)
        #expect(
            Self.ask(&plan, leaders: [Self.a: 1, Self.b: 1]).requests[1]
                == .init(partitions: [Self.a, Self.b], offsets: [5, 7], maximumBytes: 500))
        let taken = plan.takeChunk()
        plan.remove([Self.a])
        if let taken { plan.putBack(taken) }
        #expect(plan.takeChunk() == nil && plan.buffered == 0)
    }

    @Test func damageIsFetchedAgainThreeTimes() {
        var plan = Self.plan([Self.a: .offset(0)])
        for _ in 0..<3 {
            plan.received(Self.chunk(Self.a, 0, 5))
            _ = plan.takeChunk()
            #expect(plan.refetch(Self.a, from: 0, at: Self.now) == true)
            #expect(plan.positions[Self.a]?.offset == 0)
        }
        #expect(plan.refetch(Self.a, from: 0, at: Self.now) == false)
        #expect(plan.isDoubted(Self.a) && !plan.isDoubted(Self.b))
        plan.accepted(Self.a)
        #expect(!plan.isDoubted(Self.a))
        #expect(plan.refetch(Self.a, from: 0, at: Self.now) == true)
        // One that was taken away is not this member's matter.
        #expect(plan.refetch(Self.b, from: 0, at: Self.now) == true)
    }

    @Test func anAssignmentForgetsEverything() {
        var plan = Self.plan([Self.a: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.assign([Self.b: .offset(1)])
        #expect(plan.takeChunk() == nil)
        #expect(plan.buffered == 0)
        #expect(plan.positions.keys.sorted() == [Self.b])
    }

    // MARK: - Pauses

    @Test func whatWasFetchedOfAPausedPartitionWaitsAndTakesHalfTheRoomAtMost() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1]
        let first = Self.ask(&plan, leaders: leaders).requests[1] ?? .init(partitions: [], offsets: [])
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 400))
        plan.received(Self.chunk(Self.b, 0, 3, bytes: 10))
        plan.pause([Self.a, Self.c])
        #expect(plan.paused == [Self.a])
        #expect(plan.buffered == 410)
        // What was on its way comes behind it.
        plan.received(Self.chunk(Self.a, 5, 8, bytes: 100))
        // What is too much is fetched again.
        plan.received(Self.chunk(Self.a, 8, 9, bytes: 1))
        plan.settled(first, by: 1)
        #expect(plan.takeChunk()?.source == Self.b)
        #expect(plan.takeChunk() == nil)
        let second = Self.ask(&plan, leaders: leaders).requests[1]
        #expect(second?.partitions == [Self.b] && second?.maximumBytes == 250)
        #expect(plan.positions[Self.a]?.offset == 8)
        plan.resume([Self.a])
        #expect(plan.paused == [] && plan.buffered == 500)
        #expect(plan.takeChunk()?.nextOffset == 5)
        #expect(plan.takeChunk()?.nextOffset == 8)
        #expect(plan.buffered == 0)
    }

    /// What waits of a partition when it is paused is kept from its beginning on, as far as there is room.
    @Test(
        arguments: [
            ([500], 500, 5), ([501], 0, 0), ([300, 200], 500, 10), ([300, 201, 1], 300, 5), ([600, 1], 0, 0),
            ([1, 600, 1], 1, 5), ([], 0, 0),
        ] as [([Int], Int, Offset)])
    func whatIsTooMuchOfAPausedPartitionIsFetchedAgain(_ sizes: [Int], _ kept: Int, _ next: Offset) {
        var plan = Self.plan([Self.a: .offset(0)])
        var end: Offset = 0
        for size in sizes {
            plan.received(Self.chunk(Self.a, end, end + 5, bytes: size))
            end = end + 5
        }
        plan.pause([Self.a])
        #expect(plan.buffered == kept && plan.positions[Self.a]?.offset == next)
        // What was on its way does not fit behind a gap.
        if next < end { plan.received(Self.chunk(Self.a, end, end + 5)) }
        plan.resume([Self.a])
        var given: Offset = 0
        while let chunk = plan.takeChunk() {
            #expect(chunk.firstOffset == given)
            given = chunk.nextOffset
        }
        #expect(given == next && plan.buffered == 0)
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests[1]?.offsets == [next])
    }

    /// Where its position is lost, what was read before cannot be had again: it is kept.
    @Test func whatWasReadBeforeALostPositionIsKept() {
        var plan = Self.plan([Self.a: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 900))
        plan.reset(Self.a, to: .latest)
        plan.pause([Self.a])
        #expect(plan.buffered == 900 && plan.positions[Self.a]?.offset == nil)
        plan.resume([Self.a])
        let chunk = plan.takeChunk()
        plan.pause([Self.a])
        if let chunk { plan.putBack(chunk) }
        #expect(plan.buffered == 900 && plan.takeUnresolved(Self.now).isEmpty)
    }

    @Test func whatIsPutBackOfAPausedPartitionIsFetchedAgainWhereThereIsNoRoom() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5, bytes: 300))
        plan.received(Self.chunk(Self.a, 5, 8, bytes: 100))
        plan.received(Self.chunk(Self.b, 0, 5, bytes: 300))
        let taken = plan.takeChunk()
        plan.pause([Self.a, Self.b])
        #expect(plan.buffered == 400)
        if let taken { plan.putBack(taken) }
        #expect(plan.buffered == 300 && plan.positions[Self.a]?.offset == 0)
        plan.resume([Self.a, Self.b])
        #expect(plan.takeChunk()?.source == Self.b)
        #expect(plan.takeChunk() == nil)
    }

    @Test func whatIsPutBackWhilePausedComesFirstWhenResumed() {
        var plan = Self.plan([Self.a: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.received(Self.chunk(Self.a, 5, 8))
        let taken = plan.takeChunk()
        plan.pause([Self.a])
        if let taken { plan.putBack(taken) }
        #expect(plan.takeChunk() == nil)
        plan.resume([Self.a])
        #expect([plan.takeChunk()?.nextOffset, plan.takeChunk()?.nextOffset] == [5, 8])
    }

    @Test func aPausedPartitionMayBeSoughtInAndStaysPaused() {
        var plan = Self.plan([Self.a: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.pause([Self.a])
        plan.seek(Self.a, to: Offset(2))
        #expect(plan.paused == [Self.a])
        plan.resume([Self.a])
        #expect(plan.takeChunk() == nil)
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests[1]?.offsets == [2])
    }

    /// As in Java: taken away, it is forgotten that it was paused.
    @Test func aPauseEndsWithTheAssignment() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        plan.pause([Self.a, Self.b])
        plan.assign([Self.a: .offset(0)])
        #expect(plan.paused == [Self.a])
        plan.remove([Self.a])
        #expect(plan.paused == [])
    }

    @Test func whileItIsWithheldNothingIsGivenOut() {
        var plan = Self.plan([Self.a: .offset(0)])
        plan.received(Self.chunk(Self.a, 0, 5))
        plan.withhold(true)
        #expect(plan.takeChunk() == nil)
        plan.withhold(false)
        #expect(plan.takeChunk()?.nextOffset == 5)
    }

    @Test func theLagIsWhatTheApplicationHasNotHad() {
        var plan = Self.plan([Self.a: .offset(2), Self.b: .earliest])
        #expect(plan.lag == [Self.a: nil, Self.b: nil])
        #expect(plan.places == [Self.a: 2, Self.b: nil])
        plan.heard(Self.a, end: 20)
        plan.received(Self.chunk(Self.a, 2, 5))
        #expect(plan.lag[Self.a] == 18 && plan.places[Self.a] == 2)
        let chunk = plan.takeChunk()
        #expect(plan.lag[Self.a] == 15 && plan.places[Self.a] == 5)
        plan.heard(Self.a, end: -1)
        #expect(plan.lag[Self.a] == 15)
        // It got a part of that, and the rest waits; so it does where the log is lost behind it, or a pause comes.
        if var rest = chunk {
            rest.firstOffset = 4
            plan.putBack(rest)
        }
        plan.reset(Self.a, to: .earliest)
        plan.pause([Self.a])
        #expect(plan.lag[Self.a] == 16 && plan.places[Self.a] == 4)
        plan.resume([Self.a])
        _ = plan.takeChunk()
        #expect(plan.lag == [Self.a: nil, Self.b: nil] && plan.places == [Self.a: nil, Self.b: nil])
    }

    // MARK: - The closest replica (KIP-392)

    @Test func theReplicaIsAskedThatTheLeaderHasPointedTo() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1]
        let until = Self.now + .seconds(10)
        plan.prefers(Self.a, .init(broker: 2, leader: 1, until: until))
        // Who points to itself says nothing.
        plan.prefers(Self.b, .init(broker: 1, leader: 1, until: until))
        let requests = Self.ask(&plan, leaders: leaders).requests
        #expect(requests.mapValues(\.partitions) == [1: [Self.b], 2: [Self.a]])
        for (broker, request) in requests { plan.settled(request, by: broker) }
        // Then the leader is asked again.
        #expect(Self.ask(&plan, now: until, leaders: leaders).requests.keys.sorted() == [1])
    }

    @Test func aReplicaIsLeftWhereItsLeaderOrItselfFails() {
        let until = Self.now + .seconds(10)
        for left in 0..<3 {
            var plan = Self.plan([Self.a: .offset(0)])
            plan.prefers(Self.a, .init(broker: 2, leader: 1, until: until))
            var leader: BrokerID = 1
            var now = Self.now
            switch left {
            case 0: leader = 3
            case 1:
                _ = plan.failed(Self.a, Self.backoff, now: now)
                now = now + .seconds(1)
            default:
                #expect(plan.leavesReplica(Self.a) == true)
                #expect(plan.leavesReplica(Self.a) == false)
            }
            #expect(Self.ask(&plan, now: now, leaders: [Self.a: leader]).requests.keys.sorted() == [leader])
        }
    }

    /// A follower may not have cut yet what its leader has.
    @Test func onlyTheLeaderIsToldWhatWasReadLast() {
        var plan = Self.plan([:])
        plan.assign([Self.a: .offset(4)], epochs: [Self.a: 3])
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests[1]?.epochs == [Self.a: 3])
        plan.settled(.init(partitions: [Self.a], offsets: [4]), by: 1)
        plan.prefers(Self.a, .init(broker: 2, leader: 1, until: Self.now + .seconds(10)))
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests[2]?.epochs == [:])
    }

    @Test func whatIsLeftOutOfARequestIsNotAskedFor() {
        var request = FetchPlan.Request(partitions: [Self.a, Self.b, Self.c], offsets: [1, 2, 3])
        request.leaveOut([Self.b])
        #expect(request.partitions == [Self.a, Self.c] && request.offsets == [1, 3])
    }
}
