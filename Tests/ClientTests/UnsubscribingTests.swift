import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Consumers that are told to read nothing, and something again.
@Suite(.turn) struct UnsubscribingTests {
    /// How a group is formed.
    enum Way: CaseIterable, Sendable {
        case eager, cooperative, coordinator

        func set(_ configuration: inout KafkaConsumer.Configuration) {
            switch self {
            case .eager: break
            case .cooperative: configuration.assignors = [.cooperativeSticky]
            case .coordinator: configuration.groupProtocol = .consumer
            }
        }
    }

    private static func broker(_ topics: [String: Int]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.consumerHeartbeatInterval = .milliseconds(50)
        return try await KafkaBroker.start(configuration)
    }

    private static func members(_ broker: KafkaBroker) async -> Int { await broker.group("g")?.members.count ?? 0 }

    private static func committed(_ broker: KafkaBroker) async -> Int64 {
        await broker.group("g")?.committed.reduce(0) { $0 + $1.offset.rawValue } ?? 0
    }

    /// Reads in a task of its own, and notes what came and went.
    private static func follow(_ consumer: KafkaConsumer, _ seen: Seen, _ events: Seen) -> Task<Void, any Error> {
        Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .assigned(let offsets): offsets.keys.sorted().forEach { events.add("+\($0)") }
                case .revoked(let revoked): revoked.partitions.forEach { events.add("-\($0)") }
                case .lost(let partitions): partitions.forEach { events.add("lost \($0)") }
                case .reachedEnd, .reset, .trouble, .recovered: break
                }
            }
            events.add("over")
        }
    }

    @Test(arguments: Way.allCases) func aMemberLeavesAndReadingWaitsUntilItJoinsAgain(_ way: Way) async throws {
        let broker = try await Self.broker(["a": 2, "b": 1])
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["a"]) {
            way.set(&$0)
            $0.autoCommit = .seconds(300)
        }
        let (seen, events) = (Seen(), Seen())
        let task = Self.follow(consumer, seen, events)
        try await broker.produce(0..<10, to: "a")
        try await seen.wait(for: 10)
        // Processed is what was in front when more was asked for.
        try await eventually {
            await consumer.engine.commits.open.values.reduce(0) { $0 + $1.offset.rawValue } == 10
        }
        try await consumer.unsubscribe(from: ["a"])
        #expect(await consumer.subscription == .named([]))
        try await eventually { await Self.members(broker) == 0 }
        try await eventually { events.all == ["+a-0", "+a-1", "-a-0", "-a-1"] }
        #expect(await Self.committed(broker) == 10)
        #expect(await consumer.positions == [:])
        // Nobody joins while nothing is wanted.
        let joins = [APIKey.joinGroup, .consumerGroupHeartbeat].map { api in broker.on(api) { _ in .pass } }
        try await broker.produce(10..<20, to: "a")
        try await broker.produce(20..<30, to: "b")
        try await consumer.unsubscribe()
        await consumer.requestRebalance()
        #expect(seen.count == 10 && joins.map(\.calls) == [0, 0])
        // It goes on where it has come to.
        try await consumer.subscribe(to: ["b", "a"])
        try await seen.wait(for: 30)
        #expect(await Self.members(broker) == 1)
        #expect(seen.count == 30 && Set(seen.all).count == 30)
        #expect(events.all.first { $0 == "over" } == nil)
        try await consumer.unsubscribe()
        try await eventually { await Self.members(broker) == 0 }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// The batch in hand is finished first, and can be committed; also what is taken away.
    @Test(arguments: Way.allCases) func whatIsInHandCanBeCommittedBeforeItLeaves(_ way: Way) async throws {
        let broker = try await Self.broker(["a": 1])
        try await broker.produce(0..<10, to: "a")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["a"]) {
            way.set(&$0)
            $0.autoCommit = nil
            $0.maximumRecords = 4
        }
        let told = Seen()
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event {
                    told.add("\(batch.count) records")
                    try await consumer.unsubscribe()
                    try await batch.commit()
                    #expect(await consumer.pendingRevocation?.isLost == false)
                }
                if case .revoked(let revoked) = event {
                    told.add("revoked \(revoked.partitions)")
                    #expect(await Self.members(broker) == 1)
                    try await revoked.commit([TopicPartition("a", 0): CommittedOffset(offset: 3)])
                }
            }
        }
        try await eventually { told.count == 2 }
        try await eventually { await Self.members(broker) == 0 }
        // More was fetched, which nobody gets.
        #expect(told.all == ["4 records", "revoked [a-0]"])
        #expect(await Self.committed(broker) == 3)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// Before it has let go it wants the same again: then nothing is lost, and nothing comes twice.
    @Test(arguments: Way.allCases) func whoWantsTheSameAgainAtOnceReadsOn(_ way: Way) async throws {
        let broker = try await Self.broker(["a": 2])
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["a"], way.set)
        let seen = Seen()
        try await consumer.unsubscribe()
        let task = consumer.read(into: seen)
        try await consumer.subscribe(to: ["a"])
        for round in 0..<5 {
            try await broker.produce(round * 10..<round * 10 + 10, to: "a")
            try await seen.wait(for: round * 10 + 10, within: .seconds(20))
            try await consumer.unsubscribe()
            try await consumer.subscribe(to: ["a"])
        }
        try await broker.produce(50..<60, to: "a")
        try await seen.wait(for: 60, different: true, within: .seconds(20))
        await consumer.close()
        try await task.value
        #expect(seen.count == 60)
        await broker.stop()
    }

    /// Who reads whole topics without a group begins anew where it is told to; given partitions are taken anew.
    @Test func withoutAGroupAsWell() async throws {
        let broker = try await Self.broker(["t": 2])
        try await broker.produce(0..<10, to: "t", prefix: "old")
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], topics: ["t"], from: .latest)
        configuration.client = .quick([broker.bootstrapServers])
        configuration.client.metadataMaximumAge = .milliseconds(100)
        configuration.fetchMaximumWait = .milliseconds(100)
        let topics = try KafkaConsumer(configuration)
        var (seen, events) = (Seen(), Seen())
        var task = Self.follow(topics, seen, events)
        let (gained, lost) = (["+t-0", "+t-1"], ["lost t-0", "lost t-1"])
        try await eventually { events.all == gained }
        try await topics.unsubscribe()
        try await eventually { events.all == gained + lost }
        #expect(await topics.positions == [:])
        try await broker.produce(10..<20, to: "t", prefix: "missed")
        try await topics.subscribe(adding: ["t"])
        try await eventually { events.all == gained + lost + gained }
        try await broker.produce(20..<30, to: "t")
        try await seen.wait(for: 10)
        #expect(Set(seen.all) == Set((20..<30).map { "v\($0)" }))
        await topics.close()
        try await task.value

        let (p, q) = (TopicPartition("t", 0), TopicPartition("t", 1))
        let given = try ConsumerFlowTests.reader(broker.bootstrapServers, [p: .latest, q: .latest])
        (seen, events) = (Seen(), Seen())
        task = Self.follow(given, seen, events)
        try await eventually {
            let positions = await given.positions
            return positions.count == 2 && positions.values.allSatisfy { $0 != nil }
        }
        try await given.unsubscribe()
        try await eventually { events.all == lost }
        #expect(await given.positions == [:])
        let error = await #expect(throws: KafkaError.self) { try await given.subscribe(to: ["t"]) }
        #expect(error?.message.contains("given partitions") == true)
        try await given.assign([p: .earliest, q: .earliest])
        try await seen.wait(for: 30)
        await given.close()
        try await task.value
        await broker.stop()
    }
}
