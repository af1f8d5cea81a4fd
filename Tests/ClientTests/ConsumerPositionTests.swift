import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Where a consumer stands and goes on: many partitions at once, what is committed, what there is, how far behind it is.
@Suite(.turn) struct ConsumerPositionTests {
    private static let p = TopicPartition("t", 0)
    private static let q = TopicPartition("t", 1)

    private static func filled(_ counts: [Int] = [10, 6]) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": counts.count]))
        for (index, count) in counts.enumerated() {
            try await ConsumerFlowTests.send(
                (0..<count).map { "\(index).\($0)" }, to: TopicPartition("t", PartitionID(index: index)), broker)
        }
        return broker
    }

    @Test func manyPartitionsAreSoughtInAtOnceOrNone() async throws {
        let broker = try await Self.filled()
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .latest, Self.q: .latest])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await eventually { await consumer.positions == [Self.p: 10, Self.q: 6] }
        try await consumer.seek([Self.p: .offset(8), Self.q: .last(1)])
        try await seen.wait(for: 3)
        #expect(Set(seen.all) == ["0.8", "0.9", "1.5"])
        await #expect(throws: KafkaError.self) {
            try await consumer.seek([Self.p: .earliest, TopicPartition("t", 7): .earliest])
        }
        await #expect(throws: KafkaError.self) { try await consumer.seek([Self.p: .earliest, Self.q: .offset(-4)]) }
        #expect(await consumer.positions == [Self.p: 10, Self.q: 6])
        try await consumer.seekToBeginning([Self.q])
        try await seen.wait(for: 9)
        try await consumer.seekToBeginning()
        try await seen.wait(for: 25)
        try await consumer.seekToEnd()
        try await eventually { await consumer.positions == [Self.p: 10, Self.q: 6] }
        #expect(seen.count == 25)
        // A position with its leader epoch, as a store of one's own keeps it.
        try await consumer.seek(Self.p, to: CommittedOffset(offset: 9, leaderEpoch: 0))
        try await seen.wait(for: 26)
        #expect(seen.all.last == "0.9")
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func beginningsEndsAndTimesAreLookedUp() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        for time in [1000, 2000, 3000] as [Int64] {
            try await producer.send(
                ProducerRecord(topic: "t", value: Bytes(utf8: "x"), partition: 0, timestamp: time))
        }
        try await producer.close()
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest])
        #expect(try await consumer.beginningOffsets([Self.p, Self.q]) == [Self.p: 0, Self.q: 0])
        #expect(try await consumer.endOffsets([Self.p, Self.q]) == [Self.p: 3, Self.q: 0])
        #expect(try await consumer.offsets(forTimes: [Self.p: 1500, Self.q: 0]) == [Self.p: 1, Self.q: nil])
        #expect(try await consumer.endOffsets([]) == [:])
        await #expect(throws: KafkaError.self) { try await consumer.offsets(forTimes: [Self.p: -1]) }
        await #expect(throws: KafkaError.self) { try await consumer.endOffsets([TopicPartition("t", 9)]) }
        await #expect(throws: KafkaError.self) { try await consumer.committed([Self.p]) }
        await consumer.close()
        await broker.stop()
    }

    @Test func theLagIsToldPerPartition() async throws {
        let broker = try await Self.filled()
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest]) {
            $0.maximumRecords = 4
        }
        var batches = consumer.batches.makeAsyncIterator()
        _ = try await batches.next()
        #expect(await consumer.lag == [Self.p: 6])
        // Of what is fetched already four were given out: it said 10, and who keeps that skips records after a restart.
        #expect(await consumer.positions == [Self.p: 4])
        _ = try await batches.next()
        _ = try await batches.next()
        #expect(await consumer.lag == [Self.p: 0])
        #expect(await consumer.positions == [Self.p: 10])
        await consumer.close()
        await broker.stop()
    }

    @Test func theGroupsPositionsAreGoneBackTo() async throws {
        let broker = try await Self.filled()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.autoCommit = nil
            $0.offsetReset = .latest
        }
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await eventually { await consumer.positions == [Self.p: 10, Self.q: 6] }
        try await consumer.commit([Self.p: CommittedOffset(offset: 7, metadata: "why")])
        let committed = try await consumer.committed([Self.p, Self.q])
        #expect(committed.keys.sorted() == [Self.p])
        #expect(committed[Self.p]?.offset == 7 && committed[Self.p]?.metadata == "why")
        try await consumer.seekToCommitted()
        try await seen.wait(for: 3)
        #expect(seen.all == ["0.7", "0.8", "0.9"])
        try await eventually { await consumer.positions == [Self.p: 10, Self.q: 6] }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// KIP-1106: what is older than an hour is passed over; where there is nothing newer, it begins at the end.
    @Test func aGroupBeginsSoLongBeforeNow() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let now = producer.loop.wallMilliseconds
        for (partition, age) in [(0, 9000), (0, 4000), (0, 1000), (0, 0), (1, 9000)] as [(PartitionID, Int64)] {
            try await producer.send(
                ProducerRecord(
                    topic: "t", value: Bytes(utf8: "\(age)"), partition: partition, timestamp: now - age * 1000))
        }
        try await producer.close()
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "g", topics: ["t"])
        configuration.client = .quick([broker.bootstrapServers])
        try configuration.apply([(name: "auto.offset.reset", value: "by_duration:PT2H")])
        let consumer = try KafkaConsumer(configuration)
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 3)
        #expect(seen.all.sorted() == ["0", "1000", "4000"])
        try await eventually { await consumer.positions == [Self.p: 4, Self.q: 1] }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    // MARK: - Partitions that the application takes

    @Test func positionsOfTakenPartitionsAreKeptByTheGroup() async throws {
        let broker = try await Self.filled()
        func taken(_ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }) throws -> KafkaConsumer {
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], group: "g", partitions: [Self.p])
            configuration.client = .quick([broker.bootstrapServers])
            configuration.fetchMaximumWait = .milliseconds(100)
            change(&configuration)
            return try KafkaConsumer(configuration)
        }
        var seen = Seen()
        var consumer = try taken { $0.maximumRecords = 4 }
        var batches = consumer.batches.makeAsyncIterator()
        let first = try await batches.next()
        #expect(first?.count == 4)
        try await first?.commit()
        #expect(await broker.group("g")?.committed.map(\.offset) == [4])
        #expect(await broker.group("g")?.members.isEmpty == true)
        // Behind it is processed what was asked for next; it is committed at the end.
        _ = try await batches.next()
        _ = try await batches.next()
        #expect(await consumer.close() == nil)
        #expect(await broker.group("g")?.committed.map(\.offset) == [8])
        consumer = try taken { $0.autoCommit = .milliseconds(50) }
        seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 2)
        #expect(seen.all == ["0.8", "0.9"])
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [10] }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// As after Java's `assign`: who seeks at once is not moved by what the group has committed.
    @Test func whoSeeksAtOnceIsNotMovedByTheGroup() async throws {
        let broker = try await Self.filled()
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "g", partitions: [Self.p, Self.q])
        configuration.client = .quick([broker.bootstrapServers])
        configuration.offsetReset = .fail
        let consumer = try KafkaConsumer(configuration)
        try await consumer.commit([Self.p: CommittedOffset(offset: 2), Self.q: CommittedOffset(offset: 5)])
        try await consumer.seek([Self.p: .offset(9)])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 2)
        #expect(seen.all.sorted() == ["0.9", "1.5"])
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A group with members has them committed by its members.
    @Test func aGroupWithMembersRefusesStrangers() async throws {
        let broker = try await Self.filled()
        let member = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let task = member.read(into: Seen())
        try await eventually { await broker.group("g")?.state == "Stable" }
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "g", partitions: [Self.p])
        configuration.client = .quick([broker.bootstrapServers])
        configuration.autoCommit = nil
        let stranger = try KafkaConsumer(configuration)
        let error = await #expect(throws: KafkaError.self) {
            try await stranger.commit([Self.p: CommittedOffset(offset: 1)])
        }
        #expect(error?.message.contains("has members") == true)
        await stranger.close()
        await member.close()
        try await task.value
        await broker.stop()
    }

    // MARK: - Logs that were cut, before Fetch 12

    /// Brokers of 2.5 do not say in their answer to Fetch where their log parts: they are asked (OffsetForLeaderEpoch).
    @Test(arguments: [KafkaConsumer.OffsetReset.earliest, .fail])
    func anOlderBrokerIsAskedWhetherItHasWhatWasRead(_ policy: KafkaConsumer.OffsetReset) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.speak(as: "2.5")
        for number in 0..<10 { try await broker.produce(number..<(number + 1), to: "t") }
        let checks = broker.on(.offsetForLeaderEpoch) { _ in .pass }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest]) {
            $0.offsetReset = policy
        }
        let (seen, resets) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .reset(_, let from, let to, let error) = event { resets.add("\(from) \(to) \(error.code)") }
            }
        }
        try await seen.wait(for: 10)
        #expect(checks.calls == 0)
        try await broker.electUncleanly(of: "t", partition: 0, losingFrom: 6)
        try await broker.produce(100..<110, to: "t")
        if policy == .fail {
            let error = await #expect(throws: KafkaError.self) { try await within { try await task.value } }
            #expect(error?.code == .logTruncated)
        } else {
            try await seen.wait(for: 20)
            #expect(resets.all == ["10 6 log_truncated"])
            #expect(Array(seen.all.suffix(10)) == (100..<110).map { "v\($0)" })
        }
        #expect(checks.calls >= 1)
        await consumer.close()
        if policy != .fail { try await task.value }
        await broker.stop()
    }

    /// A leader that has changed and lost nothing confirms once.
    @Test func aPositionIsConfirmedOnceAfterAnElection() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        try await broker.createTopic("t", partitions: 1, replicas: 2)
        try await broker.speak(as: "2.5")
        try await broker.produce(0..<5, to: "t")
        let checks = broker.on(.offsetForLeaderEpoch) { _ in .pass }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 5)
        let leader = try #require(await broker.topics.first { $0.name == "t" }).partitions[0].leader
        let other = try #require(await broker.nodes.first { $0.id != leader }).id
        try await broker.moveLeader(of: "t", partition: 0, to: other)
        try await eventually { checks.calls == 1 }
        try await broker.produce(5..<7, to: "t")
        try await seen.wait(for: 7)
        #expect(seen.all == (0..<7).map { "v\($0)" })
        #expect(checks.calls == 1)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func closingTakesNoLongerThanItMay() async throws {
        let broker = try await Self.filled()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 16)
        broker.on(.offsetCommit) { _ in .drop }
        let start = consumer.loop.now
        let error = await consumer.close(timeout: .milliseconds(300))
        #expect(error != nil)
        #expect(consumer.loop.now - start < .seconds(5))
        try await task.value
        await broker.stop()
    }
}
