import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Who leads a partition, who has it, and who may be asked for it.
@Suite(.serialized, .turn) struct NodePartitionTests: NodeSuite {
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
        // Consumers are served by followers, from the version on in which they say where they are (KIP-392).
        for version in Int16(4)...12 {
            let answer = try other.fetch("t", offset: 0, version: version)
            let isServed = version >= 11
            #expect(answer.errorCode == (isServed ? .none : .notLeaderOrFollower))
            #expect(answer.highWatermark == (isServed ? 1 : -1))
            #expect(try values(answer.records) == (isServed ? ["0:a"] : []))
            #expect(answer.preferredReadReplica == -1)
        }
        // A node that has no replica is no follower.
        try await broker.createTopic("u", partitions: 1, replicas: 2)
        #expect(try await info(broker, of: "u").replicas == [1, 2])
        let stranger = try await client(broker, 3)
        for version in Int16(4)...12 {
            let answer = try stranger.fetch("u", offset: 0, version: version)
            #expect(answer.errorCode == .notLeaderOrFollower && answer.highWatermark == -1)
        }
        let id = try #require(await broker.topics.first { $0.name == "u" }).id
        var request = TestClient.fetchRequest("", offset: 0)
        request.topics[0].topicId = id
        for version in Int16(13)...18 {
            let response = try stranger.call(request, version: version)
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

    /// KIP-595: by the epoch that it says to have read last.
    @Test func whoHasReadOtherRecordsIsToldWhereTheLogParts() async throws {
        let broker = try await start()
        let first = try await client(broker, 1)
        let second = try await client(broker, 2)
        #expect(try first.produce("t", batch(["a", "b"])).errorCode == .none)
        try await broker.moveLeader(of: "t", partition: 0, to: 2)
        #expect(try second.produce("t", batch(["c"])).errorCode == .none)
        for (offset, epoch, parting) in [
            (3, 0, 2), (9, 0, 2), (2, 0, -1), (3, 1, -1), (9, 1, 3), (3, -1, -1), (3, 7, -1),
        ] as [(Offset, LeaderEpoch, Offset)] {
            var request = TestClient.fetchRequest("t", offset: offset, maxWaitMs: parting < 0 ? 0 : 60_000)
            request.topics[0].partitions[0].lastFetchedEpoch = epoch
            try second.send(request, version: 12)
            let answer = try Frame.decodeResponse(FetchResponse.self, try second.receive(), version: 12)
            let told = try #require(answer.responses.first?.partitions.first)
            #expect(told.errorCode == .none)
            #expect(told.divergingEpoch.endOffset == parting)
            #expect(told.divergingEpoch.epoch == (parting < 0 ? -1 : epoch))
            let count = told.records?.count ?? 0
            #expect((count > 0) == (offset == 2))
        }
        await broker.stop()
    }

    /// What an unclean election does: records are gone, their offsets come again, and producers are as the log says.
    @Test(arguments: [false, true]) func anUncleanElectionLosesRecords(onDisk: Bool) async throws {
        let folder = onDisk ? TemporaryFolder() : nil
        func numbered(_ value: String, _ sequence: Int32) throws -> [UInt8] {
            try batch([value]) {
                $0.producerId = 7
                $0.producerEpoch = 0
                $0.baseSequence = sequence
            }
        }
        var configuration = KafkaBroker.Configuration(topics: ["t": 1], brokers: 2)
        configuration.dataDirectory = folder?.path
        let broker = try await KafkaBroker.start(configuration)
        let leader = try await info(broker).leader
        let other: BrokerID = leader == 1 ? 2 : 1
        let first = try await client(broker, leader)
        for (sequence, value) in ["a", "b", "c", "d"].enumerated() {
            let records = try numbered(value, Int32(sequence))
            #expect(try first.produce("t", records).errorCode == .none)
        }
        try await broker.electUncleanly(other, of: "t", partition: 0, losingFrom: 2)
        #expect(try await info(broker).endOffset == 2)
        let second = try await client(broker, other)
        #expect(try second.produce("t", numbered("e", 2)).errorCode == .none)
        let answer = try second.fetch("t", offset: 0, version: 12)
        #expect(answer.highWatermark == 3)
        #expect(try values(answer.records) == ["0:a", "1:b", "2:e"])
        await broker.stop()
        guard onDisk else { return }
        let again = try await KafkaBroker.start(configuration)
        #expect(try await info(again).endOffset == 3)
        await again.stop()
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
        try await eventually { await broker.waitingFetches > 0 }
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
}
