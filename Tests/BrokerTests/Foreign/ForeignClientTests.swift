import FoundationEssentials
import Testing

@testable import KafkaBroker

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

private let python = (ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"]).map { $0 + "/bin/python" }

/// kcat, kafka-python, confluent-kafka and aiokafka against the embedded broker. Runs where `KAFKAWIRE_VENV` names a
/// Python environment that has them.
@Suite struct ForeignClientTests {
    @Test(.enabled(if: python != nil)) func foreignClientsProduceConsumeAndShare() async throws {
        let python = try #require(python)
        let folder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        let broker = try await KafkaBroker.start(configuration)
        let command =
            "BOOTSTRAP=\(broker.bootstrapServers) timeout 300 '\(python)' "
            + "'\(folder)/Tests/Foreign/test_foreign_clients.py'"
        // The clients run in a process of their own and the broker on its own thread: this task only waits.
        #expect(system(command) == 0)
        await broker.stop()
    }
}
