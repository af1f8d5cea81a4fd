import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import ClusterView

/// What looking at a cluster tells, against what the broker itself knows.
@Suite(.turn) struct ClusterSamplerTests {
    private static func client(_ broker: KafkaBroker) -> ClientConfiguration {
        var client = ClientConfiguration(
            bootstrapServers: broker.bootstrapServers.split(separator: ",").map(String.init))
        client.connectTimeout = .seconds(2)
        client.requestTimeout = .seconds(3)
        client.apiTimeout = .seconds(3)
        return client
    }

    private static func produce(_ count: Int, to topic: String, of broker: KafkaBroker) async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: client(broker).bootstrapServers))
        for number in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: topic, key: "key \(number)", value: "value \(number)"))
        }
        try await producer.close()
    }

    /// Reads `count` records and commits them.
    private static func read(_ count: Int, of topic: String, as group: String, from broker: KafkaBroker) async throws
        -> KafkaConsumer
    {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client(broker).bootstrapServers, group: group, topics: [topic])
        configuration.client.clientId = "reader-\(group)"
        configuration.autoCommit = nil
        let consumer = try KafkaConsumer(configuration)
        var seen = 0
        for try await batch in consumer.batches {
            try await batch.commit()
            seen += batch.count
            if seen >= count { break }
        }
        return consumer
    }

    @Test func aLookTellsWhatTheBrokerKnows() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4, "other": 1], brokers: 3))
        try await broker.createTopic("copies", partitions: 3, replicas: 3)
        try await Self.produce(200, to: "orders", of: broker)
        let consumer = try await Self.read(200, of: "orders", as: "billing", from: broker)
        try await Self.produce(40, to: "orders", of: broker)
        try await Self.produce(10, to: "copies", of: broker)

        let admin = try KafkaAdmin(Self.client(broker))
        let sampler = ClusterSampler(admin, bootstrap: "here")
        let look = try await sampler.look(allSizes: true)
        #expect(look.troubles.isEmpty && look.bootstrap == "here" && look.id.count == 22)
        let nodes = await broker.nodes
        #expect(look.brokers.map(\.id) == nodes.map(\.id))
        #expect(look.brokers.map(\.address) == nodes.map { "\($0.host):\($0.port)" })
        #expect(nodes.map(\.id).contains(look.controller))

        let topics = await broker.topics
        #expect(Set(look.topics.map(\.name)) == Set(topics.map(\.name)))
        for topic in topics {
            let seen = try #require(look.topic(topic.name))
            #expect(seen.id == topic.id)
            for (partition, known) in zip(seen.partitions, topic.partitions) {
                #expect(partition.start == known.startOffset.rawValue && partition.end == known.endOffset.rawValue)
                #expect(partition.leader == known.leader && partition.replicas == known.replicas)
                #expect(Set(partition.inSync) == Set(known.inSyncReplicas))
                let key = TopicPartition(topic.name, partition.number)
                #expect(look.size(of: key, leader: partition.leader) == Int64(known.bytes))
            }
        }
        #expect(look.topic("orders")?.records == 240 && look.topic("copies")?.replicas == 3)

        let group = try #require(look.group("billing"))
        let known = try #require(await broker.group("billing"))
        #expect(group.type == "classic" && group.state == known.state && group.members.count == 1)
        #expect(group.members.first?.clientId == "reader-billing" && group.members.first?.assignment.count == 4)
        #expect(
            group.committed
                == Dictionary(
                    uniqueKeysWithValues: known.committed.map {
                        (TopicPartition($0.topic, $0.partition), $0.offset.rawValue)
                    }))
        var history = ClusterHistory()
        history.add(look)
        #expect(history.lag(group) == 40)

        // Rates between two looks.
        try await Self.produce(50, to: "orders", of: broker)
        let next = try await sampler.look()
        history.add(next)
        let seconds = (next.at - look.at).inSeconds
        let rate = try #require(history.incoming("orders"))
        #expect((rate * seconds - 50).magnitude < 0.001)
        #expect(history.lag(try #require(next.group("billing"))) == 90)
        #expect(history.outgoing("orders") == 0)

        await consumer.close()
        await admin.close()
        await broker.stop()
    }

    @Test func onlyWhatIsAskedForIsLookedAt() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["a": 2, "b": 2, "c": 1]))
        for topic in ["a", "b", "c"] { try await Self.produce(10, to: topic, of: broker) }
        for (topic, group) in [("a", "ga"), ("b", "gb")] {
            await (try await Self.read(10, of: topic, as: group, from: broker)).close()
        }
        let admin = try KafkaAdmin(Self.client(broker))
        let byTopic = try await ClusterSampler(admin, bootstrap: "", scope: .init(topics: ["a", "c"])).look()
        #expect(byTopic.topics.map(\.name) == ["a", "c"] && byTopic.groups.map(\.id) == ["ga"])
        let byGroup = try await ClusterSampler(admin, bootstrap: "", scope: .init(groups: ["gb"])).look()
        #expect(byGroup.topics.map(\.name) == ["b"] && byGroup.groups.map(\.id) == ["gb"])
        #expect(byGroup.groups.first?.state == "Empty" && byGroup.topics.first?.records == 10)
        await #expect(throws: KafkaError.self) {
            try await ClusterSampler(admin, bootstrap: "", scope: .init(topics: ["absent"])).look()
        }
        await #expect {
            try await ClusterSampler(admin, bootstrap: "", scope: .init(groups: ["absent"])).look()
        } throws: {
            "\($0)".contains("there is no group absent")
        }
        // Nothing was created by looking.
        #expect(await broker.topics.map(\.name).contains("absent") == false)
        await admin.close()
        await broker.stop()
    }

    /// However many topics and groups there are, a look takes the same few requests.
    @Test func aLookIsCheap() async throws {
        var topics: [String: Int] = [:]
        for number in 0..<50 { topics["t\(number)"] = 20 }
        let broker = try await KafkaBroker.start(.init(topics: topics))
        let admin = try KafkaAdmin(Self.client(broker))
        for number in 0..<30 {
            _ = try await admin.alterGroupOffsets(of: "g\(number)", [TopicPartition("t\(number)", 0): .init(offset: 0)])
                .get()
        }
        let sampler = ClusterSampler(admin, bootstrap: "")
        let first = try await sampler.look()
        #expect(first.topics.count == 50 && first.groups.count == 30 && first.troubles.isEmpty)
        let before = await broker.requestCounts
        let look = try await sampler.look()
        let after = await broker.requestCounts
        #expect(look.ends.count == 1000 && look.groups.allSatisfy { $0.committed.count == 1 })
        let asked = after.mapValues { Int($0) }.merging(before.mapValues { -Int($0) }, uniquingKeysWith: +)
            .filter { $0.value > 0 }
        #expect(asked[.listOffsets] == 2 && asked[.offsetFetch] == 1 && asked[.describeLogDirs] == nil)
        #expect(asked.values.reduce(0, +) <= 9, "\(asked)")
        await admin.close()
        await broker.stop()
    }

    @Test func aBrokerThatIsAwayIsToldAndComesBack() async throws {
        let broker = try await KafkaBroker.start(.init(topics: [:], brokers: 3))
        try await broker.createTopic("one", partitions: 3, replicas: 1)
        try await broker.createTopic("three", partitions: 3, replicas: 3)
        let admin = try KafkaAdmin(Self.client(broker))
        let sampler = ClusterSampler(admin, bootstrap: "")
        #expect(try await sampler.look().brokers.count == 3)
        try await broker.stopNode(3)
        let without = try await sampler.look()
        #expect(without.brokers.map(\.id) == [1, 2])
        #expect(without.topic("one")?.leaderless == 1 && without.topic("three")?.leaderless == 0)
        #expect(without.topic("three")?.underReplicated == 3)
        try await broker.startNode(3)
        try await eventually {
            let look = try await sampler.look()
            return look.brokers.count == 3 && look.troubles.isEmpty && look.topic("one")?.leaderless == 0
        }
        await broker.stop()
        await #expect(throws: KafkaError.self) { try await sampler.look() }
        await admin.close()
    }

    /// The tail: what was there, then what comes, safely; and nothing is committed.
    @Test func aTailTellsTheLatestMessages() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        try await Self.produce(2000, to: "t", of: broker)
        let admin = try KafkaAdmin(Self.client(broker))
        let topic = try #require(try await ClusterSampler(admin, bootstrap: "").look().topic("t"))
        let (news, continuation) = AsyncStream.makeStream(of: TopicTail.News.self)
        let task = Task { await TopicTail(Self.client(broker), topic).run { continuation.yield($0) } }
        var messages: [TailMessage] = []
        var hasProduced = false
        for await one in news {
            guard case .messages(let some) = one else { continue }
            messages += some
            if messages.count >= 198, !hasProduced {
                hasProduced = true
                #expect(messages.allSatisfy { $0.isOld } && messages.count == 198)
                try await Self.produce(5, to: "t", of: broker)
            }
            if messages.count(where: { !$0.isOld }) == 5 { break }
        }
        #expect(Set(messages.map(\.id)).count == messages.count)
        let ends = try #require(await broker.endOffsets(of: "t"))
        for (index, end) in ends.enumerated() {
            let offsets = messages.filter { $0.partition.partition == PartitionID(index: index) }.map(\.offset).sorted()
            #expect(
                offsets.last == end.rawValue - 1
                    && offsets == Array((end.rawValue - Int64(offsets.count))..<end.rawValue))
        }
        task.cancel()
        await task.value
        #expect(await broker.groups.isEmpty)
        #expect(await broker.requestCounts[.offsetCommit] == nil)
        await admin.close()
        await broker.stop()
    }
}
