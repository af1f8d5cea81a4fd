import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Foreign admin clients set users with passwords, and what is kept is held against those.
@Suite(.serialized, .alone) struct ScramUsersForeignTests {
    @Test(.enabled(if: Foreigners.python != nil), arguments: ["confluent", "kafka-python"])
    func pythonClients(client: String) async throws {
        let python = try #require(Foreigners.python)
        try await run("'\(python)' '\(Foreigners.programs)/scram_users.py' \(client)")
    }

    @Test(.enabled(if: Foreigners.jars != nil)) func theJavaClient() async throws {
        let jars = try #require(Foreigners.jars)
        try await run("java -cp '\(jars)/*' '\(Foreigners.programs)/JavaScramUsers.java'")
    }

    private func run(_ command: String) async throws {
        let broker = try await KafkaBroker.start()
        #expect(try await runShell("BOOTSTRAP=\(broker.bootstrapServers) timeout 120 " + command) == 0)
        let users = Locked(ScramUsers())
        try await broker.server.command { state in users.withLock { $0 = state.scramUsers } }
        let kept = users.withLock { $0 }
        #expect(kept.count == 3)
        for (user, mechanism, iterations) in [
            ("ann", .sha256, 4096), ("ann", .sha512, 8192), ("bob", .sha512, 5000),
        ] as [(String, ScramUsers.Mechanism, Int32)] {
            let credential = try #require(kept[user, mechanism])
            let expected = try CredentialHashes.credential(
                mechanism, password: Array("pencil of \(user)".utf8), salt: credential.salt, iterations: iterations)
            #expect(credential == expected && !credential.salt.isEmpty, "\(user) \(mechanism)")
        }
        await broker.stop()
    }
}
