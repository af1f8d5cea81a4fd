import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Foreign clients in groups under the newer protocol (KIP-848), with heartbeats that a test can wait for.
@Suite(.serialized, .alone) struct ForeignConsumerGroupTests {
    /// librdkafka, through confluent-kafka.
    @Test(.enabled(if: Foreigners.python != nil)) func librdkafka() async throws {
        try await run("'\(try #require(Foreigners.python))' '\(Foreigners.programs)/test_consumer_groups.py'")
    }

    @Test(.enabled(if: Foreigners.jars != nil)) func theJavaClient() async throws {
        try await run("java -cp '\(try #require(Foreigners.jars))/*' '\(Foreigners.programs)/JavaGroups.java'")
    }

    private func run(_ command: String) async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.defaultPartitions = 4
        configuration.consumerHeartbeatInterval = .milliseconds(300)
        configuration.consumerSessionTimeout = .seconds(6)
        let broker = try await KafkaBroker.start(configuration)
        #expect(try await runShell("BOOTSTRAP=\(broker.bootstrapServers) timeout 300 " + command) == 0)
        await broker.stop()
    }
}
