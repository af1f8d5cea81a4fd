import AppSupport
import ArgumentParser
import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// Where a group that has committed nothing begins.
@Suite(.turn) struct AgentStartTests {
    /// 2026-11-21T06:00:00Z.
    private static let now: Int64 = 1_795_240_800_000

    @Test(
        arguments: [
            ("2026-11-21T05:00:00Z", now - 3_600_000), ("2026-11-21T06:00:00.250+02:00", now - 7_200_000 + 250),
            ("2026-11-21", now - 6 * 3_600_000), ("2h", now - 7_200_000), ("1d2h", now - 26 * 3_600_000), ("@0", 0),
            ("@9223372036854775807", .max), ("2027-01-01T00:00:00Z", 1_798_761_600_000),
        ] as [(String, Int64)])
    func aTimeIsAMomentOrASpanAgo(text: String, milliseconds: Int64) throws {
        let options = try AgentOptions.parse(["--from-time", text])
        #expect(try options.startTime(now: Self.now) == milliseconds)
    }

    @Test(
        arguments: [
            " ", "yesterday", "2", "-2h", "2x", "@-1", "@", "2026-13-01", "2026-02-30", "2026-11-21T25:00:00Z", "0",
            "99999999d", "\u{1B}[2J",
        ])
    func whatIsNoTimeIsTold(text: String) throws {
        let error = #expect(throws: (any Error).self) { try AgentOptions.parse(["--from-time=\(text)"]) }
        let message = AgentOptions.message(for: try #require(error))
        #expect(message.contains("--from-time") && message.contains("is no time"), "\(message)")
        #expect(!message.contains("\u{1B}"))
        #expect(AgentOptions.exitCode(for: try #require(error)).rawValue == 64)
    }

    @Test func oneWordSaysWhereToBegin() throws {
        #expect(throws: (any Error).self) { try AgentOptions.parse(["--from", "latest", "--from-time", "2h"]) }
        #expect(try AgentOptions.parse([]).offsetReset == .earliest)
        #expect(try AgentOptions.parse(["--from", "latest"]).offsetReset == .latest)
        #expect(try AgentOptions.parse(["--from-time", "@7"]).startTime(now: Self.now) == 7)
    }

    /// Rows whose records are of the seconds that their ids are.
    private static func start(_ ids: ClosedRange<Int>) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for id in ids {
            try await producer.send(
                ProducerRecord(
                    topic: "changes", value: Bytes(utf8: Change.row(id, user: 7, id == 4 ? "9000" : "10.5")),
                    partition: 0,
                    timestamp: now + Int64(id) * 1000))
        }
        try await producer.close()
        return broker
    }

    private static func time(_ second: Int64) -> String { "@\(now + second * 1000)" }

    /// The users' past is read back, as in front of any other position.
    @Test func aGroupThatIsNewBeginsWithTheFirstEventOfThatTime() async throws {
        let broker = try await Self.start(1...5)
        let agent = try RunningAgent(broker, ["--from-time", Self.time(4)])
        try await eventually { await broker.committed == [5] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 2)
        #expect(agent.text.contains("3 events were read back"))
        #expect(agent.text.contains("ANOMALY DETECTED: User 7 spent $9000.00"))
        await broker.stop()
    }

    @Test func aGroupThatHasCommittedGoesOnThere() async throws {
        let broker = try await Self.start(1...5)
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: [broker.bootstrapServers]))
        _ = try await admin.alterGroupOffsets(of: "g", [TopicPartition("changes", 0): CommittedOffset(offset: 2)]).get()
        await admin.close()
        let agent = try RunningAgent(broker, ["--from-time", Self.time(5)])
        try await eventually { await broker.committed == [5] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 3)
        await broker.stop()
    }

    @Test func aTimeBehindAllEventsWaitsForTheNextOne() async throws {
        let broker = try await Self.start(1...3)
        let agent = try RunningAgent(broker, ["--from-time", Self.time(60), "--history", "0"])
        try await agent.says("partitions 0")
        try await eventually { await broker.committed == [3] }
        try await broker.write([Change.row(9, user: 7)])
        try await eventually { await broker.committed == [4] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 1)
        await broker.stop()
    }
}
