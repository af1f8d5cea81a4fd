import Foundation
import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// Whatever a command is asked, and whatever is wrong with its settings, what is secret in them is printed nowhere.
@Suite(.turn, .enabled(if: Program.folder != nil)) struct HiddenSecretTests {
    /// Stands for every password; a piece of it is as bad as the whole.
    private static let marker = "Zq7markerQz9"

    /// What each command is asked: CONFIG is its file of settings, FILE an empty file, OUT one that is not there.
    private static let commands: [String: [[String]]] = [
        "topics": [["--list", "CONFIG"], ["--describe", "CONFIG"], ["--create", "--topic", "n", "CONFIG"]],
        "produce": [["--topic", "t", "--json", "CONFIG"]],
        "consume": [["--topic", "t", "--from-beginning", "-e", "--timeout-ms", "2000", "CONFIG"]],
        "groups": [["--list", "CONFIG"], ["--describe", "--all-groups", "CONFIG"]],
        "all-groups": [["--list", "CONFIG"]],
        "configs": [
            ["--describe", "--entity-type", "brokers", "--entity-name", "1", "--all", "CONFIG"],
            ["--describe", "--entity-type", "users", "CONFIG"],
            ["--alter", "--entity-type", "users", "--entity-name", "x", "--add-config-file", "SCRAM", "CONFIG"],
            ["--alter", "--entity-type", "brokers", "--entity-name", "1", "--add-config-file", "KEYS", "CONFIG"],
        ],
        "offsets": [["--topic", "t", "CONFIG"]],
        "delete-records": [["--offset-json-file", "FILE", "CONFIG"]],
        "cluster cluster-id": [["CONFIG"]], "cluster list-endpoints": [["CONFIG"]],
        "cluster unregister": [["--id", "9", "CONFIG"]],
        "acls": [["--list", "CONFIG"]],
        "tokens": [
            ["--describe", "CONFIG"], ["--create", "--write", "OUT", "CONFIG"],
            ["--renew", "--hmac", marker + "hmac", "CONFIG"], ["--expire", "--hmac-file", "SCRAM", "CONFIG"],
        ],
        "transactions list": [["CONFIG"]],
        "transactions describe": [["--transactional-id", "x", "CONFIG"]],
        "transactions describe-producers": [["--topic", "t", "--partition", "0", "CONFIG"]],
        "transactions abort": [["--topic", "t", "--partition", "0", "--start-offset", "0", "CONFIG"]],
        "transactions find-hanging": [["--broker-id", "1", "CONFIG"]],
        "transactions forceTerminateTransaction": [["--transactional-id", "x", "CONFIG"]],
        "log-dirs": [["--describe", "CONFIG"]],
        "leader-election": [["--election-type", "preferred", "--all-topic-partitions", "CONFIG"]],
        "metadata-quorum describe": [["--status", "CONFIG"]],
        "features describe": [["CONFIG"]],
        "features upgrade": [["--feature", "group.version=1", "--dry-run", "CONFIG"]],
        "features downgrade": [["--feature", "group.version=0", "--dry-run", "CONFIG"]],
        "features disable": [["--feature", "group.version", "--dry-run", "CONFIG"]],
        "api-versions": [["CONFIG"]],
        "reassign-partitions": [["--list", "CONFIG"]],
        "top": [["--once", "CONFIG"]],
        "doctor": [["--verbose", "CONFIG"]],
        // A port that is taken, since it would not end.
        "proxy": [["--listen", "TAKEN", "--upstream-login", "CONFIG"]],
        "replay": [["FILE", "CONFIG"]],
        "bench produce": [
            ["--topic", "t", "--num-records", "10", "--record-size", "10", "--throughput", "-1", "CONFIG"]
        ],
        "bench consume": [["--topic", "t", "--num-records", "1", "--timeout", "2000", "CONFIG"]],
        "bench latency": [["--topic", "t", "--num-records", "5", "CONFIG"]],
        "connectors list": [["CONNECT"]],
        "dump-log": [["--files", "FILE"]],
    ]
    /// What is given no settings at all.
    private static let without: Set<String> = [
        // The broker's settings are others.
        "broker",
        "features version-mapping", "simulate", "explain", "conformance", "completions", "man",
    ]

    /// The words of all commands that do something.
    private static func leaves(_ command: JSON, _ path: [String]) -> [String] {
        let below = command["subcommands"].elements.filter { $0["commandName"].text != "help" }
        if below.isEmpty { return [path.joined(separator: " ")] }
        return below.flatMap { leaves($0, path + [$0["commandName"].text ?? ""]) }
    }

    @Test func everyCommandIsLookedAt() throws {
        let all = Self.leaves(try #require(JSON(KW._dumpHelp()))["command"], [])
        let looked = Set(Self.commands.keys).union(Self.without)
        // Of Connect's commands one stands for all: what they show of settings has tests of its own.
        let missing = all.filter { !looked.contains($0) && !$0.hasPrefix("connectors ") }
        #expect(missing.isEmpty)
        #expect(looked.subtracting(all).isEmpty)
    }

    /// Settings as they should be, and what may be wrong with them.
    private static func settings(_ bootstrap: String) -> [(name: String, text: String)] {
        let head = "bootstrap.servers=\(bootstrap)\nsecurity.protocol=SASL_PLAINTEXT\n"
        func jaas(_ password: String, _ module: String = "plain.PlainLoginModule") -> String {
            "sasl.jaas.config=org.apache.kafka.common.security.\(module) required username=\"alice\" password=\(password);\n"
        }
        let plain = head + "sasl.mechanism=PLAIN\n"
        return [
            ("right", plain + jaas("\"\(marker)\"")),
            ("wrong", plain + jaas("\"\(marker)-wrong\"")),
            ("scram", head + "sasl.mechanism=SCRAM-SHA-512\n" + jaas("\"\(marker)-wrong\"", "scram.ScramLoginModule")),
            ("escape", plain + "sasl.username=alice\nsasl.password=C:\\u\(marker)\n"),
            ("no quotes", plain + jaas("!\(marker)!")),
            ("open quote", plain + jaas("\"\(marker)")),
            ("parted", plain + "sasl.username=alice\nsasl.password=\n\(marker)\n"),
            ("parted in quotes", plain + "sasl.jaas.config=x required username=\"a\"\n\"\(marker)\";\n"),
            ("other module", plain + jaas("\"\(marker)\"", "scram.ScramLoginModule")),
            ("proxy", plain + jaas("\"\(marker)\"") + "proxy.url=ftp://a:\(marker)@b:1\n"),
            ("misspelt", plain + "sasl.pasword=\(marker)\nsasl.username=alice\n"),
            (
                "key",
                "bootstrap.servers=\(bootstrap)\nsecurity.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.key=\(marker)\n"
                    + "ssl.keystore.certificate.chain=\(marker)\nssl.key.password=\(marker)\n"
            ),
            (
                "stores",
                "bootstrap.servers=\(bootstrap)\nsecurity.protocol=SSL\nssl.truststore.type=PKCS12\n"
                    + "ssl.truststore.location=/dev/null\nssl.truststore.password=\(marker)\n"
            ),
            (
                "token",
                head + "sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://127.0.0.1:1/\n"
                    + "sasl.oauthbearer.client.credentials.client.id=a\n"
                    + "sasl.oauthbearer.client.credentials.client.secret=\(marker)\n"
                    + "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId=\"a\" clientSecret=\"\(marker)\";\n"
            ),
        ]
    }

    private static func broker() async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        var listener = ListenerSecurity(name: "SASL_PLAINTEXT", .saslPlaintext)
        listener.users = ["alice": Secret(marker)]
        configuration.security = listener
        configuration.scramUsers = ["alice": Secret(marker)]
        configuration.delegationTokens = .init(secretKey: Secret(marker + "key"))
        return try await KafkaBroker.start(configuration)
    }

    private static func run(_ words: [String], _ file: String, _ others: [String: String]) async throws
        -> Program.Outcome
    {
        let arguments = words.flatMap { word -> [String] in
            switch word {
            case "CONFIG": ["--command-config", file]
            case "CONNECT": ["--connect", "http://alice:\(marker)@127.0.0.1:1"]
            default: [others[word] ?? word]
            }
        }
        return try await Running.kw(arguments)
    }

    private static func withFiles(_ taken: String, _ body: ([String: String]) async throws -> Void) async throws {
        let scram = try Program.file(Array("SCRAM-SHA-512=iterations=1,password=\(marker)\n".utf8))
        defer { scram.remove() }
        let keys = try Program.file(
            Array("ssl.key.password=\(marker)\nlistener.name.x.plain.sasl.jaas.config=\(marker)\n".utf8))
        defer { keys.remove() }
        let empty = try Program.file([])
        defer { empty.remove() }
        let out = NSTemporaryDirectory() + "kw-hidden-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: out) }
        try await body(["SCRAM": scram.path, "KEYS": keys.path, "FILE": empty.path, "OUT": out, "TAKEN": taken])
    }

    private func isHidden(_ outcome: Program.Outcome, _ words: [String], _ name: String) {
        for text in [outcome.output, outcome.error] {
            #expect(!text.contains("marker"), "\(name): kw \(words.joined(separator: " ")): \(text)")
        }
    }

    @Test func noCommandPrintsASecretOfItsSettings() async throws {
        let broker = try await Self.broker()
        try await Self.withFiles(broker.bootstrapServers) { files in
            for (name, text) in Self.settings(broker.bootstrapServers)
            where ["right", "wrong", "escape"].contains(name) {
                let file = try Program.file(Array(text.utf8))
                defer { file.remove() }
                for (command, lines) in Self.commands.sorted(by: { $0.key < $1.key }) {
                    for line in lines {
                        let words = command.split(separator: " ").map(String.init) + line
                        isHidden(try await Self.run(words, file.path, files), words, name)
                    }
                }
            }
        }
        await broker.stop()
    }

    @Test func whateverIsWrongWithThem() async throws {
        let broker = try await Self.broker()
        try await Self.withFiles(broker.bootstrapServers) { files in
            for (name, text) in Self.settings(broker.bootstrapServers) {
                let file = try Program.file(Array(text.utf8))
                defer { file.remove() }
                for words in [
                    ["topics", "--list", "CONFIG"], ["doctor", "--verbose", "--json", "CONFIG"],
                    ["produce", "--topic", "t", "CONFIG"], ["proxy", "--listen", "TAKEN", "CONFIG"],
                ] {
                    let outcome = try await Self.run(words, file.path, files)
                    isHidden(outcome, words, name)
                    if words[0] == "topics" { #expect((outcome.status == 0) == (name == "right"), "\(name)") }
                }
            }
        }
        await broker.stop()
    }

    /// Files of a broker that cannot be started with them.
    @Test(arguments: [
        "delegation.token.secret.key=C:\\u\(marker)",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config=x required user_a=\"\(marker)",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config=x required user_a=!\(marker)!;",
        "ssl.keystore.type=PEM\nssl.keystore.key=\(marker)\nssl.keystore.certificate.chain=\(marker)",
        "ssl.keystore.location=/dev/null\nssl.keystore.password=\(marker)\nssl.key.password=\(marker)",
        "num.partitions=none\nssl.truststore.password=\(marker)\nsasl.oauthbearer.client.credentials.client.secret=\(marker)",
    ]) func noBrokerPrintsASecretOfItsSettings(text: String) async throws {
        let isTLS = text.hasPrefix("ssl.")
        let file = try Program.file(
            Array(
                """
                listeners=\(isTLS ? "SSL" : "SASL_PLAINTEXT")://127.0.0.1:0
                sasl.enabled.mechanisms=PLAIN
                \(text)

                """.utf8))
        defer { file.remove() }
        let outcome = try await Running.kw(["broker", "--properties", file.path])
        #expect(outcome.status == 1)
        isHidden(outcome, ["broker"], text)
    }
}
