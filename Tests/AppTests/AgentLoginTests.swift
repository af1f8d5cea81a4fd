import ClientSetup
import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Agents at a broker that wants to know who they are.
@Suite(.turn) struct AgentLoginTests {
    /// A broker that speaks SASL_SSL, and a folder with the settings of its one user.
    private final class Door: Sendable {
        let broker: KafkaBroker
        let folder: String

        init() async throws {
            folder = NSTemporaryDirectory() + "agent-login-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let now = Int64(Date().timeIntervalSince1970)
            let authority = try DevelopmentCA.authority(named: "authority", .init(days: 1, now: now))
            let server = try DevelopmentCA.issue(
                "server", .server(names: ["127.0.0.1"]), .init(days: 1, now: now), by: authority)
            try Data(authority.certificate.utf8).write(to: URL(filePath: folder + "/ca.pem"))
            var configuration = KafkaBroker.Configuration(topics: ["changes": 2, "alerts": 1])
            configuration.security = ListenerSecurity(name: "SASL_SSL", .saslSSL)
            configuration.security.tls = TLSServerOptions(identity: server.identity)
            configuration.scramUsers = ["alice": "open sesame"]
            broker = try await KafkaBroker.start(configuration)
        }

        /// The file that the user logs in with.
        func file(password: String = "open sesame", further: [String] = []) throws -> String {
            let path = folder + "/\(UUID().uuidString).properties"
            let lines = [
                "bootstrap.servers=\(broker.bootstrapServers)", "security.protocol=SASL_SSL",
                "ssl.truststore.location=\(folder)/ca.pem", "sasl.mechanism=SCRAM-SHA-512",
                "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
                    + "username=\"alice\" password=\"\(password)\";",
            ]
            // For its owner alone: else it is told.
            guard
                FileManager.default.createFile(
                    atPath: path, contents: Data((lines + further).joined(separator: "\n").utf8),
                    attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            return path
        }

        /// A client that is let in.
        func client() throws -> ClientConfiguration {
            let options = try SettingOptions.parse(["--command-config", try file()])
            return try options.client(at: nil, standard: "nowhere:1", name: "test").configuration
        }

        func end() async {
            await broker.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    private func withDoor(_ body: (Door) async throws -> Void) async throws {
        let door = try await Door()
        do { try await body(door) } catch {
            await door.end()
            throw error
        }
        await door.end()
    }

    private func write(_ values: [String], _ door: Door) async throws {
        var configuration = KafkaProducer.Configuration(bootstrapServers: [])
        configuration.client = try door.client()
        let producer = try KafkaProducer(configuration)
        for value in values {
            try await producer.enqueue(ProducerRecord(topic: "changes", value: Bytes(utf8: value), partition: 0))
        }
        try await producer.close()
    }

    /// With five lines in a file: the consumer and the producer of alerts both log in.
    @Test func fiveLinesOfSettingsAreEnough() async throws {
        try await withDoor { door in
            let agent = try RunningAgent(
                door.broker, ["--command-config", try door.file(), "--alerts-topic", "alerts"])
            try await write(Change.alarming(user: 1, from: 1), door)
            try await eventually { try await door.broker.values(of: "alerts", 0).count == 1 }
            #expect(try await agent.end() == 0)
            #expect(agent.total("alerts") == 1)
            #expect(!agent.text.contains("sesame"))
        }
    }

    @Test func whatTheFileSaysOfTheClusterCounts() async throws {
        try await withDoor { door in
            let client = try door.client()
            #expect(client.bootstrapServers == [door.broker.bootstrapServers])
            #expect(client.clientId == "test")
            let options = try SettingOptions.parse([
                "--command-config", try door.file(further: ["client.id=mine"]), "--command-property",
                "request.timeout.ms=1234",
                "--command-property", "client.id=over it",
            ])
            let (other, remarks) = try options.client(at: " a:1 , b:2 ", standard: "nowhere:1", name: "test")
            #expect(other.bootstrapServers == ["a:1", "b:2"])
            #expect(other.clientId == "over it")
            #expect(other.requestTimeout == .milliseconds(1234))
            #expect(remarks.isEmpty)
        }
    }

    @Test func aWrongPasswordIsOneSentence() async throws {
        try await withDoor { door in
            let agent = try RunningAgent(door.broker, ["--command-config", try door.file(password: "open barley")])
            try await agent.says("did not take the client's credentials")
            #expect(try await agent.end() == 1)
            #expect(!agent.text.contains("barley"))
        }
    }

    @Test func aSettingThatIsWrongIsToldWithItsPlace() async throws {
        try await withDoor { door in
            let wrong = try door.file(further: ["request.timeout.ms=soon"])
            var agent = try RunningAgent(door.broker, ["--command-config", wrong])
            #expect(try await agent.end() == 1)
            #expect(agent.text.hasPrefix("agent: \(wrong), line 6: "))
            agent = try RunningAgent(door.broker, ["--command-config", "/nowhere/file"])
            #expect(try await agent.end() == 1)
            #expect(agent.text.contains("/nowhere/file"))
            #expect(agent.text.split(separator: "\n").count == 1)
            let misspelt = try door.file(further: ["sasl.mechanisn=PLAIN"])
            agent = try RunningAgent(door.broker, ["--command-config", misspelt])
            try await agent.says("reading changes")
            #expect(agent.text.contains("did you mean sasl.mechanism"))
            #expect(try await agent.end() == 0)
        }
    }
}
