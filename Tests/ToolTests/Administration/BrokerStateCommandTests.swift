import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw log-dirs`, `kw leader-election` and `kw metadata-quorum` as programs.
@Suite(.turn) struct BrokerStateCommandTests {
    @Test func directoriesAreTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["a": 2, "b": 1], brokers: 2))
        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let known = try await admin.describeLogDirs().get()
        let text = try await Running.kw("log-dirs", "--describe", "--topic-list", "a", at: broker)
        let lines = text.output.split(separator: "\n").map(String.init)
        #expect(text.status == 0 && lines.count == 3)
        #expect(lines.first == "Querying brokers for log directories information")
        #expect(lines[1] == "Received log directory information from brokers 1,2")
        let document = try #require(JSON(lines[2]))
        #expect(document["version"].number == 1 && document["brokers"].elements.count == 2)
        for entry in document["brokers"].elements {
            let dirs = try #require(known[BrokerID(Int32(entry["broker"].number ?? -1))])
            let shown = entry["logDirs"].elements.flatMap { $0["partitions"].elements }.map {
                "\($0["partition"].text ?? "") \($0["size"].number ?? -1)"
            }
            let there = dirs.flatMap(\.replicas).filter { $0.key.topic == "a" }.map { "\($0.key) \($0.value.size)" }
            #expect(shown.sorted() == there.sorted())
        }
        let one = try await Running.json("log-dirs", "--describe", "--broker-list", "2", at: broker)
        #expect(one["brokers"].elements.map { $0["broker"].number } == [2])
        let none = try await Running.kw("log-dirs", "--describe", "--broker-list", "7", at: broker)
        #expect(none.status == 1 && none.error.contains("no broker 7; the cluster has 1,2"))
        await admin.close()
        await broker.stop()
    }

    /// It was one line of JSON, whoever looked on.
    @Test(.enabled(if: Shell.has("script"))) func onATerminalDirectoriesAreATable() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["a": 2]))
        let outcome = try await Shell.run(
            "script -qec 'kw log-dirs --describe --bootstrap-server \(broker.bootstrapServers)' /dev/null")
        let lines = outcome.output.split(whereSeparator: \.isNewline)
        #expect(outcome.status == 0 && !outcome.output.contains("{"), "\(outcome.output)")
        #expect(lines.first?.contains("DIRECTORY") == true && lines.contains { $0.contains("a-1") })
        await broker.stop()
    }

    @Test func leadersAreElected() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let made = try await Running.kw(
            "topics", "--create", "--topic", "t", "--replica-assignment", "1:2,2:3", at: broker)
        #expect(made.status == 0)
        try await broker.moveLeader(of: "t", partition: 0, to: 2)
        func kw(_ arguments: String...) async throws -> Program.Outcome {
            try await Running.kw(
                ["leader-election", "--bootstrap-server", broker.bootstrapServers, "--election-type", "preferred"]
                    + arguments)
        }
        #expect(
            try await kw("--all-topic-partitions").output
                == "Successfully completed leader election (PREFERRED) for partitions t-0\n")
        #expect(
            try await kw("--topic", "t", "--partition", "1").output
                == "Valid replica already elected for partitions t-1\n")
        let described = try await Running.json("topics", "--describe", at: broker)
        #expect(described.elements.first?["partitions"].elements.map { $0["leader"].number } == [1, 2])
        let unknown = try await kw("--topic", "nope", "--partition", "0")
        #expect(unknown.status == 1 && unknown.output.isEmpty && unknown.error.contains("nope-0"))
        let file = try Program.file(Array("{\"partitions\":[{\"topic\":\"t\",\"partition\":0}]}".utf8))
        defer { file.remove() }
        let fromFile = try await kw("--path-to-json-file", file.path, "--json")
        #expect(JSON(fromFile.output)?["alreadyElected"].elements.map { $0["partition"].number } == [0])
        #expect(try await kw("--topic", "t").status == 64)
        #expect(try await kw("--topic", "t", "--partition", "0", "--all-topic-partitions").status == 64)
        await broker.stop()
    }

    @Test func theQuorumIsTold() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let quorum = try await admin.describeMetadataQuorum()
        let status = try await Running.kw("metadata-quorum", "describe", "--status", at: broker)
        #expect(status.status == 0 && status.output.contains("LeaderId:               \(quorum.leader)\n"))
        #expect(status.output.contains("ClusterId:              \(try await admin.describeCluster().id)\n"))
        let replicas = try await Running.json("metadata-quorum", "describe", "--replication", at: broker)
        #expect(replicas["replicas"].elements.first?["status"].text == "Leader")
        #expect(
            Set(replicas["replicas"].elements.compactMap { $0["nodeId"].number })
                == Set((quorum.voters + quorum.observers).map { Int64($0.id.rawValue) }))
        #expect(try await Running.kw("metadata-quorum", "describe", at: broker).status == 64)
        await admin.close()
        await broker.stop()
    }
}
