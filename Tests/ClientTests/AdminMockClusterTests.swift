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

/// librdkafka's mock cluster, where the environment names one (see `MockClusterTests`).
private let mockServers = getenv("KAFKAWIRE_MOCK_BOOTSTRAP").map { String(cString: $0) }

/// The admin client against a broker that others wrote, as far as that serves administration: the mock cluster has
/// metadata, offsets and coordinators, and deletes groups, records and topics in part.
@Suite(.alone(minutes: 2), .enabled(if: mockServers?.isEmpty == false)) struct AdminMockClusterTests {
    private static func configuration() throws -> ClientConfiguration {
        .quick(try #require(mockServers).split(separator: ",").map(String.init))
    }

    @Test func whatTheMockClusterServesIsSeenAndWhatItDoesNotIsSaid() async throws {
        let topic = "kafkawire-admin-\(UInt32.random(in: 0 ... .max))"
        var production = KafkaProducer.Configuration(bootstrapServers: [])
        production.client = try Self.configuration()
        let producer = try KafkaProducer(production)
        for number in 0..<20 {
            try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(number)", value: "v"))
        }
        try await producer.close()
        let admin = try KafkaAdmin(Self.configuration())

        let cluster = try await admin.describeCluster()
        #expect(cluster.nodes.count == (mockServers?.split(separator: ",").count ?? 0))
        let described = await admin.describeTopics([topic])
        let partitions = try #require(try described[topic]?.get()).partitions
        #expect(!partitions.isEmpty && partitions.allSatisfy { $0.leader != nil && !$0.replicas.isEmpty })
        #expect(try await admin.listTopics().contains { $0.name == topic })

        let parts = partitions.map { TopicPartition(topic, $0.partition) }
        let ends = try await admin.listOffsets(Dictionary(uniqueKeysWithValues: parts.map { ($0, .latest) })).get()
        #expect(ends.values.reduce(0) { $0 + ($1.offset?.rawValue ?? 0) } == 20)

        let group = topic
        var positions: [TopicPartition: CommittedOffset] = [:]
        for (partition, end) in ends { positions[partition] = CommittedOffset(offset: end.offset ?? 0, metadata: "m") }
        _ = try await admin.alterGroupOffsets(of: group, positions).get()
        let committed = try await admin.listGroupOffsets([group: parts]).get()
        #expect(try committed[group]?.get().mapValues(\.offset) == positions.mapValues(\.offset))
        _ = try await admin.fenceProducers([topic]).get()

        // What it has not is one error, without trying.
        let quotas = await #expect(throws: KafkaError.self) { try await admin.describeClientQuotas() }
        #expect(quotas?.code == .unsupportedVersion && quotas?.message.contains("Kafka since 2.6") == true)
        let dirs = try await admin.describeLogDirs()
        #expect(Set(dirs.values.compactMap { $0.failure?.code }) == [.unsupportedVersion])
        await admin.close()
    }
}
