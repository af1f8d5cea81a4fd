import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Where a producer's records go: partitioners, slow brokers, new leaders, topics that are created, forgotten, or have batches
/// of their own size.
@Suite(.turn) struct ProducerRoutingTests {
    private static func record(_ number: Int, key: String? = nil, _ topic: String = "u") -> ProducerRecord {
        ProducerRecord(topic: topic, key: key, value: "value \(number)")
    }

    private struct Constant: Partitioner {
        let place: PartitionID?
        func partition(for record: PartitionerInput) -> PartitionID? { place }
    }

    @Test func aPartitionerOfOnesOwnChoosesAndAnotherPartitionIsAnError() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["u": 4]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.partitioner = Constant(place: 2) }
        for number in 0..<20 { try await producer.enqueue(Self.record(number, key: "k\(number)", "u")) }
        var said = Self.record(20, "u")
        said.partition = 1
        try await producer.enqueue(said)
        try await producer.close()
        #expect(await broker.endOffsets(of: "u") == [0, 1, 20, 0])
        let wrong = try KafkaProducer.quick(broker.bootstrapServers) { $0.partitioner = Constant(place: 4) }
        let error = await #expect(throws: KafkaError.self) { try await wrong.send(Self.record(0, "u")) }
        #expect(error?.code == .invalidRequest && error?.partition == 4)
        try await wrong.close()
        await broker.stop()
    }

    @Test func librdkafkasDefaultSendsKeysWhereItDoes() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["u": 17]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            _ = try? $0.apply([("partitioner", "consistent_random")])
        }
        for (key, place) in [("abc", 8), ("hejsan", 14), ("order-42", 1)] as [(String, PartitionID)] {
            #expect(try await producer.send(Self.record(0, key: key, "u")).partition == place)
        }
        try await producer.close()
        await broker.stop()
    }

    /// Two brokers lead a partition each, and one takes its time.
    @Test func aSlowBrokerGetsFewerOfTheRecordsThatAreSpread() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["u": 2], brokers: 2)
        configuration.defaultReplicationFactor = 1
        let broker = try await KafkaBroker.start(configuration)
        let slow = BrokerID(rawValue: 2)
        broker.on(.produce) { $0.node == slow ? .delay(.milliseconds(100)) : .pass }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.batchSize = 400
            $0.linger = .zero
            $0.bufferMemory = 8000
            $0.client.requestTimeout = .seconds(60)
        }
        let filling = String(repeating: "x", count: 350)
        for _ in 0..<600 { try await producer.enqueue(ProducerRecord(topic: "u", value: filling)) }
        try await producer.close()
        let counts = await broker.endOffsets(of: "u")?.map(\.rawValue).sorted() ?? []
        #expect(counts.reduce(0, +) == 600)
        // About 200; chance alone would not take as much from 300.
        #expect(counts.first ?? 600 < 240, "\(counts)")
        await broker.stop()
    }

    @Test func batchesOfATopicMayBeSmallerThanThoseOfOthers() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["small": 1, "large": 1]))
        let most = Locked<[String: Int]>([:])
        broker.on(.produce) { request in
            for topic in (request.message as? ProduceRequest)?.topicData ?? [] {
                let size = topic.partitionData.compactMap { $0.records?.count }.max() ?? 0
                // Later versions name the topic by its id: the size tells them apart.
                most.withLock {
                    $0["\(topic.topicId)\(topic.name)", default: 0] = max(
                        $0["\(topic.topicId)\(topic.name)", default: 0], size)
                }
            }
            return .pass
        }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.topicBatchSizes = ["small": 1000]
            $0.linger = .milliseconds(50)
        }
        for number in 0..<200 {
            for topic in ["small", "large"] { try await producer.enqueue(Self.record(number, topic)) }
        }
        try await producer.close()
        let sizes = most.withLock { $0.values.sorted() }
        #expect(sizes.count == 2)
        #expect(sizes.first ?? 0 <= 1000 && sizes.last ?? 0 > 1000, "\(sizes)")
        await broker.stop()
    }

    /// A broker that metadata has not told of yet leads: the answer that says so tells where it is (KIP-951).
    @Test func aLeaderThatIsNewIsReachedWhereTheAnswerSays() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["u": 2], brokers: 2)
        configuration.defaultReplicationFactor = 1
        let broker = try await KafkaBroker.start(configuration)
        let port = Int32(broker.port)
        let looks = Locked(0)
        broker.on(.metadata) { request in
            // Who asks for no topic wants to know whom it is connected to.
            if (request.message as? MetadataRequest)?.topics?.isEmpty == true { return .answer(Self.theFirst(port)) }
            let isFirst = looks.withLock { looks in
                defer { looks += 1 }
                return looks == 0
            }
            return isFirst ? .answer(Self.onlyTheFirst(port)) : .disconnect
        }
        // It is asked at once.
        let producer = try KafkaProducer.quick("127.0.0.1:\(broker.port)") {
            ($0.client.retryBackoff, $0.client.maximumRetryBackoff) = (.seconds(60), .seconds(60))
        }
        for partition in [0, 1] as [PartitionID] {
            var record = Self.record(0, "u")
            record.partition = partition
            let sent = record
            let stored = try await within { try await producer.send(sent) }
            #expect(stored.offset == 0)
        }
        #expect(await broker.endOffsets(of: "u") == [1, 1])
        try await producer.close()
        await broker.stop()
    }

    private static func theFirst(_ port: Int32) -> MetadataResponse {
        .with {
            $0.clusterId = "c"
            $0.controllerId = 1
            $0.brokers = [
                .with {
                    $0.nodeId = 1
                    $0.host = "127.0.0.1"
                    $0.port = port
                }
            ]
        }
    }

    private static func onlyTheFirst(_ port: Int32) -> MetadataResponse {
        var answer = theFirst(port)
        answer.topics = [
            .with {
                $0.name = "u"
                $0.partitions = [PartitionID(0), 1].map { index in
                    .with {
                        $0.partitionIndex = index
                        $0.leaderId = 1
                        $0.replicaNodes = [1]
                        $0.isrNodes = [1]
                    }
                }
            }
        ]
        return answer
    }

    // MARK: - Topics

    @Test func aProducerThatMayNotCreateTopicsCreatesNone() async throws {
        let broker = try await KafkaBroker.start(.init(topics: [:]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.mayCreateTopics = false
            $0.maximumBlock = .milliseconds(300)
        }
        let error = await #expect(throws: KafkaError.self) { try await producer.send(Self.record(0, "new")) }
        #expect(error?.setting == "max.block.ms" && error?.topic == "new")
        #expect(error?.message.contains("UNKNOWN_TOPIC_OR_PARTITION") == true)
        #expect(await broker.endOffsets(of: "new") == nil)
        try await producer.close()
        let other = try KafkaProducer.quick(broker.bootstrapServers)
        try await other.send(Self.record(0, "new"))
        try await other.close()
        await broker.stop()
    }

    @Test func topicsThatNothingIsSentToAreForgotten() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["used": 1, "idle": 1]))
        let asked = Locked<[Set<String>]>([])
        broker.on(.metadata) { request in
            let topics = (request.message as? MetadataRequest)?.topics ?? []
            asked.withLock { $0.append(Set(topics.compactMap(\.name))) }
            return .pass
        }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.metadataMaximumAge = .milliseconds(30)
            $0.topicIdleTime = .seconds(1)
        }
        try await producer.send(Self.record(0, "idle"))
        try await eventually {
            _ = try? await producer.send(Self.record(1, "used"))
            return asked.withLock { $0.last == ["used"] && $0.contains(["idle", "used"]) }
        }
        // It is looked up again where it is needed.
        try await producer.send(Self.record(1, "idle"))
        #expect(await broker.endOffsets(of: "idle") == [2])
        try await producer.close()
        await broker.stop()
    }
}
