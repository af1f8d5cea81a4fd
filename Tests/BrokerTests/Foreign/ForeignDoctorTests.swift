import Foundation
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

/// The doctor before what others make: librdkafka's mock cluster, a group of kafka-python's that one member holds up, a
/// transaction of librdkafka's that is left open.
@Suite(.serialized, .enabled(if: Foreigners.python != nil), .alone(minutes: 2)) struct ForeignDoctorTests {
    @Test func librdkafkasMockClusterIsSeenAsOne() async throws {
        let python = try #require(Foreigners.python)
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["\(Foreigners.programs)/mock_cluster.py", "3"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let servers = line.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
        try #require(servers.count == 3)
        let report = await KafkaDoctor(.init(bootstrapServers: servers)).examine()
        #expect(report[.foreignBroker].first?.message.contains("librdkafka's mock cluster") == true)
        #expect(report.step(.brokers)?.severity == .ok, "\(report.findings)")
        #expect(report[.brokerTooOld].isEmpty)
    }

    /// A member that works for long between two polls, and another that joins meanwhile: the group cannot get stable.
    @Test func aGroupThatOneMemberHoldsUp() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let script = """
            import time
            from kafka import KafkaConsumer
            def member(name):
                # What does not know the topic yet joins twice, and where a poll ends just then it stays without partitions.
                consumer = KafkaConsumer(bootstrap_servers='\(broker.bootstrapServers)', group_id='g', client_id=name,
                                         max_poll_interval_ms=60000)
                consumer.partitions_for_topic('t')
                consumer.subscribe(['t'])
                return consumer
            slow = member('slow')
            while not slow.assignment(): slow.poll(timeout_ms=100)
            fast = member('fast')
            end = time.time() + 20
            while time.time() < end: fast.poll(timeout_ms=100)
            """
        let process = try run(script)
        defer { kill(process.processIdentifier, SIGKILL) }
        // The first member has its partitions, then the second one comes.
        try await until { await broker.group("g")?.state == "Stable" }
        try await until { await broker.group("g")?.state == "PreparingRebalance" }
        let report = await examine(broker, watch: .seconds(3))
        let finding = try #require(report[.groupNotStable].first, "\(report.findings)")
        #expect(finding.severity == .problem)
        #expect(finding.message.contains("stable"))
        #expect(finding.advice?.contains("max.poll.interval.ms") == true)
        await broker.stop()
    }

    @Test func aTransactionThatIsLeftOpen() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let script = """
            import time
            from confluent_kafka import Consumer, Producer, TopicPartition
            servers = '\(broker.bootstrapServers)'
            plain = Producer({'bootstrap.servers': servers})
            plain.produce('t', b'before'); plain.flush()
            producer = Producer({'bootstrap.servers': servers, 'transactional.id': 'billing-7'})
            producer.init_transactions(); producer.begin_transaction()
            producer.produce('t', b'open'); producer.flush()
            plain.produce('t', b'behind'); plain.flush()
            consumer = Consumer({'bootstrap.servers': servers, 'group.id': 'g', 'auto.offset.reset': 'earliest',
                                 'isolation.level': 'read_committed', 'auto.commit.interval.ms': 100})
            consumer.subscribe(['t'])
            end = time.time() + 40
            while time.time() < end: consumer.poll(0.1)
            """
        let process = try run(script)
        defer { kill(process.processIdentifier, SIGKILL) }
        // It has read and committed what stands before the transaction.
        try await until { await broker.group("g")?.committed.first?.offset == 1 }
        let report = await examine(broker, watch: .seconds(2))
        let finding = try #require(report[.openTransaction].first, "\(report.findings)")
        #expect(
            finding.message.contains("stands at 1 of t-0") && finding.message.contains("transactional.id billing-7"))
        #expect(finding.message.contains("2 records wait"))
        #expect(report[.consumerStuck].isEmpty, "what is explained is not told again")
        await broker.stop()
    }

    private func examine(_ broker: KafkaBroker, watch: Duration) async -> DiagnosisReport {
        var configuration = KafkaDoctor.Configuration(
            bootstrapServers: broker.bootstrapServers.split(separator: ",").map(String.init))
        configuration.groups = ["g"]
        configuration.watch = watch
        return await KafkaDoctor(configuration).examine()
    }

    private func run(_ script: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Foreigners.python))
        process.arguments = ["-c", script]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func until(_ holds: @Sendable () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await !holds() {
            try #require(ContinuousClock.now < deadline, "it took too long")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension DiagnosisReport {
    fileprivate func step(_ stage: Stage) -> Step? { steps.first { $0.stage == stage } }
}
