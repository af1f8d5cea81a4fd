import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// Alerts, positions and memory in one transaction: whatever becomes of agent, group and transaction, a reader of what is committed
/// sees each alert once, and nobody's past is lost.
@Suite(.turn) struct AgentExactlyOnceTests {
    private static func start(partitions: Int = 1) async throws -> KafkaBroker {
        try await KafkaBroker.start(.init(topics: ["changes": partitions, "alerts": 1]))
    }

    private static func agent(
        _ broker: KafkaBroker, _ options: [String] = [], name: String = "agent"
    ) throws -> RunningAgent {
        try RunningAgent(broker, name: name, ["--alerts-topic", "alerts"] + options)
    }

    /// The ids of the transactions in `alerts`, as a reader of what is committed sees them.
    private static func alerts(_ broker: KafkaBroker) async throws -> [Int] {
        let end = try #require(await broker.endOffsets(of: "alerts")?.first)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], topics: ["alerts"], from: .earliest)
        configuration.isolationLevel = .readCommitted
        configuration.tellsEnds = true
        configuration.fetchMaximumWait = .milliseconds(50)
        let consumer = try KafkaConsumer(configuration)
        var ids: [Int] = []
        for try await event in consumer.events {
            if case .batch(let batch) = event {
                for record in batch {
                    let rest = record.value?.text.split(separator: "\"transaction_id\":").last ?? ""
                    ids.append(Int(rest.prefix { $0.isNumber }) ?? -1)
                }
            }
            if case .reachedEnd(_, let offset) = event, offset >= end { break }
        }
        _ = await consumer.close()
        return ids
    }

    private static func settle(_ broker: KafkaBroker, at committed: [Offset]) async throws {
        try await eventually { await broker.committed == committed }
    }

    @Test func aRestartedAgentTakesTheUsersPastFromTheChangelog() async throws {
        let broker = try await Self.start()
        var agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1, alerts: 1))
        try await Self.settle(broker, at: [4])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker) == [4])
        // The events are gone: only the changelog knows the user.
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        _ = await admin.deleteRecords(before: [TopicPartition("changes", 0): 4])
        let log = try #require(await broker.topics.first { $0.name == "g-changelog" })
        #expect(log.partitions.count == 1)
        await admin.close()
        agent = try Self.agent(broker)
        try await agent.says("the users' past was taken from the changelog")
        // Delivered again, and a new one.
        try await broker.write([Change.row(4, user: 7, "10000"), Change.row(5, user: 7, "90000")])
        try await Self.settle(broker, at: [6])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker) == [4, 5])
        #expect(agent.repeated == 1)
        await broker.stop()
    }

    /// What a coordinator may answer at each step: the parcel goes again, whole.
    @Test(arguments: [
        (APIKey.txnOffsetCommit, ErrorCode.illegalGeneration), (.txnOffsetCommit, .coordinatorLoadInProgress),
        (.endTxn, .notCoordinator), (.produce, .outOfOrderSequenceNumber),
        (.addPartitionsToTxn, .concurrentTransactions),
    ]) func aTransactionThatFailsIsDoneAgain(api: APIKey, code: ErrorCode) async throws {
        let broker = try await Self.start()
        let agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1, alerts: 2))
        try await Self.settle(broker, at: [5])
        broker.on(api, times: 2) { _ in .fail(code) }
        try await broker.write(Change.alarming(user: 8, from: 11, alerts: 3))
        try await Self.settle(broker, at: [11])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker).sorted() == [4, 5, 14, 15, 16])
        await broker.stop()
    }

    /// What a coordinator answers that has ended the transaction itself, since the agent stood still, or that has forgotten the producer:
    /// another one begins, and nothing is told twice.
    @Test(arguments: [
        (APIKey.endTxn, ErrorCode.producerFenced), (.endTxn, .invalidTxnState),
        (.txnOffsetCommit, .invalidProducerEpoch),
        (.produce, .invalidProducerIdMapping), (.produce, .producerFenced), (.endTxn, .unknownServerError),
    ]) func anAgentThatIsOustedBeginsAnew(api: APIKey, code: ErrorCode) async throws {
        let broker = try await Self.start(partitions: 2)
        let agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1, alerts: 2))
        try await Self.settle(broker, at: [5])
        let answers = Locked([code])
        broker.on(api) { request in
            // The events' producer has no transactions.
            if let produce = request.message as? ProduceRequest, produce.transactionalId == nil { return .pass }
            return answers.withLock { $0.popLast() }.map { .fail($0) } ?? .pass
        }
        try await broker.write(Change.alarming(user: 9, from: 11, alerts: 3))
        try await broker.write(Change.alarming(user: 8, from: 21, alerts: 1), 1)
        try await Self.settle(broker, at: [11, 4])
        try await agent.says("another producer begins anew")
        try await broker.write([Change.row(30, user: 7, "9000000")])
        try await Self.settle(broker, at: [12, 4])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker).sorted() == Self.judged)
        await broker.stop()
    }
    private static let judged = [4, 5, 14, 15, 16, 24, 30]

    /// The transaction is committed, and its end is answered as if it were not: what is committed tells.
    @Test func whatIsCommittedIsNotJudgedAgain() async throws {
        let broker = try await Self.start()
        let agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1, alerts: 2))
        try await Self.settle(broker, at: [5])
        broker.on(.endTxn, times: 1) { _ in .disconnectAfterwards }
        broker.on(.endTxn, times: 1) { _ in .fail(.invalidTxnState) }
        try await broker.write([Change.row(6, user: 7, "9000000")])
        try await agent.says("another producer begins anew")
        try await agent.says("taken from the changelog (")
        try await broker.write([Change.row(7, user: 7, "90000000")])
        try await Self.settle(broker, at: [7])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker) == [4, 5, 6, 7])
        await broker.stop()
    }

    /// Who may not is told so, once, and ends.
    @Test func anAgentThatMayNotSendEnds() async throws {
        let broker = try await Self.start()
        let agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await Self.settle(broker, at: [4])
        broker.on(.endTxn) { _ in .fail(.transactionalIdAuthorizationFailed) }
        try await broker.write([Change.row(5, user: 7, "90000")])
        try await agent.says("TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
        #expect(try await agent.end() == 1)
        #expect(agent.text.split(separator: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED").count == 2)
        #expect(!agent.text.contains("begins anew"))
        await broker.stop()
    }

    /// A twin under the same name takes over; the first one ends, and says why.
    @Test func twinsAreToldApart() async throws {
        let broker = try await Self.start()
        let first = try Self.agent(broker, ["--instance-id", "one"], name: "first")
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await Self.settle(broker, at: [4])
        let second = try Self.agent(broker, ["--instance-id", "one"], name: "second")
        try await second.says("taken from the changelog")
        try await broker.write(Change.alarming(user: 7, from: 5))
        try await Self.settle(broker, at: [8])
        try await first.says("FENCED_INSTANCE_ID")
        #expect(try await first.end() == 1)
        #expect(try await second.end() == 0)
        #expect(try await Self.alerts(broker) == [4, 8])
        await broker.stop()
    }

    @Test func partitionsMoveBetweenInstances() async throws {
        let broker = try await Self.start(partitions: 2)
        let first = try Self.agent(broker, name: "first")
        for partition in 0..<2 as Range<Int32> {
            try await broker.write(
                Change.alarming(user: 7 + Int(partition), from: 1 + 10 * Int(partition)),
                PartitionID(rawValue: partition))
        }
        try await Self.settle(broker, at: [4, 4])
        let second = try Self.agent(broker, name: "second")
        try await second.says("taken from the changelog")
        for partition in 0..<2 as Range<Int32> {
            try await broker.write(
                [Change.row(5 + 10 * Int(partition), user: 7 + Int(partition), "90000")],
                PartitionID(rawValue: partition))
        }
        try await Self.settle(broker, at: [5, 5])
        #expect(try await first.end() == 0)
        #expect(try await second.end() == 0)
        #expect(try await Self.alerts(broker).sorted() == [4, 5, 14, 15])
        await broker.stop()
    }

    /// A group that is set back has its events judged again, as if for the first time.
    @Test func aGroupThatIsSetBackIsJudgedAnew() async throws {
        let broker = try await Self.start()
        var agent = try Self.agent(broker)
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await Self.settle(broker, at: [4])
        #expect(try await agent.end() == 0)
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        try await eventually { await broker.group("g")?.members.isEmpty ?? false }
        let source = TopicPartition("changes", 0)
        let set = await admin.alterGroupOffsets(of: "g", [source: .init(offset: 0)])
        try set[source]?.get()
        await admin.close()
        agent = try Self.agent(broker)
        try await eventually { try await Self.alerts(broker) == [4, 4] }
        #expect(try await agent.end() == 0)
        agent = try Self.agent(broker)
        try await broker.write([Change.row(5, user: 7, "90000")])
        try await Self.settle(broker, at: [5])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker) == [4, 4, 5])
        await broker.stop()
    }

    @Test func aFormerAgentsPastIsReadBackOnce() async throws {
        let broker = try await Self.start()
        var agent = try Self.agent(broker, ["--guarantee", "at-least-once"])
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await Self.settle(broker, at: [4])
        #expect(try await agent.end() == 0)
        agent = try Self.agent(broker)
        try await agent.says("4 events were read back")
        try await broker.write([Change.row(5, user: 9)])
        try await Self.settle(broker, at: [5])
        #expect(try await agent.end() == 0)
        agent = try Self.agent(broker)
        try await agent.says("taken from the changelog")
        try await broker.write([Change.row(6, user: 7, "90000")])
        try await Self.settle(broker, at: [6])
        #expect(try await agent.end() == 0)
        #expect(!agent.text.contains("were read back"))
        #expect(try await Self.alerts(broker) == [4, 6])
        await broker.stop()
    }

    /// Records of another form are told once, and the events say what they would have said.
    @Test func aChangelogOfAnotherFormIsReadBackFromTheEvents() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1, "alerts": 1, "g-changelog": 1]))
        var agent = try Self.agent(broker, ["--guarantee", "at-least-once"])
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await Self.settle(broker, at: [4])
        #expect(try await agent.end() == 0)
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for key in ["user:7", "rows:0", "position"] {
            let former = ProducerRecord(topic: "g-changelog", key: Bytes(utf8: key), value: Bytes([2, 0, 8]))
            try await producer.send(former)
        }
        try await producer.close()
        agent = try Self.agent(broker)
        try await agent.says("3 such records in all")
        try await agent.says("4 events were read back")
        #expect(agent.text.split(separator: "that this version knows").count == 2)
        try await broker.write([Change.row(5, user: 7, "90000")])
        try await Self.settle(broker, at: [5])
        #expect(try await agent.end() == 0)
        #expect(try await Self.alerts(broker) == [4, 5])
        await broker.stop()
    }

    /// An instance that has two of six partitions made a changelog of two, which the next one had to be allowed to grow.
    @Test func theChangelogHasAsManyPartitionsAsTheEvents() async throws {
        let broker = try await Self.start(partitions: 6)
        let client = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
        let topic = ChangelogTopic(name: "log", events: "changes", client: client)
        func partitions() async -> Int? { await broker.topics.first { $0.name == "log" }?.partitions.count }
        try await topic.prepare(partitions: 2)
        #expect(await partitions() == 6)
        // Where it is there, nothing is asked for that needs a permission.
        let before = await broker.requestCounts
        try await topic.prepare(partitions: 6)
        let after = await broker.requestCounts
        #expect(after[.createTopics] == before[.createTopics] && after[.createPartitions] == nil)
        try await topic.prepare(partitions: 7)
        #expect(await partitions() == 7)
        await broker.stop()
    }
}
