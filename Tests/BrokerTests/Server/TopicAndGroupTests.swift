import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Topics, groups and positions through real sockets.
@Suite(.serialized, .turn) struct TopicAndGroupTests {
    @Test func metadataCreatesTopicsWhereItMay() async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        func ask(_ name: String, create: Bool, version: Int16 = 13) throws
            -> MetadataResponse.MetadataResponseTopic?
        {
            let request = MetadataRequest.with {
                $0.topics = [.with { $0.name = name }]
                $0.allowAutoTopicCreation = create
            }
            return try client.call(request, version: version).topics.first
        }
        #expect(try ask("t", create: false)?.errorCode == .unknownTopicOrPartition)
        let made = try ask("t", create: true)
        #expect(made?.errorCode == ErrorCode.none && made?.partitions.count == 4 && made?.topicId != .zero)
        #expect(try ask("no spaces", create: true)?.errorCode == .invalidTopicException)
        for version in Int16(0)...13 {
            let all = try client.call(
                MetadataRequest.with { $0.topics = version == 0 ? [] : nil }, version: version)
            #expect(all.topics.map(\.name) == ["t"], "v\(version)")
            #expect(all.brokers.first?.port == Int32(broker.port))
            if version > 0 {
                #expect(try client.call(MetadataRequest.with { $0.topics = [] }, version: version).topics.isEmpty)
            }
        }
        let byId = try client.call(
            MetadataRequest.with {
                $0.topics = [
                    // As the Java client asks: with an empty name.
                    .with { $0.topicId = made?.topicId ?? .zero },
                    .with { $0.topicId = TopicID(Uuid(high: 1, low: 2)) },
                    // Again, which is passed over.
                    .with {
                        $0.name = nil
                        $0.topicId = made?.topicId ?? .zero
                    },
                ]
            })
        #expect(byId.topics.map(\.name) == ["t", ""])
        #expect(byId.topics.map(\.errorCode) == [.none, .unknownTopicId])
        await broker.stop()
    }

    @Test func topicsAreCreatedOrSaidWhyNot() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["there": 1, "a.b": 1]))
        let client = try TestClient(port: broker.port)
        typealias Asked = CreateTopicsRequest.CreatableTopic
        func topic(_ name: String, _ partitions: Int32 = -1, _ factor: Int16 = -1, _ configs: [String: String] = [:])
            -> Asked
        {
            .with {
                $0.name = name
                $0.numPartitions = partitions
                $0.replicationFactor = factor
                $0.configs = configs.map { name, value in
                    .with {
                        $0.name = name
                        $0.value = value
                    }
                }
            }
        }
        var assigned = topic("assigned")
        assigned.assignments = ([0, 1] as [PartitionID]).map { index in
            .with {
                $0.partitionIndex = index
                $0.brokerIds = [1]
            }
        }
        var elsewhere = topic("elsewhere")
        elsewhere.assignments = [.with { $0.brokerIds = [9] }]
        let table: [(Asked, ErrorCode)] = [
            (topic("plain", 3, 1), .none), (topic("default"), .none), (assigned, .none),
            (topic("compact", 1, 1, ["cleanup.policy": "compact"]), .none),
            (topic("there", 1, 1), .topicAlreadyExists), (topic("a_b", 1, 1), .invalidTopicException),
            (topic("bad name", 1, 1), .invalidTopicException), (topic("", 1, 1), .invalidTopicException),
            (topic(String(repeating: "x", count: 250), 1, 1), .invalidTopicException),
            (topic("zero", 0, 1), .invalidPartitions), (topic("many", 1_000_000, 1), .invalidPartitions),
            (topic("factor", 1, 3), .invalidReplicationFactor), (topic("none", 1, 0), .invalidReplicationFactor),
            (topic("config", 1, 1, ["no.such": "1"]), .invalidConfig), (elsewhere, .invalidReplicaAssignment),
        ]
        let request = CreateTopicsRequest.with { $0.topics = table.map(\.0) }
        var dry = request
        dry.validateOnly = true
        #expect(try client.call(dry).topics.map(\.errorCode) == table.map(\.1))
        #expect(await broker.topics.map(\.name) == ["a.b", "there"])
        let answer = try client.call(request)
        for ((asked, error), topic) in zip(table, answer.topics) {
            #expect(topic.errorCode == error, "\(asked.name)")
            #expect((topic.errorMessage == nil) == (error == .none))
            #expect((topic.numPartitions > 0) == (error == .none))
        }
        #expect(answer.topics[2].numPartitions == 2)
        let configs = try #require(answer.topics[3].configs)
        #expect(configs.filter { $0.configSource == 1 }.map(\.value) == ["compact"])
        #expect(configs.first { $0.name == "retention.ms" }?.value == "604800000")
        await broker.stop()
    }

    @Test func positionsAreKeptInEveryVersion() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let client = try TestClient(port: broker.port)
        let id = await broker.topics[0].id
        for version in Int16(2)...10 {
            let request = OffsetCommitRequest.with {
                $0.groupId = "simple"
                $0.topics = [
                    .with {
                        $0.name = version < 10 ? "t" : ""
                        $0.topicId = version < 10 ? .zero : id
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = 1
                                $0.committedOffset = Offset(Int64(version))
                                $0.committedMetadata = "from v\(version)"
                            },
                            .with { $0.partitionIndex = 5 },
                            .with { $0.committedMetadata = String(repeating: "x", count: 4097) },
                        ]
                    }
                ]
            }
            let answer = try client.call(request, version: version)
            #expect(
                answer.topics.first?.partitions.map(\.errorCode) == [
                    .none, .unknownTopicOrPartition, .offsetMetadataTooLarge,
                ], "v\(version)")
            let stored = await broker.group("simple")?.committed
            #expect(stored?.map(\.offset) == [Offset(Int64(version))] && stored?.first?.metadata == "from v\(version)")
        }
        for version in Int16(1)...10 {
            if version < 8 {
                let request = OffsetFetchRequest.with {
                    $0.groupId = "simple"
                    $0.topics =
                        version < 2
                        ? [
                            .with {
                                $0.name = "t"
                                $0.partitionIndexes = [1]
                            }
                        ] : nil
                }
                let found = try client.call(request, version: version).topics.first?.partitions.first
                #expect(found?.committedOffset == 10 && found?.metadata == "from v10", "v\(version)")
            } else {
                let request = OffsetFetchRequest.with {
                    $0.groups = [
                        .with {
                            $0.groupId = "simple"
                            $0.topics = nil
                        },
                        .with {
                            $0.groupId = "other"
                            $0.topics = [
                                .with {
                                    $0.name = version < 10 ? "t" : ""
                                    $0.topicId = version < 10 ? .zero : id
                                    $0.partitionIndexes = [0]
                                }
                            ]
                        },
                    ]
                }
                let answer = try client.call(request, version: version)
                #expect(answer.groups.first?.topics.first?.partitions.first?.committedOffset == 10, "v\(version)")
                #expect(answer.groups.last?.topics.first?.partitions.first?.committedOffset == -1, "v\(version)")
                if version == 10 { #expect(answer.groups.first?.topics.first?.topicId == id) }
            }
        }
        _ = try client.call(DeleteTopicsRequest.with { $0.topics = [.with { $0.topicId = id }] })
        #expect(await broker.group("simple")?.committed.isEmpty == true)
        await broker.stop()
    }

    @Test(arguments: [Int16(0), 3, 5, 9])
    func aMemberJoinsSyncsBeatsAndLeaves(version: Int16) async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        var join = JoinGroupRequest.with {
            $0.groupId = "g"
            $0.sessionTimeoutMs = 10_000
            $0.rebalanceTimeoutMs = 10_000
            $0.protocolType = "consumer"
            $0.protocols = [.with { $0.name = "range" }]
        }
        var joined = try client.call(join, version: version)
        if version >= 4 {
            #expect(joined.errorCode == .memberIdRequired)
            join.memberId = joined.memberId
            joined = try client.call(join, version: version)
        }
        #expect(joined.errorCode == .none && joined.generationId == 1 && joined.leader == joined.memberId)
        #expect(joined.protocolType == (version >= 7 ? "consumer" : nil) && joined.protocolName == "range")
        let sync = SyncGroupRequest.with {
            $0.groupId = "g"
            $0.memberId = joined.memberId
            $0.generationId = 1
            $0.assignments = [
                .with {
                    $0.memberId = joined.memberId
                    $0.assignment = [1, 2, 3]
                }
            ]
        }
        #expect(try client.call(sync, version: min(version, 5)).assignment == [1, 2, 3])
        let beat = HeartbeatRequest.with {
            $0.groupId = "g"
            $0.memberId = joined.memberId
            $0.generationId = 1
        }
        #expect(try client.call(beat, version: min(version, 4)).errorCode == .none)
        #expect(await broker.group("g")?.state == "Stable")
        let leave = LeaveGroupRequest.with {
            $0.groupId = "g"
            $0.memberId = version < 3 ? joined.memberId : ""
            if version >= 3 { $0.members = [.with { $0.memberId = joined.memberId }, .with { $0.memberId = "x" }] }
        }
        let left = try client.call(leave, version: min(version, 5))
        #expect(left.errorCode == .none)
        if version >= 3 { #expect(left.members.map(\.errorCode) == [.none, .unknownMemberId]) }
        #expect(await broker.group("g")?.state == "Empty")
        #expect(try client.call(beat, version: min(version, 4)).errorCode == .unknownMemberId)
        await broker.stop()
    }

    @Test func theCoordinatorIsThisBroker() async throws {
        let broker = try await KafkaBroker.start(.init(advertisedHost: "kafka.example"))
        let client = try TestClient(port: broker.port)
        for version in Int16(0)...6 {
            func ask(_ key: String, type: Int8) throws -> (ErrorCode, String, Int32) {
                let answer = try client.call(
                    FindCoordinatorRequest.with {
                        if version < 4 { $0.key = key } else { $0.coordinatorKeys = [key] }
                        $0.keyType = type
                    }, version: version)
                guard version >= 4 else { return (answer.errorCode, answer.host, answer.port) }
                return answer.coordinators.first.map { ($0.errorCode, $0.host, $0.port) } ?? (
                    .unknownServerError, "", 0
                )
            }
            #expect(try ask("g", type: 0) == (.none, "kafka.example", Int32(broker.port)))
            #expect(try ask("", type: 0) == (.none, "kafka.example", Int32(broker.port)))
            if version > 0 {
                #expect(try ask("t", type: 1) == (.none, "kafka.example", Int32(broker.port)))
                #expect(try ask("", type: 1).0 == .invalidRequest)
                #expect(try ask("g:topic:0", type: 2).0 == .invalidRequest)
            }
        }
        await broker.stop()
    }

    @Test func sessionsExpireByTheBrokersClock() async throws {
        let clock = TestClock()
        var configuration = KafkaBroker.Configuration()
        configuration.initialRebalanceDelay = .zero
        configuration.now = { clock.now }
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let joined = try client.call(
            JoinGroupRequest.with {
                $0.groupId = "g"
                $0.sessionTimeoutMs = 60_000
                $0.protocolType = "consumer"
                $0.protocols = [.with { $0.name = "range" }]
            }, version: 3)
        #expect(joined.errorCode == .none)
        clock.advance(.seconds(59))
        await broker.tick()
        #expect(await broker.group("g")?.members.count == 1)
        clock.advance(.seconds(2))
        await broker.tick()
        #expect(await broker.group("g")?.members.isEmpty == true)
        await broker.stop()
    }
}
