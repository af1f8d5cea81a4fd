import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before topics without leaders or replicas, and before clocks that differ.
@Suite(.turn) struct DoctorTopicTests {
    private func configuration(_ broker: KafkaBroker, _ topics: [String] = []) -> KafkaDoctor.Configuration {
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(broker.port)")
        configuration.topics = topics
        return configuration
    }

    private func production(_ broker: KafkaBroker) -> KafkaProducer.Configuration {
        var configuration = KafkaProducer.Configuration(bootstrapServers: [])
        configuration.client = .quick(["127.0.0.1:\(broker.port)"])
        configuration.deliveryTimeout = .seconds(2)
        return configuration
    }

    @Test func replicasLeadersAndMinimum() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        func topic(_ name: String, _ assignments: [[BrokerID]], _ configs: [String: String] = [:])
            -> KafkaAdmin.NewTopic
        {
            var topic = KafkaAdmin.NewTopic(name)
            topic.assignments = assignments
            topic.configs = configs
            return topic
        }
        _ = try await admin.createTopics([
            topic("whole", [[1], [2]]), topic("under", [[1, 2, 3], [2, 3, 1]]), topic("lost", [[3], [1]]),
            topic("strict", [[1, 3], [2, 1]], ["min.insync.replicas": "2"]),
            topic("impossible", [[1]], ["min.insync.replicas": "2"]),
        ]).get()
        try await broker.stopNode(3)
        let report = await KafkaDoctor(configuration(broker)).examine()
        #expect(
            Set(report.findings.filter { $0.severity > .ok }.map { "\($0.code) \($0.place)" }) == [
                "under-replicated topic under", "no-leader topic lost", "below-min-insync-replicas topic strict",
                "below-min-insync-replicas topic impossible",
            ])
        #expect(try report.only(.noLeader).message.hasPrefix("Partition 0 of lost has no leader"))
        #expect(try report.only(.underReplicated).severity == .warning)
        #expect(try report.only(.underReplicated).message.contains("Broker 3 does not run"))
        let minimum = report[.belowMinimumInSync]
        #expect(minimum.allSatisfy { $0.message.contains("min.insync.replicas=2") && $0.severity == .problem })
        // And so it is: what the doctor says of acks=all is what a producer meets.
        let producer = try KafkaProducer(production(broker))
        let refused = await #expect(throws: KafkaError.self) {
            var record = ProducerRecord(topic: "strict", value: "v")
            record.partition = 0
            try await producer.send(record)
        }
        #expect(refused != nil)
        try? await producer.close()
        let whole = await KafkaDoctor(configuration(broker, ["whole"])).examine()
        #expect(whole.problems.isEmpty)
        await admin.close()
        await broker.stop()
    }

    @Test func aTopicThatIsNotThereHasANearestName() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["transactions": 1, "alerts": 1]))
        let report = await KafkaDoctor(configuration(broker, ["transaction", "alerts"])).examine()
        #expect(report.troubles == ["problem unknown-topic"])
        #expect(try report.only(.unknownTopic).advice?.hasPrefix("Did you mean transactions?") == true)
        await broker.stop()
    }

    @Test(arguments: [
        (-60, "warning clock-skew", "behind"), (60, "warning clock-skew", "ahead of"),
        (-7200, "problem clock-skew", "INVALID_TIMESTAMP"),
    ])
    func clocks(seconds: Int64, trouble: String, words: String) async throws {
        let clock = ManualClock(startingAt: Instant.wallMilliseconds + seconds * 1000)
        var setup = KafkaBroker.Configuration(topics: ["t": 1])
        setup.clock = .manual(clock)
        let broker = try await KafkaBroker.start(setup)
        let report = await KafkaDoctor(configuration(broker)).examine()
        #expect(report.troubles == [trouble])
        #expect(try report.only(.clockSkew).message.contains(words))
        await broker.stop()
    }

    @Test func recordsFromTheFuture() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer(production(broker))
        var record = ProducerRecord(topic: "t", value: "v")
        record.timestamp = Instant.wallMilliseconds + 1_800_000
        try await producer.enqueue(record)
        try await producer.enqueue(ProducerRecord(topic: "t", value: "now"))
        try await producer.close()
        let report = await KafkaDoctor(configuration(broker)).examine()
        #expect(report.troubles == ["warning records-from-the-future"])
        #expect(try report.only(.recordsFromTheFuture).message.contains("29 min in the future"))
        await broker.stop()
    }

    @Test func appendTimesAsATable() {
        var facts = ClockJudgement.Facts()
        facts.newest = [.init(topic: "t", timestamp: 20_000, isAppendTime: true, now: 10_000)]
        #expect(ClockJudgement.findings(facts).map(\.code) == [.clockSkew])
        facts.newest = [.init(topic: "t", timestamp: 10_900, isAppendTime: false, now: 10_000)]
        #expect(ClockJudgement.findings(facts).isEmpty, "within what NTP keeps")
        // The answer took long: the clock may be right, and is not blamed.
        facts.reading = .init(broker: 1, earliest: 0, latest: 10_000, time: 9_000)
        #expect(ClockJudgement.findings(facts).map(\.code) == [.clocksAgree])
    }
}
