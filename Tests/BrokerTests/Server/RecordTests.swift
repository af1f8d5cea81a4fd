import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

/// Produce, Fetch and ListOffsets through real sockets.
@Suite(.serialized, .turn) struct RecordTests {
    @Test func everyVersionProducesAndFetches() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        let id = await broker.topics[0].id
        for version in Int16(3)...13 {
            var request = TestClient.produceRequest("t", try batch(["v\(version)"]))
            if version >= 13 {
                request.topicData[0].name = ""
                request.topicData[0].topicId = id
            }
            let answer = try client.call(request, version: version).responses.first?.partitionResponses.first
            #expect(answer?.errorCode == ErrorCode.none, "v\(version)")
            #expect(answer?.baseOffset == Offset(Int64(version) - 3))
        }
        let wanted = (3...13).map { "\($0 - 3):v\($0)" }
        for version in Int16(4)...18 {
            var request = TestClient.fetchRequest("t", offset: 0)
            if version >= 13 { request.topics[0].topicId = id }
            let answer = try client.call(request, version: version)
            let partition = answer.responses.first?.partitions.first
            #expect(try values(partition?.records) == wanted, "v\(version)")
            #expect(partition?.highWatermark == 11 && partition?.lastStableOffset == 11)
        }
        await broker.stop()
    }

    @Test func refusesWhatIsNoGoodBatch() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        var corrupt = try batch(["a"])
        corrupt[corrupt.count - 2] ^= 1
        var oldMagic = try batch(["a"])
        oldMagic[16] = 1
        let two = try batch(["a"]) + batch(["b"])
        let large = try batch([String(repeating: "x", count: 1_048_600)])
        let control = try batch(["a"]) { $0.marks = .init(rawValue: 1 << 5) }
        let wrongCount = try batch(["a", "b"]) { $0.lastOffsetDelta = 5 }
        let cut = Array(try batch(["a"]).dropLast(1))
        let table: [(String, [UInt8], ErrorCode)] = [
            ("corrupt", corrupt, .corruptMessage), ("old magic", oldMagic, .invalidRecord),
            ("two batches", two, .invalidRecord), ("large", large, .messageTooLarge),
            ("control", control, .invalidRecord), ("count", wrongCount, .invalidRecord),
            ("cut", cut, .corruptMessage), ("empty", [], .invalidRecord), ("short", [1, 2, 3], .corruptMessage),
        ]
        for (name, bytes, error) in table {
            let answer = try client.produce("t", bytes)
            #expect(answer.errorCode == error, "\(name)")
            #expect(answer.errorMessage?.isEmpty == false)
        }
        #expect(try client.produce("t", batch(["a"]), partition: 7).errorCode == .unknownTopicOrPartition)
        #expect(try client.produce("t", batch(["a"]), acks: 2).errorCode == .invalidRequiredAcks)
        #expect(await broker.endOffsets(of: "t") == [0])
        await broker.stop()
    }

    @Test func withoutAcksOnlyAnErrorIsNoticed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        for value in ["a", "b"] {
            try client.send(TestClient.produceRequest("t", try batch([value]), acks: 0), version: 9)
        }
        // The next answer is that of the next request.
        #expect(try client.call(DescribeClusterRequest()).brokers.count == 1)
        #expect(await broker.endOffsets(of: "t") == [2])
        try client.send(TestClient.produceRequest("nowhere", try batch(["c"]), acks: 0), version: 9)
        #expect(client.isClosed)
        await broker.stop()
    }

    @Test func aBatchSentTwiceIsStoredOnce() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        let producer = try client.call(InitProducerIdRequest.with { $0.transactionalId = nil })
        #expect(producer.errorCode == .none && producer.producerEpoch == 0)
        func made(_ sequence: Int32) throws -> [UInt8] {
            try batch(["a", "b"]) {
                $0.producerId = producer.producerId
                $0.producerEpoch = 0
                $0.baseSequence = sequence
            }
        }
        #expect(try client.produce("t", made(0)).baseOffset == 0)
        #expect(try client.produce("t", made(2)).baseOffset == 2)
        let again = try client.produce("t", made(0))
        #expect(again.errorCode == .none && again.baseOffset == 0)
        #expect(try client.produce("t", made(9)).errorCode == .outOfOrderSequenceNumber)
        #expect(await broker.endOffsets(of: "t") == [4])
        await broker.stop()
    }

    @Test func aFetchWaitsForItsBytes() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let reader = try TestClient(port: broker.port)
        let writer = try TestClient(port: broker.port)
        let one = try batch(["0123456789"])
        let request = TestClient.fetchRequest(
            "t", offset: 0, partitions: [0, 1], maxWaitMs: 20_000, minBytes: Int32(one.count * 2))
        try reader.send(request, version: 12)
        _ = try writer.produce("t", one, partition: 0)
        try await eventually { await broker.waitingFetches == 1 }
        _ = try writer.produce("t", one, partition: 1)
        let started = Instant.now
        let answer = try Frame.decodeResponse(FetchResponse.self, try reader.receive(), version: 12)
        #expect(Instant.now - started < .seconds(10))
        #expect(answer.responses.first?.partitions.map { $0.records?.bytes.count } == [one.count, one.count])

        // And not for ever.
        let short = TestClient.fetchRequest("t", offset: 1, maxWaitMs: 50)
        #expect(try reader.call(short, version: 12).responses.first?.partitions.first?.records?.bytes.isEmpty == true)
        await broker.stop()
    }

    @Test func theFirstBatchAlwaysFits() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let client = try TestClient(port: broker.port)
        for partition in [0, 1] as [PartitionID] {
            _ = try client.produce("t", batch([String(repeating: "x", count: 5000)]), partition: partition)
        }
        let request = TestClient.fetchRequest("t", offset: 0, partitions: [0, 1], maxBytes: 10)
        let answer = try client.call(request, version: 12)
        #expect(answer.responses.first?.partitions.map { ($0.records?.bytes.count ?? 0) > 5000 } == [true, false])
        await broker.stop()
    }

    @Test func offsetsAndEpochsAreChecked() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        _ = try client.produce("t", batch(["a"]))
        #expect(try client.fetch("t", offset: 2).errorCode == .offsetOutOfRange)
        #expect(try client.fetch("t", offset: -1).errorCode == .offsetOutOfRange)
        #expect(try client.fetch("nowhere", offset: 0).errorCode == .unknownTopicOrPartition)
        #expect(try client.fetch("t", offset: 0, version: 18).errorCode == .unknownTopicId)
        var request = TestClient.fetchRequest("t", offset: 0, maxWaitMs: 4000)
        request.topics[0].partitions[0].currentLeaderEpoch = 3
        #expect(
            try client.call(request, version: 12).responses.first?.partitions.first?.errorCode
                == .unknownLeaderEpoch)
        await broker.stop()
    }

    @Test func aSessionTellsOnlyWhatChanges() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        let client = try TestClient(port: broker.port)
        var request = TestClient.fetchRequest("t", offset: 0, partitions: [0, 1, 2])
        request.sessionEpoch = 0
        let full = try client.call(request, version: 12)
        #expect(full.sessionId != 0)
        #expect(full.responses.first?.partitions.count == 3)

        func incremental(_ epoch: Int32, _ configure: (inout FetchRequest) -> Void = { _ in }) throws -> FetchResponse {
            var request = FetchRequest.with {
                $0.maxBytes = 1 << 20
                $0.sessionId = full.sessionId
                $0.sessionEpoch = epoch
            }
            configure(&request)
            return try client.call(request, version: 12)
        }
        #expect(try incremental(1).responses.isEmpty)
        _ = try client.produce("t", batch(["a"]), partition: 1)
        #expect(try incremental(2).responses.first?.partitions.map(\.partitionIndex) == [1])
        // The offset moves on, and partition 2 is forgotten.
        let moved = try incremental(3) {
            $0.topics = TestClient.fetchRequest("t", offset: 1, partitions: [1]).topics
            $0.forgottenTopicsData = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [2]
                }
            ]
        }
        #expect(moved.responses.isEmpty)
        for partition in [0, 1, 2] as [PartitionID] { _ = try client.produce("t", batch(["b"]), partition: partition) }
        #expect(try incremental(4).responses.first?.partitions.map(\.partitionIndex).sorted() == [0, 1])
        #expect(try incremental(9).errorCode == .invalidFetchSessionEpoch)
        #expect(try incremental(-1).errorCode == .none)
        #expect(try incremental(5).errorCode == .fetchSessionIdNotFound)
        await broker.stop()
    }

    @Test(arguments: [Int16(12), 18])
    func aDeletedTopicEndsItsFetches(version: Int16) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let reader = try TestClient(port: broker.port)
        let admin = try TestClient(port: broker.port)
        var request = TestClient.fetchRequest("t", offset: 0, maxWaitMs: 60_000)
        request.topics[0].topicId = await broker.topics[0].id
        try reader.send(request, version: version)
        try await eventually { await broker.waitingFetches > 0 }
        let deleted = try admin.call(DeleteTopicsRequest.with { $0.topics = [.with { $0.name = "t" }] })
        #expect(deleted.responses.first?.errorCode == ErrorCode.none)
        let answer = try Frame.decodeResponse(FetchResponse.self, try reader.receive(), version: version)
        let wanted: ErrorCode = version >= 13 ? .unknownTopicId : .unknownTopicOrPartition
        #expect(answer.responses.first?.partitions.first?.errorCode == wanted)
        await broker.stop()
    }

    @Test func offsetsAreListed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        _ = try client.produce("t", batch(["a", "b", "c"], timestamps: [100, 300, 200]))
        let table: [(Int64, Int16, Offset, Int64)] = [
            (-1, 1, 3, -1), (-2, 1, 0, -1), (-1, 11, 3, -1), (-2, 11, 0, -1), (-3, 7, 1, 300), (-4, 8, 0, -1),
            (-5, 9, -1, -1), (100, 1, 0, 100), (101, 5, 1, 300), (301, 11, -1, -1),
        ]
        for (timestamp, version, offset, time) in table {
            let request = ListOffsetsRequest.with {
                $0.replicaId = -1
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [.with { $0.timestamp = timestamp }]
                    }
                ]
            }
            let answer = try client.call(request, version: version).topics.first?.partitions.first
            #expect(answer?.errorCode == ErrorCode.none, "\(timestamp) v\(version)")
            #expect(answer?.offset == offset, "\(timestamp) v\(version)")
            #expect(answer?.timestamp == time, "\(timestamp) v\(version)")
        }
        await broker.stop()
    }

    @Test func memoryStaysBounded() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["a": 1, "b": 1])
        configuration.memoryLimit = 8 << 20
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let large = try batch([String(repeating: "x", count: 1_000_000)])
        for index in 0..<30 { _ = try client.produce(index % 3 == 0 ? "a" : "b", large) }
        let partitions = await broker.topics.flatMap(\.partitions)
        #expect(partitions.reduce(0) { $0 + $1.bytes } <= 8 << 20)
        #expect(partitions.map(\.endOffset) == [10, 20])
        #expect(partitions.contains { $0.startOffset > 0 })
        await broker.stop()
    }
}
