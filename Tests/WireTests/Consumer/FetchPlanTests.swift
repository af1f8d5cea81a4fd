import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct FetchPlanTests {
    private static let now = Instant(nanoseconds: 1000)
    private static let a = TopicPartition("t", 0)
    private static let b = TopicPartition("t", 1)
    private static let c = TopicPartition("t", 2)

    private static func plan(_ starts: [TopicPartition: KafkaConsumer.StartingOffset]) -> FetchPlan {
        var plan = FetchPlan(limit: 1000)
        plan.assign(starts)
        return plan
    }

    private static func chunk(_ source: TopicPartition, _ from: Offset, _ to: Offset, bytes: Int = 10) -> FetchedChunk {
        FetchedChunk(source: source, batches: [], firstOffset: from, nextOffset: to, highWatermark: to, bytes: bytes)
    }

    private static func ask(
        _ plan: inout FetchPlan, now: Instant = now, busy: Set<BrokerID> = [], leaders: [TopicPartition: BrokerID]
    ) -> (requests: [BrokerID: FetchPlan.Request], leaderless: [TopicPartition]) {
        plan.takeRequests(now: now, leader: { leaders[$0] }, isFree: { !busy.contains($0) })
    }

    @Test func eachLeaderIsAskedOnceForItsPartitions() {
        var plan = Self.plan([Self.a: .offset(1), Self.b: .offset(2), Self.c: .offset(3)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 2]
        let (requests, leaderless) = Self.ask(&plan, leaders: leaders)
        #expect(
            requests == [1: .init(partitions: [Self.a], offsets: [1]), 2: .init(partitions: [Self.b], offsets: [2])])
        #expect(leaderless == [Self.c])
        #expect(Self.ask(&plan, leaders: leaders).requests.isEmpty)
        plan.settled([Self.a, Self.b])
        #expect(Self.ask(&plan, busy: [1], leaders: leaders).requests.keys.sorted() == [2])
    }

    @Test func theOrderTurns() {
        var plan = Self.plan([Self.a: .offset(0), Self.b: .offset(0), Self.c: .offset(0)])
        let leaders: [TopicPartition: BrokerID] = [Self.a: 1, Self.b: 1, Self.c: 1]
        var first: [TopicPartition] = []
        for _ in 0..<3 {
            let partitions = Self.ask(&plan, leaders: leaders).requests[1]?.partitions ?? []
            first += partitions.prefix(1)
            plan.settled(partitions)
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

    @Test func pausedPartitionsAreLeftAloneUntilTheirTime() {
        var plan = Self.plan([Self.a: .offset(0)])
        let later = Self.now + .milliseconds(1)
        plan.pause(Self.a, until: later)
        #expect(plan.nextLook(Self.now) == later)
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests.isEmpty)
        #expect(Self.ask(&plan, now: later, leaders: [Self.a: 1]).requests.count == 1)
        // A time that has passed is no reason to wake up.
        #expect(plan.nextLook(later) == nil)
    }

    @Test func unknownOffsetsAreLookedUpAndASeekWins() {
        var plan = Self.plan([Self.a: .earliest, Self.b: .offset(3)])
        #expect(plan.unresolved(Self.now) == [Self.a: .earliest])
        #expect(Self.ask(&plan, leaders: [Self.a: 1]).requests.isEmpty)
        plan.seek(Self.a, to: 42)
        plan.resolve(Self.a, 7)
        #expect(plan.positions[Self.a]?.offset == 42)
        plan.reset(Self.a, to: .latest)
        #expect(plan.unresolved(Self.now) == [Self.a: .latest])
        plan.resolve(Self.a, 7)
        #expect(plan.positions[Self.a]?.offset == 7)
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

    @Test func damageIsFetchedAgainThreeTimes() {
        var plan = Self.plan([Self.a: .offset(0)])
        for _ in 0..<3 {
            plan.received(Self.chunk(Self.a, 0, 5))
            _ = plan.takeChunk()
            #expect(plan.refetch(Self.a, from: 0, at: Self.now) == true)
            #expect(plan.positions[Self.a]?.offset == 0)
        }
        #expect(plan.refetch(Self.a, from: 0, at: Self.now) == false)
        plan.accepted(Self.a)
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
}
