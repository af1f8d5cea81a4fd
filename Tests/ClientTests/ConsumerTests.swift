import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The consumer against the embedded broker.
@Suite(.turn) struct ConsumerTests {
    @Test func aGroupReadsEverythingAndResumesBehindItsCommits() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 3]))
        try await Self.produce(1000, to: "orders", broker)

        let first = try KafkaConsumer(
            .init(bootstrapServers: [broker.bootstrapServers], group: "billing", topics: ["orders"]))
        var seen: Set<String> = []
        for try await batch in first.batches {
            for record in batch { seen.insert(record.value?.text ?? "null") }
            try await batch.commit()
            if seen.count == 1000 { break }
        }
        await first.close()
        #expect(seen == Set((0..<1000).map { "v\($0)" }))

        try await Self.produce(10, to: "orders", broker, prefix: "w")
        let second = try KafkaConsumer(
            .init(bootstrapServers: [broker.bootstrapServers], group: "billing", topics: ["orders"]))
        var more: [String] = []
        for try await batch in second.batches {
            more += batch.map { $0.value?.text ?? "null" }
            if more.count >= 10 { break }
        }
        await second.close()
        #expect(more.sorted() == (0..<10).map { "w\($0)" }.sorted())
        await broker.stop()
    }

    static func produce(_ count: Int, to topic: String, _ broker: KafkaBroker, prefix: String = "v") async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(number)", value: "\(prefix)\(number)"))
        }
        try await producer.close()
    }
}
