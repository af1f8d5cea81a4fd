import KafkaWire
import Testing

@testable import KafkaBroker

/// What suites share that have several nodes in one process, through real sockets with hand-made requests.
protocol NodeSuite {}

extension NodeSuite {
    func start(
        _ topics: [String: Int] = ["t": 3], brokers: Int = 3,
        _ configure: (inout KafkaBroker.Configuration) -> Void = { _ in }
    ) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics, brokers: brokers)
        configure(&configuration)
        return try await KafkaBroker.start(configuration)
    }

    func client(_ broker: KafkaBroker, _ node: BrokerID) async throws -> TestClient {
        let found = await broker.nodes.first { $0.id == node }
        return try TestClient(port: try #require(found).port)
    }

    func info(_ broker: KafkaBroker, _ partition: Int = 0, of topic: String = "t") async throws
        -> KafkaBroker.PartitionInfo
    {
        try #require(await broker.topics.first { $0.name == topic }).partitions[partition]
    }
}
