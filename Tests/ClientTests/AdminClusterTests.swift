import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The cluster, its brokers, limits and access through ``KafkaAdmin``.
@Suite(.turn) struct AdminClusterTests {
    private static let part = TopicPartition("t", 0)

    @Test func theClusterIsDescribed() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1], brokers: 3)
        (configuration.rack, configuration.racks) = ("r", ["q", ""])
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.quick(broker))
        let cluster = try await admin.describeCluster()
        #expect(cluster.nodes.map(\.id) == [1, 2, 3] && !cluster.id.isEmpty)
        #expect(cluster.nodes.map(\.rack) == ["q", nil, "r"])
        #expect(
            cluster.brokers.values.sorted() == broker.bootstrapServers.split(separator: ",").map(String.init).sorted())
        #expect(cluster.authorizedOperations?.contains(.alter) == true)
        #expect(try await admin.describeCluster(includeFenced: true).nodes.count == 3)

        let features = try await admin.describeFeatures()
        #expect(features.finalized["transaction.version"]?.upperBound == 2)
        #expect(features.supported["group.version"] == 0...1 && features.finalizedEpoch != nil)
        let level = try #require(features.finalized["group.version"]?.upperBound)
        _ = try await admin.updateFeatures(["group.version": .init(level: level)]).get()
        let refused = await admin.updateFeatures(["group.version": .init(level: 9, .safeDowngrade)])
        #expect(refused["group.version"]?.failure?.code == .broker(.invalidUpdateVersion))

        let quorum = try await admin.describeMetadataQuorum()
        #expect(quorum.voters.contains { $0.id == quorum.leader } && quorum.highWatermark >= 0)
        await admin.close()
        await broker.stop()
    }

    @Test func replicasAndLeadersAreMoved() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        let other = TopicPartition("t", 1)
        let moved = await admin.alterPartitionReassignments([
            Self.part: [2, 3], other: nil, TopicPartition("t", 5): [1],
        ])
        #expect(
            moved.failures().mapValues(\.code) == [
                other: .broker(.noReassignmentInProgress), TopicPartition("t", 5): .broker(.unknownTopicOrPartition),
            ])
        let topic = try #require(try await admin.describeTopics(["t"]).get()["t"])
        #expect(topic.partitions.first?.replicas == [2, 3])
        #expect(try await admin.listPartitionReassignments().isEmpty)
        #expect(try await admin.listPartitionReassignments([Self.part]).isEmpty)
        let fixed = await admin.alterPartitionReassignments([Self.part: [1]], allowReplicationFactorChange: false)
        #expect(fixed[Self.part]?.isFailure == true)

        try await broker.moveLeader(of: "t", partition: 0, to: 3)
        let elected = try await admin.electLeaders(.preferred, [Self.part, TopicPartition("t", 5)])
        #expect(elected[Self.part]?.isFailure == false)
        #expect(elected[TopicPartition("t", 5)]?.failure?.code == .broker(.unknownTopicOrPartition))
        #expect(try await admin.describeTopics(["t"]).get()["t"]?.leaders.first == 2)
        let again = try await admin.electLeaders(.preferred, [Self.part])
        #expect(again[Self.part]?.failure?.code == .broker(.electionNotNeeded))
        #expect(try await admin.electLeaders(.unclean, [Self.part])[Self.part]?.isFailure == true)
        #expect(try await admin.electLeaders().isEmpty)
        await admin.close()
        await broker.stop()
    }

    @Test func logDirectoriesTellWhatIsInThem() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([.init("t", partitions: 2, replicationFactor: 1)]).get()
        try await broker.produce(0..<20, to: "t")
        let dirs = try await admin.describeLogDirs().get()
        #expect(Set(dirs.keys) == [1, 2])
        let logs = dirs.values.flatMap { $0 }.flatMap(\.replicas)
        #expect(Set(logs.map(\.key)) == [Self.part, TopicPartition("t", 1)])
        #expect(logs.allSatisfy { $0.value.size > 0 && $0.value.lag == 0 })
        #expect(dirs.values.joined().allSatisfy { $0.error == nil && ($0.totalBytes ?? 0) >= ($0.usableBytes ?? 1) })
        let some = try await admin.describeLogDirs(of: [1, 9], partitions: [Self.part])
        #expect(some[9]?.failure?.code == .broker(.brokerNotAvailable) && some[1]?.isFailure == false)

        let leader = try #require(try await admin.describeTopics(["t"]).get()["t"]?.leaders.first ?? nil)
        let path = try #require(dirs[leader]?.first?.path)
        let here = KafkaAdmin.Replica(Self.part, at: leader)
        let elsewhere = KafkaAdmin.Replica(Self.part, at: leader == 1 ? 2 : 1)
        let moved = await admin.alterReplicaLogDirs([here: path, elsewhere: path])
        #expect(moved.failures().mapValues(\.code) == [elsewhere: .broker(.replicaNotAvailable)])
        #expect(await admin.alterReplicaLogDirs([here: "/none"])[here]?.failure?.code == .broker(.logDirNotFound))
        await admin.close()
        await broker.stop()
    }

    @Test func quotasAreSetFoundAndTakenAway() async throws {
        let broker = try await KafkaBroker.start()
        let admin = try KafkaAdmin(.quick(broker))
        let alice = KafkaAdmin.QuotaEntity(["user": "alice"])
        let standard = KafkaAdmin.QuotaEntity(["user": nil, "client-id": "c"])
        let set = await admin.alterClientQuotas([
            alice: ["producer_byte_rate": 1000, "consumer_byte_rate": 500], standard: ["request_percentage": 20],
            .init(["planet": "mars"]): ["producer_byte_rate": 1],
        ])
        #expect(set.failures().mapValues(\.code) == [.init(["planet": "mars"]): .broker(.invalidRequest)])
        let all = try await admin.describeClientQuotas()
        #expect(
            all == [
                alice: ["producer_byte_rate": 1000, "consumer_byte_rate": 500], standard: ["request_percentage": 20],
            ])
        #expect(try await admin.describeClientQuotas(["user": .name("alice")], strict: true).keys.map { $0 } == [alice])
        #expect(try await admin.describeClientQuotas(["user": .standard]).keys.map { $0 } == [standard])
        #expect(try await admin.describeClientQuotas(["user": .any], strict: true).keys.map { $0 } == [alice])
        _ = try await admin.alterClientQuotas([alice: ["producer_byte_rate": nil]]).get()
        #expect(try await admin.describeClientQuotas(["user": .name("alice")])[alice] == ["consumer_byte_rate": 500])
        await admin.close()
        await broker.stop()
    }

    @Test func usersAndRulesAreReadAsTheyAreWritten() async throws {
        let broker = try await KafkaBroker.start()
        let admin = try KafkaAdmin(.quick(broker))
        #expect(try await admin.describeScramUsers().isEmpty)
        let nobody = try await admin.describeScramUsers(["nobody"])["nobody"]?.failure
        #expect(nobody?.code == .broker(.resourceNotFound))
        // The broker knows no users and no rules: what a broker with them answers is put into its mouth.
        broker.on(.describeUserScramCredentials) { _ in
            .answer(
                DescribeUserScramCredentialsResponse.with {
                    $0.results = [
                        .with {
                            $0.user = "alice"
                            $0.credentialInfos = [
                                .with {
                                    $0.mechanism = 2
                                    $0.iterations = 8192
                                }
                            ]
                        }
                    ]
                })
        }
        let users = try await admin.describeScramUsers().get()
        #expect(users == ["alice": [.init(mechanism: .sha512, iterations: 8192)]])

        let rule = KafkaAdmin.Acl(
            .deny, "User:bob", .write, on: .topic, "pay", patternType: .prefixed, host: "10.0.0.1")
        let asked = Locked<DescribeAclsRequest?>(nil)
        broker.on(.describeAcls) { request in
            asked.withLock { $0 = request.message as? DescribeAclsRequest }
            return .answer(
                DescribeAclsResponse.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 2
                            $0.resourceName = "pay"
                            $0.patternType = 4
                            $0.acls = [
                                .with {
                                    $0.principal = "User:bob"
                                    $0.host = "10.0.0.1"
                                    $0.operation = 4
                                    $0.permissionType = 2
                                }
                            ]
                        }
                    ]
                })
        }
        #expect(try await admin.describeAcls() == [rule])
        var sent = asked.withLock { $0 }
        #expect(sent?.resourceTypeFilter == 1 && sent?.resourceNameFilter == nil && sent?.patternTypeFilter == 1)
        #expect(sent?.principalFilter == nil && sent?.operation == 1 && sent?.permissionType == 1)
        _ = try await admin.describeAcls(.init(rule))
        sent = asked.withLock { $0 }
        #expect(sent?.resourceTypeFilter == 2 && sent?.resourceNameFilter == "pay" && sent?.patternTypeFilter == 4)
        #expect(sent?.hostFilter == "10.0.0.1" && sent?.operation == 4 && sent?.permissionType == 2)

        // Answers without names stand in the order of what was asked.
        broker.on(.createAcls) { _ in
            .answer(
                CreateAclsResponse.with {
                    $0.results = [.init(), .with { $0.errorCode = .invalidRequest }]
                })
        }
        let bad = KafkaAdmin.Acl(.allow, "bob", .all, on: .cluster, "x")
        let created = await admin.createAcls([rule, bad])
        #expect(created[rule]?.isFailure == false && created[bad]?.failure?.code == .broker(.invalidRequest))
        broker.on(.deleteAcls) { _ in
            .answer(
                DeleteAclsResponse.with {
                    $0.filterResults = [
                        .with {
                            $0.matchingAcls = [
                                .with {
                                    $0.resourceType = 2
                                    $0.resourceName = "pay"
                                    $0.patternType = 4
                                    $0.principal = "User:bob"
                                    $0.host = "10.0.0.1"
                                    $0.operation = 4
                                    $0.permissionType = 2
                                }
                            ]
                        }
                    ]
                })
        }
        let deleted = try await admin.deleteAcls([.init(rule)]).get()
        #expect(deleted[.init(rule)]?[rule]?.isFailure == false)
        #expect(rule.description == "DENY User:bob WRITE on TOPIC pay (PREFIXED) from 10.0.0.1")
        await admin.close()
        await broker.stop()
    }

    @Test func anyRequestGoesToAnyBroker() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        let ports = try await admin.describeCluster().brokers
        try await broker.moveLeader(of: "t", partition: 0, to: 3)
        try await broker.moveCoordinator(ofGroup: "g", to: 2)
        try await broker.moveCoordinator(ofTransaction: "x", to: 1)
        let request = MetadataRequest.with { $0.topics = [] }
        func node(_ destination: KafkaAdmin.Destination) async throws -> BrokerID? {
            let answer = try await admin.send(request, to: destination)
            return ports.first { $0.value == answer.broker }?.key
        }
        for _ in 0..<2 {
            #expect(try await node(.broker(2)) == 2)
            #expect(try await node(.leader(Self.part)) == 3)
            #expect(try await node(.groupCoordinator("g")) == 2)
            #expect(try await node(.transactionCoordinator("x")) == 1)
            #expect(try await node(.any) != nil)
            #expect(try await node(.controller) != nil)
        }
        try await broker.moveLeader(of: "t", partition: 0, to: 1)
        try await broker.moveCoordinator(ofGroup: "g", to: 3)
        #expect(try await node(.leader(Self.part)) == 1)
        #expect(try await node(.groupCoordinator("g")) == 3)
        #expect(try await admin.send(request, to: .any, version: 5).version == 5)
        #expect(try await admin.send(request, to: .any).version == API.of(.metadata)?.latestStable)
        for version: Int16 in [-1, 99] {
            let error = await #expect(throws: KafkaError.self) {
                try await admin.send(request, to: .any, version: version)
            }
            #expect(error?.code == .unsupportedVersion)
        }
        for destination in [KafkaAdmin.Destination.broker(9), .leader(.init("absent", 0))] {
            await #expect(throws: KafkaError.self) { try await admin.send(request, to: destination) }
        }
        let unfit = MetadataRequest.with { $0.includeTopicAuthorizedOperations = true }
        let error = await #expect(throws: KafkaError.self) { try await admin.send(unfit, to: .any, version: 1) }
        #expect(error?.code == .invalidRequest)
        await admin.close()
        await broker.stop()
    }
}
