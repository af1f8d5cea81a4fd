import JSONLines
import KafkaBroker
import TestSupport
import Testing

/// Admin clients of others and `kw` at the same cluster: what one makes, the other tells, and both tell the same.
@Suite(.serialized, .alone(minutes: 3)) struct ForeignToolsAdminTests {
    @Test(.enabled(if: Running.python != nil), arguments: ["confluent", "kafka-python"])
    func othersTellTheSame(client: String) async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let python = try #require(Running.python)
        let script =
            "timeout --kill-after=5 60 '\(python)' '\(Running.programs)/tool_admin.py' '\(broker.bootstrapServers)' \(client)"
        // Theirs, and ours, in the same steps.
        _ = try await Running.shell("\(script) make theirs 2>&1")
        try await Self.make("ours", broker)
        let theirs = try await Running.shell("\(script) tell theirs ours")
            .split(separator: "\n").map(String.init)
        let kinds = Set(theirs.compactMap { $0.split(separator: " ").first })
        #expect(kinds.isSuperset(of: ["topics", "cluster", "broker", "partition", "config", "earliest", "latest"]))
        let ours = try await Self.tell(["theirs", "ours"], broker).filter { line in
            line.split(separator: " ").first.map(kinds.contains) ?? false
        }
        #expect(ours.count > 80)
        #expect(Set(ours).subtracting(theirs).sorted() == [])
        #expect(Set(theirs).subtracting(ours).sorted() == [])
        // Both topics were made alike.
        func facts(_ topic: String) -> [String] {
            ours.filter { ["config", "earliest", "latest"].contains($0.split(separator: " ")[0]) }
                .filter { $0.contains(topic) }.map { $0.replacing(topic, with: "") }.sorted()
        }
        #expect(facts("theirs") == facts("ours") && facts("ours").contains("earliest -1 4"))
        await broker.stop()
    }

    /// librdkafka's own view of topics, leaders, replicas and who is in sync.
    @Test(.enabled(if: Running.python != nil)) func kcatTellsTheSame() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        try await Self.make("ours", broker)
        let text = try await Running.shell("timeout 20 kcat -L -J -b '\(broker.bootstrapServers)'")
        let theirs = try #require(JSON(text.split(separator: "\n").joined()))
        let ours = try await Running.json("topics", "--describe", at: broker)
        func lines(_ partitions: [JSON], _ leader: (JSON) -> Int64?, _ ids: (JSON, String) -> [Int64]) -> [String] {
            partitions.map { part in
                "\(part["partition"].number ?? -1) \(leader(part) ?? -1) \(ids(part, "replicas")) \(ids(part, "isr"))"
            }
        }
        let topic = try #require(theirs["topics"].elements.first { $0["topic"].text == "ours" })
        let kcat = lines(topic["partitions"].elements, { $0["leader"].number }) { part, name in
            part[name == "isr" ? "isrs" : name].elements.compactMap { $0["id"].number }
        }
        let described = try #require(ours.elements.first { $0["name"].text == "ours" })
        let kw = lines(described["partitions"].elements, { $0["leader"].number }) { part, name in
            part[name].elements.compactMap(\.number)
        }
        #expect(kcat == kw && kw.count == 4)
        let cluster = try await Running.json("cluster", "list-endpoints", at: broker)
        #expect(
            Set(
                cluster["brokers"].elements.map {
                    "\($0["id"].number ?? -1) \($0["host"].text ?? ""):\($0["port"].number ?? 0)"
                })
                == Set(theirs["brokers"].elements.map { "\($0["id"].number ?? -1) \($0["name"].text ?? "")" }))
        await broker.stop()
    }

    // MARK: - Ours

    private static func make(_ topic: String, _ broker: KafkaBroker) async throws {
        let records = try Program.file(
            Array("{\"partitions\":[{\"topic\":\"\(topic)\",\"partition\":1,\"offset\":4}],\"version\":1}".utf8))
        defer { records.remove() }
        func kw(_ arguments: String...) async throws {
            let outcome = try await Running.kw(arguments + ["--bootstrap-server", broker.bootstrapServers])
            #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
        }
        try await kw(
            "topics", "--create", "--topic", topic, "--partitions", "3", "--replication-factor", "2", "--config",
            "retention.ms=70000")
        try await kw(
            "configs", "--alter", "--topic", topic, "--add-config",
            "max.message.bytes=123456,cleanup.policy=[compact,delete]")
        try await kw("topics", "--alter", "--topic", topic, "--partitions", "4")
        for partition in 0..<4 {
            _ = try await Running.shell(
                "seq \(partition) 4 39 | sed 's/.*/k&:v&/' | "
                    + "timeout 20 kcat -P -K: -t \(topic) -p \(partition) -b '\(broker.bootstrapServers)'")
        }
        try await kw("delete-records", "--offset-json-file", records.path)
    }

    /// What `kw` tells, in the script's lines.
    private static func tell(_ topics: [String], _ broker: KafkaBroker) async throws -> [String] {
        func ids(_ json: JSON) -> String {
            json.elements.compactMap(\.number).sorted().map { "\($0)" }.joined(separator: ",")
        }
        let listed = try await Running.json("topics", "--list", at: broker)
        var lines = ["topics " + listed.elements.compactMap { $0["name"].text }.sorted().joined(separator: ",")]
        let cluster = try await Running.json("cluster", "list-endpoints", at: broker)
        lines.append("cluster \(cluster["clusterId"].text ?? "")")
        for node in cluster["brokers"].elements {
            lines.append("broker \(node["id"].number ?? -1) \(node["host"].text ?? ""):\(node["port"].number ?? 0)")
        }
        for topic in topics {
            let described = try await Running.json("topics", "--describe", "--topic", topic, at: broker)
            let one = try #require(described.elements.first)
            lines.append("id \(topic) \(one["topicId"].text ?? "")")
            for part in one["partitions"].elements {
                lines.append(
                    "partition \(topic)-\(part["partition"].number ?? -1) leader=\(part["leader"].number ?? -1) "
                        + "replicas=\(ids(part["replicas"])) isr=\(ids(part["isr"]))")
            }
            let configs = try await Running.json("configs", "--describe", "--topic", topic, "--all", at: broker)
            for entry in configs.elements.first?["configs"].elements ?? [] {
                lines.append("config \(topic) \(entry["name"].text ?? "")=\(entry["value"].text ?? "None")")
            }
            for time in ["earliest", "latest"] {
                let offsets = try await Running.json("offsets", "--topic", topic, "--time", time, at: broker)
                for entry in offsets.elements {
                    let partition = "\(entry["topic"].text ?? "")-\(entry["partition"].number ?? -1)"
                    lines.append("\(time) \(partition) \(entry["offset"].number ?? -1)")
                }
            }
        }
        return lines
    }
}
