import TestSupport
import Testing

@testable import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The foreign cluster that the environment names.
private let foreignServers: String? = {
    for name in ["KAFKAWIRE_MOCK_BOOTSTRAP", "KAFKA_BOOTSTRAP"] {
        if let value = getenv(name) { return String(cString: value) }
    }
    return nil
}()

/// The client against clusters that others wrote: librdkafka's mock cluster (`Tests/Foreign/mock_cluster.py` prints
/// what to set), or any real one.
@Suite(.alone(minutes: 2), .enabled(if: foreignServers != nil)) struct MockClusterTests {
    private static func configuration() throws -> ClientConfiguration {
        let servers = try #require(foreignServers).split(separator: ",").map(String.init)
        var configuration = ClientConfiguration(bootstrapServers: servers)
        configuration.requestTimeout = .seconds(10)
        return configuration
    }

    /// The mock cluster has no CreateTopics: asking for the metadata creates the topic there, as it does by default in
    /// Kafka.
    private static func newTopic() -> String { "kafkawire-\(UInt32.random(in: 0 ... .max))" }

    @Test(arguments: [Compression.none, .gzip])
    func aGroupReadsWhatWasProducedInOrderByKey(_ compression: Compression) async throws {
        let topic = Self.newTopic()
        var production = KafkaProducer.Configuration(bootstrapServers: [])
        production.client = try Self.configuration()
        production.compression = compression
        production.batchSize = 4096
        let producer = try KafkaProducer(production)
        let (keys, rounds) = (40, 250)
        for round in 0..<rounds {
            for key in 0..<keys {
                try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(key)", value: "\(key):\(round)"))
            }
        }
        try await producer.flush()
        try await producer.close()

        var consumption = KafkaConsumer.Configuration(bootstrapServers: [], group: topic, topics: [topic])
        consumption.client = try Self.configuration()
        consumption.heartbeatInterval = .milliseconds(200)
        consumption.sessionTimeout = .seconds(10)
        let consumers = try (0..<3).map { _ in try KafkaConsumer(consumption) }
        let seen = [Seen(), Seen(), Seen()]
        let tasks = zip(consumers, seen).map { $0.read(into: $1) }
        try await eventually(within: .seconds(60)) { Set(seen.flatMap(\.all)).count >= keys * rounds }
        for consumer in consumers { await consumer.close() }
        for task in tasks { try await task.value }

        for one in seen {
            var last: [Substring: Int] = [:]
            for value in one.all {
                let parts = value.split(separator: ":")
                let round = try #require(Int(parts[1]))
                // A record may come again after a rebalance, but then from the last commit on, in order.
                if let before = last[parts[0]], round > before { #expect(round == before + 1) }
                last[parts[0]] = round
            }
        }
        let all = seen.flatMap(\.all)
        #expect(Set(all).count == keys * rounds)
        #expect(all.count <= keys * rounds * 2)
    }

    @Test func topicsAndLeadersAreSeen() async throws {
        let topic = Self.newTopic()
        let producer = try KafkaProducer(.init(bootstrapServers: Self.configuration().bootstrapServers))
        let metadata = try await producer.enqueue(ProducerRecord(topic: topic, value: "v")).acknowledgement()
        #expect(metadata.offset == 0)
        try await producer.close()
        let admin = try KafkaAdmin(Self.configuration())
        let description = try await admin.listTopics().first { $0.name == topic }
        #expect(description?.leaders.isEmpty == false)
        #expect(try await admin.endOffsets(of: topic).values.reduce(0) { $0 + $1.rawValue } == 1)
        await admin.close()
    }
}
