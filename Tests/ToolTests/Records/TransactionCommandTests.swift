import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kw produce` and `kw bench produce` in transactions, read as a consumer with read_committed reads, and as one without.
@Suite(.serialized, .turn) struct TransactionCommandTests {
    private static func broker() async throws -> KafkaBroker { try await KafkaBroker.start(.init(topics: ["t": 1])) }

    private static func produce(_ broker: KafkaBroker, _ options: [String], input: String) async throws
        -> Program.Outcome
    {
        let file = try Program.file(Array(input.utf8))
        defer { file.remove() }
        return try await Running.kw(
            ["produce", "--topic", "t", "--bootstrap-server", broker.bootstrapServers] + options, input: file.path)
    }

    private static func read(_ broker: KafkaBroker, committed: Bool = true) async throws -> [String] {
        let outcome = try await Running.kw([
            "consume", "--topic", "t", "--from-beginning", "-e", "--bootstrap-server", broker.bootstrapServers,
            "--isolation-level", committed ? "read_committed" : "read_uncommitted",
        ])
        #expect(outcome.status == 0, "\(outcome.error)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private static func states(_ broker: KafkaBroker) async throws -> [String: KafkaAdmin.TransactionState] {
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        let listed = try await admin.listTransactions().get()
        await admin.close()
        return Dictionary(uniqueKeysWithValues: listed.map { ($0.id, $0.state) })
    }

    /// Both ends of a pipe, which no other program gets that a test starts meanwhile.
    private static func openPipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    @Test(arguments: [
        (["--transactional-id", "x"], 1), (["--producer-property", "transactional.id=x"], 1),
        (["--transactional-id", "x", "--transaction-records", "2"], 3),
        (["--transactional-id", "x", "--transaction-records", "5"], 1),
        (["--transactional-id", "x", "--transaction-records", "1", "--sync"], 5),
    ])
    func whatIsCommittedIsRead(_ options: [String], _ transactions: Int) async throws {
        let broker = try await Self.broker()
        let sent = try await Self.produce(broker, options + ["--json"], input: "a\nb\nc\nd\ne\n")
        #expect(sent.status == 0 && sent.error.isEmpty, "\(sent.error)")
        let report = try #require(JSON(sent.output))
        #expect(report["records"] == .int(5) && report["failed"] == .int(0))
        #expect(report["transactions"].number == Int64(transactions))
        #expect(try await Self.read(broker) == ["a", "b", "c", "d", "e"])
        #expect(try await Self.states(broker)["x"] == .completeCommit)
        await broker.stop()
    }

    @Test func noInputIsNoTransaction() async throws {
        let broker = try await Self.broker()
        let sent = try await Self.produce(broker, ["--transactional-id", "x", "--json"], input: "")
        #expect(sent.status == 0 && JSON(sent.output)?["transactions"].number == 0, "\(sent)")
        #expect(try await Self.states(broker)["x"] == .empty)
        await broker.stop()
    }

    /// What stood before the line was sent, or may have been: nobody with read_committed sees it.
    @Test(arguments: [
        (["--property", "parse.key=true"], "k\ta\nk\tb\nk\tc\nbad\nk\td\n", "line 4 has no key separator", 0),
        (
            ["--json-input"], "{\"value\":\"a\"}\n\n{\"value\":\"b\"}\n{\"value\":\"c\"}\nno\n",
            "line 5 is no JSON object", 0
        ),
        (
            ["--producer-property", "max.request.size=2000"],
            "a\nb\nc\n" + String(repeating: "x", count: 5000) + "\n", "line 4: this client refused", 1
        ),
    ])
    func aLineThatFailsAbortsWhatIsOpen(
        _ options: [String], _ input: String, _ sentence: String, _ refused: Int
    ) async throws {
        let broker = try await Self.broker()
        let sent = try await Self.produce(
            broker, ["--transactional-id", "x", "--transaction-records", "2", "--json"] + options, input: input)
        let last = options == ["--json-input"] ? 4 : 3
        #expect(sent.status == 1 && sent.error.contains(sentence), "\(sent.error)")
        #expect(sent.error.contains("line \(last): the transaction was aborted"), "\(sent.error)")
        let report = try #require(JSON(sent.output))
        #expect(report["transactions"] == .int(1) && report["failed"].number == Int64(1 + refused))
        #expect(try await Self.read(broker) == ["a", "b"])
        // The id is free again.
        let again = try await Self.produce(broker, ["--transactional-id", "x"], input: "d\n")
        #expect(again.status == 0, "\(again.error)")
        #expect(try await Self.read(broker) == ["a", "b", "d"])
        await broker.stop()
    }

    @Test func aBatchThatTheBrokerRefusesAbortsItsTransaction() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumMessageBytes = 1000
        let broker = try await KafkaBroker.start(configuration)
        let large = String(repeating: "x", count: 5000)
        let sent = try await Self.produce(
            broker, ["--transactional-id", "x", "--batch-size", "1", "--json"], input: "a\n\(large)\nb\n")
        #expect(sent.status == 1 && sent.error.contains("MESSAGE_TOO_LARGE"), "\(sent.error)")
        #expect(sent.error.contains("the transaction was aborted"), "\(sent.error)")
        #expect(JSON(sent.output)?["transactions"].number == 0)
        #expect(try await Self.read(broker) == [])
        #expect(try await Self.states(broker)["x"] == .completeAbort)
        await broker.stop()
    }

    /// The input stays open, as at a terminal, until Ctrl-C.
    @Test func aSignalAbortsWhatIsOpen() async throws {
        let broker = try await Self.broker()
        let ends = try Self.openPipe()
        defer {
            close(ends.reading)
            close(ends.writing)
        }
        let text = Array("a\nb\nc\n".utf8)
        #expect(write(ends.writing, text, text.count) == text.count)
        let run = try Program.start(
            [
                "produce", "--topic", "t", "--transactional-id", "x", "--transaction-records", "2",
                "--bootstrap-server", broker.bootstrapServers,
            ], input: "/dev/fd/\(ends.reading)")
        try await eventually { try await Self.states(broker)["x"] == .ongoing }
        try await eventually { try await Self.read(broker, committed: false) == ["a", "b", "c"] }
        #expect(try await Self.read(broker) == ["a", "b"])
        kill(run.id, SIGINT)
        let outcome = try await elsewhere { try run.wait() }
        #expect(outcome.status == 1 && outcome.error.contains("line 3: the transaction was aborted"), "\(outcome)")
        #expect(outcome.error.contains("2 records committed to t"), "\(outcome.error)")
        #expect(try await Self.read(broker) == ["a", "b"])
        #expect(try await Self.states(broker)["x"] == .completeAbort)
        await broker.stop()
    }

    /// A second command takes the id over while the first one's input is open.
    @Test func whoeverTakesTheIdShutsTheOtherOut() async throws {
        let broker = try await Self.broker()
        let ends = try Self.openPipe()
        defer { close(ends.reading) }
        #expect(write(ends.writing, "a\n", 2) == 2)
        let run = try Program.start(
            ["produce", "--topic", "t", "--transactional-id", "x", "--bootstrap-server", broker.bootstrapServers],
            input: "/dev/fd/\(ends.reading)")
        try await eventually { try await Self.states(broker)["x"] == .ongoing }
        let second = try await Self.produce(broker, ["--transactional-id", "x"], input: "b\n")
        #expect(second.status == 0, "\(second.error)")
        #expect(write(ends.writing, "c\n", 2) == 2)
        close(ends.writing)
        let first = try await elsewhere { try run.wait() }
        #expect(first.status == 1 && first.error.contains("has taken over"), "\(first)")
        #expect(first.error.contains("the transaction was not committed"), "\(first)")
        #expect(try await Self.read(broker) == ["b"])
        await broker.stop()
    }

    @Test(arguments: [
        (["--transactional-id", "perf", "--transaction-records", "100"], 10),
        (["--transaction-records", "300"], 4),
        (["--transactional-id", "perf", "--transaction-duration-ms", "3600000"], 1),
    ])
    func aBenchmarkCountsItsTransactions(_ options: [String], _ transactions: Int) async throws {
        let broker = try await Self.broker()
        let outcome = try await Running.kw(
            [
                "bench", "produce", "--topic", "t", "--num-records", "1000", "--json", "--bootstrap-server",
                broker.bootstrapServers,
            ] + options)
        #expect(outcome.status == 0, "\(outcome.error)")
        let report = try #require(JSON(outcome.output), "\(outcome.output)")
        #expect(report["records"].number == 1000 && report["failed"].number == 0)
        #expect(report["transactions"].number == Int64(transactions))
        #expect(try await Self.read(broker).count == 1000)
        #expect(try await Self.states(broker).values.allSatisfy { $0 == .completeCommit })
        await broker.stop()
    }

    @Test func inputIsCutIntoTransactions() {
        var cuts = TransactionCuts(size: 2)
        #expect(!cuts.isFull && cuts.lose() == nil)
        cuts.begin()
        cuts.note(line: 3)
        #expect(!cuts.isFull)
        cuts.note(line: 5)
        #expect(cuts.isFull)
        cuts.commit()
        #expect(cuts.committed == 1 && cuts.committedRecords == 2 && cuts.open == nil)
        cuts.begin()
        #expect(cuts.lose() == nil, "it had no records")
        cuts.begin()
        cuts.note(line: 7)
        cuts.note(line: 8)
        #expect(cuts.lose() == "lines 7-8" && cuts.lostRecords == 2 && cuts.committed == 1)
        var whole = TransactionCuts(size: nil)
        whole.begin()
        for line in 1...1000 { whole.note(line: line) }
        #expect(!whole.isFull)
    }
}
