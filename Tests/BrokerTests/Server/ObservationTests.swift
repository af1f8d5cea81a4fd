import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What the broker tells of requests and of its logs.
@Suite(.turn) struct ObservationTests {
    @Test func everyRequestIsObserved() async throws {
        let seen = Locked<[RequestObservation]>([])
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.observer = { observation in seen.withLock { $0.append(observation) } }
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let metadata = MetadataRequest.with {
            $0.topics = [.with { $0.name = "t" }, .with { $0.name = "no such topic" }]
        }
        _ = try client.call(metadata, version: 12)
        // Waits for records: its answer comes later.
        let fetch = FetchRequest.with {
            $0.maxWaitMs = 50
            $0.minBytes = 1
            $0.topics = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [.with { $0.partitionMaxBytes = 1000 }]
                }
            ]
        }
        _ = try client.call(fetch, version: 11)
        await broker.stop()

        let observations = seen.withLock { $0 }
        #expect(observations.map(\.api) == [.metadata, .fetch])
        #expect(observations.map(\.version) == [12, 11])
        #expect(Set(observations.map(\.connection)).count == 1)
        let first = try #require(observations.first)
        guard case .answered(let bytes, let errors) = first.result else {
            Issue.record("\(first.result)")
            return
        }
        #expect(errors == [.invalidTopicException])
        #expect(bytes > 20 && first.requestBytes > 20)
        #expect(first.peer.hasPrefix("127.0.0.1:"))
        let last = try #require(observations.last)
        #expect(last.duration >= .milliseconds(40) && last.duration < .seconds(5))
        guard case .answered(_, []) = last.result else {
            Issue.record("\(last.result)")
            return
        }
    }

    @Test func batchesAreShownAsTheyAreStored() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<5 {
            try await producer.enqueue(ProducerRecord(topic: "t", key: "k", value: "v\(number)"))
            try await producer.flush()
        }
        try await producer.close()
        func texts(_ from: Offset, _ maxBytes: Int = 1 << 20) async throws -> [String] {
            try await broker.batches(topic: "t", partition: 0, from: from, maxBytes: maxBytes)
                .flatMap { try $0.records().map { $0.value?.text ?? "-" } }
        }
        #expect(try await texts(0) == ["v0", "v1", "v2", "v3", "v4"])
        #expect(try await texts(3) == ["v3", "v4"])
        #expect(try await texts(3, 1) == ["v3"])
        #expect(try await texts(-7, 0) == ["v0"])
        #expect(try await texts(5) == [])
        #expect(await broker.batches(topic: "u", partition: 0, from: 0).isEmpty)
        #expect(await broker.batches(topic: "t", partition: 1, from: 0).isEmpty)
        await broker.stop()
    }
}
