import TestSupport
import Testing

@testable import KafkaWire

/// What an administrator asks a real cluster, and changes in it.
@Suite(.cluster, .outside) struct ClusterAdminTests {
    @Test func theClusterIsDescribed() async throws {
        try await inCluster { cluster in
            let description = try await cluster.admin.describeCluster()
            #expect(!description.id.isEmpty && !description.nodes.isEmpty)
            #expect(Set(description.nodes.map(\.id)).count == description.nodes.count)
            try await cluster.requireAPI(.apiVersions, version: 3, "features")
            let features = try await cluster.admin.describeFeatures()
            #expect(features.finalized.allSatisfy { $0.value.lowerBound <= $0.value.upperBound })
        }
    }

    @Test func topicsAreMadeChangedAndTakenAway() async throws {
        try await inCluster { cluster in
            let unmade = cluster.expectTopic("unmade")
            _ = try await cluster.admin.createTopics([.init(unmade, partitions: 2)], validateOnly: true).get()
            #expect(try await cluster.admin.listTopics().contains { $0.name == unmade } == false)
            let topic = try await cluster.topic("made", partitions: 2, configs: ["retention.ms": "7200000"])
            let resource = KafkaAdmin.ConfigResource.topic(topic)
            func setting(_ name: String) async throws -> String? {
                try await cluster.admin.describeConfigs([resource]).get()[resource]?.first { $0.name == name }?.value
            }
            try await inTime { try await setting("retention.ms") == "7200000" }
            _ = try await cluster.admin.alterConfigs([
                resource: ["retention.ms": .set("3600000"), "cleanup.policy": .append("compact")]
            ]).get()
            // The broker that is asked hears of it a little later.
            try await inTime { try await setting("retention.ms") == "3600000" }
            #expect(try await setting("cleanup.policy")?.contains("compact") == true)
            let wrong = await cluster.admin.alterConfigs([resource: ["retention.ms": .set("soon")]]).failures()
            #expect(wrong[resource]?.code == .broker(.invalidConfig))
            _ = try await cluster.admin.addPartitions([topic: .init(total: 4)]).get()
            try await inTime {
                try await cluster.admin.describeTopics([topic]).get()[topic]?.partitions.count == 4
            }
            let twice = await cluster.admin.createTopics([.init(topic, partitions: 1)]).failures()
            #expect(twice[topic]?.code == .broker(.topicAlreadyExists))
            _ = try await cluster.admin.deleteTopics([topic]).get()
            try await inTime {
                try await cluster.admin.listTopics().contains { $0.name == topic } == false
            }
        }
    }

    @Test func offsetsOfLogsAreLookedUpAndRecordsDeleted() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("offsets")
            let partition = TopicPartition(topic, 0)
            let producer = try cluster.producer()
            for time in [1000, 3000, 2000] as [Int64] {
                try await producer.send(
                    ProducerRecord(
                        topic: topic, value: Bytes(utf8: "v"), partition: 0, timestamp: 1_700_000_000_000 + time))
            }
            func offset(_ spec: KafkaAdmin.OffsetSpec) async throws -> Offset? {
                try await cluster.admin.listOffsets([partition: spec]).get()[partition]?.offset
            }
            #expect(try await offset(.earliest) == 0)
            #expect(try await offset(.latest) == 3)
            #expect(try await offset(.timestamp(1_700_000_001_500)) == 1)
            #expect(try await offset(.timestamp(1_800_000_000_000)) == nil)
            #expect(try await cluster.admin.deleteRecords(before: [partition: 1]).get() == [partition: 1])
            #expect(try await offset(.earliest) == 1)
            try await cluster.requireAPI(.listOffsets, version: 7, "look-up of the newest record (KIP-734)")
            #expect(try await offset(.maxTimestamp) == 1)
        }
    }

    @Test(arguments: [GroupWay.range, .coordinator]) func groupsAreListedDescribedChangedAndDeleted(_ way: GroupWay)
        async throws
    {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let topic = try await cluster.topic("grouped", partitions: 2)
            let group = cluster.group()
            try await cluster.produce((0..<20).map { "\($0)" }, to: topic)
            let member = try cluster.member(group, [topic], way.set).start()
            try await shared(2, by: [member])
            try await member.seen.wait(for: 20, different: true, within: NamedCluster.patience)
            try await inTime {
                try await cluster.admin.lag(of: group, in: topic).values.reduce(0, +) == 0
            }
            try await inTime { await cluster.settledMembers(of: group) == 1 }
            let found = try await cluster.admin.describeGroups([group]).get()[group]
            #expect(found?.members.first?.assignment.sorted() == [TopicPartition(topic, 0), TopicPartition(topic, 1)])
            #expect(found?.members.first?.clientId == "kafkawire-test")
            // One group that another test takes away meanwhile, or a broker that is not there, is no trouble of this one.
            try await inTime {
                try await cluster.admin.listGroups().elements.contains { $0.id == group }
            }
            let used = await cluster.admin.deleteGroups([group]).failures()
            #expect(used[group]?.code == .broker(.nonEmptyGroup))
            try await member.stop()
            let partition = TopicPartition(topic, 0)
            try await inTime {
                let outcome = await cluster.admin.alterGroupOffsets(
                    of: group, [partition: .init(offset: 3, metadata: "set")])
                return outcome.failures().isEmpty
            }
            let committed = try await cluster.admin.committedOffsets(of: group)[partition]
            #expect(committed?.offset == 3 && committed?.metadata == "set")
            try await inTime {
                await cluster.admin.deleteGroups([group]).failures().allSatisfy {
                    $0.value.code == .broker(.groupIdNotFound)
                }
            }
            #expect(try await cluster.admin.committedOffsets(of: group).isEmpty)
        }
    }

    /// KIP-219: the client itself waits for as long as the broker says.
    @Test func aQuotaHoldsTheClientBack() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.alterClientQuotas, "quotas that clients set")
            if NamedCluster.isOurs { try Test.cancel("kw broker keeps quotas, and holds nobody back (docs/broker.md)") }
            let topic = try await cluster.topic("throttled")
            let client = cluster.name("client")
            let entity = KafkaAdmin.QuotaEntity(["client-id": client])
            cluster.willHaveQuota(entity)
            _ = try await cluster.admin.alterClientQuotas([entity: ["producer_byte_rate": 20_000]]).get()
            let throttles = Seen()
            let producer = try cluster.producer {
                $0.client.clientId = client
                $0.client.onEvent = { if case .throttled(_, let api, _) = $0 { throttles.add("\(api)") } }
                $0.batchSize = 10_000
            }
            let values = (0..<100).map { "\($0) " + String(repeating: "x", count: 2000) }
            for value in values { try await producer.enqueue(ProducerRecord(topic: topic, value: value)) }
            try await producer.flush(timeout: NamedCluster.patience)
            #expect(throttles.count > 0)
            #expect(try await cluster.values(of: topic)[TopicPartition(topic, 0)] == values)
        }
    }
}
