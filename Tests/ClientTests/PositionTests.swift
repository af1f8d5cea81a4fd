import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Where a consumer stands: what is committed of it, and what becomes of a position that cannot be had.
@Suite(.turn) struct PositionTests {
    private static let p = TopicPartition("t", 0)

    private static func reader(
        _ broker: KafkaBroker, _ start: KafkaConsumer.StartingOffset,
        _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], partitions: [p: start])
        configuration.client = .quick([broker.bootstrapServers])
        configuration.fetchMaximumWait = .milliseconds(100)
        change(&configuration)
        return try KafkaConsumer(configuration)
    }

    /// Two brokers with a partition each and no other replica: the address of the first one's leader, and the other's id.
    static func twoNodes() async throws -> (KafkaBroker, address: String, other: BrokerID) {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        try await broker.createTopic("t", partitions: 2, replicas: 1)
        let leaders = try #require(await broker.topics.first(where: { $0.name == "t" })).partitions.map(\.leader)
        try #require(Set(leaders).count == 2)
        let first = try #require(await broker.nodes.first(where: { $0.id == leaders[0] }))
        return (broker, "127.0.0.1:\(first.port)", leaders[1])
    }

    /// It committed nothing, so that the next start began at the end again: 30 of 30 records were never read.
    @Test func aGroupThatBeganAtTheEndAndReadNothingSkipsNothing() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        try await broker.produce(0..<10, to: "t", prefix: "old")
        let (seen, events) = (Seen(), Seen())
        for round in 0..<2 {
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
                $0.offsetReset = .latest
            }
            let task = consumer.follow(into: seen, noting: events)
            if round == 0 { try await events.wait(for: 3) } else { try await seen.wait(for: 30) }
            #expect(await consumer.close() == nil)
            try await task.value
            if round == 0 {
                #expect(await broker.group("g")?.committed.count == 3)
                try await broker.produce(0..<30, to: "t", prefix: "new")
            }
        }
        #expect(Set(seen.all) == Set((0..<30).map { "new\($0)" }))
        #expect(seen.count == 30)
        await broker.stop()
    }

    /// By time as well: a member that is killed has committed where it began.
    @Test func whereAMemberBeganIsCommittedWhenItIsTime() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.autoCommit = .milliseconds(100)
        }
        let task = consumer.follow(into: Seen())
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [0, 0] }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// The last commit was tried once: 4 of 6 closings committed nothing.
    @Test(arguments: [ErrorCode.notCoordinator, .coordinatorLoadInProgress, .coordinatorNotAvailable])
    func theLastCommitIsTriedAgainWhileTheCoordinatorMoves(_ code: ErrorCode) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<5, to: "t")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 5)
        let hook = broker.on(.offsetCommit, times: 3) { _ in .fail(code) }
        #expect(await consumer.close() == nil)
        try await task.value
        #expect(hook.uses == 3)
        #expect(await broker.group("g")?.committed.map(\.offset) == [5])
        await broker.stop()
    }

    @Test func whatIsGivenBackIsCommittedThoughTheCoordinatorMoves() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<5, to: "t")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.autoCommit = .seconds(300)
        }
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 5)
        broker.on(.offsetCommit, times: 2) { _ in .fail(.notCoordinator) }
        let other = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let second = other.follow(into: seen)
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [5] }
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        for one in [consumer, other] { await one.close() }
        for one in [task, second] { try await one.value }
        #expect(seen.count == 5)
        await broker.stop()
    }

    /// One without a leader stopped all of them, for a minute and again.
    @Test func aPartitionThatCannotBeLookedUpHoldsUpNoOther() async throws {
        let (broker, address, away) = try await Self.twoNodes()
        try await broker.produce(0..<20, to: "t") { $0.client.bootstrapServers = [address] }
        try await broker.stopNode(away)
        let consumer = try KafkaConsumer.quick(address, group: "g", topics: ["t"])
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await events.wait(for: 1)
        #expect(events.all == ["t-0 0"])
        try await seen.wait(for: 1)
        let early = seen.count
        #expect(early < 20)
        try await broker.startNode(away)
        try await seen.wait(for: 20, within: .seconds(30))
        #expect(events.all == ["t-0 0", "t-1 0"])
        #expect(Set(seen.all).count == 20)
        await consumer.close()
        try await task.value
        #expect(await broker.group("g")?.committed.count == 2)
        await broker.stop()
    }

    /// A leader that is silent when it is asked where to begin: the others are read meanwhile.
    @Test func aSilentLeaderHoldsUpNoPartitionOfTheOthers() async throws {
        let (broker, address, silent) = try await Self.twoNodes()
        try await broker.produce(0..<20, to: "t") { $0.client.bootstrapServers = [address] }
        let hook = broker.on(.listOffsets) { $0.node == silent ? .drop : .pass }
        let consumer = try KafkaConsumer.quick(address, group: "g", topics: ["t"]) {
            $0.client.requestTimeout = .seconds(5)
        }
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 1, within: .seconds(30))
        #expect(events.all == ["t-0 0"])
        hook.remove()
        try await seen.wait(for: 20, within: .seconds(30))
        #expect(Set(seen.all).count == 20)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func seekingNowhereIsAnErrorAndEveryResetIsTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let consumer = try Self.reader(broker, .offset(8))
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 2)
        for nonsense in [.offset(-1), .offset(-9), .time(-3), .last(-1)] as [KafkaConsumer.StartingOffset] {
            await #expect(throws: KafkaError.self) { try await consumer.seek(Self.p, to: nonsense) }
        }
        await #expect(throws: KafkaError.self) { try await consumer.seek(TopicPartition("t", 9), to: 0) }
        #expect(events.count == 0)
        // It went back to the first record without a word.
        try await consumer.seek(Self.p, to: 99)
        try await seen.wait(for: 12)
        #expect(events.all == ["reset t-0 99 0 OFFSET_OUT_OF_RANGE"])
        try await consumer.seek(Self.p, to: .last(3))
        try await seen.wait(for: 15)
        #expect(Array(seen.all.suffix(3)) == ["v7", "v8", "v9"])
        try await consumer.seek(Self.p, to: .latest)
        try await eventually { await consumer.positions[Self.p] == 10 }
        try await broker.produce(10..<11, to: "t")
        try await seen.wait(for: 16)
        #expect(seen.all.last == "v10")
        #expect(events.count == 1)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func aBeginningThatIsNowhereIsRefused() {
        for nonsense in [.offset(-1), .time(-1), .last(-5)] as [KafkaConsumer.StartingOffset] {
            #expect(throws: KafkaError.self) {
                try KafkaConsumer(.init(bootstrapServers: ["h:1"], partitions: [Self.p: nonsense]))
            }
            #expect(throws: KafkaError.self) {
                try KafkaConsumer(.init(bootstrapServers: ["h:1"], topics: ["t"], from: nonsense))
            }
        }
    }

    /// What was fetched and not given out yet went with the position: 6,000 records.
    @Test func whatWasFetchedIsGivenOutBeforeALostPositionIsReset() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let consumer = try Self.reader(broker, .earliest)
        let hook = broker.on(.fetch, times: 1) { request in
            let fetch = request.message as? FetchRequest
            return fetch?.topics.first?.partitions.first?.fetchOffset == 20 ? .fail(.offsetOutOfRange) : .pass
        }
        let events = Seen()
        let values = try await within { () -> [String] in
            var values: [String] = []
            for try await event in consumer.events {
                switch event {
                case .batch(let batch):
                    if values.isEmpty {
                        // Ten more wait, and the fetch behind them has failed, while these are worked on.
                        try await broker.produce(10..<20, to: "t")
                        try await eventually { hook.uses == 1 }
                        try await Task.sleep(for: .milliseconds(300))
                    }
                    values += batch.map { $0.value?.text ?? "null" }
                case .reset(_, let from, let to, _): events.add("\(from) \(to) after \(values.count)")
                case .assigned, .revoked, .lost, .reachedEnd, .trouble, .recovered: break
                }
                if values.count >= 40 { break }
            }
            return values
        }
        // All twenty, then the log from its first record on.
        #expect(values == (0..<20).map { "v\($0)" } + (0..<20).map { "v\($0)" })
        #expect(events.all == ["20 0 after 20"])
        await consumer.close()
        await broker.stop()
    }

    /// Its answer was taken for that to the fetch behind it.
    @Test func anErrorOfAFetchFromBeforeASeekIsNobodys() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let consumer = try Self.reader(broker, .offset(99)) { $0.offsetReset = .fail }
        let hook = broker.on(.fetch, times: 1) { _ in .delay(.milliseconds(700)) }
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await eventually { hook.uses == 1 }
        try await consumer.seek(Self.p, to: 7)
        try await seen.wait(for: 3)
        #expect(seen.all == ["v7", "v8", "v9"])
        #expect(events.count == 0)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// UNKNOWN_SERVER_ERROR, in one answer, ended the program.
    @Test(arguments: [APIKey.fetch, .listOffsets])
    func anUnexpectedErrorIsWaitedFor(_ api: APIKey) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<3, to: "t")
        for code in [ErrorCode.unknownServerError, .brokerNotAvailable, ErrorCode(rawValue: 999)] {
            let hook = broker.on(api, times: 2) { _ in .fail(code) }
            let consumer = try Self.reader(broker, .earliest)
            let seen = Seen()
            let task = consumer.follow(into: seen)
            try await seen.wait(for: 3)
            #expect(hook.uses == 2)
            await consumer.close()
            try await task.value
        }
        await broker.stop()
    }

    /// A log that was cut by an unclean election was read on without a word, 50 of 100 new records skipped (KIP-320).
    @Test(arguments: [KafkaConsumer.OffsetReset.earliest, .latest, .fail])
    func aLogThatLostWhatWasReadIsReadOnWhereItParts(_ policy: KafkaConsumer.OffsetReset) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        // Batches are lost as a whole.
        for number in 0..<10 { try await broker.produce(number..<(number + 1), to: "t") }
        let consumer = try Self.reader(broker, .earliest) { $0.offsetReset = policy }
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 10)
        try await broker.electUncleanly(of: "t", partition: 0, losingFrom: 6)
        try await broker.produce(100..<110, to: "t")
        if policy == .fail {
            let error = await #expect(throws: KafkaError.self) { try await within { try await task.value } }
            #expect(error?.code == .logTruncated)
            #expect(seen.count == 10)
        } else {
            try await seen.wait(for: 20)
            #expect(events.all == ["reset t-0 10 6 log_truncated"])
            #expect(Array(seen.all.suffix(10)) == (100..<110).map { "v\($0)" })
        }
        await consumer.close()
        if policy != .fail { try await task.value }
        await broker.stop()
    }

    /// Two look-ups one behind the other: what the second could not find was not said, and the partition never read.
    @Test func aSecondLookUpThatFailsIsTriedAgain() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<5, to: "t")
        for start in [.last(2), .time(Int64(1) << 50)] as [KafkaConsumer.StartingOffset] {
            let calls = Locked(0)
            let hook = broker.on(.listOffsets) { _ in
                let count = calls.withLock { calls -> Int in
                    calls += 1
                    return calls
                }
                return count == 2 ? .fail(.notLeaderOrFollower) : .pass
            }
            let consumer = try Self.reader(broker, start)
            let seen = Seen()
            let task = consumer.follow(into: seen)
            try await eventually { await consumer.positions[Self.p] ?? nil != nil }
            #expect(calls.withLock { $0 } >= 4)
            if start == .last(2) {
                try await seen.wait(for: 2)
                #expect(seen.all == ["v3", "v4"])
            }
            await consumer.close()
            try await task.value
            hook.remove()
        }
        await broker.stop()
    }
}
