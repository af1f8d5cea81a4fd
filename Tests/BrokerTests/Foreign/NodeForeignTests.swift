import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

/// Foreign clients on a cluster that never rests: leaders and coordinators move, nodes stop and start, answers are lost.
/// What an idempotent producer has sent is there once, in order, and the groups get all of it.
@Suite(.serialized, .alone) struct NodeForeignTests {
    /// librdkafka and kafka-python, from the Python environment that `KAFKAWIRE_VENV` names.
    @Test(.enabled(if: Foreigners.python != nil)) func pythonClientsFollow() async throws {
        let python = try #require(Foreigners.python)
        try await chase("'\(python)' '\(Foreigners.programs)/test_nodes.py'", topics: 3)
    }

    /// The Java client, from the folder of jars that `KAFKAWIRE_JARS` names.
    @Test(.enabled(if: Foreigners.jars != nil)) func theJavaClientFollows() async throws {
        let jars = try #require(Foreigners.jars)
        try await chase("java -cp '\(jars)/*' '\(Foreigners.programs)/JavaNodes.java'", topics: 2)
    }

    /// kcat, kafka-python, confluent-kafka and aiokafka keep to what an older release says that it speaks.
    @Test(.enabled(if: Foreigners.python != nil), arguments: ["1.0", "2.0", "2.4", "2.8", "3.3", "3.9"])
    func pythonClientsSpeakWithOlderReleases(release: String) async throws {
        let python = try #require(Foreigners.python)
        var configuration = KafkaBroker.Configuration(brokers: 2)
        configuration.speaks = release
        let broker = try await KafkaBroker.start(configuration)
        let script = "'\(Foreigners.programs)/test_foreign_clients.py' produces_and_consumes"
        #expect(
            try await runShell("BOOTSTRAP=\(broker.bootstrapServers) timeout 120 '\(python)' \(script)") == 0,
            "\(release)")
        await broker.stop()
    }

    /// Runs the command, and lets the nodes go round once it has created its topics.
    private func chase(_ command: String, topics: Int) async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let servers = broker.bootstrapServers
        let outcome = Locked<Int32?>(nil)
        async let ended: Void = {
            let status = try await runShell("BOOTSTRAP=\(servers) timeout 200 \(command)")
            outcome.withLock { $0 = status }
        }()
        var random = RandomSource(seed: 4)
        var moves = 0
        var stops = 0
        let started = Instant.now
        var restless: Instant?
        while outcome.withLock({ $0 }) == nil {
            try await Task.sleep(for: .milliseconds(200))
            // The script ends by itself, or its time limit ends it.
            guard Instant.now - started < .seconds(240) else { break }
            guard await broker.topics.count >= topics else { continue }
            let beginning = restless ?? .now
            restless = beginning
            // The clients get some rest at the end, in which they must be done.
            guard Instant.now - beginning < .seconds(9) else { continue }
            moves += 1
            for topic in await broker.topics {
                let index = Int(random.next() % UInt64(topic.partitions.count))
                let replicas = topic.partitions[index].inSyncReplicas
                let node = replicas[Int(random.next() % UInt64(replicas.count))]
                try await broker.moveLeader(of: topic.name, partition: PartitionID(index: index), to: node)
            }
            let node = BrokerID(Int32(1 + random.next() % 3))
            for group in await broker.groups.map(\.id) { try await broker.moveCoordinator(ofGroup: group, to: node) }
            for id in await broker.transactions.map(\.id) {
                try await broker.moveCoordinator(ofTransaction: id, to: node)
            }
            if moves % 4 == 0 { broker.on(.produce, times: 1) { _ in .disconnectAfterwards } }
            if moves % 7 == 0 {
                stops += 1
                let stopped = BrokerID(Int32(1 + random.next() % 3))
                try await broker.stopNode(stopped)
                try await Task.sleep(for: .milliseconds(500))
                try await broker.startNode(stopped)
            }
        }
        try await ended
        #expect(outcome.withLock { $0 } == 0)
        #expect(moves > 15 && stops > 1)
        let epochs = await broker.topics.flatMap(\.partitions).map(\.leaderEpoch.rawValue)
        #expect((epochs.max() ?? 0) >= 3)
        await broker.stop()
    }
}
