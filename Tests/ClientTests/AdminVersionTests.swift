import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

private let part = TopicPartition("t", 0)

/// Brokers of older releases: what they can do works, and what they cannot is one clear error.
@Suite(.turn) struct AdminVersionTests {
    @Test(arguments: ["2.0", "2.1", "2.4", "2.8", "3.3", "3.7", "4.0"]) func whatAnOldBrokerCanDoWorks(release: String)
        async throws
    {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.speaks = release
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([.init("n", configs: ["retention.ms": "5"])]).get()
        _ = try await admin.addPartitions(["n": .init(total: 3)]).get()
        let described = await admin.describeTopics(["n", "t", "absent"])
        #expect(described.failures().mapValues(\.code) == ["absent": .broker(.unknownTopicOrPartition)])
        #expect(try described["n"]?.get().leaders == [1, 1, 1])
        #expect(try await admin.listTopics().map(\.name) == ["n", "t"])
        let configs = try await admin.describeConfigs([.topic("n")], names: ["retention.ms"], documentation: true).get()
        #expect(configs[.topic("n")]?.first?.value == "5")
        _ = try await admin.deleteTopics(["n"]).get()
        try await broker.produce(0..<10, to: "t")
        #expect(try await admin.endOffsets(of: "t").values.reduce(0) { $0 + $1.rawValue } == 10)
        _ = try await admin.deleteRecords(before: [part: .none]).get()
        for group in ["g", "h"] {
            _ = try await admin.alterGroupOffsets(of: group, [part: .init(offset: 2)]).get()
        }
        let offsets = try await admin.listGroupOffsets(["g": nil, "h": [part]]).get()
        #expect(try offsets.mapValues { try $0[part]?.get().offset } == ["g": 2, "h": 2])
        #expect(try await admin.listGroups().get().map(\.id) == ["g", "h"])
        let groups = await admin.describeGroups(["g", "absent"])
        #expect(try groups["g"]?.get().state == .empty)
        #expect(groups["absent"]?.failure?.code == .broker(.groupIdNotFound))
        _ = try await admin.deleteGroups(["g", "h"]).get()
        #expect(try await admin.describeCluster().nodes.map(\.id) == [1])
        #expect(try await admin.describeLogDirs().get()[1]?.first?.replicas.count == 2)
        _ = try await admin.fenceProducers(["x"]).get()
        #expect(try await admin.describeFeatures().supported.isEmpty == (release < "4.0"))
        await admin.close()
        await broker.stop()
    }

    @Test(arguments: [
        (
            "2.3", "Kafka since 2.4",
            AdminAction(.offsetDelete, .none) { _ = try await $0.deleteGroupOffsets(of: "g", [part]).get() }
        ),
        (
            "0.11.0", "Kafka since 1.0",
            .init(.createPartitions, .none) { _ = try await $0.addPartitions(["t": .init(total: 3)]).get() }
        ),
        (
            "1.0", "Kafka since 1.1",
            .init(.describeConfigs, .none) { _ = try await $0.describeConfigs([.topic("t")]).get() }
        ),
        ("1.0", "Kafka since 1.1", .init(.deleteGroups, .none) { _ = try await $0.deleteGroups(["g"]).get() }),
        ("1.1", "Kafka since 2.0", .init(.describeLogDirs, .none) { _ = try await $0.describeLogDirs().get() }),
        (
            "2.1", "Kafka since 2.3",
            .init(.incrementalAlterConfigs, .none) {
                _ = try await $0.alterConfigs([.topic("t"): ["retention.ms": .delete]]).get()
            }
        ),
        ("2.1", "Kafka since 2.2", .init(.electLeaders, .none) { _ = try await $0.electLeaders() }),
        (
            "2.3", "Kafka since 2.4",
            .init(.listPartitionReassignments, .none) { _ = try await $0.listPartitionReassignments() }
        ),
        ("2.5", "Kafka since 2.6", .init(.describeClientQuotas, .none) { _ = try await $0.describeClientQuotas() }),
        (
            "2.6", "Kafka since 2.7",
            .init(.describeUserScramCredentials, .none) { _ = try await $0.describeScramUsers() }
        ),
        (
            "2.7", "Kafka since 2.8",
            .init(.describeProducers, .none) { _ = try await $0.describeProducers(of: [part]).get() }
        ),
        (
            "2.8", "Kafka since 3.0",
            .init(.describeTransactions, .none) { _ = try await $0.describeTransactions(["x"]).get() }
        ),
        ("2.8", "Kafka since 3.0", .init(.listTransactions, .none) { _ = try await $0.listTransactions().get() }),
        (
            "2.8", "Kafka 3.0 has",
            .init(.listOffsets, .none) { _ = try await $0.listOffsets([part: .maxTimestamp]).get() }
        ),
        (
            "3.4", "Kafka 3.5 has",
            .init(.listOffsets, .none) { _ = try await $0.listOffsets([part: .earliestLocal]).get() }
        ),
        ("2.7", "Kafka 2.8 has", .init(.deleteTopics, .none) { _ = try await $0.deleteTopics(ids: [.zero]).get() }),
        ("2.8", "Kafka 3.1 has", .init(.metadata, .none) { _ = try await $0.describeTopics(ids: [.zero]).get() }),
        ("2.5", "Kafka 2.6 has", .init(.listGroups, .none) { _ = try await $0.listGroups(states: [.stable]).get() }),
        ("3.7", "Kafka 3.8 has", .init(.listGroups, .none) { _ = try await $0.listGroups(types: [.classic]).get() }),
        (
            "3.7", "Kafka 3.8 has",
            .init(.listTransactions, .none) { _ = try await $0.listTransactions(longerThan: .zero).get() }
        ),
        (
            "4.0", "Kafka 4.1 has",
            .init(.listTransactions, .none) { _ = try await $0.listTransactions(pattern: "x").get() }
        ),
        (
            "3.9", "Kafka 4.0 has",
            .init(.describeCluster, .none) { _ = try await $0.describeCluster(includeFenced: true) }
        ),
        ("4.0", "Kafka 4.1 has", .init(.listConfigResources, .none) { _ = try await $0.listConfigResources([.topic]) }),
    ])
    func whatAnOldBrokerCannotDoIsSaidOnce(release: String, words: String, action: AdminAction) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.speaks = release
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(broker))
        let error = await #expect(throws: KafkaError.self) { try await within { try await action.call(admin) } }
        #expect(error?.code == .unsupportedVersion && error?.api == action.api)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.isRetriable == false)
        await admin.close()
        await broker.stop()
    }
}
