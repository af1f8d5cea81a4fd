import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// A broker on a directory: stopped, killed, started again.
@Suite(.serialized, .turn) struct DataDirectoryTests {
    private let temporary = TemporaryFolder()

    private func start(
        topics: [String: Int] = [:], _ configure: (inout KafkaBroker.Configuration) -> Void = { _ in }
    ) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.dataDirectory = temporary.path
        configuration.timestamp = { 2000 }
        configure(&configuration)
        return try await KafkaBroker.start(configuration)
    }

    @Test func topicsSettingsAndRecordsAreThereAgain() async throws {
        var broker = try await start(topics: ["t": 3])
        var client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["a", "b"]), partition: 1).baseOffset == 0)
        _ = try client.call(
            IncrementalAlterConfigsRequest.with {
                $0.resources = [
                    .with {
                        $0.resourceType = 2
                        $0.resourceName = "t"
                        $0.configs = [
                            .with {
                                $0.name = "max.message.bytes"
                                $0.value = "200"
                            }
                        ]
                    }
                ]
            })
        _ = try client.call(
            CreatePartitionsRequest.with {
                $0.timeoutMs = 1000
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.count = 4
                        $0.assignments = nil
                    }
                ]
            })
        let id = try #require(await broker.topics.first).id
        let cluster = try client.call(DescribeClusterRequest()).clusterId
        await broker.stop()
        #expect(temporary.names().contains(".kafka_cleanshutdown"))

        broker = try await start(topics: ["t": 3])
        #expect(!temporary.names().contains(".kafka_cleanshutdown"))
        client = try TestClient(port: broker.port)
        let topic = try #require(await broker.topics.first)
        #expect(topic.id == id && topic.partitions.map(\.endOffset) == [0, 2, 0, 0])
        #expect(try client.call(DescribeClusterRequest()).clusterId == cluster)
        #expect(try client.produce("t", batch(["c"]), partition: 1).baseOffset == 2)
        let large = try batch([String(repeating: "x", count: 300)])
        #expect(try client.produce("t", large).errorCode == .messageTooLarge)
        await broker.stop()
    }

    @Test func leadersAndEpochsAreThereAgain() async throws {
        var broker = try await start(topics: ["t": 2]) { $0.brokers = 3 }
        try await broker.moveLeader(of: "t", partition: 0, to: 3)
        let before = try #require(await broker.topics.first).partitions
        #expect(before[0].leader == 3 && before[0].leaderEpoch == 1)
        #expect(before[0].replicas.count == 3)
        await broker.stop()
        broker = try await start { $0.brokers = 3 }
        #expect(await broker.topics.first?.partitions == before)
        await broker.stop()
        // The node that led is not there any more.
        broker = try await start()
        let after = try #require(await broker.topics.first).partitions
        #expect(after.map(\.leader) == [1, 1] && after.map(\.replicas) == [[1], [1]])
        #expect(after[0].leaderEpoch == 2)
        await broker.stop()
    }

    @Test func aDeletedTopicStaysDeletedAndItsNameBeginsAnew() async throws {
        var broker = try await start(topics: ["t": 1, "u": 1])
        var client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["a"])).errorCode == .none)
        #expect(temporary.names().contains("t-0"))
        _ = try client.call(
            DeleteTopicsRequest.with {
                $0.topics = [.with { $0.name = "t" }]
                $0.timeoutMs = 1000
            })
        #expect(!temporary.names().contains("t-0"))
        await broker.stop()
        broker = try await start()
        #expect(await broker.topics.map(\.name) == ["u"])
        try await broker.createTopic("t", partitions: 1)
        client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["b"])).baseOffset == 0)
        await broker.stop()
        broker = try await start()
        #expect(await broker.endOffsets(of: "t") == [1])
        await broker.stop()
    }

    @Test func whatNoTopicKnowsIsSetAside() async throws {
        var broker = try await start(topics: ["t": 1])
        #expect(try TestClient(port: broker.port).produce("t", batch(["a"])).errorCode == .none)
        await broker.stop()
        try temporary.write([], to: "keep-me")
        try Folder(temporary.path + "/gone-0").create()
        try temporary.write([1, 2, 3], to: "gone-0/00000000000000000000.log")
        broker = try await start()
        #expect(temporary.names().contains("gone-0.1-stray") && temporary.names().contains("keep-me"))
        #expect(temporary.bytes(of: "gone-0.1-stray/00000000000000000000.log") == [1, 2, 3])
        #expect(await broker.endOffsets(of: "t") == [1])
        await broker.stop()
    }

    @Test func deletedRecordsStayDeleted() async throws {
        var broker = try await start(topics: ["t": 1])
        let client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["a", "b", "c"])).errorCode == .none)
        _ = try client.call(
            DeleteRecordsRequest.with {
                $0.timeoutMs = 1000
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [
                            .with {
                                $0.partitionIndex = 0
                                $0.offset = 2
                            }
                        ]
                    }
                ]
            })
        await broker.stop()
        broker = try await start()
        #expect(await broker.topics.first?.partitions.map(\.startOffset) == [2])
        await broker.stop()
    }

    /// A second broker on the directory would write into the first one's files.
    @Test func aDirectoryHasOneBroker() async throws {
        let broker = try await start(topics: ["t": 1])
        await #expect(throws: KafkaBroker.StartError.self) { try await start() }
        do { _ = try await start() } catch { #expect("\(error)".contains("another broker has it"), "\(error)") }
        #expect(try TestClient(port: broker.port).produce("t", batch(["a"])).errorCode == .none)
        await broker.stop()
        let next = try await start()
        await next.stop()
    }

    @Test func aDirectoryBelongsToItsCluster() async throws {
        await (try await start { $0.clusterId = "one" }).stop()
        await (try await start { $0.clusterId = "one" }).stop()
        await #expect(throws: KafkaBroker.StartError.self) { try await start { $0.clusterId = "other" } }
        try temporary.write(Array("hello\n".utf8), to: "meta.properties")
        await #expect(throws: KafkaBroker.StartError.self) { try await start() }
    }

    @Test func committedOffsetsAreThereAgain() async throws {
        var broker = try await start(topics: ["t": 2])
        var client = try TestClient(port: broker.port)
        func commit(_ partition: PartitionID, _ offset: Offset) throws {
            let answer = try client.call(
                OffsetCommitRequest.with {
                    $0.groupId = "g"
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [
                                .with {
                                    $0.partitionIndex = partition
                                    $0.committedOffset = offset
                                    $0.committedLeaderEpoch = 0
                                    $0.committedMetadata = "m\(offset)"
                                }
                            ]
                        }
                    ]
                }, version: 8)
            #expect(answer.topics.first?.partitions.first?.errorCode == ErrorCode.none)
        }
        try commit(0, 5)
        try commit(1, 6)
        try commit(0, 7)
        await broker.stop()
        broker = try await start()
        #expect(
            await broker.group("g")?.committed.map { "\($0.partition) \($0.offset) \($0.metadata)" } == [
                "0 7 m7", "1 6 m6",
            ])
        client = try TestClient(port: broker.port)
        _ = try client.call(DeleteGroupsRequest.with { $0.groupsNames = ["g"] })
        await broker.stop()
        broker = try await start()
        #expect(await broker.group("g") == nil)
        await broker.stop()
    }

    @Test(arguments: [false, true]) func aTransactionGoesOnAfterARestart(isVersion2: Bool) async throws {
        var broker = try await start(topics: ["t": 1])
        let writer = try TransactionalClient(port: broker.port, id: "x", isVersion2: isVersion2)
        #expect(try writer.write(["a"]) == .none)
        let producer = writer.producer
        await broker.stop()
        broker = try await start()
        #expect(await broker.transactions.map(\.state) == ["Ongoing"])
        #expect(await broker.topics.first?.partitions.first?.lastStableOffset == 0)
        let client = try TestClient(port: broker.port)
        let answer = try client.call(
            EndTxnRequest.with {
                $0.transactionalId = "x"
                $0.producerId = producer.id
                $0.producerEpoch = producer.epoch
                $0.committed = true
            }, version: isVersion2 ? 5 : 4)
        #expect(answer.errorCode == .none)
        #expect(await broker.topics.first?.partitions.first?.lastStableOffset == 2)
        #expect(await broker.transactions.map(\.state) == ["CompleteCommit"])
        await broker.stop()
        broker = try await start()
        let transactions = await broker.transactions
        #expect(transactions.map(\.state) == ["CompleteCommit"])
        #expect(transactions.map(\.producerEpoch) == [isVersion2 ? producer.epoch.bumped : producer.epoch])
        // Ids that were given out are not given out again.
        let next = try TestClient(port: broker.port).call(
            InitProducerIdRequest.with { $0.transactionalId = nil }, version: 4)
        #expect(next.producerId > producer.id)
        await broker.stop()
    }

    @Test func aBatchThatIsSentAgainAfterARestartIsStoredOnce() async throws {
        var broker = try await start(topics: ["t": 1])
        let bytes = try batch(["a", "b"]) {
            $0.producerId = 7
            $0.producerEpoch = 0
            $0.baseSequence = 0
        }
        #expect(try TestClient(port: broker.port).produce("t", bytes).baseOffset == 0)
        await broker.stop()
        broker = try await start()
        #expect(try TestClient(port: broker.port).produce("t", bytes).baseOffset == 0)
        #expect(await broker.endOffsets(of: "t") == [2])
        await broker.stop()
    }

    @Test func quotasAndBrokerSettingsAreThereAgain() async throws {
        var broker = try await start()
        _ = try TestClient(port: broker.port).call(
            AlterClientQuotasRequest.with {
                $0.entries = [
                    .with {
                        $0.entity = [
                            .with {
                                $0.entityType = "user"
                                $0.entityName = nil
                            }
                        ]
                        $0.ops = [
                            .with {
                                $0.key = "producer_byte_rate"
                                $0.value = 1000
                            }
                        ]
                    }
                ]
            })
        await broker.stop()
        broker = try await start()
        let answer = try TestClient(port: broker.port).call(
            DescribeClientQuotasRequest.with {
                $0.components = [
                    .with {
                        $0.entityType = "user"
                        $0.matchType = 1
                        $0.match = nil
                    }
                ]
            })
        #expect(answer.entries?.first?.values.map(\.value) == [1000])
        await broker.stop()
    }
}

/// What a topic's settings do to batches and logs.
@Suite(.serialized, .turn) struct TopicSettingTests {
    private func start(_ settings: [String: String], clock: TestClock = TestClock()) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration()
        configuration.now = { clock.now }
        configuration.timestamp = { 1_000_000 + clock.now.nanoseconds / 1_000_000 }
        let broker = try await KafkaBroker.start(configuration)
        let answer = try TestClient(port: broker.port).call(
            CreateTopicsRequest.with {
                $0.timeoutMs = 1000
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.numPartitions = 1
                        $0.replicationFactor = 1
                        $0.configs = settings.map { name, value in
                            .with {
                                $0.name = name
                                $0.value = value
                            }
                        }
                    }
                ]
            })
        #expect(answer.topics.first?.errorCode == ErrorCode.none)
        return broker
    }

    @Test func aCompactedTopicWantsKeys() async throws {
        let broker = try await start(["cleanup.policy": "compact"])
        let client = try TestClient(port: broker.port)
        for compression in [Compression.none, .lz4] {
            let refused = try client.produce("t", keyless(compression))
            #expect(refused.errorCode == .invalidRecord && refused.errorMessage?.contains("without key") == true)
            // librdkafka and the Java client tell the others of the batch that they were not to blame (KIP-467).
            #expect(refused.recordErrors.map(\.batchIndex) == [1, 3] && refused.logStartOffset == 0)
            #expect(refused.recordErrors.allSatisfy { $0.batchIndexErrorMessage?.contains("without key") == true })
        }
        await broker.stop()
        let stamping = try await start(["cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"])
        let other = try TestClient(port: stamping.port)
        #expect(try other.produce("t", batch(["a"])).errorCode == .invalidRecord)
        await stamping.stop()
    }

    /// Four records, the second and the last without a key.
    private func keyless(_ compression: Compression) throws -> [UInt8] {
        var builder = RecordBatchBuilder()
        for index in 0..<4 {
            Array("k".utf8).withUnsafeBytes {
                builder.append(key: index % 2 == 0 ? $0 : nil, value: $0, timestamp: 1000)
            }
        }
        var options = RecordBatchBuilder.Options()
        options.compression = compression
        return try builder.finish(options)
    }

    @Test func timesTooFarFromTheBrokersAreRefused() async throws {
        let broker = try await start([
            "message.timestamp.before.max.ms": "5000", "message.timestamp.after.max.ms": "1000",
        ])
        let client = try TestClient(port: broker.port)
        for (time, code) in [
            (995_000, .none), (994_999, .invalidTimestamp), (1_001_000, .none), (1_001_001, .invalidTimestamp),
        ] as [(Int64, ErrorCode)] {
            #expect(try client.produce("t", batch(["a"], timestamps: [time])).errorCode == code, "\(time)")
        }
        let refused = try client.produce("t", batch(["a", "b", "c"], timestamps: [1_000_000, 994_000, 1_002_000]))
        #expect(refused.errorCode == .invalidTimestamp && refused.recordErrors.map(\.batchIndex) == [1, 2])
        await broker.stop()
    }

    @Test(arguments: [("gzip", Compression.gzip), ("uncompressed", .none), ("zstd", .zstd)])
    func batchesArePackedAsTheTopicSays(type: String, codec: Compression) async throws {
        let broker = try await start(["compression.type": type])
        let client = try TestClient(port: broker.port)
        for sent in [Compression.none, .lz4] {
            let bytes = try batch(["a", "b"], timestamps: [7, 9]) { $0.compression = sent }
            #expect(try client.produce("t", bytes).errorCode == .none)
        }
        let answer = try client.call(TestClient.fetchRequest("t", offset: 0), version: 12)
        let batches = try #require(answer.responses.first?.partitions.first?.records).batches()
        #expect(batches.map(\.attributes.compression) == [codec, codec])
        for batch in batches {
            try batch.verifyChecksum()
            #expect(try batch.records().map { "\($0.value?.text ?? "") \($0.timestamp)" } == ["a 7", "b 9"])
        }
        await broker.stop()
    }

    @Test func recordsGoWhenTheirTimeIsUp() async throws {
        let clock = TestClock()
        let broker = try await start(["retention.ms": "60000"], clock: clock)
        let client = try TestClient(port: broker.port)
        #expect(try client.produce("t", batch(["a"], timestamps: [1_000_000])).errorCode == .none)
        clock.advance(.seconds(299))
        await broker.tick()
        #expect(await broker.topics.first?.partitions.first?.startOffset == 0)
        clock.advance(.seconds(1))
        await broker.tick()
        #expect(await broker.topics.first?.partitions.first?.startOffset == 1)
        await broker.stop()
    }
}
