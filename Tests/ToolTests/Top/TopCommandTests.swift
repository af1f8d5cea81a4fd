import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw top` as a program, without a terminal.
@Suite(.turn) struct TopCommandTests {
    private static func run(_ arguments: [String]) async throws -> Program.Outcome {
        let run = try Program.start(["top"] + arguments)
        return try await elsewhere { try run.wait() }
    }

    @Test func withoutATerminalItSaysSo() async throws {
        let outcome = try await Self.run([])
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.error.contains("standard output is no terminal; use --once"))
    }

    @Test(arguments: [["--json"], ["--no-rates"], ["--once", "--interval", "0"], ["--once", "--interval", "2"]])
    func wrongFlagsAreUsageErrors(arguments: [String]) async throws {
        #expect(try await Self.run(arguments).status == 64)
    }

    @Test func aClusterThatIsNotThereIsToldSoon() async throws {
        let began = ContinuousClock.now
        // A port that nobody listens on: reserved, and not for Kafka.
        let outcome = try await Self.run(["--once", "--bootstrap-server", "127.0.0.1:1"])
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw top: ") && outcome.error.contains("127.0.0.1:1"))
        #expect(outcome.error.split(separator: "\n").count == 1)
        #expect(began.duration(to: .now) < .seconds(9))
    }

    @Test func printsTablesAndJSON() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2], brokers: 2))
        let producer = try KafkaProducer(
            .init(bootstrapServers: [broker.bootstrapServers.split(separator: ",").map(String.init)[0]]))
        for _ in 0..<30 { try await producer.enqueue(ProducerRecord(topic: "orders", key: nil, value: "v")) }
        try await producer.close()
        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        _ = try await admin.alterGroupOffsets(
            of: "evil\u{1B}[2J",
            [TopicPartition("orders", 0): .init(offset: 0), TopicPartition("orders", 1): .init(offset: 0)]
        ).get()
        await admin.close()
        let server = ["--bootstrap-server", "127.0.0.1:\(broker.port)"]

        let tables = try await Self.run(server + ["--once", "--no-rates"])
        #expect(tables.status == 0 && tables.error.isEmpty)
        #expect(!tables.output.contains("\u{1B}") && tables.output.contains("evil\\x1b[2J"))
        let lines = tables.output.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("orders ") && $0.contains("  30  ") })
        #expect(lines.contains { $0.hasPrefix("evil") && $0.hasSuffix("30") })
        #expect(!tables.output.contains("IN/S"))

        let document = try await Self.run(server + ["--once", "--json", "--interval", "200ms"])
        #expect(document.status == 0)
        let json = try #require(JSON(document.output))
        #expect(json["brokers"].elements.count == 2 && json["controllerId"].number != nil)
        let topic = try #require(json["topics"].elements.first)
        #expect(topic["name"].text == "orders" && topic["records"].number == 30)
        #expect(topic["partitions"].elements.count == 2 && topic["recordsInPerSecond"] == .double(0))
        let group = try #require(json["groups"].elements.first)
        #expect(group["lag"].number == 30 && group["groupId"].text == "evil\u{1B}[2J" && group["state"].text == "Empty")
        #expect(group["forecast"].text == "standsStill" && group["secondsUntilCaughtUp"] == .null)
        #expect(group["partitions"].elements.map { $0["lag"].number ?? -1 }.reduce(0, +) == 30)

        let absent = try await Self.run(server + ["--once", "--no-rates", "--topic", "absent"])
        #expect(absent.status == 1 && absent.error.contains("absent"))
        await broker.stop()
    }
}
