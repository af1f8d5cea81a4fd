import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Names that mean something to the broker itself, and names of any length.
@Suite(.serialized, .turn) struct StateNameTests {
    private let temporary = TemporaryFolder()

    private func start(_ configure: (inout KafkaBroker.Configuration) -> Void = { _ in }) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration()
        configuration.dataDirectory = temporary.path
        configure(&configuration)
        return try await KafkaBroker.start(configuration)
    }

    private static func commit(_ group: String, _ offset: Offset, to topic: String = "orders") -> OffsetCommitRequest {
        .with {
            $0.groupId = group
            $0.generationIdOrMemberEpoch = -1
            $0.topics = [
                .with {
                    $0.name = topic
                    $0.partitions = [.with { $0.committedOffset = offset }]
                }
            ]
        }
    }

    /// Whatever a client asks for under the names of the broker's own logs: what was acknowledged is there after a kill.
    @Test(arguments: ["__consumer_offsets", "__transaction_state", "__cluster_metadata", "__share_group_state"])
    func aTopicThatIsCalledLikeTheBrokersOwnLogMovesNothingAside(name: String) async throws {
        var broker = try await start()
        var client = try TestClient(port: broker.port)
        _ = try client.call(RecordTimeTests.creation("orders"))
        #expect(try client.produce("orders", batch(["a"])).errorCode == .none)
        _ = try client.call(Self.commit("before", 3), version: 8)
        _ = try client.call(
            InitProducerIdRequest.with {
                $0.transactionalId = "tx"
                $0.transactionTimeoutMs = 10_000
                $0.producerId = .none
                $0.producerEpoch = .none
            })

        let isShare = name == "__share_group_state"
        let created = try client.call(RecordTimeTests.creation(name, partitions: 3)).topics.map(\.errorCode)
        #expect(created == [isShare ? .none : name == "__cluster_metadata" ? .invalidRequest : .topicAlreadyExists])
        for version in Int16(1)...13 {
            let answer = try client.call(
                MetadataRequest.with {
                    $0.topics = [.with { $0.name = name }]
                    $0.allowAutoTopicCreation = true
                }, version: version)
            let topic = try #require(answer.topics.first)
            #expect(topic.errorCode == (isShare ? .none : .unknownTopicOrPartition))
            #expect(topic.isInternal == (name != "__cluster_metadata"))
        }
        let produced = try client.produce(name, batch(["a"])).errorCode
        #expect(produced == (isShare ? .invalidTopicException : .unknownTopicOrPartition))
        _ = try client.call(TestClient.fetchRequest(name, offset: 0), version: 12)
        _ = try client.call(Self.commit("before", 1, to: name), version: 8)
        _ = try client.call(
            CreatePartitionsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = name
                        $0.count = 5
                        $0.assignments = nil
                    }
                ]
            })
        _ = try client.call(
            DeleteRecordsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = name
                        $0.partitions = [.with { $0.offset = -1 }]
                    }
                ]
            })
        _ = try client.call(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = "tx"
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = name
                        $0.partitions = [0]
                    }
                ]
            }, version: 3)
        _ = try client.call(
            IncrementalAlterConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 2
                        $0.resourceName = name
                    }
                ]
            })
        _ = try client.call(
            WriteTxnMarkersRequest.with {
                $0.markers = [
                    .with {
                        $0.topics = [
                            .with {
                                $0.name = name
                                $0.partitionIndexes = [0]
                            }
                        ]
                    }
                ]
            })
        _ = try client.call(
            DeleteTopicsRequest.with { $0.topics = [.with { $0.name = name }] })
        _ = try client.call(Self.commit("after", 4), version: 8)
        #expect(!temporary.names().contains { $0.contains("stray") })

        // As after a kill: nothing is closed in order.
        let copy = TemporaryFolder()
        try copy.copy(from: temporary)
        await broker.stop()
        for folder in [temporary, copy] {
            broker = try await start { $0.dataDirectory = folder.path }
            client = try TestClient(port: broker.port)
            #expect(await broker.topics.map(\.name) == ["orders"])
            #expect(await broker.endOffsets(of: "orders") == [1])
            #expect(await broker.group("before")?.committed.map(\.offset) == [3])
            #expect(await broker.group("after")?.committed.map(\.offset) == [4])
            #expect(await broker.transactions.map(\.id) == ["tx"])
            await broker.stop()
        }
    }

    @Test func theProgramsOwnTopicsCannotHaveTheNamesEither() async throws {
        for (name, partitions) in [
            ("__consumer_offsets", 1), ("__transaction_state", 1), ("__cluster_metadata", 1), ("..", 1), ("", 1),
            ("a b", 1), ("t", 0), ("t", -5), ("t", .min), ("t", .max),
        ] {
            await #expect(throws: KafkaBroker.StartError.self) {
                try await start { $0.topics = [name: partitions] }
            }
        }
        let broker = try await start { $0.defaultPartitions = -3 }
        await #expect(throws: KafkaBroker.StartError.self) { try await broker.createTopic("t", partitions: -5) }
        let answer = try TestClient(port: broker.port).call(
            MetadataRequest.with { $0.topics = [.with { $0.name = "t" }] })
        #expect(answer.topics.first?.errorCode == .invalidPartitions)
        await broker.stop()
    }

    /// A broker of before let such topics be made: their records in the metadata do not keep this one from starting.
    @Test func aTopicOfThatNameFromBeforeIsForgotten() async throws {
        var broker = try await start()
        _ = try TestClient(port: broker.port).call(RecordTimeTests.creation("orders"))
        await broker.stop()
        do {
            let log = try StateLog(
                LogFolder(Folder(temporary.path + "/__cluster_metadata-0"), topicId: .zero, pool: FilePool()))
            _ = try log.settle()
            let id = TopicID(Uuid(high: 7, low: 7))
            try MetadataLog.append(
                [
                    .topic(
                        .with {
                            $0.name = "__consumer_offsets"
                            $0.topicId = id
                        }),
                    .partition(
                        .with {
                            $0.topicId = id
                            $0.partitionId = 0
                            $0.replicas = [1]
                        }),
                ], to: log, timestamp: 0)
        }
        for _ in 0..<2 {
            broker = try await start()
            #expect(await broker.topics.map(\.name) == ["orders"])
            await broker.stop()
        }
    }

    /// Folders of partitions are told apart, whatever the names hold.
    @Test func namesThatLookLikeFoldersStayApart() async throws {
        let names = [
            "x", "x-1", "x-0", "x-0.1-stray", "meta.properties", "log-start-offset-checkpoint", ".reserve", "...",
            ".lock", "x-1-1", "-", "0", "-0", String(repeating: "n", count: 249), "__cluster.metadata",
        ]
        var broker = try await start()
        var client = try TestClient(port: broker.port)
        for name in names {
            let answer = try client.call(RecordTimeTests.creation(name, partitions: 2))
            #expect(answer.topics.map(\.errorCode) == [.none], "\(name)")
            #expect(try client.produce(name, batch([name])).errorCode == .none)
        }
        for (name, code) in [
            ("__consumer.offsets", ErrorCode.invalidTopicException), ("x.0.1-stray", .none),
            ("", .invalidTopicException),
            (".", .invalidTopicException), ("..", .invalidTopicException), ("a/b", .invalidTopicException),
            (String(repeating: "n", count: 250), .invalidTopicException), ("meta_properties", .invalidTopicException),
        ] {
            #expect(try client.call(RecordTimeTests.creation(name)).topics.map(\.errorCode) == [code], "\(name)")
        }
        // A folder in the way of the longest name is set aside under a name that the file system takes.
        let long = String(repeating: "w", count: 249)
        try temporary.makeFolder(long + "-0")
        #expect(try client.call(RecordTimeTests.creation(long)).topics.map(\.errorCode) == [.none])
        await broker.stop()

        broker = try await start()
        client = try TestClient(port: broker.port)
        for name in names {
            let records = try client.fetch(name, offset: 0).records
            #expect(try values(records) == ["0:\(name)"], "\(name)")
        }
        #expect(temporary.names().filter { $0.hasSuffix("-stray") }.count == 1)
        await broker.stop()
    }

    // MARK: - Lengths

    /// A string of more than 32,767 bytes is no string in any version, as in Kafka: the connection that brings one is
    /// closed, and nothing else happens.
    @Test func aStringThatNoOldVersionCanSayClosesItsConnectionAlone() async throws {
        let broker = try await start()
        let other = try TestClient(port: broker.port)
        _ = try other.call(RecordTimeTests.creation("orders"))
        for length in [32_768, 40_000, 65_535, 70_000] {
            // OffsetCommit v8, whose first field is the group.
            var body: [UInt8] = [0, 8, 0, 8, 0, 0, 0, 1, 0xFF, 0xFF, 0]
            body += Self.varint(length + 1) + [UInt8](repeating: 0x67, count: length)
            body += [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 1, 0]
            let client = try TestClient(port: broker.port)
            client.send(raw: Self.framed(body))
            #expect(client.isClosed, "\(length)")
            for version in Int16(0)...5 { #expect(try other.call(ListGroupsRequest(), version: version).groups == []) }
        }
        await broker.stop()
    }

    /// The longest strings that there are, as ids and names that are kept and listed: every version can say them, on the
    /// disk as well.
    @Test func theLongestNamesAreKeptAndListedInEveryVersion() async throws {
        let long = String(repeating: "g", count: 32_767)
        var broker = try await start()
        var client = try TestClient(port: broker.port)
        _ = try client.call(RecordTimeTests.creation("orders"))
        #expect(
            try client.call(Self.commit(long, 5), version: 8).topics.first?.partitions.first?.errorCode
                == ErrorCode.none)
        _ = try client.call(
            InitProducerIdRequest.with {
                $0.transactionalId = long
                $0.transactionTimeoutMs = 10_000
                $0.producerId = .none
                $0.producerEpoch = .none
            })
        // The client's name becomes a part of the member's id.
        let join = JoinGroupRequest.with {
            $0.groupId = "members"
            $0.sessionTimeoutMs = 10_000
            $0.rebalanceTimeoutMs = 10_000
            $0.protocolType = String(long.dropLast())
            $0.protocols = [.with { $0.name = long }]
        }
        client.send(raw: try Frame.request(join, version: 5, correlationId: 9, clientId: long))
        let joined = try Frame.decodeResponse(JoinGroupResponse.self, client.receive(), version: 5)
        #expect(joined.errorCode == .memberIdRequired && joined.memberId.utf8.count < 300)
        var again = join
        again.memberId = joined.memberId
        client.send(raw: try Frame.request(again, version: 5, correlationId: 10, clientId: long))
        #expect(
            try Frame.decodeResponse(JoinGroupResponse.self, client.receive(), version: 5).errorCode == ErrorCode.none)
        for round in 0..<2 {
            for version in Int16(0)...5 {
                #expect(try client.call(ListGroupsRequest(), version: version).groups.map(\.groupId).contains(long))
            }
            for version in Int16(0)...6 {
                let described = try client.call(
                    DescribeGroupsRequest.with { $0.groups = [long, "members", "x" + long.dropFirst()] },
                    version: version)
                #expect(described.groups.count == 3)
            }
            for version in try #require(ServedAPI.of(.listTransactions)).versions {
                let listed = try client.call(ListTransactionsRequest(), version: version)
                #expect(listed.transactionStates.map(\.transactionalId) == [long])
            }
            guard round == 0 else { continue }
            await broker.stop()
            broker = try await start()
            client = try TestClient(port: broker.port)
        }
        #expect(await broker.group(long)?.committed.map(\.offset) == [5])
        await broker.stop()
    }

    /// Lists grow by requests; what would be too long for one is refused, and so nothing is kept that cannot be told.
    @Test func anAppendedSettingIsNotLongerThanAnyRequest() async throws {
        let broker = try await start()
        let client = try TestClient(port: broker.port)
        _ = try client.call(RecordTimeTests.creation("t"))
        var codes: [ErrorCode] = []
        for round in 0..<14 {
            let items = (0..<400).map { "\(round * 400 + $0):1" }.joined(separator: ",")
            let answer = try client.call(
                IncrementalAlterConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 2
                            $0.resourceName = "t"
                            $0.configs = [
                                .with {
                                    $0.name = "leader.replication.throttled.replicas"
                                    $0.configOperation = 2
                                    $0.value = items
                                }
                            ]
                        }
                    ]
                })
            codes += answer.responses.map(\.errorCode)
        }
        #expect(codes.first == ErrorCode.none && codes.last == .invalidConfig)
        for version in Int16(1)...4 {
            let answer = try client.call(
                DescribeConfigsRequest.with {
                    $0.resources = [
                        .with {
                            $0.resourceType = 2
                            $0.resourceName = "t"
                            $0.configurationKeys = nil
                        }
                    ]
                }, version: version)
            #expect(answer.results.first?.errorCode == ErrorCode.none)
        }
        await broker.stop()
    }

    /// An error's sentence may quote names; it is cut where an answer could not carry it.
    @Test func anErrorsSentenceFitsItsAnswer() async throws {
        let broker = try await start()
        let client = try TestClient(port: broker.port)
        let long = String(repeating: "é", count: 16_383)
        let changed = try client.call(
            AlterConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 2
                        $0.resourceName = long
                        $0.configs = [.with { $0.name = long }]
                    }
                ]
            }, version: 0)
        #expect(changed.responses.first?.errorMessage?.hasSuffix("…") == true)
        await broker.stop()
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func framed(_ body: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: Int32(body.count).bigEndian) { Array($0) } + body
    }
}
