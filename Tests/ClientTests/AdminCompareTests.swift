import KafkaBroker
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

/// The virtual environment with the clients of others that the environment names.
private let venv = getenv("KAFKAWIRE_VENV").map { String(cString: $0) }

/// What this library's admin client and those of others tell of the same cluster, line by line
/// (`Tests/Foreign/admin_compare.py` says what the lines are).
@Suite(.alone(minutes: 2)) struct AdminCompareTests {
    @Test(.enabled(if: venv != nil), arguments: ["confluent", "kafka-python"])
    func othersTellTheSame(client: String) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["other": 2], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([
            .init("t", assignments: [[2, 3], [3, 1], [1, 2]], configs: ["retention.ms": "60000"])
        ]).get()
        try await broker.produce(0..<60, to: "t")
        _ = try await admin.deleteRecords(before: [TopicPartition("t", 0): 2]).get()
        let consumer = try KafkaConsumer.quick("127.0.0.1:\(broker.port)", group: "busy", topics: ["t"]) {
            $0.client.clientId = "reader"
            $0.sessionTimeout = .seconds(20)
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 58)
        try await eventually { try await admin.lag(of: "busy", in: "t").values.reduce(0, +) == 0 }
        _ = try await admin.alterGroupOffsets(
            of: "idle", [TopicPartition("t", 1): .init(offset: 3), TopicPartition("other", 0): .init(offset: 0)]
        ).get()
        _ = try await admin.fenceProducers(["x"]).get()

        let theirs = try Self.lines(client, broker.bootstrapServers)
        let kinds = Set(try #require(theirs.first).split(separator: " ").dropFirst())
        let ours = try await Self.lines(admin).filter { line in
            line.split(separator: " ").first.map(kinds.contains) ?? false
        }
        #expect(kinds.count > 8 && ours.count > 30)
        #expect(Set(ours.map { $0.split(separator: " ")[0] }) == kinds)
        let (here, there) = (Set(ours), Set(theirs.dropFirst()))
        #expect(here.subtracting(there).sorted() == [] && there.subtracting(here).sorted() == [])
        #expect(ours.count == theirs.count - 1)
        await consumer.close()
        try await task.value
        await admin.close()
        await broker.stop()
    }

    private static func lines(_ client: String, _ servers: String) throws -> [String] {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let command =
            "timeout --kill-after=5 60 '\(try #require(venv))/bin/python' '\(root)/Tests/Foreign/admin_compare.py' "
            + "'\(servers)' \(client) t busy idle"
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        try #require(pclose(pipe) == 0, "the script failed; what it says is above")
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func lines(_ admin: KafkaAdmin) async throws -> [String] {
        func joined(_ ids: [BrokerID]) -> String { ids.sorted().map { "\($0)" }.joined(separator: ",") }
        var lines = try await admin.describeCluster().nodes.map { "broker \($0.id) \($0.address)" }
        let topic = try #require(try await admin.describeTopics(["t"]).get()["t"])
        lines.append("id t \(topic.id)")
        for part in topic.partitions {
            lines.append(
                "partition t-\(part.partition) leader=\(part.leader ?? .none) replicas=\(joined(part.replicas)) "
                    + "isr=\(joined(part.inSync))")
        }
        for entry in try await admin.describeConfigs([.topic("t")]).get()[.topic("t")] ?? [] {
            lines.append("config t \(entry.name)=\(entry.value ?? "None")")
        }
        for group in try await admin.listGroups().get() {
            lines.append(
                "listed \(group.id) \("\(group.state?.rawValue ?? "")".lowercased()) \(group.type?.rawValue ?? "")")
        }
        let group = try #require(try await admin.describeGroups(["busy"]).get()["busy"])
        lines.append("group busy \(group.state.rawValue.lowercased()) \(group.assignor)")
        for member in group.members {
            let partitions = member.assignment.map { "\($0)" }.joined(separator: ",")
            lines.append("member busy \(member.clientId) \(partitions)")
        }
        for (id, offsets) in try await admin.listGroupOffsets(["busy": nil, "idle": nil]).get() {
            for (partition, offset) in try offsets.get() {
                lines.append("committed \(id) \(partition) \(offset.offset)")
            }
        }
        let specs: [(String, KafkaAdmin.OffsetSpec)] = [
            ("first", .earliest), ("end", .latest), ("newest", .maxTimestamp),
        ]
        for (name, spec) in specs {
            let wanted = topic.partitions.map { (TopicPartition("t", $0.partition), spec) }
            for (partition, offset) in try await admin.listOffsets(Dictionary(uniqueKeysWithValues: wanted)).get() {
                lines.append("\(name) \(partition) \(offset.offset ?? .none)")
            }
        }
        for transaction in try await admin.listTransactions().get() {
            lines.append("transaction \(transaction.id) \(transaction.producerId) \(transaction.state)")
        }
        for (broker, dirs) in try await admin.describeLogDirs().get() {
            for (partition, replica) in dirs.flatMap(\.replicas) {
                lines.append("logs \(broker) \(partition) \(replica.size)")
            }
        }
        return lines
    }
}
