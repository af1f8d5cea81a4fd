import KafkaWire
import Testing

@testable import KafkaBroker

/// Several nodes in one process, through real sockets with hand-made requests.
@Suite(.serialized) struct NodeTests {
    private func start(
        _ topics: [String: Int] = ["t": 3], brokers: Int = 3,
        _ configure: (inout KafkaBroker.Configuration) -> Void = { _ in }
    ) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics, brokers: brokers)
        configure(&configuration)
        return try await KafkaBroker.start(configuration)
    }

    private func client(_ broker: KafkaBroker, _ node: BrokerID) async throws -> TestClient {
        let found = await broker.nodes.first { $0.id == node }
        return try TestClient(port: try #require(found).port)
    }

    private func info(_ broker: KafkaBroker, _ partition: Int = 0, of topic: String = "t") async throws
        -> KafkaBroker.PartitionInfo
    {
        try #require(await broker.topics.first { $0.name == topic }).partitions[partition]
    }

    @Test func metadataTellsTheSameAtEveryNode() async throws {
        let broker = try await start()
        let ports = await broker.nodes.map(\.port)
        #expect(Set(ports).count == 3)
        #expect(broker.bootstrapServers == ports.map { "127.0.0.1:\($0)" }.joined(separator: ","))
        var answers: [MetadataResponse] = []
        for port in ports {
            let client = try TestClient(port: port)
            answers.append(try client.call(MetadataRequest.with { $0.topics = nil }))
            #expect(try client.call(DescribeClusterRequest()).brokers.map(\.port) == ports.map(Int32.init))
        }
        let told = try answers.map { try $0.values(version: 13) }
        #expect(told[0] == told[1] && told[1] == told[2])
        #expect(answers[0].brokers.map(\.nodeId) == [1, 2, 3])
        #expect(answers[0].brokers.map { UInt16($0.port) } == ports)
        let partitions = try #require(answers[0].topics.first).partitions
        #expect(partitions.map(\.leaderId) == [1, 2, 3])
        #expect(partitions.map(\.replicaNodes) == [[1, 2, 3], [2, 3, 1], [3, 1, 2]])
        #expect(partitions.map(\.isrNodes) == partitions.map(\.replicaNodes))
        await broker.stop()
    }

    @Test func onlyTheLeaderServesAPartition() async throws {
        let broker = try await start()
        let leader = try await client(broker, 1)
        let other = try await client(broker, 2)
        let records = try batch(["a"])
        #expect(try leader.produce("t", records).errorCode == .none)
        for version in Int16(3)...12 {
            let response = try other.call(TestClient.produceRequest("t", records), version: version)
            let answer = try #require(response.responses.first?.partitionResponses.first)
            #expect(answer.errorCode == .notLeaderOrFollower)
            #expect(answer.currentLeader.leaderId == (version >= 10 ? 1 : -1))
            #expect(answer.currentLeader.leaderEpoch == (version >= 10 ? 0 : -1))
            #expect(response.nodeEndpoints.map(\.nodeId) == (version >= 10 ? [1] : []))
            if version >= 10 { #expect(response.nodeEndpoints.first?.port == Int32(broker.port)) }
        }
        for version in Int16(4)...12 {
            let answer = try other.fetch("t", offset: 0, version: version)
            #expect(answer.errorCode == .notLeaderOrFollower && answer.highWatermark == -1)
        }
        let id = try #require(await broker.topics.first).id
        var request = TestClient.fetchRequest("", offset: 0)
        request.topics[0].topicId = id
        for version in Int16(13)...18 {
            let response = try other.call(request, version: version)
            let answer = try #require(response.responses.first?.partitions.first)
            #expect(answer.errorCode == .notLeaderOrFollower)
            #expect(answer.currentLeader.leaderId == (version >= 16 ? 1 : -1))
            #expect(response.nodeEndpoints.map(\.nodeId) == (version >= 16 ? [1] : []))
        }
        let offsets = try other.call(
            ListOffsetsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"; $0.partitions = [.with { $0.timestamp = -1 }]
                    }
                ]
            })
        #expect(offsets.topics.first?.partitions.first?.errorCode == .notLeaderOrFollower)
        let deleted = try other.call(
            DeleteRecordsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"; $0.partitions = [.with { $0.offset = -1 }]
                    }
                ]
            })
        #expect(deleted.topics.first?.partitions.first?.errorCode == .notLeaderOrFollower)
        #expect(try await info(broker).endOffset == 1)
        await broker.stop()
    }

    @Test func aMovedLeaderHasANewEpochAndTheOldOneIsFenced() async throws {
        let broker = try await start()
        let first = try await client(broker, 1)
        let second = try await client(broker, 2)
        #expect(try first.produce("t", batch(["a", "b"])).errorCode == .none)
        // A fetch that waits at the old leader is told at once.
        var waiting = TestClient.fetchRequest("t", offset: 2, maxWaitMs: 60_000)
        waiting.topics[0].partitions[0].currentLeaderEpoch = 0
        try first.send(waiting, version: 12)
        while await broker.waitingFetches == 0 { try await Task.sleep(for: .milliseconds(2)) }
        try await broker.moveLeader(of: "t", partition: 0, to: 2)
        let told = try Frame.decodeResponse(FetchResponse.self, try first.receive(), version: 12)
        #expect(told.responses.first?.partitions.first?.errorCode == .fencedLeaderEpoch)
        #expect(try await info(broker).leader == 2)
        #expect(try await info(broker).leaderEpoch == 1)
        #expect(try first.produce("t", batch(["x"])).errorCode == .notLeaderOrFollower)
        #expect(try second.produce("t", batch(["c"])).errorCode == .none)
        let found = try second.fetch("t", offset: 0)
        #expect(try values(found.records) == ["0:a", "1:b", "2:c"])
        #expect(try found.records?.batches().map(\.partitionLeaderEpoch) == [0, 1])

        func epoch(_ client: TestClient, _ asked: LeaderEpoch, current: LeaderEpoch = -1) throws
            -> OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult.EpochEndOffset
        {
            let answer = try client.call(
                OffsetForLeaderEpochRequest.with {
                    $0.topics = [
                        .with {
                            $0.topic = "t"
                            $0.partitions = [
                                .with {
                                    $0.currentLeaderEpoch = current
                                    $0.leaderEpoch = asked
                                }
                            ]
                        }
                    ]
                })
            return try #require(answer.topics.first?.partitions.first)
        }
        // An offset comes with the epoch in which its record was written.
        for (timestamp, wanted) in [(Int64(-2), LeaderEpoch(0)), (-1, 1)] {
            let listed = try second.call(
                ListOffsetsRequest.with {
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [.with { $0.timestamp = timestamp }]
                        }
                    ]
                })
            #expect(listed.topics.first?.partitions.first?.leaderEpoch == wanted)
        }
        #expect(try epoch(second, 0).endOffset == 2 && epoch(second, 0).leaderEpoch == 0)
        #expect(try epoch(second, 1).endOffset == 3 && epoch(second, 1).leaderEpoch == 1)
        #expect(try epoch(second, 2).endOffset == -1)
        #expect(try epoch(second, 0, current: 0).errorCode == .fencedLeaderEpoch)
        #expect(try epoch(second, 0, current: 2).errorCode == .unknownLeaderEpoch)
        #expect(try epoch(first, 0).errorCode == .notLeaderOrFollower)
        #expect(try epoch(first, 0, current: 0).errorCode == .fencedLeaderEpoch)
        await #expect(throws: KafkaBroker.CommandError.self) {
            try await broker.moveLeader(of: "t", partition: 3, to: 1)
        }
        await #expect(throws: KafkaBroker.CommandError.self) {
            try await broker.moveLeader(of: "t", partition: 0, to: 4)
        }
        await broker.stop()
    }

    @Test func aStoppedNodeIsGoneAndComesBackAtItsPort() async throws {
        let broker = try await start()
        try await broker.createTopic("alone", partitions: 3, replicas: 1)
        let at = await broker.topics.first { $0.name == "alone" }?.partitions.firstIndex { $0.leader == 2 }
        let index = try #require(at)
        let client = try await client(broker, 1)
        let gone = try await self.client(broker, 2)
        #expect(try gone.produce("t", batch(["a"]), partition: 1).errorCode == .none)
        let port = await broker.nodes[1].port
        try await broker.stopNode(2)
        try await broker.stopNode(2)
        #expect(gone.isClosed)
        #expect(throws: TestClient.Closed.self) { try TestClient(port: port) }
        let metadata = try client.call(MetadataRequest.with { $0.topics = nil })
        #expect(metadata.brokers.map(\.nodeId) == [1, 3])
        let partition = try #require(metadata.topics.first { $0.name == "t" }).partitions[1]
        #expect(partition.leaderId == 3 && partition.leaderEpoch == 1)
        #expect(
            partition.isrNodes == [3, 1] && partition.offlineReplicas == [2] && partition.replicaNodes == [2, 3, 1])
        let alone = try #require(metadata.topics.first { $0.name == "alone" }).partitions[index]
        #expect(alone.errorCode == .leaderNotAvailable && alone.leaderId == -1 && alone.isrNodes == [2])
        #expect(
            try client.produce("alone", batch(["x"]), partition: PartitionID(index: index)).errorCode
                == .notLeaderOrFollower)
        let third = try await self.client(broker, 3)
        #expect(try third.produce("t", batch(["b"]), partition: 1).errorCode == .none)
        // KIP-1073: those that are stopped, for those who ask.
        let cluster = try client.call(DescribeClusterRequest.with { $0.includeFencedBrokers = true }, version: 2)
        #expect(cluster.brokers.map(\.isFenced) == [false, true, false])

        try await broker.startNode(2)
        #expect(await broker.nodes[1].port == port)
        let back = try TestClient(port: port)
        #expect(try await info(broker, 1).leader == 3)
        #expect(try await info(broker, 1).inSyncReplicas == [2, 3, 1])
        #expect(try await info(broker, index, of: "alone").leader == 2)
        #expect(try await info(broker, index, of: "alone").leaderEpoch == 2)
        // Nobody takes leadership back by itself; an election does.
        let elected = try back.call(ElectLeadersRequest.with { $0.topicPartitions = nil })
        #expect(elected.replicaElectionResults.map(\.topic) == ["t"])
        #expect(elected.replicaElectionResults.first?.partitionResult.map(\.partitionId) == [1])
        #expect(elected.replicaElectionResults.first?.partitionResult.map(\.errorCode) == [.none])
        #expect(try await info(broker, 1).leader == 2)
        let all = try back.call(TestClient.fetchRequest("t", offset: 0, partitions: [1]), version: 12)
        #expect(try values(all.responses.first?.partitions.first?.records) == ["0:a", "1:b"])
        await broker.stop()
    }

    @Test func electionsSayWhatIsWrong() async throws {
        let broker = try await start()
        try await broker.stopNode(2)
        let client = try await client(broker, 1)
        func elect(_ partitions: [PartitionID], unclean: Bool = false) throws -> [ErrorCode] {
            let answer = try client.call(
                ElectLeadersRequest.with {
                    $0.electionType = unclean ? 1 : 0
                    $0.topicPartitions = [
                        .with {
                            $0.topic = "t"
                            $0.partitions = partitions
                        }
                    ]
                })
            return answer.replicaElectionResults.flatMap { $0.partitionResult.map(\.errorCode) }
        }
        #expect(
            try elect([0, 1, 2, 9]) == [
                .electionNotNeeded, .preferredLeaderNotAvailable, .electionNotNeeded, .unknownTopicOrPartition,
            ])
        try await broker.stopNode(3)
        #expect(try elect([0, 1], unclean: true) == [.electionNotNeeded, .electionNotNeeded])
        try await broker.createTopic("alone", partitions: 1)
        await broker.stop()
    }

    @Test func nodesAreAddedAndRemoved() async throws {
        let broker = try await start()
        let added = try await broker.addNode()
        #expect(added == 4)
        #expect(broker.bootstrapServers.split(separator: ",").count == 4)
        try await broker.moveLeader(of: "t", partition: 0, to: 4)
        #expect(try await info(broker).replicas == [4, 2, 3])
        let client = try await client(broker, 4)
        #expect(try client.produce("t", batch(["a"])).errorCode == .none)
        // Its replica goes to the one node that has none.
        try await broker.removeNode(4)
        #expect(client.isClosed)
        #expect(try await info(broker).replicas == [1, 2, 3])
        #expect(try await info(broker).leader == 2)
        #expect(await broker.nodes.map(\.id) == [1, 2, 3])
        #expect(broker.bootstrapServers.split(separator: ",").count == 3)
        // Ids are not given twice, and the last node stays.
        #expect(try await broker.addNode() == 5)
        for id in [BrokerID(1), 2, 3] { try await broker.removeNode(id) }
        #expect(try await info(broker).replicas == [5])
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.removeNode(5) }
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.stopNode(1) }
        let last = try await self.client(broker, 5)
        #expect(try values(last.fetch("t", offset: 0).records) == ["0:a"])
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 5 }).errorCode == .invalidRequest)
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 1 }).errorCode == .brokerIdNotRegistered)
        #expect(try await broker.addNode() == 6)
        try await broker.stopNode(6)
        #expect(try last.call(UnregisterBrokerRequest.with { $0.brokerId = 6 }).errorCode == .none)
        #expect(broker.bootstrapServers == "127.0.0.1:\(try #require(await broker.nodes.first).port)")
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.startNode(6) }
        await broker.stop()
    }

    @Test func topicsAreCreatedWithReplicasWithinTheCluster() async throws {
        let broker = try await start([:])
        let client = try await client(broker, 2)
        func create(_ name: String, factor: Int16, assignments: [[BrokerID]] = []) throws -> (ErrorCode, Int16) {
            let answer = try client.call(
                CreateTopicsRequest.with {
                    $0.topics = [
                        .with {
                            $0.name = name
                            $0.numPartitions = assignments.isEmpty ? 2 : -1
                            $0.replicationFactor = factor
                            $0.assignments = assignments.enumerated().map { index, brokers in
                                .with {
                                    $0.partitionIndex = PartitionID(index: index)
                                    $0.brokerIds = brokers
                                }
                            }
                        }
                    ]
                })
            let topic = try #require(answer.topics.first)
            return (topic.errorCode, topic.replicationFactor)
        }
        #expect(try create("a", factor: 2) == (.none, 2))
        #expect(try create("b", factor: -1) == (.none, 3))
        #expect(try create("c", factor: 4).0 == .invalidReplicationFactor)
        #expect(try create("d", factor: -1, assignments: [[3, 1], [2, 3]]) == (.none, 2))
        #expect(try create("e", factor: -1, assignments: [[3, 4]]).0 == .invalidReplicaAssignment)
        #expect(try create("e", factor: -1, assignments: [[3, 3]]).0 == .invalidReplicaAssignment)
        #expect(try create("e", factor: -1, assignments: [[3], [1, 2]]).0 == .invalidReplicaAssignment)
        #expect(try await info(broker, of: "d").replicas == [3, 1])
        #expect(try await info(broker, 1, of: "d").leader == 2)
        // New partitions have as many replicas as the first.
        let more = try client.call(
            CreatePartitionsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "a"
                        $0.count = 4
                        $0.assignments = nil
                    }
                ]
            })
        #expect(more.results.map(\.errorCode) == [.none])
        #expect(try await info(broker, 3, of: "a").replicas.count == 2)
        // Automatically created topics have the default.
        _ = try client.call(MetadataRequest.with { $0.topics = [.with { $0.name = "auto" }] })
        #expect(try await info(broker, of: "auto").replicas.count == 3)
        let logs = try client.call(DescribeLogDirsRequest.with { $0.topics = nil })
        let here = logs.results.flatMap { $0.topics.flatMap { topic in topic.partitions.map { (topic.name, $0) } } }
        #expect(here.filter { $0.0 == "d" }.map(\.1.partitionIndex) == [1])
        await broker.stop()
    }

    @Test func acksAllWantsEnoughReplicas() async throws {
        let broker = try await start([:])
        let client = try await client(broker, 1)
        let created = try client.call(
            CreateTopicsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.numPartitions = 1
                        $0.replicationFactor = 3
                        $0.configs = [
                            .with {
                                $0.name = "min.insync.replicas"
                                $0.value = "2"
                            }
                        ]
                    }
                ]
            })
        #expect(created.topics.map(\.errorCode) == [.none])
        try await broker.stopNode(2)
        #expect(try client.produce("t", batch(["a"])).errorCode == .none)
        try await broker.stopNode(3)
        #expect(try client.produce("t", batch(["b"])).errorCode == .notEnoughReplicas)
        #expect(try client.produce("t", batch(["b"]), acks: 1).errorCode == .none)
        try await broker.startNode(2)
        #expect(try client.produce("t", batch(["c"])).errorCode == .none)
        await broker.stop()
    }

    @Test func reassignmentIsDoneAtOnce() async throws {
        let broker = try await start()
        let client = try await client(broker, 3)
        func reassign(_ replicas: [BrokerID]?, mayChangeFactor: Bool = true) throws -> ErrorCode? {
            try client.call(
                AlterPartitionReassignmentsRequest.with {
                    $0.allowReplicationFactorChange = mayChangeFactor
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [.with { $0.replicas = replicas }]
                        }
                    ]
                }
            ).responses.first?.partitions.first?.errorCode
        }
        #expect(try reassign([2, 3], mayChangeFactor: false) == .invalidReplicationFactor)
        #expect(try reassign([2, 3]) == ErrorCode.none)
        #expect(try await info(broker).replicas == [2, 3])
        #expect(try await info(broker).leader == 2)
        #expect(try reassign([2, 9]) == .invalidReplicaAssignment)
        #expect(try reassign(nil) == .noReassignmentInProgress)
        #expect(try client.call(ListPartitionReassignmentsRequest()).topics.isEmpty)
        await broker.stop()
    }

    @Test func coordinatorsAreFoundMovedAndAskedAlone() async throws {
        let broker = try await start()
        func find(_ key: String, _ type: Int8) async throws -> BrokerID {
            let answer = try await client(broker, 1).call(
                FindCoordinatorRequest.with {
                    $0.keyType = type
                    $0.coordinatorKeys = [key]
                })
            return try #require(answer.coordinators.first).nodeId
        }
        #expect(try await find("g", 0) == broker.coordinator(ofGroup: "g"))
        #expect(try await find("x", 1) == broker.coordinator(ofTransaction: "x"))
        for node in [BrokerID(1), 2, 3] {
            try await broker.moveCoordinator(ofGroup: "g", to: node)
            try await broker.moveCoordinator(ofTransaction: "x", to: node)
            #expect(try await find("g", 0) == node)
            #expect(try await find("x", 1) == node)
            for other in [BrokerID(1), 2, 3] {
                let client = try await client(broker, other)
                let wanted: ErrorCode = other == node ? .none : .notCoordinator
                let commit = try client.call(
                    OffsetCommitRequest.with {
                        $0.groupId = "g"
                        $0.topics = [
                            .with {
                                $0.name = "t"; $0.partitions = [.with { $0.committedOffset = 5 }]
                            }
                        ]
                    }, version: 9)
                #expect(commit.topics.first?.partitions.first?.errorCode == wanted)
                for version in [Int16(1), 7, 9] {
                    let fetched = try client.call(
                        OffsetFetchRequest.with {
                            if version >= 8 {
                                $0.groups = [
                                    .with {
                                        $0.groupId = "g"
                                        $0.topics = [
                                            .with {
                                                $0.name = "t"; $0.partitionIndexes = [0]
                                            }
                                        ]
                                    }
                                ]
                            } else {
                                $0.groupId = "g"
                                $0.topics = [
                                    .with {
                                        $0.name = "t"; $0.partitionIndexes = [0]
                                    }
                                ]
                            }
                        }, version: version)
                    switch version {
                    case 1: #expect(fetched.topics.first?.partitions.first?.errorCode == wanted)
                    case 7: #expect(fetched.errorCode == wanted)
                    default: #expect(fetched.groups.first?.errorCode == wanted)
                    }
                }
                let initialized = try client.call(
                    InitProducerIdRequest.with {
                        $0.transactionalId = "x"
                        $0.transactionTimeoutMs = 1000
                    }, version: 4)
                #expect(initialized.errorCode == wanted)
                // A producer without a transactional id may ask anybody.
                let plain = try client.call(InitProducerIdRequest.with { $0.transactionalId = nil }, version: 4)
                #expect(plain.errorCode == .none)
                // Groups and transactions are listed where they are coordinated.
                #expect(try client.call(ListGroupsRequest()).groups.map(\.groupId) == (other == node ? ["g"] : []))
                #expect(
                    try client.call(ListTransactionsRequest()).transactionStates.map(\.transactionalId)
                        == (other == node ? ["x"] : []))
            }
        }
        await broker.stop()
    }

    @Test func aRequestAboutSeveralGroupsIsParted() async throws {
        let broker = try await start()
        try await broker.moveCoordinator(ofGroup: "here", to: 1)
        try await broker.moveCoordinator(ofGroup: "there", to: 2)
        let client = try await client(broker, 1)
        let described = try client.call(DescribeGroupsRequest.with { $0.groups = ["there", "here"] }, version: 5)
        #expect(described.groups.map(\.groupId) == ["here", "there"])
        #expect(described.groups.map(\.errorCode) == [.none, .notCoordinator])
        let deleted = try client.call(DeleteGroupsRequest.with { $0.groupsNames = ["here", "there"] })
        #expect(deleted.results.map(\.errorCode) == [.groupIdNotFound, .notCoordinator])
        let none = try client.call(DescribeGroupsRequest(), version: 5)
        #expect(none.groups.isEmpty)
        await broker.stop()
    }

    @Test func brokersHaveSettingsOfTheirOwn() async throws {
        let broker = try await start()
        let client = try await client(broker, 2)
        func ask(_ name: String) throws -> DescribeConfigsResponse.DescribeConfigsResult {
            let answer = try client.call(
                DescribeConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 4
                            $0.resourceName = name
                            $0.configurationKeys = nil
                        }
                    ]
                })
            return try #require(answer.results.first)
        }
        let own = try ask("2")
        #expect(own.configs.first { $0.name == "node.id" }?.value == "2")
        let port = await broker.nodes[1].port
        #expect(own.configs.first { $0.name == "advertised.listeners" }?.value == "PLAINTEXT://127.0.0.1:\(port)")
        #expect(own.configs.first { $0.name == "listeners" }?.value == "PLAINTEXT://127.0.0.1:\(port)")
        #expect(own.configs.first { $0.name == "default.replication.factor" }?.value == "3")
        #expect(try ask("1").errorCode == .invalidRequest)
        await broker.stop()
    }

    @Test func consecutivePortsAndTheOneThatIsTaken() async throws {
        // A free port whose neighbours are free, as far as one can know.
        for _ in 0..<20 {
            let probe = try await KafkaBroker.start()
            let port = probe.port
            await probe.stop()
            guard port < 65_000, let broker = try? await KafkaBroker.start(.init(port: port, brokers: 3)) else {
                continue
            }
            #expect(await broker.nodes.map(\.port) == [port, port + 1, port + 2])
            do {
                _ = try await KafkaBroker.start(.init(port: port, brokers: 2))
                Issue.record("two brokers on one port")
            } catch {
                #expect(error.description.contains(":\(port)"), "\(error)")
            }
            do {
                _ = try await KafkaBroker.start(.init(port: port - 1, brokers: 2))
                Issue.record("two brokers on one port")
            } catch {
                #expect(
                    error.description.contains(":\(port)") || error.description.contains(":\(port - 1)"), "\(error)")
            }
            return await broker.stop()
        }
        Issue.record("no three free ports in a row were found")
    }

    @Test func aCorruptedBatchFailsItsChecksumUntilItIsRestored() async throws {
        let broker = try await start(brokers: 1)
        let client = try TestClient(port: broker.port)
        for index in 0..<3 { _ = try client.produce("t", batch(["a\(index)", "b\(index)"])) }
        func damaged() throws -> [Bool] {
            try client.fetch("t", offset: 0).records?.batches().map { batch in
                do { try batch.verifyChecksum() } catch { return true }
                return false
            } ?? []
        }
        #expect(try damaged() == [false, false, false])
        try await broker.corruptBatch("t", 0, 3)
        #expect(try damaged() == [false, true, false])
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.corruptBatch("t", 0, 6) }
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.corruptBatch("u", 0, 0) }
        try await broker.restoreBatch("t", 0, 2)
        #expect(try damaged() == [false, false, false])
        await broker.stop()
    }
}
