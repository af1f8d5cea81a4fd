import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw bench` as a program: what it leaves behind.
@Suite(.turn) struct BenchCommandTests {
    /// Every measurement left a group `perf-consumer-…` with its offsets.
    @Test(arguments: [nil, "mine"]) func noGroupIsLeftThatNobodyAskedFor(group: String?) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<100 { try await producer.enqueue(ProducerRecord(topic: "t", value: "\(number)")) }
        try await producer.close()
        let named = group.map { ["--group", $0] } ?? []
        let outcome = try await Running.kw(
            ["bench", "consume", "--topic", "t", "--num-records", "100", "--bootstrap-server", broker.bootstrapServers]
                + named)
        #expect(outcome.status == 0 && !outcome.error.contains("left behind"), "\(outcome.error)")
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        #expect(try await admin.listGroups().get().map(\.id) == [group].compactMap { $0 })
        await admin.close()
        await broker.stop()
    }
}
