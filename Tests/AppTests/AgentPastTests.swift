import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// How an agent comes to know its users' past, whatever has become of it. Any of these made it hang before its first event,
/// deaf to Ctrl-C, and its group with it.
@Suite(.turn) struct AgentPastTests {
    /// Runs an agent until it has committed these positions, then ends it.
    private static func run(
        _ broker: KafkaBroker, until committed: [Offset], _ options: [String] = []
    ) async throws -> RunningAgent {
        let agent = try RunningAgent(broker, options)
        try await eventually { await broker.committed == committed }
        #expect(try await agent.end() == 0)
        return agent
    }

    private static func rows(_ ids: Range<Int>, user: Int) -> [String] { ids.map { Change.row($0, user: user) } }

    @Test func aRestartedAgentKnowsItsUsers() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        try await broker.write(Self.rows(1..<4, user: 7))
        _ = try await Self.run(broker, until: [3])
        try await broker.write([Change.row(4, user: 7, "9000")])
        let agent = try await Self.run(broker, until: [4])
        #expect(agent.total("events") == 1)
        #expect(agent.text.contains("ANOMALY DETECTED: User 7 spent $9000.00"))
        #expect(agent.text.contains("3 events were read back"))
        await broker.stop()
    }

    /// Retention deleted what lay in front of the commit.
    @Test(arguments: ["earliest", "latest"])
    func aLogThatIsEmptyInFrontOfItsCommitHoldsUpNothing(_ start: String) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 2]))
        for partition in 0..<2 as Range<Int> {
            try await broker.write(
                Self.rows(3 * partition..<3 * partition + 3, user: partition), PartitionID(index: partition))
        }
        _ = try await Self.run(broker, until: [3, 3])
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: [broker.bootstrapServers]))
        _ = try await admin.deleteRecords(before: [TopicPartition("changes", 0): .none]).get()
        try await broker.write(Self.rows(6..<9, user: 1), 1)
        let agent = try await Self.run(broker, until: [3, 6], ["--from", start])
        #expect(agent.total("events") == 3)
        // What comes of the other one later is judged, too.
        try await broker.write(Self.rows(9..<11, user: 0), 0)
        let next = try await Self.run(broker, until: [5, 6], ["--from", start])
        #expect(next.total("events") == 2)
        await admin.close()
        await broker.stop()
    }

    /// A commit beyond the log's end, as after an unclean election or for a topic that was made anew.
    @Test(arguments: [("earliest", 7), ("latest", 1)])
    func aLogThatEndsInFrontOfItsCommitIsReadOnByTheSetting(_ start: String, _ events: Int) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        try await broker.write(Self.rows(1..<7, user: 1))
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: [broker.bootstrapServers]))
        let place = TopicPartition("changes", 0)
        _ = try await admin.alterGroupOffsets(of: "g", [place: CommittedOffset(offset: 50)]).get()
        let agent = try RunningAgent(broker, ["--from", start])
        try await eventually { await broker.committed == [6] }
        try await broker.write(Self.rows(7..<8, user: 1))
        try await eventually { await broker.committed == [7] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == events)
        #expect(agent.text.contains("the log ends at offset 6"))
        await admin.close()
        await broker.stop()
    }

    /// 15 minutes of nothing for the whole group.
    @Test func aPartitionWithoutALeaderIsWaitedForAndTheOthersAreJudged() async throws {
        let nodes = try await TwoNodes.start()
        let broker = nodes.broker
        let away = try await nodes.partition(of: "changes")
        let stays = 1 - away.rawValue
        for partition in 0..<2 as Range<Int> {
            try await broker.write(
                Self.rows(3 * partition..<3 * partition + 3, user: partition), PartitionID(index: partition))
        }
        _ = try await Self.run(broker, until: [3, 3])
        try await broker.stopNode(nodes.away)
        let agent = try RunningAgent(broker, at: nodes.address)
        try await agent.says("partitions 0, 1")
        let user = Int(stays)
        try await broker.write([Change.row(10, user: user, "9000")], PartitionID(rawValue: stays))
        try await agent.says("ANOMALY DETECTED: User \(user) spent")
        #expect(!agent.text.contains("ANOMALY DETECTED: User \(1 - user) spent"))
        try await broker.startNode(nodes.away)
        try await broker.write([Change.row(11, user: 1 - user, "9000")], away)
        // Its past was read when it was back.
        try await agent.says("ANOMALY DETECTED: User \(1 - user) spent")
        try await eventually { await broker.committed == [4, 4] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 2)
        await broker.stop()
    }

    @Test func anAgentThatWaitsForALeaderEndsWhenItIsToldTo() async throws {
        let nodes = try await TwoNodes.start(changes: 2)
        for partition in 0..<2 as Range<Int> {
            try await nodes.broker.write(
                Self.rows(3 * partition..<3 * partition + 3, user: 1), PartitionID(index: partition))
        }
        _ = try await Self.run(nodes.broker, until: [3, 3])
        try await nodes.broker.stopNode(nodes.away)
        let agent = try RunningAgent(nodes.broker, at: nodes.address)
        try await agent.says("waits, others are judged meanwhile")
        #expect(try await agent.end() == 0)
        #expect(await nodes.broker.committed == [3, 3])
        await nodes.broker.stop()
    }

    /// `--skip-damaged` held for new events alone.
    @Test func damagedHistoryIsPassedOverAsNewEventsAre() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        for id in 1..<4 as Range<Int> { try await broker.write(Self.rows(id..<id + 1, user: 1)) }
        try await broker.corruptBatch("changes", 0, 1)
        let first = try await Self.run(broker, until: [3], ["--skip-damaged"])
        #expect(first.total("events") == 2)
        try await broker.write(Self.rows(4..<5, user: 1))
        let second = try await Self.run(broker, until: [4], ["--skip-damaged"])
        #expect(second.total("events") == 1)
        // Without the option it stops there, and says so.
        let agent = try RunningAgent(broker)
        try await agent.says("is damaged")
        #expect(try await agent.end() == 1)
        await broker.stop()
    }

    /// The member was silent while it read back: its group waited until it was done.
    @Test func anAgentThatReadsBackGivesPartitionsAwayWhenItIsAskedTo() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 2]))
        for partition in 0..<2 as Range<Int> {
            try await broker.write(Self.rows(3 * partition..<3 * partition + 3, user: 1), PartitionID(index: partition))
        }
        _ = try await Self.run(broker, until: [3, 3])
        let hook = broker.on(.fetch) { $0.clientId == "slow" ? .drop : .pass }
        let slow = try RunningAgent(broker, name: "slow")
        try await eventually { hook.uses > 0 }
        let other = try RunningAgent(broker, name: "other")
        try await eventually {
            let group = await broker.group("g")
            return group?.state == "Stable" && group?.members.allSatisfy { $0.partitions.count == 1 } == true
                && group?.members.count == 2
        }
        try await other.says("events were read back")
        #expect(try await slow.end() == 0)
        #expect(try await other.end() == 0)
        #expect(await broker.committed == [3, 3])
        await broker.stop()
    }

    @Test func readingBackEndsWhenItsTimeIsUp() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        for id in 1..<9 as Range<Int> { try await broker.write(Self.rows(id..<id + 1, user: 1)) }
        _ = try await Self.run(broker, until: [8])
        try await broker.write([Change.row(9, user: 1)])
        let agent = try RunningAgent(broker, ["--history-time", "0"]) { $0.partitionMaximumBytes = 1 }
        try await agent.says("--history-time")
        try await eventually { await broker.committed == [9] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 1)
        await broker.stop()
    }

    @Test func noMoreThanTheHistoryIsReadBack() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        for id in 1..<9 as Range<Int> { try await broker.write(Self.rows(id..<id + 1, user: 1)) }
        _ = try await Self.run(broker, until: [8])
        for (limit, words) in [("3", "3 events were read back"), ("0", "partitions 0")] {
            let agent = try RunningAgent(broker, ["--history", limit])
            try await agent.says(words)
            #expect(try await agent.end() == 0)
            #expect(limit != "0" || !agent.text.contains("were read back"))
        }
        await broker.stop()
    }

    // MARK: - Transactions and repeats

    /// A writer's failed try counted beside the one that went well, also when it was read back.
    @Test func rowsOfAbortedTransactionsAreNotJudgedNorRemembered() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        var writer = try await TransactionalWriter(broker)
        try await writer.write(Self.rows(1..<4, user: 1), commit: false)
        try await writer.write(Self.rows(4..<6, user: 1), commit: true)
        let first = try RunningAgent(broker)
        try await eventually { await broker.committed == [7] }
        #expect(try await first.end() == 0)
        #expect(first.total("transactions") == 2)
        // Two rows are too few to be compared with; the five with those that never were would be enough.
        try await broker.write([Change.row(6, user: 1, "9000")])
        let second = try RunningAgent(broker)
        try await eventually { await broker.committed == [8] }
        #expect(try await second.end() == 0)
        #expect(second.total("transactions") == 1)
        #expect(!second.text.contains("ANOMALY DETECTED"))
        await writer.close()
        await broker.stop()
    }

    @Test func whoAsksForItGetsTheRowsOfAbortedTransactions() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        var writer = try await TransactionalWriter(broker)
        try await writer.write(Self.rows(1..<4, user: 1), commit: false)
        let agent = try RunningAgent(broker, ["--isolation-level", "read_uncommitted"])
        try await eventually { await broker.committed == [4] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("transactions") == 3)
        await writer.close()
        await broker.stop()
    }

    @Test func anOpenTransactionIsWaitedForAndHoldsUpNoEnd() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        try await broker.write(Self.rows(1..<3, user: 1))
        var writer = try await TransactionalWriter(broker)
        try await writer.write(Self.rows(3..<6, user: 1), commit: nil)
        let agent = try RunningAgent(broker)
        try await eventually { await broker.committed == [2] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("transactions") == 2)
        await writer.close()
        await broker.stop()
    }

    /// Each delivery was a transaction, and four rows an alert.
    @Test func rowsThatComeAgainAreJudgedOnceAlsoAfterARestart() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let rows = Self.rows(1..<4, user: 1)
        try await broker.write(rows + rows)
        let first = try await Self.run(broker, until: [6])
        #expect(first.total("transactions") == 3 && first.repeated == 3)
        try await broker.write(rows + (1..<4).map { Change.row($0, user: 1, "9000", op: "r") })
        let second = try await Self.run(broker, until: [12])
        #expect(second.total("transactions") == 0 && second.repeated == 6)
        #expect(!second.text.contains("ANOMALY DETECTED"))
        // A new one is none.
        try await broker.write([Change.row(4, user: 1, "9000", op: "r")])
        let third = try await Self.run(broker, until: [13])
        #expect(third.total("transactions") == 1 && third.repeated == 0)
        #expect(third.text.contains("ANOMALY DETECTED"))
        await broker.stop()
    }
}
