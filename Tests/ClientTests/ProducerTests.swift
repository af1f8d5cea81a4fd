import KafkaBroker
import Testing

@testable import KafkaWire

/// The producer against the embedded broker.
@Suite struct ProducerTests {
    @Test func recordsAreAcknowledgedWithTheirOffsets() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 3]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        var deliveries: [Delivery] = []
        for number in 0..<1000 {
            deliveries.append(
                try await producer.send(ProducerRecord(topic: "orders", key: "k\(number % 7)", value: "v\(number)")))
        }
        try await producer.flush()
        var next: [Int32: Int64] = [:]
        for delivery in deliveries {
            let metadata = try await delivery.acknowledgement()
            #expect(metadata.offset == next[metadata.partition, default: 0])
            next[metadata.partition, default: 0] += 1
        }
        #expect(await broker.endOffsets(of: "orders")?.reduce(0, +) == 1000)
        try await producer.close()
        await broker.stop()
    }
}
