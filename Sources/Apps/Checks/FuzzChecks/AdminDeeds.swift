import KafkaWire

/// The calls of the admin client, each about what a ``PopulatedBroker`` has. What they give is looked at, as tools do.
enum AdminDeeds {
    typealias Call = @Sendable (KafkaAdmin) async -> [KafkaError]

    private static let partitions = ["t-0", "t-1", "u-0"].map { text in
        TopicPartition(String(text.prefix(1)), text.hasSuffix("0") ? 0 : 1)
    }

    static let all: [(name: String, call: Call)] = about(topics: ()) + about(groups: ()) + about(cluster: ())

    private static func about(topics _: Void) -> [(name: String, call: Call)] {
        [
            ("list topics", { admin in await errors { () async throws(KafkaError) in try await admin.listTopics() } }),
            ("describe topics", { await told($0.describeTopics(["t", "u", "nowhere"])) }),
            ("create topics", { await told($0.createTopics([.init("v", partitions: 2), .init("t")])) }),
            ("delete topics", { await told($0.deleteTopics(["u", "nowhere"])) }),
            ("add partitions", { await told($0.addPartitions(["t": .init(total: 3)])) }),
            ("delete records", { await told($0.deleteRecords(before: [partitions[0]: 2])) }),
            (
                "list offsets",
                {
                    await told(
                        $0.listOffsets([
                            partitions[0]: .latest, partitions[1]: .maxTimestamp, partitions[2]: .timestamp(.min),
                        ]))
                }
            ),
            ("describe producers", { await told($0.describeProducers(of: partitions)) }),
            (
                "describe configs",
                { admin in
                    await told(
                        admin.describeConfigs(
                            [.init(.topic, "t"), .init(.broker, "1"), .init(.group, "c")], synonyms: true,
                            documentation: true))
                }
            ),
            ("alter configs", { await told($0.alterConfigs([.init(.topic, "t"): ["retention.ms": .set("1")]])) }),
        ]
    }

    private static func about(groups _: Void) -> [(name: String, call: Call)] {
        [
            ("list groups", { admin in await errors { () async throws(KafkaError) in try await admin.listGroups() } }),
            ("describe groups", { await told($0.describeGroups(["g", "c", "h", "nowhere"])) }),
            (
                "list group offsets",
                { admin in
                    let results = await admin.listGroupOffsets(["g": nil, "c": partitions])
                    var found: [KafkaError] = told(results)
                    for case .success(let offsets) in results.values { found += told(offsets) }
                    return found
                }
            ),
            (
                "lag",
                { admin in await errors { () async throws(KafkaError) in try await admin.lag(of: "g", in: "t") } }
            ),
            (
                "alter group offsets",
                { await told($0.alterGroupOffsets(of: "h", [partitions[0]: .init(offset: 1)])) }
            ),
            ("delete group offsets", { await told($0.deleteGroupOffsets(of: "h", partitions)) }),
            ("delete groups", { await told($0.deleteGroups(["h", "nowhere"])) }),
            (
                "remove members",
                { admin in
                    await errors { () async throws(KafkaError) in try await admin.removeMembers(from: "s") }
                }
            ),
        ]
    }

    private static func about(cluster _: Void) -> [(name: String, call: Call)] {
        [
            (
                "describe cluster",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeCluster() } }
            ),
            (
                "describe quorum",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeMetadataQuorum() } }
            ),
            (
                "describe features",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeFeatures() } }
            ),
            (
                "list config resources",
                { admin in await errors { () async throws(KafkaError) in try await admin.listConfigResources() } }
            ),
            (
                "describe log dirs",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeLogDirs() } }
            ),
            (
                "describe quotas",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeClientQuotas() } }
            ),
            (
                "describe users",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeScramUsers() } }
            ),
            (
                "describe ACLs",
                { admin in await errors { () async throws(KafkaError) in try await admin.describeAcls() } }
            ),
            (
                "list reassignments",
                { admin in
                    await errors { () async throws(KafkaError) in try await admin.listPartitionReassignments() }
                }
            ),
            (
                "elect leaders",
                { admin in await errors { () async throws(KafkaError) in try await admin.electLeaders() } }
            ),
            (
                "list transactions",
                { admin in await errors { () async throws(KafkaError) in try await admin.listTransactions() } }
            ),
            ("describe transactions", { await told($0.describeTransactions(["tx", "ty", "nowhere"])) }),
            ("fence producers", { await told($0.fenceProducers(["tx", "new"])) }),
        ]
    }

    private static func told<Item, Value>(_ results: [Item: Result<Value, KafkaError>]) -> [KafkaError] {
        Array(results.failures().values)
    }

    private static func errors<R>(_ call: () async throws(KafkaError) -> R) async -> [KafkaError] {
        do throws(KafkaError) {
            _ = try await call()
            return []
        } catch { return [error] }
    }
}
