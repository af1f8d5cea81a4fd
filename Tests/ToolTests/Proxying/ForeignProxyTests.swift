import Foundation
import KafkaBroker
import KafkaWire
import Proxying
import TestSupport
import Testing

/// Clients of others that know only the proxy: the programs that judge the embedded broker are pointed at it, and must
/// see no difference. That nothing goes past it is told by the broker, which counts as many requests as the proxy saw.
@Suite(.serialized, .alone) struct ForeignProxyTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// The Python of the environment that `KAFKAWIRE_VENV` names; nil where there is none.
    private static let python = environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
    /// The folder with the Java client's jars that `KAFKAWIRE_JARS` names; nil as above.
    private static let jars = environment["KAFKAWIRE_JARS"]
    private static let programs =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"

    /// kcat, kafka-python, confluent-kafka and aiokafka: produce and consume, groups, transactions, administration.
    @Test(.enabled(if: python != nil)) func pythonClientsAndKcat() async throws {
        let python = try #require(Self.python)
        try await judge("'\(python)' '\(Self.programs)/test_foreign_clients.py'", brokers: 1)
    }

    /// The same with leaders and coordinators on several nodes, each behind a listener of its own.
    @Test(.enabled(if: python != nil)) func pythonClientsWithSeveralNodes() async throws {
        let python = try #require(Self.python)
        try await judge(
            "'\(python)' '\(Self.programs)/test_foreign_clients.py' produces_and_consumes", brokers: 3)
    }

    /// The Java client: produce, consume in a group, transactions.
    @Test(.enabled(if: jars != nil)) func theJavaClient() async throws {
        let jars = try #require(Self.jars)
        try await judge("java -cp '\(jars)/*' '\(Self.programs)/JavaClient.java'", brokers: 1)
    }

    /// A producer and a group of the Java client through leaders that move, which it learns of from the addresses in
    /// answers to Produce and Fetch (KIP-951).
    @Test(.enabled(if: jars != nil)) func theJavaClientFollowsLeaders() async throws {
        let jars = try #require(Self.jars)
        try await judge("java -cp '\(jars)/*' '\(Self.programs)/JavaNodes.java'", brokers: 3) { broker in
            for turn in 0..<12 {
                try await Task.sleep(for: .milliseconds(400))
                for topic in await broker.topics {
                    for index in topic.partitions.indices {
                        let replicas = topic.partitions[index].inSyncReplicas
                        let leader = replicas[(turn + index) % replicas.count]
                        try await broker.moveLeader(of: topic.name, partition: PartitionID(index: index), to: leader)
                    }
                }
            }
        }
    }

    private func judge(
        _ command: String, brokers: Int, meanwhile: (KafkaBroker) async throws -> Void = { _ in }
    ) async throws {
        var configuration = KafkaBroker.Configuration(brokers: brokers)
        configuration.defaultPartitions = 4
        let broker = try await KafkaBroker.start(configuration)
        let first = try #require(broker.bootstrapServers.split(separator: ",").first)
        let harness = try await ProxyHarness([String(first)]) {
            $0.keepsRequests = false
            $0.keepsAnswers = false
        }
        let address = await harness.address
        async let status = runShell("BOOTSTRAP=\(address) timeout --kill-after=5 240 \(command)")
        try await meanwhile(broker)
        #expect(try await status == 0)
        await harness.stop()
        var seen: [APIKey: Int] = [:]
        for exchange in harness.exchanges { seen[exchange.head.api, default: 0] += 1 }
        let handled = await broker.requestCounts
        await broker.stop()
        for (api, count) in handled where api != .apiVersions {
            // What was passed on when a client left may not have been handled any more.
            #expect(seen[api, default: 0] >= count && seen[api, default: 0] <= count + 20, "\(api)")
        }
        #expect(seen.values.reduce(0, +) > 100)
        #expect(harness.sentences.allSatisfy { !$0.contains("unchanged") }, "\(harness.sentences)")
    }
}
