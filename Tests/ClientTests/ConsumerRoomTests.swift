import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// How much a consumer holds and asks for, of all partitions and brokers together (`queued.max.messages.kbytes`).
@Suite(.turn) struct ConsumerRoomTests {
    private static func partitions(_ count: Int) -> [TopicPartition] {
        (0..<count).map { TopicPartition("t", PartitionID(index: $0)) }
    }

    /// Sends records of about 1 kB to each of the partitions.
    private static func fill(
        _ partitions: [TopicPartition], _ count: Int, batchSize: Int, _ broker: KafkaBroker
    ) async throws {
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.linger = .seconds(10)
            $0.batchSize = batchSize
        }
        let value = Bytes(utf8: String(repeating: "x", count: 1000))
        for partition in partitions {
            for _ in 0..<count {
                try await producer.enqueue(
                    ProducerRecord(topic: partition.topic, value: value, partition: partition.partition))
            }
        }
        try await producer.close()
    }

    /// Reads until there are so many records of each partition, and gives their offsets.
    private static func read(
        _ consumer: KafkaConsumer, until count: Int, of partitions: [TopicPartition],
        _ seen: @escaping @Sendable (ConsumerBatch, Int) async throws -> Void = { _, _ in }
    ) async throws -> [TopicPartition: [Offset]] {
        try await within {
            var given: [TopicPartition: [Offset]] = [:]
            for try await batch in consumer.batches {
                given[batch.source, default: []] += batch.map(\.offset)
                try await seen(batch, given[batch.source]?.count ?? 0)
                if partitions.allSatisfy({ given[$0]?.count ?? 0 >= count }) { break }
            }
            return given
        }
    }

    /// Three brokers were asked for `fetch.max.bytes` each, whatever the limit.
    @Test func brokersAreAskedForTheirPartsOfTheLimit() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 6], brokers: 3))
        let partitions = Self.partitions(6)
        try await Self.fill(partitions, 200, batchSize: 10_000, broker)
        let asked = Locked<[Int32]>([])
        broker.on(.fetch) { request in
            if let fetch = request.message as? FetchRequest { asked.withLock { $0.append(fetch.maxBytes) } }
            return .pass
        }
        let starts = Dictionary(partitions.map { ($0, KafkaConsumer.StartingOffset.earliest) }) { $1 }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, starts) { $0.maximumBuffered = 400_000 }
        let given = try await Self.read(consumer, until: 200, of: partitions)
        #expect(partitions.allSatisfy { given[$0] == (0..<200).map { Offset(Int64($0)) } })
        // At its end each of them waits, with its part.
        try await eventually { asked.withLock { $0.suffix(3).allSatisfy { $0 == 100_000 } } }
        // The first one may be asked before it is known where the partitions of the others begin.
        #expect(asked.withLock { $0.allSatisfy { $0 >= 16 << 10 && $0 <= 200_000 } })
        await consumer.close()
        await broker.stop()
    }

    /// What waits of a partition when it is paused, and is more than half of the limit, is dropped, and nothing is lost by that.
    @Test func whatIsTooMuchOfAPausedPartitionComesAgainWhenItIsResumed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let partitions = Self.partitions(2)
        // One batch each, which is larger than half of the limit.
        try await Self.fill(partitions, 100, batchSize: 1 << 20, broker)
        let asked = Seen()
        broker.on(.fetch) { request in
            for topic in (request.message as? FetchRequest)?.topics ?? [] {
                for partition in topic.partitions { asked.add("\(partition.partition) \(partition.fetchOffset)") }
            }
            return .pass
        }
        let starts = Dictionary(partitions.map { ($0, KafkaConsumer.StartingOffset.earliest) }) { $1 }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, starts) {
            $0.maximumBuffered = 64 << 10
            $0.maximumRecords = 10
        }
        let paused = Locked<TopicPartition?>(nil)
        let given = try await Self.read(consumer, until: 100, of: partitions) { batch, count in
            guard let first = paused.withLock({ $0 }) else {
                paused.withLock { $0 = batch.source }
                return try await consumer.pause([batch.source])
            }
            if batch.source != first, count == 100 { try await consumer.resume([first]) }
        }
        #expect(partitions.allSatisfy { given[$0] == (0..<100).map { Offset(Int64($0)) } })
        let first = try #require(paused.withLock { $0 })
        #expect(asked.all.contains("\(first.partition) 10"), "\(asked.all)")
        await consumer.close()
        await broker.stop()
    }
}
