import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Given partitions that change while the consumer reads.
@Suite(.turn) struct AssigningTests {
    private static let p = TopicPartition("t", 0)
    private static let q = TopicPartition("t", 1)
    private static let r = TopicPartition("t", 2)

    private static func filled() async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        for (partition, count) in [(p, 10), (q, 6), (r, 4)] {
            try await ConsumerFlowTests.send(
                (0..<count).map { "\(partition.partition).\($0)" }, to: partition, broker)
        }
        return broker
    }

    @Test func partitionsComeAndGoWhileTheOthersAreRead() async throws {
        let broker = try await Self.filled()
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest])
        let (seen, events) = (Seen(), Seen())
        let task = consumer.follow(into: seen, noting: events)
        try await seen.wait(for: 10)
        try await consumer.assign(adding: [Self.q: .offset(4)])
        try await seen.wait(for: 12)
        #expect(Array(seen.all.suffix(2)) == ["1.4", "1.5"])
        #expect(await consumer.positions == [Self.p: 10, Self.q: 6])
        try await consumer.unassign([Self.p, TopicPartition("t", 9)])
        #expect(await consumer.positions == [Self.q: 6])
        // What is read already goes on where it is; of the others nothing is read any more.
        try await consumer.assign([Self.q: .earliest, Self.r: .last(1)])
        try await ConsumerFlowTests.send(["of nobody"], to: Self.p, broker)
        try await ConsumerFlowTests.send(["1.6"], to: Self.q, broker)
        try await seen.wait(for: 14)
        #expect(Set(seen.all.suffix(2)) == ["2.3", "1.6"])
        try await eventually { events.all == ["t-1 4", "lost [t-0]", "t-2 3"] }
        // Nothing is changed where one of them cannot be.
        for nonsense in [.offset(-1), .time(-1), .last(-1)] as [KafkaConsumer.StartingOffset] {
            await #expect(throws: KafkaError.self) {
                try await consumer.assign([Self.p: .earliest, Self.r: nonsense])
            }
        }
        await #expect(throws: KafkaError.self) { try await consumer.subscribe(to: ["t"]) }
        #expect(await consumer.positions == [Self.q: 7, Self.r: 4])
        // Reading goes on though there is nothing to read; then as auto.offset.reset says.
        try await consumer.assign([])
        #expect(await consumer.positions == [:])
        try await consumer.assign(adding: [Self.p])
        try await seen.wait(for: 25)
        #expect(Array(seen.all.suffix(11)) == (0..<10).map { "0.\($0)" } + ["of nobody"])
        await consumer.close()
        try await task.value
        let error = await #expect(throws: KafkaError.self) { try await consumer.assign([Self.p: .earliest]) }
        #expect(error?.code == .closed)
        await broker.stop()
    }

    private static func taken(
        _ broker: KafkaBroker, _ partitions: [TopicPartition],
        _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "g", partitions: partitions)
        configuration.client = .quick([broker.bootstrapServers])
        configuration.fetchMaximumWait = .milliseconds(100)
        configuration.autoCommit = .seconds(300)
        change(&configuration)
        return try KafkaConsumer(configuration)
    }

    private static func committed(_ broker: KafkaBroker) async -> [String] {
        (await broker.group("g")?.committed ?? []).map { "\($0.partition) \($0.offset)" }.sorted()
    }

    /// What was processed is committed before a partition is given up, and who takes it next begins there.
    @Test func whatWasProcessedIsCommittedBeforePartitionsAreGivenUp() async throws {
        let broker = try await Self.filled()
        let told = Seen()
        let consumer = try Self.taken(broker, [Self.p]) {
            $0.maximumRecords = 4
            $0.client.onEvent = { event in
                if case .assigned(_, let partitions) = event { told.add("+\(partitions)") }
                if case .revoked(_, let partitions, false) = event { told.add("-\(partitions)") }
            }
        }
        var batches = consumer.batches.makeAsyncIterator()
        _ = try await batches.next()
        let inHand = try #require(try await batches.next())
        #expect(inHand.firstOffset == 4)
        // Asked for in the midst of the work on a batch.
        try await consumer.unassign([Self.p])
        #expect(await broker.group("g")?.committed.map(\.offset) == [4])
        let late = await #expect(throws: KafkaError.self) { try await inHand.commit() }
        #expect(late?.code.broker == .rebalanceInProgress)
        // Taken anew it begins where the group has come to meanwhile.
        try await consumer.commit([Self.p: CommittedOffset(offset: 8)])
        try await consumer.assign(adding: [Self.p, Self.q])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 8)
        #expect(Set(seen.all) == Set(["0.8", "0.9"] + (0..<6).map { "1.\($0)" }))
        // Processed is what was in front when more was asked for.
        try await eventually { await consumer.engine.commits.open[Self.p]?.offset == 10 }
        try await consumer.assign([Self.q, Self.r])
        try await seen.wait(for: 12)
        #expect(await broker.group("g")?.committed.first { $0.partition == Self.p.partition }?.offset == 10)
        #expect(told.all == ["+[t-0]", "-[t-0]", "+[t-0, t-1]", "-[t-0]", "+[t-2]"])
        #expect(await consumer.close() == nil)
        try await task.value
        await broker.stop()
    }

    @Test func aBatchOfAPartitionThatStaysIsCommittedThoughOthersComeAndGo() async throws {
        let broker = try await Self.filled()
        let consumer = try Self.taken(broker, [Self.p]) { $0.autoCommit = nil }
        var batches = consumer.batches.makeAsyncIterator()
        let batch = try #require(try await batches.next())
        // One of several that change them at once is after the other.
        let first = Task { try await consumer.assign(adding: [Self.q: .offset(5)]) }
        let second = Task { try await consumer.assign(adding: [Self.r]) }
        for change in [first, second] { try await change.value }
        try await consumer.unassign([Self.r])
        #expect(await consumer.positions.keys.sorted() == [Self.p, Self.q])
        try await batch.commit()
        #expect(await Self.committed(broker) == ["0 10"])
        let next = try #require(try await batches.next())
        #expect(next.source == Self.q && next.firstOffset == 5)
        await consumer.close()
        await broker.stop()
    }

    @Test func whatCannotBeCommittedIsSaidAndGivenUpAllTheSame() async throws {
        let broker = try await Self.filled()
        let consumer = try Self.taken(broker, [Self.p]) { $0.maximumRecords = 4 }
        var batches = consumer.batches.makeAsyncIterator()
        _ = try await batches.next()
        _ = try await batches.next()
        let hook = broker.on(.offsetCommit) { _ in .fail(.groupAuthorizationFailed) }
        let error = await #expect(throws: KafkaError.self) { try await consumer.unassign([Self.p]) }
        #expect(error?.code.broker == .groupAuthorizationFailed)
        #expect(await consumer.positions == [:])
        hook.remove()
        try await consumer.unassign([Self.p])
        #expect(await consumer.close() == nil)
        await broker.stop()
    }

    @Test func whoSubscribesAssignsNothing() async throws {
        let broker = try await Self.filled()
        let member = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        for change in [
            { try await member.assign([Self.p]) }, { try await member.assign(adding: [Self.p: .earliest]) },
            { try await member.unassign([Self.p]) },
        ] as [@Sendable () async throws -> Void] {
            let error = await #expect(throws: KafkaError.self) { try await change() }
            #expect(error?.message.contains("subscribes") == true)
        }
        await member.close()
        let reader = try ConsumerFlowTests.reader(broker.bootstrapServers, [Self.p: .earliest]) {
            $0.offsetReset = .fail
        }
        let error = await #expect(throws: KafkaError.self) { try await reader.assign([Self.q]) }
        #expect(error?.setting == "auto.offset.reset")
        await reader.close()
        await broker.stop()
    }
}
