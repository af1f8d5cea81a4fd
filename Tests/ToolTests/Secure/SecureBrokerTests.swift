import Foundation
import JSONLines
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

/// `kw broker --secure` as a user runs it, and `kw` with what it has written.
@Suite(.turn, .enabled(if: Program.folder != nil)) struct SecureBrokerTests {
    /// A broker that runs, until it is ended.
    private struct Started {
        var run: Program.Run
        var ready: String
        var directory: String

        func file(_ name: String) -> String { "\(directory)/secure/\(name)" }

        var bootstrap: String { field("bootstrap") }

        func field(_ name: String) -> String {
            let start = ready.firstRange(of: "\"\(name)\":\"")?.upperBound ?? ready.endIndex
            return String(ready[start...].prefix { $0 != "\"" })
        }

        /// Runs `kw` as one of the users.
        func kw(_ words: [String], as user: String = "kw", input: String = "/dev/null") throws -> Program.Outcome {
            try Program.kw(words + ["--command-config", file("\(user).properties")], input: input)
        }
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "kw-secure-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    /// Starts a broker, and ends it whatever becomes of `body`; gives what it has printed.
    private func withBroker(
        _ directory: String, _ options: [String] = ["--json"], _ body: (Started) async throws -> Void
    ) async throws -> Program.Outcome {
        let run = try Program.start(
            ["broker", "--secure", "--listen", "127.0.0.1:0", "--data-dir", directory] + options)
        var ready = ""
        do {
            try await eventually(within: .seconds(60)) {
                ready = try run.output.text()
                return ready.contains(options.contains("--json") ? "\n" : "as admin") || kill(run.id, 0) != 0
            }
            try await body(Started(run: run, ready: ready, directory: directory))
        } catch {
            kill(run.id, SIGKILL)
            _ = try run.wait()
            throw error
        }
        kill(run.id, SIGTERM)
        return try run.wait()
    }

    private func passwords(_ directory: String) throws -> [String] {
        let text = try String(contentsOfFile: directory + "/secure/passwords.properties", encoding: .utf8)
        return try PropertiesText.values(text).values.sorted()
    }

    @Test func bothUsersDoWhatTheyMay() async throws {
        try await withDirectory { directory in
            let outcome = try await withBroker(directory) { broker in
                let topic = ["--topic", "orders"]
                var done = try broker.kw(["topics", "--create", "--partitions", "2"] + topic)
                #expect(done.status == 0, "\(done.error)")
                let lines = try Program.file(Array("one\ntwo\n".utf8))
                defer { lines.remove() }
                done = try broker.kw(["produce"] + topic, input: lines.path)
                #expect(done.status == 0, "\(done.error)")
                done = try broker.kw(
                    ["consume", "--from-beginning", "--group", "g", "--max-messages", "2", "--timeout-ms", "20000"]
                        + topic)
                #expect(done.output.split(separator: "\n").sorted() == ["one", "two"])
                done = try broker.kw(["groups", "--describe", "--group", "g"])
                #expect(done.output.contains("orders"))
                done = try broker.kw(
                    ["configs", "--alter", "--entity-type", "topics", "--entity-name", "orders"]
                        + ["--add-config", "retention.ms=60000"])
                #expect(done.status == 0, "\(done.error)")
                // The cluster may be looked at, not changed.
                let rule = ["acls", "--add", "--allow-principal", "User:bob", "--operation", "Read"] + topic
                done = try broker.kw(rule)
                #expect(done.status == 1)
                #expect(done.error.contains("CLUSTER_AUTHORIZATION_FAILED") || done.error.contains("uthoriz"))
                done = try broker.kw(
                    ["configs", "--alter", "--entity-type", "brokers", "--entity-default", "--add-config"]
                        + ["log.retention.ms=1000"])
                #expect(done.status == 1)
                done = try broker.kw(rule, as: "admin")
                #expect(done.status == 0, "\(done.error)")
                done = try broker.kw(["acls", "--list"], as: "admin")
                #expect(done.output.contains("User:bob"))
                #expect(done.output.contains("User:alice"))
            }
            #expect(outcome.status == 0)
            #expect(outcome.error.isEmpty)
        }
    }

    @Test func nothingSecretIsShown() async throws {
        try await withDirectory { directory in
            let outcome = try await withBroker(directory, ["--log", "trace", "--ui", "0"]) { broker in
                #expect(broker.ready.contains(" page at http://127.0.0.1:"))
                for name in ["client", "librdkafka", "kw", "admin"] {
                    #expect(broker.ready.contains("/secure/\(name).properties"))
                }
                #expect(broker.ready.contains("kafka_clients"))
                #expect(broker.ready.contains("/secure/Client.swift"))
                let found = try broker.kw(["topics", "--list"])
                #expect(found.status == 0, "\(found.error)")
                let words = (try? Data(contentsOf: URL(filePath: "/proc/\(broker.run.id)/cmdline"))) ?? Data()
                for password in try passwords(directory) {
                    #expect(!String(decoding: words, as: UTF8.self).contains(password))
                }
            }
            #expect(outcome.status == 0)
            #expect(outcome.error.contains("asks for no password"))
            for password in try passwords(directory) {
                #expect(!outcome.output.contains(password))
                #expect(!outcome.error.contains(password))
            }
        }
    }

    @Test func theNextStartHasAllOfItAgain() async throws {
        try await withDirectory { directory in
            var before: [String] = []
            _ = try await withBroker(directory) { broker in
                #expect(try broker.kw(["topics", "--create", "--topic", "kept"]).status == 0)
                // Rules that an administrator takes away stay away.
                let away = ["acls", "--remove", "--allow-principal", "User:alice", "--operation", "All"]
                #expect(try broker.kw(away + ["--group", "*", "--force"], as: "admin").status == 0)
                before = try passwords(directory)
                #expect(broker.field("kw").hasSuffix("/secure/kw.properties"))
            }
            let outcome = try await withBroker(directory) { broker in
                #expect(try passwords(directory) == before)
                #expect(try broker.kw(["topics", "--list"]).output == "kept\n")
                let rules = try broker.kw(["acls", "--list"], as: "admin").output
                #expect(rules.contains("TOPIC"))
                #expect(!rules.contains("GROUP"))
            }
            #expect(outcome.error.isEmpty)
        }
    }

    @Test func strangersStayOutside() async throws {
        try await withDirectory { directory in
            _ = try await withBroker(directory) { broker in
                let address = ["--bootstrap-server", broker.bootstrap]
                var outcome = try Program.kw(["topics", "--list"] + address)
                #expect(outcome.status == 1)
                #expect(outcome.error.split(separator: "\n").count == 1)
                var text = try String(contentsOfFile: broker.file("kw.properties"), encoding: .utf8)
                text = text.replacing(#/password="[^"]*"/#, with: "password=\"wrong-password\"")
                let wrong = try Program.file(Array(text.utf8))
                defer { wrong.remove() }
                outcome = try Program.kw(["topics", "--list", "--command-config", wrong.path])
                #expect(outcome.status == 1)
                #expect(!outcome.error.contains("wrong-password"))
                #expect(outcome.error.contains("alice") || outcome.error.lowercased().contains("authentic"))
                // PLAIN knows the same users.
                let plain = try String(contentsOfFile: broker.file("kw.properties"), encoding: .utf8)
                    .replacing("SCRAM-SHA-512", with: "PLAIN")
                    .replacing("scram.ScramLoginModule", with: "plain.PlainLoginModule")
                let other = try Program.file(Array(plain.utf8))
                defer { other.remove() }
                outcome = try Program.kw(["topics", "--list", "--command-config", other.path])
                #expect(outcome.status == 0, "\(outcome.error)")
            }
        }
    }

    @Test(arguments: [
        (["--secure"], "--secure needs --data-dir"),
        (
            ["--secure", "--data-dir", "DIR", "--config", "sasl.enabled.mechanisms=PLAIN"],
            "leave out sasl.enabled.mechanisms"
        ),
        (["--secure", "--data-dir", "DIR", "--config", "listeners=PLAINTEXT://127.0.0.1:0"], "leave out listeners"),
        (["--secure", "--data-dir", "/dev/null/x"], "/dev/null"),
    ]) func whatDoesNotFitIsOneSentence(words: [String], sentence: String) async throws {
        try await withDirectory { directory in
            let outcome = try Program.kw(
                ["broker", "--listen", "127.0.0.1:0"] + words.map { $0.replacing("DIR", with: directory) })
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.error.split(separator: "\n").count == 1)
            #expect(outcome.error.hasPrefix("kw broker: "))
            #expect(outcome.error.contains(sentence))
        }
    }

    /// Listeners of a `server.properties`, each with its own protocol, through the program.
    @Test func aFileOfSettingsHasListenersOfAllKinds() async throws {
        try await withDirectory { directory in
            let now = Int64(Date().timeIntervalSince1970)
            var chance = SystemRandomNumberGenerator()
            let folder = try SecureFolder(in: directory, hosts: [], now: now, chance: &chance)
            try SecureClients(folder: folder, bootstrap: "127.0.0.1:0").write()
            let password = String(decoding: folder.password(of: "alice").copied(), as: UTF8.self)
            let ports = try (0..<3).map { _ in
                let (descriptor, port) = try BrokerCommandTests.listener()
                close(descriptor)
                return port
            }
            let server = """
                listeners=PLAINTEXT://127.0.0.1:\(ports[0]),INSIDE://127.0.0.1:\(ports[1]),SSL://127.0.0.1:\(ports[2])
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INSIDE:SASL_SSL,SSL:SSL
                ssl.keystore.type=PEM
                ssl.keystore.location=\(folder.path(.server))
                ssl.truststore.type=PEM
                ssl.truststore.location=\(folder.path(.trust))
                listener.name.ssl.ssl.client.auth=required
                listener.name.inside.sasl.enabled.mechanisms=PLAIN
                listener.name.inside.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \\
                  required user_alice="\(password)";
                """
            let tls = ["security.protocol=SSL", "ssl.truststore.location=\(folder.path(.trust))"]
            let clients: [(port: UInt16, settings: [String], enters: Bool)] = [
                (ports[0], [], true),
                (ports[1], try passwordSettings(folder), true),
                (ports[1], tls, false),
                (ports[2], tls + ["ssl.keystore.type=PEM", "ssl.keystore.location=\(folder.path(.client))"], true),
                (ports[2], tls, false),
            ]
            let file = try Program.file(Array(server.utf8))
            defer { file.remove() }
            let run = try Program.start(["broker", file.path, "--json", "--topic", "here"])
            defer {
                kill(run.id, SIGKILL)
                _ = try? run.wait()
            }
            try await eventually { try run.output.text().contains("\n") || kill(run.id, 0) != 0 }
            let complaints = try run.error.text()
            #expect(try run.output.text().contains("\"event\":\"ready\""), "\(complaints)")
            for client in clients {
                let settings = try Program.file(Array(client.settings.map { $0 + "\n" }.joined().utf8))
                defer { settings.remove() }
                let outcome = try Program.kw([
                    "topics", "--list", "-b", "127.0.0.1:\(client.port)", "--command-config", settings.path,
                ])
                #expect(outcome.output == (client.enters ? "here\n" : ""), "\(client.port): \(outcome.error)")
            }
        }
    }

    private func passwordSettings(_ folder: SecureFolder) throws -> [String] {
        let password = String(decoding: folder.password(of: "alice").copied(), as: UTF8.self)
        return [
            "security.protocol=SASL_SSL", "ssl.truststore.location=\(folder.path(.trust))", "sasl.mechanism=PLAIN",
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" "
                + "password=\"\(password)\";",
        ]
    }
}
