import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Consumers of whole topics, with and without a group, by name and by pattern.
@Suite(.turn) struct FollowedTopicTests {
    private static func consumer(
        _ broker: KafkaBroker, _ topics: KafkaConsumer.Topics, from start: KafkaConsumer.StartingOffset,
        group: String? = nil, excludesInternal: Bool = true
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: ["127.0.0.1:\(broker.port)"], topics: topics, from: start)
        if let group { configuration.source = .group(group, topics: topics) }
        configuration.client = .quick(["127.0.0.1:\(broker.port)"])
        configuration.client.metadataMaximumAge = .milliseconds(100)
        configuration.excludesInternalTopics = excludesInternal
        configuration.fetchMaximumWait = .milliseconds(50)
        return try KafkaConsumer(configuration)
    }

    @Test func withoutAGroupNewPartitionsAreReadFromTheirFirstRecord() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await broker.produce(0..<10, to: "t", prefix: "old")
        let consumer = try Self.consumer(broker, ["t"], from: .latest)
        let (seen, assigned) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event { seen.add(batch) }
                if case .assigned(let offsets) = event { offsets.keys.sorted().forEach { assigned.add("\($0)") } }
            }
        }
        try await assigned.wait(for: 2)
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        _ = try await admin.addPartitions(["t": .init(total: 4)]).get()
        try await broker.produce(0..<40, to: "t", prefix: "new")
        try await seen.wait(for: 40)
        #expect(Set(seen.all) == Set((0..<40).map { "new\($0)" }))
        #expect(assigned.all == ["t-0", "t-1", "t-2", "t-3"])
        await consumer.close()
        try await task.value
        await admin.close()
        await broker.stop()
    }

    @Test(arguments: [nil, "g"] as [String?]) func aPatternFindsTopicsThatComeLater(group: String?) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders-a": 1, "orders": 1, "xorders-b": 1]))
        try await broker.produce(0..<5, to: "orders-a", prefix: "a")
        try await broker.produce(0..<5, to: "orders", prefix: "no")
        try await broker.produce(0..<5, to: "xorders-b", prefix: "no")
        let consumer = try Self.consumer(
            broker, .matching(try TopicPattern("orders-.*|__consumer_offsets")), from: .earliest, group: group)
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 5)
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        _ = try await admin.createTopics([.init("orders-c", partitions: 2)]).get()
        try await broker.produce(0..<5, to: "orders-c", prefix: "c")
        try await seen.wait(for: 10, different: true)
        #expect(Set(seen.all) == Set((0..<5).flatMap { ["a\($0)", "c\($0)"] }))
        await consumer.close()
        try await task.value
        await admin.close()
        await broker.stop()
    }

    /// `exclude.internal.topics`: `__share_group_state` is the one of Kafka's own topics that this broker can have.
    @Test(arguments: [true, false], [nil, "g"] as [String?])
    func aPatternMatchesInternalTopicsWhereTheyAreNotExcluded(_ isExcluded: Bool, group: String?) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1, "other": 1, "__share_group_state": 2]))
        let consumer = try Self.consumer(
            broker, .matching(try TopicPattern("orders|__.*")), from: .earliest, group: group,
            excludesInternal: isExcluded)
        let task = consumer.read(into: Seen(), commit: false)
        let own = (0..<2).map { TopicPartition("__share_group_state", PartitionID(index: $0)) }
        let wanted = (isExcluded ? [] : own) + [TopicPartition("orders", 0)]
        try await eventually { await consumer.positions.keys.sorted() == wanted }
        await consumer.close()
        try await task.value
    }

    /// What a consumer reads that names a topic which is not there.
    private static let missing: [KafkaConsumer.Source] = [
        .group("g", topics: ["new"]), .topics(["new"], from: .earliest),
        .partitions([TopicPartition("new", 0): .earliest]), .taken([TopicPartition("new", 0)], by: "g"),
    ]

    @Test(arguments: missing, [KafkaConsumer.GroupProtocol.classic, .consumer])
    func aTopicThatIsMissingIsMadeWhereThatIsWanted(
        _ source: KafkaConsumer.Source, _ protocol: KafkaConsumer.GroupProtocol
    ) async throws {
        var brokers = KafkaBroker.Configuration()
        brokers.consumerHeartbeatInterval = .milliseconds(50)
        let broker = try await KafkaBroker.start(brokers)
        for mayCreate in [false, true] {
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], group: "g", topics: ["new"])
            configuration.source = source
            configuration.groupProtocol = `protocol`
            configuration.client = .quick([broker.bootstrapServers])
            configuration.fetchMaximumWait = .milliseconds(50)
            if mayCreate { configuration.mayCreateTopics = true }
            let consumer = try KafkaConsumer(configuration)
            let (seen, troubles) = (Seen(), Seen())
            let task = Task {
                for try await event in consumer.events {
                    if case .batch(let batch) = event { seen.add(batch) }
                    if case .trouble(let error) = event { troubles.add(error.message) }
                }
            }
            if mayCreate {
                try await eventually { await broker.endOffsets(of: "new") != nil }
                try await broker.produce(0..<1, to: "new")
                try await seen.wait(for: 1)
            } else {
                try await eventually { troubles.all.contains { $0.contains("new") } }
                #expect(await broker.endOffsets(of: "new") == nil)
            }
            await consumer.close()
            try await task.value
        }
        await broker.stop()
    }

    @Test func aWrongPatternIsRefused() {
        let error = #expect(throws: KafkaError.self) { _ = try TopicPattern("a(") }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test(arguments: [
        (KafkaConsumer.StartingOffset.last(3), 3), (.last(0), 0), (.last(100), 20), (.offset(15), 5),
        (.latest, 0), (.earliest, 20),
    ])
    func endsAreToldBehindTheRecords(_ start: KafkaConsumer.StartingOffset, _ count: Int) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1, "empty": 1]))
        try await broker.produce(0..<20, to: "t")
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: ["127.0.0.1:\(broker.port)"],
            partitions: [TopicPartition("t", 0): start, TopicPartition("empty", 0): .earliest])
        configuration.tellsEnds = true
        configuration.fetchMaximumWait = .milliseconds(50)
        let consumer = try KafkaConsumer(configuration)
        let told = try await within {
            var told: [String] = []
            var records = 0
            for try await event in consumer.events {
                if case .batch(let batch) = event { records += batch.count }
                if case .reachedEnd(let partition, let offset) = event {
                    told.append("\(partition) \(offset) \(partition.topic == "t" ? records : 0)")
                }
                if told.count == 2 { break }
            }
            // It is told once.
            let producer = try KafkaProducer(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
            try await producer.enqueue(ProducerRecord(topic: "t", value: "more"))
            try await producer.close()
            for try await event in consumer.events {
                if case .reachedEnd(let partition, let offset) = event { told.append("\(partition) \(offset)") }
                if told.count == 3 { break }
            }
            return told
        }
        #expect(Set(told.prefix(2)) == ["t-0 20 \(count)", "empty-0 0 0"])
        #expect(told.last == "t-0 21")
        await consumer.close()
        await broker.stop()
    }
}
