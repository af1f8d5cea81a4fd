import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Topics, configurations and records through ``KafkaAdmin``.
@Suite(.turn) struct AdminTopicTests {
    @Test func topicsAreCreatedDescribedGrownAndDeleted() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        let created = await admin.createTopics([
            .init("plain", partitions: 3, replicationFactor: 2, configs: ["retention.ms": "1000"]),
            .init("placed", assignments: [[3, 1], [2, 3]]),
            .init("no spaces"),
        ])
        #expect(created.failures().mapValues(\.code) == ["no spaces": .broker(.invalidTopicException)])
        let plain = try #require(try created["plain"]?.get())
        #expect(plain.partitions == 3 && plain.replicationFactor == 2 && plain.id != .zero)
        #expect(plain.configs?.first { $0.name == "retention.ms" }?.value == "1000")
        #expect(plain.configs?.first { $0.name == "retention.ms" }?.source == .topic)

        let described = await admin.describeTopics(["plain", "placed", "absent"])
        #expect(described.failures().mapValues(\.code) == ["absent": .broker(.unknownTopicOrPartition)])
        let placed = try #require(try described["placed"]?.get())
        #expect(placed.leaders == [3, 2])
        #expect(placed.partitions.map(\.replicas) == [[3, 1], [2, 3]])
        #expect(placed.partitions.map { Set($0.inSync) } == [[1, 3], [2, 3]])
        #expect(placed.partitions.allSatisfy { $0.offline.isEmpty } && !placed.isInternal)

        // Small pages, another API, identifiers and the list tell the same.
        let paged = await admin.describeTopics(["plain", "placed", "absent"], pageSize: 1)
        #expect(try paged["placed"]?.get() == placed)
        #expect(try paged["plain"]?.get() == described["plain"]?.get())
        #expect(paged["absent"]?.isFailure == true)
        let byId = await admin.describeTopics(ids: [placed.id, TopicID(Uuid(high: 1, low: 2))])
        #expect(try byId[placed.id]?.get().partitions.map(\.replicas) == [[3, 1], [2, 3]])
        #expect(byId.failures().values.map(\.code) == [.broker(.unknownTopicId)])
        #expect(try await admin.listTopics().map(\.name) == ["placed", "plain"])

        let grown = await admin.addPartitions([
            "plain": .init(total: 5), "placed": .init(total: 3, assignments: [[1, 2]]), "absent": .init(total: 2),
        ])
        #expect(grown.failures().mapValues(\.code) == ["absent": .broker(.unknownTopicOrPartition)])
        let after = try await admin.describeTopics(["plain", "placed"]).get()
        #expect(after["plain"]?.partitions.count == 5)
        #expect(after["placed"]?.partitions.last?.replicas == [1, 2])
        let shrunk = await admin.addPartitions(["plain": .init(total: 2)])
        #expect(shrunk.failures()["plain"]?.code == .broker(.invalidPartitions))

        let deleted = await admin.deleteTopics(["plain", "absent"])
        #expect(deleted.failures().mapValues(\.code) == ["absent": .broker(.unknownTopicOrPartition)])
        _ = try await admin.deleteTopics(ids: [placed.id]).get()
        #expect(await admin.deleteTopics(ids: [placed.id]).failures()[placed.id]?.code == .broker(.unknownTopicId))
        #expect(try await admin.listTopics().isEmpty)
        await admin.close()
        await broker.stop()
    }

    @Test(arguments: [
        (KafkaAdmin.NewTopic("there"), ErrorCode.topicAlreadyExists),
        (.init("n", partitions: 0), .invalidPartitions),
        (.init("n", replicationFactor: 4), .invalidReplicationFactor),
        (.init("n", configs: ["no.such": "1"]), .invalidConfig),
        (.init("n", assignments: [[1, 9]]), .invalidReplicaAssignment),
        (.init("n", partitions: 1, assignments: [[1]]), .invalidRequest),
        (.init(""), .invalidTopicException),
    ])
    func aTopicThatCannotBeIsRefusedWithItsReason(topic: KafkaAdmin.NewTopic, code: ErrorCode) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["there": 1]))
        let admin = try KafkaAdmin(.quick(broker))
        let error = await admin.createTopics([topic, .init("other")]).failures()[topic.name]
        #expect(error?.code == .broker(code))
        #expect(error?.topic == topic.name && error?.api == .createTopics)
        #expect(error?.broker == broker.bootstrapServers)
        #expect(error?.message.hasPrefix("could not create topic \(topic.name)") == true)
        #expect(try await admin.listTopics().map(\.name) == ["other", "there"])
        await admin.close()
        await broker.stop()
    }

    /// The example of the README, with another broker.
    @Test func theExampleWorks() async throws {
        let broker = try await KafkaBroker.start()
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([.init("orders", partitions: 4, configs: ["retention.ms": "86400000"])]).get()
        var said: [String] = []
        for (topic, result) in await admin.describeTopics(["orders", "payments"]) {
            switch result {
            case .success(let found): said.append("\(topic) \(found.leaders.count) \(found.partitions.map(\.inSync))")
            case .failure(let error): said.append("\(topic) \(error)")
            }
        }
        #expect(
            said.sorted() == [
                "orders 4 [[1], [1], [1], [1]]",
                "payments could not describe topic payments: the broker answered UNKNOWN_TOPIC_OR_PARTITION; create the "
                    + "topic, or look at its spelling",
            ])
        let ends = try await admin.endOffsets(of: "orders")
        _ = try await admin.alterGroupOffsets(of: "billing", ends.mapValues { .init(offset: $0) }).get()
        #expect(try await admin.committedOffsets(of: "billing").count == 4)
        let raw = try await admin.send(MetadataRequest(), to: .broker(1), version: 12)
        #expect(raw.response.brokers.map(\.nodeId) == [1])
        await admin.close()
        await broker.stop()
    }

    @Test func whatIsOnlyValidatedIsNotDone() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([.init("n", partitions: 2)], validateOnly: true).get()
        _ = try await admin.addPartitions(["t": .init(total: 4)], validateOnly: true).get()
        _ = try await admin.alterConfigs([.topic("t"): ["retention.ms": .set("5")]], validateOnly: true).get()
        _ = try await admin.alterClientQuotas([.init(["user": "u"]): ["producer_byte_rate": 9]], validateOnly: true)
            .get()
        #expect(try await admin.listTopics().map(\.partitions.count) == [1])
        let configs = try await admin.describeConfigs([.topic("t")], names: ["retention.ms"]).get()
        #expect(configs[.topic("t")]?.first?.source != .topic)
        #expect(try await admin.describeClientQuotas().isEmpty)
        await admin.close()
        await broker.stop()
    }

    @Test func settingsAreChangedOneByOne() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let admin = try KafkaAdmin(.quick(broker))
        let topic = KafkaAdmin.ConfigResource.topic("t")
        func value(_ name: String, of resource: KafkaAdmin.ConfigResource) async throws -> String? {
            try await admin.describeConfigs([resource], names: [name]).get()[resource]?.first?.value
        }
        let changed = await admin.alterConfigs([
            topic: ["retention.ms": .set("60000"), "cleanup.policy": .append("compact")],
            .group("g"): ["consumer.session.timeout.ms": .set("50000")],
            .clientMetrics("m"): ["interval.ms": .set("10000")],
            .topic("absent"): ["retention.ms": .set("1")],
            .broker(2): ["log.retention.ms": .set("70000")],
        ])
        #expect(changed.failures().mapValues(\.code) == [.topic("absent"): .broker(.unknownTopicOrPartition)])
        #expect(changed.failures()[.topic("absent")]?.topic == "absent")
        #expect(try await value("retention.ms", of: topic) == "60000")
        #expect(try await value("cleanup.policy", of: topic) == "delete,compact")
        #expect(try await value("consumer.session.timeout.ms", of: .group("g")) == "50000")
        #expect(try await value("interval.ms", of: .clientMetrics("m")) == "10000")
        _ = try await admin.alterConfigs([topic: ["retention.ms": .delete, "cleanup.policy": .subtract("delete")]])
            .get()
        #expect(try await value("cleanup.policy", of: topic) == "compact")
        #expect(try await value("retention.ms", of: topic) != "60000")
        let refused = await admin.alterConfigs([topic: ["no.such": .set("1")]]).failures()[topic]
        #expect(refused?.code == .broker(.invalidConfig))

        let full = try await admin.describeConfigs(
            [topic, .broker(1), .broker(2)], synonyms: true, documentation: true
        )
        .get()
        let entry = try #require(full[topic]?.first { $0.name == "cleanup.policy" })
        #expect(entry.synonyms.first?.source == .topic && entry.synonyms.contains { $0.name == "log.cleanup.policy" })
        #expect(full[topic] == full[topic]?.sorted { $0.name < $1.name })
        #expect(full[.broker(2)]?.contains { $0.name == "log.dirs" && $0.isReadOnly } == true)
        #expect(try await admin.listConfigResources([.group]).contains(.group("g")))
        #expect(try await admin.listConfigResources().contains(.clientMetrics("m")))
        await admin.close()
        await broker.stop()
    }

    @Test func offsetsAreFoundByTimeAndRecordsDeleted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        try await broker.produce(0..<90, to: "t")
        let parts = (0..<3).map { TopicPartition("t", PartitionID(index: $0)) }
        let ends = try await admin.endOffsets(of: "t")
        #expect(ends.values.reduce(0) { $0 + $1.rawValue } == 90 && ends.values.allSatisfy { $0 > 5 })
        func all(_ spec: KafkaAdmin.OffsetSpec) async throws -> [TopicPartition: KafkaAdmin.ListedOffset] {
            try await admin.listOffsets(Dictionary(uniqueKeysWithValues: parts.map { ($0, spec) })).get()
        }
        let newest = try await all(.maxTimestamp)
        #expect(newest.values.allSatisfy { $0.timestamp > 0 && $0.offset != nil })
        #expect(try await all(.timestamp(0)).values.allSatisfy { $0.offset == 0 })
        #expect(try await all(.timestamp(.max)).values.allSatisfy { $0.offset == nil })
        #expect(try await all(.earliestLocal).values.allSatisfy { $0.offset == 0 })
        let committed = await admin.listOffsets([parts[0]: .latest], isolation: .readCommitted)
        #expect(try committed[parts[0]]?.get().offset == ends[parts[0]])

        let deleted = await admin.deleteRecords(before: [
            parts[0]: 4, parts[1]: .none, parts[2]: 1000, TopicPartition("t", 7): 1, TopicPartition("absent", 0): 1,
        ])
        #expect(try deleted[parts[0]]?.get() == 4)
        #expect(try deleted[parts[1]]?.get() == ends[parts[1]])
        #expect(
            deleted.failures().mapValues(\.code) == [
                parts[2]: .broker(.offsetOutOfRange),
                TopicPartition("t", 7): .broker(.unknownTopicOrPartition),
                TopicPartition("absent", 0): .broker(.unknownTopicOrPartition),
            ])
        #expect(deleted.failures()[parts[2]]?.partition == 2)
        #expect(try await admin.earliestOffsets(of: "t") == [parts[0]: 4, parts[1]: ends[parts[1]] ?? 0, parts[2]: 0])
        let error = await #expect(throws: KafkaError.self) { try await admin.endOffsets(of: "absent") }
        #expect(error?.code == .broker(.unknownTopicOrPartition))
        await admin.close()
        await broker.stop()
    }
}

extension Result {
    var isFailure: Bool { if case .failure = self { true } else { false } }
}

extension ClientConfiguration {
    /// With the time-outs of a test, and all nodes of that broker.
    static func quick(_ broker: KafkaBroker) -> ClientConfiguration {
        quick(broker.bootstrapServers.split(separator: ",").map(String.init))
    }
}
