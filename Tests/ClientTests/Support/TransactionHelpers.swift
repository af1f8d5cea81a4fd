import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

extension KafkaBroker {
    /// A broker whose transactions are of that version.
    static func start(transactions version: Int16, topics: [String: Int]) async throws -> KafkaBroker {
        var configuration = Configuration(topics: topics)
        configuration.transactionVersion = version
        return try await start(configuration)
    }

    /// The values of a topic up to its ends, sorted.
    func values(
        of topic: String, partitions: Int, _ isolation: IsolationLevel = .readCommitted
    ) async throws -> [String] {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [bootstrapServers], topics: [topic], from: .earliest)
        configuration.client = .quick([bootstrapServers])
        configuration.isolationLevel = isolation
        configuration.fetchMaximumWait = .milliseconds(50)
        configuration.tellsEnds = true
        let consumer = try KafkaConsumer(configuration)
        let values = try await within { () -> [String] in
            var values: [String] = []
            var ends: Set<TopicPartition> = []
            for try await event in consumer.events {
                if case .batch(let batch) = event { values += batch.map { $0.value?.text ?? "null" } }
                if case .reachedEnd(let partition, _) = event { ends.insert(partition) }
                if ends.count == partitions { break }
            }
            return values
        }
        await consumer.close()
        return values.sorted()
    }

    /// What the coordinator knows of the transactional id.
    func transaction(_ id: String) async -> TransactionInfo? { await transactions.first { $0.id == id } }
}

extension KafkaProducer {
    /// A transactional producer with the time-outs of a test.
    static func transactional(
        _ server: String, _ id: String = "till", _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> KafkaProducer {
        try quick(server) {
            $0.transactionalId = id
            $0.maximumBlock = .seconds(10)
            change(&$0)
        }
    }

    /// Takes records with these values over, in partitions in turn.
    func enqueue(_ values: [String], to topic: String = "t", partitions: Int = 2) async throws {
        for (index, value) in values.enumerated() {
            try await enqueue(
                ProducerRecord(
                    topic: topic, value: Bytes(utf8: value), partition: PartitionID(index: index % partitions)))
        }
    }
}
