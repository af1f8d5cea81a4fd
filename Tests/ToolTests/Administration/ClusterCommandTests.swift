import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kw cluster`, `kw offsets`, `kw delete-records` and `kw transactions` as programs, and what all commands say of a
/// cluster that cannot be reached.
@Suite(.turn) struct ClusterCommandTests {
    @Test func theClusterIsTold() async throws {
        var configuration = KafkaBroker.Configuration(brokers: 2)
        configuration.racks = ["", "east"]
        let broker = try await KafkaBroker.start(configuration)
        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let cluster = try await admin.describeCluster()
        let id = try await Running.kw("cluster", "cluster-id", at: broker)
        #expect(id.output == "Cluster ID: \(cluster.id)\n" && id.status == 0)
        #expect(try await Running.json("cluster", "cluster-id", at: broker)["clusterId"].text == cluster.id)
        let listed = try await Running.kw("cluster", "list-endpoints", "--include-fenced-brokers", at: broker)
        let rows = listed.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.first == ["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"])
        #expect(
            rows.dropFirst().map { $0 }
                == zip(cluster.nodes, ["null", "east"]).map { node, rack in
                    ["\(node.id)", node.host, "\(node.port)", rack, "unfenced", "broker"]
                })
        let gone = try await Running.kw("cluster", "unregister", "--id", "9", at: broker)
        #expect(gone.status == 1 && gone.error.contains("BROKER_ID_NOT_REGISTERED"))
        await admin.close()
        await broker.stop()
    }

    @Test func offsetsAreToldAndRecordsDeleted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["a": 11, "b": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<6 {
            try await producer.enqueue(ProducerRecord(topic: "a", value: Bytes(utf8: "\(number)"), partition: 10))
        }
        try await producer.close()
        let all = try await Running.kw("offsets", at: broker)
        // By text: 10 stands behind 1.
        #expect(all.output.split(separator: "\n").map(String.init).prefix(4) == ["a:0:0", "a:1:0", "a:10:6", "a:2:0"])
        #expect(all.output.hasSuffix("b:0:0\n") && all.status == 0)
        let some = try await Running.kw("offsets", "--topic-partitions", "a:9-,b", "--time", "-2", at: broker)
        #expect(some.output == "a:10:0\na:9:0\nb:0:0\n")
        let newest = try await Running.kw("offsets", "--time", "max-timestamp", at: broker)
        #expect(newest.output.hasPrefix("a:10:") && newest.output.split(separator: "\n").count == 1)
        let document = try await Running.json("offsets", "--topic", "a", "--partitions", "10", at: broker)
        #expect(document.elements.map { $0["offset"].number } == [6])
        let none = try await Running.kw("offsets", "--topic", "c", at: broker)
        #expect(none.status == 1 && none.error.contains("Could not match any topic-partitions"))
        let wrong = try await Running.kw("offsets", "--time", "latset", at: broker)
        #expect(wrong.status == 64 && wrong.error.contains("did you mean latest"))

        let file = try Program.file(
            Array(
                """
                {"partitions": [{"topic": "a", "partition": 10, "offset": 4}, {"topic": "b", "partition": 0, "offset": 9}],
                 "version": 1}
                """.utf8))
        defer { file.remove() }
        let deleted = try await Running.kw("delete-records", "--offset-json-file", file.path, at: broker)
        #expect(
            deleted.output
                == "Executing records delete operation\nRecords delete operation completed:\n"
                + "partition: a-10\tlow_watermark: 4\n")
        #expect(deleted.status == 1 && deleted.error.contains("b-0") && deleted.error.contains("OFFSET_OUT_OF_RANGE"))
        #expect(
            try await Running.kw("offsets", "--topic-partitions", "a:10", "--time", "earliest", at: broker).output
                == "a:10:4\n")
        await broker.stop()
    }

    @Test func transactionalIdsAreToldAndFenced() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let fenced = try await admin.fenceProducers(["x"]).get()
        let id = try #require(fenced["x"]?.producerId)
        let listed = try await Running.kw("transactions", "list", at: broker)
        #expect(
            listed.output
                == "TransactionalId\tCoordinator\tProducerId\tTransactionState\t\n"
                + "x              \t1          \t\(id)\(String(repeating: " ", count: 10 - "\(id)".count))\tEmpty           \t\n"
        )
        // Kafka's tool takes the cluster in front of the subcommand.
        let described = try await Running.kw([
            "transactions", "--bootstrap-server", broker.bootstrapServers, "describe", "--transactional-id", "x",
            "--json",
        ])
        #expect(JSON(described.output)?["state"].text == "Empty" && JSON(described.output)?["coordinator"].number == 1)
        let ended = try await Running.json(
            "transactions", "forceTerminateTransaction", "--transactionalId", "x", at: broker)
        #expect(ended["producerEpoch"].number == fenced["x"].map { Int64($0.producerEpoch.rawValue) + 1 })
        let hanging = try await Running.json("transactions", "find-hanging", "--topic", "t", at: broker)
        #expect(hanging.elements.isEmpty)
        for (arguments, status) in [
            (["describe", "--transactional-id", "y"], Int32(1)), (["find-hanging"], 64),
            (["abort", "--topic", "t", "--partition", "0"], 64),
            (["abort", "--topic", "t", "--partition", "0", "--start-offset", "3"], 1),
            (["find-hanging", "--topic", "nope"], 1),
        ] {
            let outcome = try await Running.kw(
                ["transactions"] + arguments + ["--bootstrap-server", broker.bootstrapServers])
            #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome.error)")
        }
        await admin.close()
        await broker.stop()
    }

    // MARK: - Nobody there

    @Test(arguments: [["topics", "--list"], ["configs", "--describe", "--topic", "t"], ["cluster", "cluster-id"]])
    func aRefusedPortIsASentence(arguments: [String]) async throws {
        let (descriptor, port) = try BrokerCommandTests.listener()
        close(descriptor)
        let began = ContinuousClock.now
        let outcome = try await Running.kw(arguments + ["--bootstrap-server", "127.0.0.1:\(port)"])
        #expect(began.duration(to: .now) < .seconds(5))
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw ") && outcome.error.contains("127.0.0.1:\(port)"), "\(outcome.error)")
        #expect(outcome.error.split(separator: "\n").count == 1)
    }

    /// A port that takes connections and says nothing.
    @Test func aSilentPortIsASentence() async throws {
        let (descriptor, port) = try BrokerCommandTests.listener()
        defer { close(descriptor) }
        let began = ContinuousClock.now
        let outcome = try await Running.kw(["topics", "--list", "--bootstrap-server", "127.0.0.1:\(port)"])
        #expect(began.duration(to: .now) < .seconds(7))
        #expect(outcome.status == 1 && outcome.error.contains("127.0.0.1:\(port)"), "\(outcome.error)")
    }

    /// A broker that names an address which nobody can reach: calls that need it end as soon.
    @Test func anAddressThatCannotBeReachedIsASentence() async throws {
        let (descriptor, port) = try BrokerCommandTests.listener()
        close(descriptor)
        var configuration = KafkaBroker.Configuration()
        configuration.topics = ["t": 1]
        configuration.advertisedHost = "127.0.0.1"
        configuration.advertisedPort = port
        let broker = try await KafkaBroker.start(configuration)
        let began = ContinuousClock.now
        let outcome = try await Running.kw([
            "topics", "--create", "--topic", "n", "--bootstrap-server", "127.0.0.1:\(broker.port)",
        ])
        #expect(began.duration(to: .now) < .seconds(7))
        #expect(outcome.status == 1 && outcome.error.contains("advertised.listeners"), "\(outcome.error)")
        await broker.stop()
    }

    @Test(arguments: [
        (
            "security.protocol=TLS\n",
            "line 1: security.protocol is \"TLS\"; it must be plaintext, ssl, sasl_plaintext or sasl_ssl"
        ),
        ("\nsasl.mechanism=PLAIN\n", "line 2: sasl.mechanism is PLAIN, and nothing says who the client is"),
        (
            "request.timeout.ms=soon\n",
            "line 1: request.timeout.ms is \"soon\"; it must be a whole number of milliseconds"
        ), ("a=\\uX\n", "line 1: \\u takes four hexadecimal digits"),
    ]) func settingsThatCannotBeAreNamed(content: String, part: String) async throws {
        let file = try Program.file(Array(content.utf8))
        defer { file.remove() }
        let outcome = try await Running.kw(["topics", "--list", "--command-config", file.path])
        #expect(outcome.status == 1 && outcome.error.contains(part), "\(outcome.error)")
    }
}
