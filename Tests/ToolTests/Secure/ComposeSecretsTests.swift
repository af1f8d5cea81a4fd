import Foundation
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

/// What `scripts/compose-secrets.sh` makes for Apache Kafka in a container, at our broker: settings, certificate and users fit
/// together.
@Suite(.turn, .enabled(if: ["/usr/bin/openssl", "/bin/openssl"].contains(where: FileManager.default.isExecutableFile)))
struct ComposeSecretsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private func make(_ directory: String) throws -> Int32 {
        let script = Process()
        script.executableURL = URL(filePath: Self.root + "/scripts/compose-secrets.sh")
        script.arguments = [directory]
        script.standardOutput = FileHandle.nullDevice
        script.standardError = FileHandle.nullDevice
        try script.run()
        script.waitUntilExit()
        return script.terminationStatus
    }

    private func settings(_ directory: String, _ name: String) throws -> [String: String] {
        try PropertiesText.values(String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8))
            .mapValues { $0.replacing("/run/secrets", with: directory) }
    }

    @Test func everyUserLogsInOverTLS() async throws {
        let directory = NSTemporaryDirectory() + "kw-compose-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try make(directory) == 0)
        // What is there is not made anew behind anybody's back.
        let before = try settings(directory, "server.properties")
        #expect(try make(directory) != 0)
        #expect(try settings(directory, "server.properties") == before)

        var values = before
        values["log.dirs"] = nil
        // Which listener is for whom stays so; they listen on free ports, and tell clients of those.
        values["listeners"] = "EXTERNAL://127.0.0.1:0,SECURE://127.0.0.1:0"
        values["advertised.listeners"] = nil
        var configuration = BrokerConfiguration()
        try configuration.apply(values)
        #expect(configuration.authorization == .on(superUsers: [KafkaPrincipal("admin")]))
        let broker = try await KafkaBroker.start(configuration)
        do { try await logIn(broker, directory) } catch {
            await broker.stop()
            throw error
        }
        await broker.stop()
    }

    private func logIn(_ broker: KafkaBroker, _ directory: String) async throws {
        for name in ["admin", "agent", "client"] {
            var client = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
            var settings = try settings(directory, "\(name).properties")
            settings["bootstrap.servers"] = nil
            #expect(try client.apply(settings.map { (name: $0.key, value: $0.value) }).isEmpty)
            #expect(client.security.securityProtocol == .saslSSL)
            let admin = try KafkaAdmin(client)
            let made = await admin.createTopics([.init("made-by-\(name)")])
            // Rules are made by a service of its own; before that, super users alone may do something.
            #expect((try? made.get()) != nil || name != "admin")
            await admin.close()
        }
        #expect(await broker.topics.map(\.name) == ["made-by-admin"])
    }
}
