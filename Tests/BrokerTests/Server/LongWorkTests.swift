import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Work that takes long is done in parts, and others have their turn meanwhile. Counted in steps, not in time.
@Suite(.alone) struct LongWorkTests {
    private static func search(_ partitions: [PartitionID], timestamp: Int64) -> ListOffsetsRequest {
        .with {
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = partitions.map { index in
                        .with {
                            $0.partitionIndex = index
                            $0.timestamp = timestamp
                        }
                    }
                }
            ]
        }
    }

    private func node(partitions: Int) throws -> BrokerNode {
        try BrokerNode(.init(topics: ["t": partitions]), port: 9092)
    }

    private func fill(_ node: BrokerNode, _ bytes: [UInt8]) throws {
        for partition in node.topics["t"]?.partitions ?? [] {
            let batch = try #require(try RecordBatch(Bytes(bytes)))
            _ = try partition.log.append(batch, leaderEpoch: 0)
        }
    }

    private func handle<R: WireRequest>(_ request: R, _ node: BrokerNode, number: UInt64) throws -> Outcome {
        let api = try #require(ServedAPI.of(R.api))
        let context = RequestContext(
            ticket: RequestTicket(connection: number, number: 1), version: api.versions.upperBound, clientId: "",
            now: Instant(nanoseconds: 0))
        return try node.handle(api, Bytes(try request.encode(version: api.versions.upperBound)), context)
    }

    @Test(arguments: [Compression.none, .gzip, .snappy, .lz4, .zstd])
    func aSearchByTimeInManyPackedBatchesIsParted(codec: Compression) throws {
        let node = try node(partitions: 20)
        try fill(node, packedBatch(20_000, codec))
        let all = (0..<20).map { PartitionID(index: $0) }
        guard case .later = try handle(Self.search(all, timestamp: 15_000), node, number: 1) else {
            Issue.record("all is searched at once")
            return
        }
        // Somebody who asks for little is answered at once, while the other waits.
        guard case .answer = try handle(Self.search([0], timestamp: -1), node, number: 2) else {
            Issue.record("the innocent waits as well")
            return
        }
        var steps = 0
        while node.works.count > 0, steps < 1000 {
            node.work(now: Instant(nanoseconds: 0))
            steps += 1
        }
        #expect(steps >= 4 && steps <= 20)
        let answers = node.takeAnswers()
        #expect(answers.map(\.ticket.connection) == [1])
        guard case .answer(let message)? = answers.first?.outcome, let found = message as? ListOffsetsResponse else {
            Issue.record("no answer")
            return
        }
        #expect(found.topics[0].partitions.map(\.offset) == Array(repeating: 14_000, count: 20))
    }

    @Test func worksTakeTurns() throws {
        let node = try node(partitions: 20)
        try fill(node, packedBatch(20_000))
        let all = (0..<20).map { PartitionID(index: $0) }
        for number in 1...3 { _ = try handle(Self.search(all, timestamp: 15_000), node, number: UInt64(number)) }
        _ = try handle(Self.search(Array(all.prefix(6)), timestamp: 15_000), node, number: 4)
        while node.works.count > 3 { node.work(now: Instant(nanoseconds: 0)) }
        // The one with the least to do is done first, though it came last.
        #expect(node.takeAnswers().map(\.ticket.connection) == [4])
    }

    @Test func workEndsWithItsConnection() throws {
        let node = try node(partitions: 20)
        try fill(node, packedBatch(20_000))
        let all = (0..<20).map { PartitionID(index: $0) }
        _ = try handle(Self.search(all, timestamp: 15_000), node, number: 1)
        #expect(node.works.count == 1)
        node.forget(RequestTicket(connection: 1, number: 1))
        #expect(node.works.count == 0)
        node.work(now: Instant(nanoseconds: 0))
        #expect(node.takeAnswers().isEmpty && node.workSteps == 0)
    }

    @Test func aPartitionThatListOffsetsNamesTwiceIsNotSearched() throws {
        let client = try OfflineClient()
        let answer = try client.call(Self.search([0, 0, 0, 1], timestamp: 5))
        #expect(
            answer.topics[0].partitions.map(\.errorCode)
                == [.invalidRequest, .invalidRequest, .invalidRequest, .unknownTopicOrPartition])
        #expect(client.server.workSteps == 0)
    }

    @Test func aTopicThatGoesWhileItIsSearchedIsToldAsUnknown() throws {
        let node = try node(partitions: 20)
        try fill(node, packedBatch(20_000))
        _ = try handle(Self.search((0..<20).map { PartitionID(index: $0) }, timestamp: 15_000), node, number: 1)
        node.deleteTopic(try #require(node.topics["t"]))
        while node.works.count > 0 { node.work(now: Instant(nanoseconds: 0)) }
        guard case .answer(let message)? = node.takeAnswers().first?.outcome,
            let found = message as? ListOffsetsResponse
        else {
            Issue.record("no answer")
            return
        }
        #expect(found.topics[0].partitions.last?.errorCode == .unknownTopicOrPartition)
    }

    /// A batch may unpack to a thousand times its size, and each is packed anew where the topic says so.
    @Test func aProduceRequestOfManyPackedBatchesIsParted() throws {
        let client = try OfflineClient()
        let create = CreateTopicsRequest.with {
            $0.topics = [
                .with {
                    $0.name = "packed"
                    $0.numPartitions = 30
                    $0.replicationFactor = 1
                    $0.configs = [
                        .with {
                            $0.name = "compression.type"
                            $0.value = "zstd"
                        }
                    ]
                }
            ]
        }
        #expect(try client.call(create).topics.map(\.errorCode) == [.none])
        let bytes = try packedBatch(5_000)
        let answer = try client.call(
            ProduceRequest.with {
                $0.acks = -1
                $0.topicData = [
                    .with {
                        $0.name = "packed"
                        $0.partitionData = (0..<30).map { index in
                            .with {
                                $0.index = PartitionID(index: index)
                                $0.records = Records(Bytes(bytes))
                            }
                        }
                    }
                ]
            }, version: 12)
        #expect(answer.responses[0].partitionResponses.map(\.errorCode) == Array(repeating: .none, count: 30))
        #expect(client.server.workSteps >= 2)
    }

    @Test func connectionsTakeTurns() {
        var turns = TurnQueue()
        for id in [1, 2, 3] as [UInt64] { turns.add(id, isSlow: id == 2) }
        turns.add(1, isSlow: true)
        #expect(turns.quickCount == 2 && turns.slowCount == 1)
        #expect(turns.takeQuick() == 1)
        turns.add(1, isSlow: false)
        turns.remove(3)
        #expect(turns.takeQuick() == 1)
        #expect(turns.takeQuick() == nil && !turns.isEmpty)
        #expect(turns.takeSlow() == 2 && turns.isEmpty)
    }
}
