import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// What becomes of alerts that cannot be sent at present, and of everything else meanwhile.
@Suite(.turn) struct AgentAlertTests {
    /// Nodes of which one is away that leads a partition of `alerts`, and of `changes` none; users by where their alerts go.
    private static func start() async throws -> (TwoNodes, away: PartitionID, late: [Int], early: [Int]) {
        let nodes = try await TwoNodes.start(changes: 1)
        let away = try await nodes.partition(of: "alerts")
        return (
            nodes, away, nodes.users(alertsIn: away), nodes.users(alertsIn: PartitionID(rawValue: 1 - away.rawValue))
        )
    }

    /// The ids of the transactions in a partition of `alerts`.
    private static func ids(_ broker: KafkaBroker, _ partition: PartitionID) async throws -> [Int] {
        try await broker.values(of: "alerts", partition).map { value in
            let rest = value.split(separator: "\"transaction_id\":").last ?? ""
            return Int(rest.prefix { $0.isNumber }) ?? -1
        }
    }

    /// All judging stood still for 120 s a try; when the leader was back nothing was sent until the next event; then alerts
    /// that had arrived were sent again: 71 instead of 41.
    @Test func anAlertsPartitionWithoutALeaderStopsNoJudgingAndGetsEachAlertOnceWhenItIsBack() async throws {
        let (nodes, away, late, early) = try await Self.start()
        let broker = nodes.broker
        try await broker.stopNode(nodes.away)
        let agent = try RunningAgent(
            broker, at: nodes.address, ["--alerts-topic", "alerts", "--guarantee", "at-least-once"])
        // Users by turns, so that alerts that arrive lie behind others that wait.
        var rows: [String] = []
        var id = 1
        for turn in 0..<10 {
            for user in [late[turn], early[turn]] {
                rows += Change.alarming(user: user, from: id, alerts: 2)
                id += 5
            }
        }
        try await broker.write(rows)
        let stays = PartitionID(rawValue: 1 - away.rawValue)
        try await eventually { try await Self.ids(broker, stays).count == 20 }
        // All is judged; what may be committed ends at the first event whose alert waits.
        try await eventually { agent.text.split(separator: "\n").count { $0.hasPrefix("ANOMALY") } == 40 }
        try await eventually { await broker.committed == [3] }
        try await agent.says("alerts have not arrived for 5 s")
        try await broker.startNode(nodes.away)
        // By itself: no event comes, and nothing ends.
        try await eventually { try await Self.ids(broker, away).count == 20 }
        try await eventually { await broker.committed == [Offset(Int64(rows.count))] }
        try await agent.says("all alerts have arrived")
        #expect(try await agent.end() == 0)
        for partition in [away, stays] {
            let ids = try await Self.ids(broker, partition)
            #expect(ids == ids.sorted() && Set(ids).count == 20)
        }
        #expect(agent.total("events") == rows.count)
        await broker.stop()
    }

    /// It went on with the next batch of no partition.
    @Test func whatComesLaterIsJudgedWhileAlertsWait() async throws {
        let (nodes, _, late, early) = try await Self.start()
        let broker = nodes.broker
        try await broker.stopNode(nodes.away)
        let agent = try RunningAgent(
            broker, at: nodes.address, ["--alerts-topic", "alerts", "--guarantee", "at-least-once"])
        try await broker.write(Change.alarming(user: late[0], from: 1))
        try await agent.says("User \(late[0]) spent")
        for turn in 0..<3 {
            try await broker.write(Change.alarming(user: early[turn], from: 10 * (turn + 1)))
            try await agent.says("User \(early[turn]) spent")
        }
        #expect(await broker.committed.allSatisfy { $0 <= 3 })
        _ = try await agent.end()
        await broker.stop()
    }

    @Test func anAgentThatEndsWhileAlertsWaitSaysSoAndSendsThemAfterTheNextStart() async throws {
        let (nodes, away, late, _) = try await Self.start()
        let broker = nodes.broker
        try await broker.stopNode(nodes.away)
        let options = ["--alerts-topic", "alerts", "--guarantee", "at-least-once"]
        let agent = try RunningAgent(broker, at: nodes.address, options)
        try await broker.write(Change.alarming(user: late[0], from: 1))
        try await agent.says("User \(late[0]) spent")
        #expect(try await agent.end() == 1)
        #expect(agent.text.contains("1 alert has not arrived"))
        #expect(await broker.committed == [3])
        try await broker.startNode(nodes.away)
        let next = try RunningAgent(broker, at: nodes.address, options)
        try await eventually { await broker.committed == [4] }
        #expect(try await next.end() == 0)
        #expect(try await Self.ids(broker, away) == [4])
        await broker.stop()
    }

    /// Of old, every rebalance takes all partitions away; what had arrived, and what waits, was sent again after it.
    @Test(arguments: [false, true]) func aRebalanceWhileAlertsWaitSendsNoneAgain(_ isCooperative: Bool) async throws {
        let assignors: [any GroupAssignor] = isCooperative ? [.cooperativeSticky] : [.range]
        let (nodes, away, late, early) = try await Self.start()
        let broker = nodes.broker
        try await broker.createTopic("other", partitions: 1, replicas: 2)
        try await broker.stopNode(nodes.away)
        let agent = try RunningAgent(
            broker, at: nodes.address, ["--alerts-topic", "alerts", "--guarantee", "at-least-once"]
        ) { $0.assignors = assignors }
        try await broker.write(Change.alarming(user: late[0], from: 1) + Change.alarming(user: early[0], from: 10))
        let stays = PartitionID(rawValue: 1 - away.rawValue)
        try await eventually { try await Self.ids(broker, stays) == [13] }
        try await eventually { await broker.committed == [3] }
        // A member that reads something else comes, and goes.
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [nodes.address], group: "g", topics: ["other"])
        configuration.heartbeatInterval = .milliseconds(100)
        configuration.assignors = assignors
        let guest = try KafkaConsumer(configuration)
        let visit = Task { for try await _ in guest.batches {} }
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        if !isCooperative {
            try await eventually { agent.text.split(separator: "\n").count { $0.contains("partitions 0") } >= 2 }
        }
        try await broker.write(Change.alarming(user: early[1], from: 20))
        try await eventually { try await Self.ids(broker, stays) == [13, 23] }
        try await broker.startNode(nodes.away)
        try await eventually { try await Self.ids(broker, away) == [4] }
        try await eventually { await broker.group("g")?.committed.first { $0.topic == "changes" }?.offset == 12 }
        #expect(agent.text.split(separator: "\n").count { $0.hasPrefix("ANOMALY") } == 3)
        await guest.close()
        try await visit.value
        #expect(try await agent.end() == 0)
        #expect(try await Self.ids(broker, stays) == [13, 23])
        #expect(try await Self.ids(broker, away) == [4])
        await broker.stop()
    }

    /// A broker that refuses for good ends the agent, which commits nothing of what it could not tell.
    @Test func alertsThatAreRefusedForGoodEndTheAgent() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1, "alerts": 1]))
        broker.on(.produce) { $0.clientId == "kafkawire" ? .pass : .fail(.topicAuthorizationFailed) }
        let agent = try RunningAgent(broker, ["--alerts-topic", "alerts", "--guarantee", "at-least-once"])
        try await broker.write(Change.alarming(user: 1, from: 1))
        try await agent.says("TOPIC_AUTHORIZATION_FAILED")
        #expect(try await agent.end() == 1)
        #expect(await broker.committed == [3])
        await broker.stop()
    }
}
