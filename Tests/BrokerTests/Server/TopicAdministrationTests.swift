import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What tools ask of topics and partitions, through real sockets.
@Suite(.serialized, .turn) struct TopicAdministrationTests {
    @Test(arguments: Int16(0)...3) func partitionsAreAddedOrSaidWhyNot(version: Int16) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2, "u": 1, "v": 1, "w": 1])
        configuration.maximumPartitions = 12
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let table: [(String, Int32, [[BrokerID]]?, ErrorCode)] = [
            ("t", 4, nil, .none), ("u", 3, [[1], [1]], .none), ("v", 1, nil, .invalidPartitions),
            ("missing", 3, nil, .unknownTopicOrPartition), ("w", 0, nil, .invalidPartitions),
        ]
        var request = CreatePartitionsRequest.with {
            $0.topics = table.map { name, count, assignments, _ in
                .with {
                    $0.name = name
                    $0.count = count
                    $0.assignments = assignments?.map { brokers in .with { $0.brokerIds = brokers } }
                }
            }
            $0.validateOnly = true
        }
        #expect(try client.call(request, version: version).results.map(\.errorCode) == table.map(\.3))
        #expect(await broker.topics.map(\.partitions.count) == [2, 1, 1, 1])
        request.validateOnly = false
        let answer = try client.call(request, version: version).results
        #expect(answer.map(\.errorCode) == table.map(\.3) && answer.map(\.name) == table.map(\.0))
        if version >= 1 { #expect(answer.allSatisfy { ($0.errorMessage == nil) == ($0.errorCode == .none) }) }
        #expect(await broker.topics.map(\.partitions.count) == [4, 3, 1, 1])
        #expect(try client.produce("t", batch(["a"]), partition: 3).errorCode == .none)
        #expect(try client.produce("t", batch(["a"]), partition: 4).errorCode == .unknownTopicOrPartition)
        let refused: [(Int32, [[BrokerID]]?, ErrorCode)] = [
            (3, [[1]], .invalidReplicaAssignment), (2, [[2]], .invalidReplicaAssignment),
            (2, [[]], .invalidReplicaAssignment), (2, [[1, 1]], .invalidReplicaAssignment),
            (100, nil, .invalidPartitions), (Int32.max, nil, .invalidPartitions), (-1, nil, .invalidPartitions),
        ]
        for (count, assignments, error) in refused {
            request.topics = [
                .with {
                    $0.name = "w"
                    $0.count = count
                    $0.assignments = assignments?.map { brokers in .with { $0.brokerIds = brokers } }
                }
            ]
            #expect(try client.call(request, version: version).results.map(\.errorCode) == [error], "\(count)")
        }
        request.topics += request.topics
        #expect(try client.call(request, version: version).results.map(\.errorCode) == [.invalidRequest])
        await broker.stop()
    }

    @Test(arguments: Int16(0)...2) func recordsAreDeletedUpToAnOffset(version: Int16) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        for index in 0..<5 {
            let times = [Int64(index) * 10, Int64(index) * 10 + 1]
            _ = try client.produce("t", batch(["a\(index)", "b\(index)"], timestamps: times))
        }
        func delete(_ offset: Offset, _ topic: String = "t", _ partition: PartitionID = 0) throws -> (Offset, ErrorCode)
        {
            let request = DeleteRecordsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = topic
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = partition
                                $0.offset = offset
                            }
                        ]
                    }
                ]
            }
            let answer = try #require(client.call(request, version: version).topics.first?.partitions.first)
            return (answer.lowWatermark, answer.errorCode)
        }
        func first(at timestamp: Int64) throws -> Offset? {
            try client.call(
                ListOffsetsRequest.with {
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [.with { $0.timestamp = timestamp }]
                        }
                    ]
                }
            ).topics.first?.partitions.first?.offset
        }
        #expect(try delete(3) == (3, .none))
        // Inside a batch: the batch is fetched whole, and the client leaves out what is before.
        #expect(try client.fetch("t", offset: 2).errorCode == .offsetOutOfRange)
        let fetched = try client.fetch("t", offset: 3)
        #expect(fetched.logStartOffset == 3 && fetched.errorCode == .none)
        #expect(try values(fetched.records).first == "2:a1")
        #expect(try first(at: -2) == 3 && first(at: 0) == 3 && first(at: 20) == 4 && first(at: -3) == 9)
        #expect(try delete(1) == (3, .none))
        #expect(try delete(11) == (-1, .offsetOutOfRange))
        #expect(try delete(-2) == (-1, .offsetOutOfRange))
        #expect(try delete(0, "missing") == (-1, .unknownTopicOrPartition))
        #expect(try delete(0, "t", 7) == (-1, .unknownTopicOrPartition))
        #expect(try delete(-1) == (10, .none))
        #expect(await broker.topics.first?.partitions.first?.bytes == 0)
        #expect(try client.produce("t", batch(["next"])).baseOffset == 10)
        #expect(try values(client.fetch("t", offset: 10).records) == ["10:next"])
        let compact = IncrementalAlterConfigsRequest.with {
            $0.resources = [
                .with {
                    $0.resourceType = 2
                    $0.resourceName = "t"
                    $0.configs = [
                        .with {
                            $0.name = "cleanup.policy"
                            $0.value = "compact"
                        }
                    ]
                }
            ]
        }
        #expect(try client.call(compact).responses.map(\.errorCode) == [.none])
        #expect(try delete(-1) == (-1, .policyViolation))
        await broker.stop()
    }

    @Test func topicsAreDescribedInPieces() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["a": 3, "b": 2, "c": 1]))
        let client = try TestClient(port: broker.port)
        func ask(_ names: [String], limit: Int32, from cursor: (String, PartitionID)? = nil) throws
            -> DescribeTopicPartitionsResponse
        {
            try client.call(
                DescribeTopicPartitionsRequest.with {
                    $0.topics = names.map { name in .with { $0.name = name } }
                    $0.responsePartitionLimit = limit
                    $0.cursor = cursor.map { name, index in
                        .with {
                            $0.topicName = name
                            $0.partitionIndex = index
                        }
                    }
                })
        }
        for limit in Int32(1)...7 {
            var found: [String] = []
            var cursor: (String, PartitionID)?
            var calls = 0
            repeat {
                let answer = try ask([], limit: limit, from: cursor)
                for topic in answer.topics {
                    found += topic.partitions.map { "\(topic.name ?? "")\($0.partitionIndex)" }
                    #expect(topic.partitions.allSatisfy { $0.leaderId == 1 && $0.replicaNodes == [1] })
                    #expect(topic.topicId != .zero && topic.errorCode == .none)
                    // The Java client (4.3.0) fails where one of these is null.
                    #expect(topic.partitions.allSatisfy { $0.eligibleLeaderReplicas == [] && $0.lastKnownElr == [] })
                }
                cursor = answer.nextCursor.map { ($0.topicName, $0.partitionIndex) }
                calls += 1
            } while cursor != nil && calls < 20
            #expect(found == ["a0", "a1", "a2", "b0", "b1", "c0"], "limit \(limit)")
            #expect(calls == (6 + Int(limit) - 1) / Int(limit))
        }
        let named = try ask(["c", "missing", "a", "no spaces", "c"], limit: 100)
        #expect(named.topics.map(\.name) == ["a", "c", "missing", "no spaces"])
        #expect(named.topics.map(\.errorCode) == [.none, .none, .unknownTopicOrPartition, .invalidTopicException])
        #expect(named.nextCursor == nil)
        #expect(try ask([], limit: 0).topics.first?.partitions.count == 1)
        // A cursor at a topic that has gone meanwhile goes on with the next one.
        #expect(try ask([], limit: 100, from: ("aa", 5)).topics.map(\.name) == ["b", "c"])
        #expect(try ask(["a"], limit: 100, from: ("a", -1)).topics.map(\.errorCode) == [.invalidRequest])
        #expect(try ask(["a"], limit: 100, from: ("a", 99)).topics.first?.partitions.isEmpty == true)
        await broker.stop()
    }

    @Test func anEpochEndsAtTheLogsEnd() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        _ = try client.produce("t", batch(["a", "b", "c"]))
        let table: [(PartitionID, LeaderEpoch, LeaderEpoch, ErrorCode, LeaderEpoch, Offset)] = [
            (0, -1, 0, .none, 0, 3), (0, 0, 0, .none, 0, 3), (0, 0, 1, .none, -1, -1), (0, 0, -1, .none, -1, -1),
            (0, 1, 0, .unknownLeaderEpoch, -1, -1), (5, 0, 0, .unknownTopicOrPartition, -1, -1),
        ]
        for version in Int16(2)...4 {
            for (partition, current, asked, error, epoch, offset) in table {
                let request = OffsetForLeaderEpochRequest.with {
                    $0.topics = [
                        .with {
                            $0.topic = "t"
                            $0.partitions = [
                                .with {
                                    $0.partition = partition
                                    $0.currentLeaderEpoch = current
                                    $0.leaderEpoch = asked
                                }
                            ]
                        }
                    ]
                }
                let found = try #require(client.call(request, version: version).topics.first?.partitions.first)
                #expect(found.errorCode == error && found.leaderEpoch == epoch && found.endOffset == offset)
            }
        }
        await broker.stop()
    }

    @Test func leadersReplicasAndDirectoriesStayWhereTheyAre() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2, "u": 1]))
        let client = try TestClient(port: broker.port)
        _ = try client.produce("t", batch(["a"]), partition: 1)
        for version in Int16(0)...2 {
            var elect = ElectLeadersRequest.with {
                $0.topicPartitions = [
                    .with {
                        $0.topic = "t"
                        $0.partitions = [0, 9]
                    },
                    .with {
                        $0.topic = "missing"
                        $0.partitions = [0]
                    },
                ]
            }
            let results = try client.call(elect, version: version).replicaElectionResults
            #expect(
                results.map { $0.partitionResult.map(\.errorCode) } == [
                    [.electionNotNeeded, .unknownTopicOrPartition], [.unknownTopicOrPartition],
                ])
            elect.topicPartitions = nil
            #expect(try client.call(elect, version: version).replicaElectionResults.isEmpty)
            if version >= 1 {
                elect.electionType = 7
                #expect(try client.call(elect, version: version).errorCode == .invalidRequest)
            }
        }
        let table: [(String, PartitionID, [BrokerID]?, ErrorCode)] = [
            ("t", 0, [1], .none), ("t", 0, nil, .noReassignmentInProgress), ("t", 0, [2], .invalidReplicaAssignment),
            ("t", 0, [], .invalidReplicaAssignment), ("t", 0, [1, 1], .invalidReplicaAssignment),
            ("t", 9, [1], .unknownTopicOrPartition), ("missing", 0, [1], .unknownTopicOrPartition),
        ]
        for version in Int16(0)...1 {
            let request = AlterPartitionReassignmentsRequest.with {
                $0.topics = table.map { name, index, replicas, _ in
                    .with {
                        $0.name = name
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = index
                                $0.replicas = replicas
                            }
                        ]
                    }
                }
            }
            let answer = try client.call(request, version: version)
            #expect(answer.errorCode == .none)
            #expect(answer.responses.flatMap { $0.partitions.map(\.errorCode) } == table.map(\.3))
        }
        let moving = try client.call(ListPartitionReassignmentsRequest())
        #expect(moving.errorCode == .none && moving.topics.isEmpty)
        for version in Int16(1)...5 {
            let all = try client.call(DescribeLogDirsRequest.with { $0.topics = nil }, version: version)
            let directory = try #require(all.results.first)
            #expect(all.results.count == 1 && directory.errorCode == .none)
            #expect(directory.topics.map(\.name) == ["t", "u"])
            let sizes = directory.topics[0].partitions.map(\.partitionSize)
            #expect(try sizes == [0, Int64(batch(["a"]).count)])
            if version >= 4 { #expect(directory.totalBytes - directory.usableBytes == sizes[1]) }
            let some = DescribeLogDirsRequest.with {
                $0.topics = [
                    .with {
                        $0.topic = "t"
                        $0.partitions = [1, 5]
                    },
                    .with {
                        $0.topic = "missing"
                        $0.partitions = [0]
                    },
                ]
            }
            let found = try client.call(some, version: version).results.first?.topics
            #expect(found?.map(\.name) == ["t"] && found?.first?.partitions.map(\.partitionIndex) == [1])
            guard version <= 2 else { continue }
            let move = AlterReplicaLogDirsRequest.with {
                $0.dirs = [directory.logDir, "/elsewhere"].map { path in
                    .with {
                        $0.path = path
                        $0.topics = [
                            .with {
                                $0.name = "t"
                                $0.partitions = [0, 9]
                            }
                        ]
                    }
                }
            }
            let moved = try client.call(move, version: version).results
            #expect(moved.map(\.topicName) == ["t"])
            #expect(
                moved.first?.partitions.map(\.errorCode) == [
                    .none, .unknownTopicOrPartition, .logDirNotFound, .logDirNotFound,
                ])
        }
        await broker.stop()
    }
}
