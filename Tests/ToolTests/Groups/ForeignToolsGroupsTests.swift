import Foundation
import KafkaBroker
import Testing

/// `kw groups` held against kafka-python and confluent-kafka, whose consumers are the groups' members
/// (`Tests/Foreign/test_kw_groups.py`).
@Suite(.timeLimit(.minutes(3))) struct ForeignToolsGroupsTests {
    private static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }

    @Test(.enabled(if: python != nil)) func othersTellTheSame() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 4, "payments": 2])
        configuration.consumerHeartbeatInterval = .milliseconds(300)
        configuration.consumerSessionTimeout = .seconds(6)
        let broker = try await KafkaBroker.start(configuration)
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let kw = try #require(Program.folder) + "/kw"
        let command =
            "BOOTSTRAP=\(broker.bootstrapServers) KW='\(kw)' timeout 150 '\(try #require(Self.python))' "
            + "'\(root)/Tests/Foreign/test_kw_groups.py'"
        // On a thread of its own: the few that tests share must stay free for the broker.
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: system(command)) }
        }
        #expect(status == 0)
        await broker.stop()
    }
}
