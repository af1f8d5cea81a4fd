import FoundationEssentials
import KafkaWire
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

/// Foreign clients in groups under the newer protocol (KIP-848), with heartbeats that a test can wait for.
@Suite(.serialized) struct ForeignConsumerGroupTests {
    /// librdkafka, through confluent-kafka.
    @Test(.enabled(if: python != nil)) func librdkafka() async throws {
        try await run("'\(try #require(python))' '\(folder)/Tests/Foreign/test_consumer_groups.py'")
    }

    @Test(.enabled(if: jars != nil)) func theJavaClient() async throws {
        try await run("java -cp '\(try #require(jars))/*' '\(folder)/Tests/Foreign/JavaGroups.java'")
    }

    private func run(_ command: String) async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        configuration.consumerHeartbeatInterval = .milliseconds(300)
        configuration.consumerSessionTimeout = .seconds(6)
        let broker = try await KafkaBroker.start(configuration)
        #expect(await shell("BOOTSTRAP=\(broker.bootstrapServers) timeout 300 " + command) == 0)
        await broker.stop()
    }
}
