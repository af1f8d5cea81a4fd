import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Fetch sessions (KIP-227): what they hold is bounded, and forgetting does not take the longer the more there is.
@Suite(.turn) struct FetchSessionTests {
    private func request(
        _ partitions: Range<Int32> = 0..<0, session: Int32 = 0, epoch: Int32 = 0, forgets: [Int32] = [],
        topic: String = "nope"
    ) -> FetchRequest {
        .with {
            $0.sessionId = session
            $0.sessionEpoch = epoch
            $0.maxBytes = 1 << 20
            $0.topics = [
                .with {
                    $0.topic = topic
                    $0.partitions = partitions.map { index in
                        .with {
                            $0.partition = PartitionID(index)
                            $0.partitionMaxBytes = 1
                        }
                    }
                }
            ]
            $0.forgottenTopicsData = [
                .with {
                    $0.topic = topic
                    $0.partitions = forgets.map { PartitionID($0) }
                }
            ]
        }
    }

    private func sessions(limit: Int = 1000, partitions: Int = 200_000) -> FetchSessions {
        FetchSessions(limit: limit, partitionLimit: partitions, random: RandomSource(seed: 1))
    }

    private func open(_ sessions: inout FetchSessions, _ request: FetchRequest, connection: UInt64 = 1) throws -> (
        FetchSessions.Mode, [FetchTarget]
    ) {
        try sessions.open(request, version: 11, connection: connection).get()
    }

    /// 60,000 partitions forgotten one by one took 32 s on the one loop.
    @Test func forgettingManyPartitionsIsNotQuadratic() throws {
        var sessions = sessions()
        guard case (.full(let id), let all) = try open(&sessions, request(0..<60_000)) else { throw Cut() }
        #expect(all.count == 60_000)
        let forgotten = Array((0..<Int32(60_000)).reversed().dropFirst(5))
        let (mode, rest) = try open(&sessions, request(session: id, epoch: 1, forgets: forgotten))
        #expect(mode == .incremental(session: id))
        #expect(rest.map(\.partition) == [59_995, 59_996, 59_997, 59_998, 59_999])
        #expect(sessions.partitionCount == 5)
    }

    /// Against the plain way: an array in order, with everything looked for.
    @Test func partitionsKeepTheirOrder() {
        var partitions = SessionPartitions()
        var model: [Int32] = []
        var random: UInt64 = 7
        for step in 0..<4000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let index = Int32(random >> 40 & 127)
            let target = FetchTarget(
                topic: "t", topicId: .zero, partition: PartitionID(index), offset: Offset(Int64(step)), maxBytes: 1,
                currentLeaderEpoch: -1)
            switch random >> 33 & 3 {
            case 0, 1:
                partitions.set(target)
                if !model.contains(index) { model.append(index) }
            case 2:
                partitions.remove(target.key)
                model.removeAll { $0 == index }
            default:
                partitions.moveToEnd(target.key)
                if let place = model.firstIndex(of: index) { model.append(model.remove(at: place)) }
            }
            #expect(partitions.count == model.count)
        }
        #expect(partitions.targets.map(\.partition) == model.map { PartitionID($0) })
    }

    @Test func aPartitionThatIsNamedTwiceIsFetchedOnceAsItIsNamedLast() throws {
        var sessions = sessions()
        var twice = request(0..<3)
        twice.topics += request(0..<3).topics
        twice.topics[1].partitions[1].fetchOffset = 7
        for epoch in [0, -1] as [Int32] {
            twice.sessionEpoch = epoch
            let (_, targets) = try open(&sessions, twice)
            #expect(targets.map(\.offset) == [0, 7, 0])
        }
    }

    @Test func sessionsEndWithTheirConnection() throws {
        var sessions = sessions()
        guard case (.full(let first), _) = try open(&sessions, request(0..<10), connection: 1),
            case (.full(let second), _) = try open(&sessions, request(0..<10), connection: 2)
        else { throw Cut() }
        // Who used it last holds it.
        _ = try open(&sessions, request(session: first, epoch: 1), connection: 2)
        sessions.forget(connection: 1)
        #expect(sessions.count == 2)
        sessions.forget(connection: 2)
        #expect(sessions.count == 0 && sessions.partitionCount == 0)
        #expect(throws: FetchSessionError(.fetchSessionIdNotFound)) {
            try open(&sessions, request(session: second, epoch: 1), connection: 3)
        }
    }

    @Test func whatSessionsNameTogetherIsBounded() throws {
        var sessions = sessions(limit: 5, partitions: 100)
        guard case (.full(let first), _) = try open(&sessions, request(0..<60)) else { throw Cut() }
        _ = try open(&sessions, request(0..<50))
        #expect(sessions.count == 1 && sessions.partitionCount == 50)
        #expect(throws: FetchSessionError.self) { try open(&sessions, request(session: first, epoch: 1)) }
        for _ in 0..<20 { _ = try open(&sessions, request(0..<1)) }
        #expect(sessions.count == 5)
        // One that is too large is answered, and not kept.
        let (mode, targets) = try open(&sessions, request(0..<101))
        #expect(mode == .sessionless && targets.count == 101 && sessions.count == 5)
        guard case (.full(let grown), _) = try open(&sessions, request(0..<90)) else { throw Cut() }
        let (after, more) = try open(&sessions, request(90..<120, session: grown, epoch: 1))
        #expect(after == .sessionless && more.count == 120)
        #expect(sessions.partitionCount <= 100)
    }
}
