import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw configs` as a program, against a broker in this process.
@Suite(.turn) struct ConfigsCommandTests {
    @Test func aTopicsSettingsAreSetShownAndTakenAway() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let set = try await Running.kw(
            "configs", "--alter", "--topic", "t", "--add-config",
            "retention.ms=3600000,cleanup.policy=[compact,delete]", at: broker)
        #expect(set.status == 0 && set.output == "Completed updating config for topic t.\n", "\(set.error)")
        let text = """
            Dynamic configs for topic t are:
              cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
            DEFAULT_CONFIG:log.cleanup.policy=delete}
              retention.ms=3600000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=3600000, \
            DEFAULT_CONFIG:log.retention.hours=168}

            """
        for arguments in [
            ["--topic", "t"], ["--entity-type", "topics", "--entity-name", "t"], ["--entity-type", "topics"],
        ] {
            let shown = try await Running.kw(
                ["configs", "--describe", "--bootstrap-server", broker.bootstrapServers] + arguments)
            #expect(shown.output == text && shown.status == 0, "\(arguments)")
        }
        let all = try await Running.json("configs", "--describe", "--topic", "t", "--all", at: broker)
        let entries = try #require(all.elements.first?["configs"].elements)
        #expect(entries.count > 30 && entries.contains { $0["name"].text == "segment.bytes" })
        #expect(entries.first { $0["name"].text == "retention.ms" }?["source"].text == "DYNAMIC_TOPIC_CONFIG")
        let file = try Program.file(Array("# two\nsegment.bytes = 2000000\nretention.ms=5\n".utf8))
        defer { file.remove() }
        for arguments in [["--add-config-file", file.path], ["--delete-config", "cleanup.policy,retention.ms"]] {
            let changed = try await Running.kw(
                ["configs", "--alter", "--topic", "t", "--bootstrap-server", broker.bootstrapServers] + arguments)
            #expect(changed.status == 0, "\(changed.error)")
        }
        let left = try await Running.json("configs", "--describe", "--topic", "t", at: broker)
        #expect(left.elements.first?["configs"].elements.map { $0["name"].text } == ["segment.bytes"])
        await broker.stop()
    }

    @Test func brokersGroupsAndMetricsHaveSettings() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        func kw(_ arguments: String...) async throws -> String {
            let outcome = try await Running.kw(
                ["configs", "--bootstrap-server", broker.bootstrapServers] + arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
            return outcome.output
        }
        let defaults = try await kw("--alter", "--broker-defaults", "--add-config", "message.max.bytes=200000")
        #expect(defaults == "Completed updating default config for brokers in the cluster.\n")
        let one = try await kw("--alter", "--broker", "2", "--add-config", "message.max.bytes=300000")
        #expect(one == "Completed updating config for broker 2.\n")
        let shown = try await kw("--describe", "--entity-type", "brokers")
        let heads = shown.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        #expect(
            heads == [
                "Dynamic configs for broker 1 are:", "Dynamic configs for broker 2 are:",
                "Default configs for brokers in the cluster are:",
            ])
        #expect(
            shown.contains(
                "  message.max.bytes=300000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:message.max.bytes=300000, ")
        )
        #expect(try await kw("--describe", "--entity-type", "brokers", "--entity-default").contains("bytes=200000"))
        _ = try await kw("--alter", "--group", "g", "--add-config", "consumer.session.timeout.ms=50000")
        #expect(try await kw("--describe", "--group", "g").contains("  consumer.session.timeout.ms=50000 "))
        _ = try await kw("--alter", "--client-metrics", "m", "--add-config", "metrics=[a.b,c.d],interval.ms=1000")
        #expect(try await kw("--describe", "--client-metrics", "m").contains("  metrics=a.b,c.d sensitive"))
        #expect(
            try await kw("--describe", "--topic", "n")
                == "The topic 'n' doesn't exist and doesn't have dynamic config.\n")
        #expect(try await kw("--describe", "--entity-type", "broker-loggers", "--entity-name", "1").contains("root="))
        await broker.stop()
    }

    @Test func quotasAreSetShownAndTakenAway() async throws {
        let broker = try await KafkaBroker.start()
        func kw(_ arguments: String...) async throws -> Program.Outcome {
            try await Running.kw(["configs", "--bootstrap-server", broker.bootstrapServers] + arguments)
        }
        let both = ["--entity-type", "users", "--entity-default", "--entity-type", "clients", "--entity-name", "c"]
        let set = try await Running.kw(
            ["configs", "--bootstrap-server", broker.bootstrapServers, "--alter"] + both
                + ["--add-config", "producer_byte_rate=20000000,request_percentage=12.5"])
        #expect(set.output == "Completed updating default config for users in the cluster.\n", "\(set.error)")
        #expect(try await kw("--alter", "--user", "alice", "--add-config", "consumer_byte_rate=1024").status == 0)
        #expect(try await kw("--alter", "--ip", "127.0.0.9", "--add-config", "connection_creation_rate=7").status == 0)
        #expect(
            try await kw("--describe", "--entity-type", "users").output
                == "Quota configs for user-principal 'alice' are consumer_byte_rate=1024.0\n")
        #expect(
            try await kw("--describe", "--entity-type", "users", "--entity-type", "clients").output
                == "Quota configs for the default user-principal, client-id 'c' are request_percentage=12.5, "
                + "producer_byte_rate=2.0E7\n")
        let ips = try await Running.json("configs", "--describe", "--entity-type", "ips", at: broker)
        #expect(ips["quotas"].elements.first?["entity"]["ip"].text == "127.0.0.9")
        #expect(ips["quotas"].elements.first?["quotas"]["connection_creation_rate"].number == 7)
        let nothing = try await kw("--alter", "--user", "alice", "--delete-config", "producer_byte_rate")
        #expect(nothing.status == 1 && nothing.error.contains("has no quota producer_byte_rate"))
        #expect(try await kw("--alter", "--user", "alice", "--delete-config", "consumer_byte_rate").status == 0)
        #expect(try await kw("--describe", "--user", "alice").output.isEmpty)
        await broker.stop()
    }

    /// Whom the tool gives a password can log in with it, until it takes it away.
    @Test func aUsersPasswordIsSet() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.furtherListeners = [BrokerListener(ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext))]
        let broker = try await KafkaBroker.start(configuration)
        let door = try #require(await broker.bootstrapServers(of: "SASL_PLAINTEXT"))
        let text =
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.username=u\nsasl.password=geheim\n"
        let settings = try Program.file(Array(text.utf8))
        defer { settings.remove() }
        let alter = ["configs", "--alter", "--bootstrap-server", broker.bootstrapServers, "--user", "u"]
        let list = ["topics", "--list", "--bootstrap-server", door, "--command-config", settings.path]
        let before = try await Running.kw(list)
        #expect(before.status == 1 && before.error.contains("SCRAM-SHA-256"), "\(before.error)")
        let set = try await Running.kw(alter + ["--add-config", "SCRAM-SHA-256=[password=geheim]"])
        #expect(set.status == 0, "\(set.error)")
        let within = try await Running.kw(list)
        #expect(within.status == 0 && within.output == "t\n", "\(within.error)")
        let taken = try await Running.kw(alter + ["--delete-config", "SCRAM-SHA-256"])
        #expect(taken.status == 0, "\(taken.error)")
        #expect(try await Running.kw(list).status == 1)
        await broker.stop()
    }

    @Test func aWrongNameIsNamed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        for (arguments, part) in [
            (["--topic", "t", "--add-config", "retention.msx=1"], "did you mean retention.ms?"),
            (["--topic", "t", "--add-config", "retention.ms=soon"], "INVALID_CONFIG"),
            (["--user", "u", "--add-config", "producer_byterate=1"], "did you mean producer_byte_rate?"),
            (["--user", "u", "--add-config", "producer_byte_rate=many"], "producer_byte_rate is a number"),
            (["--broker-logger", "1", "--add-config", "rot=INFO"], "has no logger rot; did you mean root?"),
            (["--topic", "t", "--add-config-file", "/no/such"], "cannot read /no/such"),
        ] {
            let outcome = try await Running.kw(
                ["configs", "--alter", "--bootstrap-server", broker.bootstrapServers] + arguments)
            #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments): \(outcome.output)")
            #expect(outcome.error.hasPrefix("kw configs: ") && outcome.error.contains(part), "\(outcome.error)")
        }
        await broker.stop()
    }

    @Test(arguments: [
        ["--describe"], ["--topic", "t"], ["--describe", "--topic", "t", "--add-config", "a=b"],
        ["--alter", "--topic", "t"], ["--alter", "--topic", "t", "--all", "--add-config", "a=b"],
        ["--alter", "--entity-type", "topics", "--add-config", "a=b"],
        ["--alter", "--topic", "t", "--add-config", "a=b", "--add-config-file", "f"],
    ]) func wrongUsageIsRefused(arguments: [String]) async throws {
        let outcome = try await Running.kw(["configs"] + arguments)
        #expect(outcome.status == 64 && outcome.error.hasPrefix("Error: "), "\(outcome.error)")
    }
}
