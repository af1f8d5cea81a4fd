import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Every program ends soon after the first signal, whatever it waits for at that moment: 2 s are promised; a debug build on
/// a busy machine gets more.
@Suite(.serialized, .turn(minutes: 5), .enabled(if: Program.folder != nil)) struct EndsTests {
    private static let limit = Duration.seconds(4)

    /// A program that waits. `ADDRESS` stands for the peer's host and port, `HOST` and `PORT` for its parts.
    struct Waiting: Sendable, CustomTestStringConvertible {
        var program: String
        var arguments: [String]
        var testDescription: String { ([program] + arguments).joined(separator: " ") }

        init(_ words: String) {
            let parts = words.split(separator: " ").map(String.init)
            program = parts[0]
            arguments = Array(parts.dropFirst())
        }
    }

    private static let kafka = [
        "kw consume --bootstrap-server ADDRESS --topic t --from-beginning",
        "kw consume --bootstrap-server ADDRESS --topic t --group g",
        "kw produce --bootstrap-server ADDRESS --topic t",
        "kw topics --bootstrap-server ADDRESS --list",
        "kw groups --bootstrap-server ADDRESS --describe --group g",
        "kw configs --bootstrap-server ADDRESS --describe --entity-type topics --entity-name t",
        "kw cluster cluster-id --bootstrap-server ADDRESS",
        "kw top --once --bootstrap-server ADDRESS",
        "kw doctor --bootstrap-server ADDRESS",
        "kw proxy --bootstrap-server ADDRESS --listen 127.0.0.1:0",
        "kw bench produce --bootstrap-server ADDRESS --topic t --num-records 1000000",
        "kw bench consume --bootstrap-server ADDRESS --topic t --num-records 1000000",
        "anomaly-agent --bootstrap-server ADDRESS --alerts-topic missing",
        "velocity-agent --bootstrap-server ADDRESS", "velocity-agent --bootstrap-server ADDRESS --from-time 2h",
        "probe-agent --bootstrap-server ADDRESS --dead-letter-topic missing",
        "velocity-agent --bootstrap-server ADDRESS --metrics-port 0",
        "demo watch --once --bootstrap-server ADDRESS",
        "alert-forwarder --bootstrap-server ADDRESS --url http://127.0.0.1:1/",
    ].map(Waiting.init)
    private static let others = [
        "kw connectors list --connect http://ADDRESS",
        "fraud-producer --host HOST --port PORT", "temperature-producer --host HOST --port PORT",
        "temperature-consumer --host HOST --port PORT", "fraud-batch --host HOST --port PORT",
    ].map(Waiting.init)

    /// Runs until the signal; gives how long the program took from then on, and its status.
    private func end(
        _ waiting: Waiting, _ address: String, by number: Int32 = SIGTERM, output: Int32? = nil,
        after pause: Duration = .milliseconds(1200)
    ) async throws -> (time: Duration, status: Int32, error: String, waited: Bool) {
        let parts = address.split(separator: ":").map(String.init)
        let arguments = waiting.arguments.map { word in
            word == "HOST"
                ? parts[0]
                : word == "PORT"
                    ? parts[1]
                    : word.hasSuffix("ADDRESS")
                        ? word.dropLast("ADDRESS".count) + address : word
        }
        let error = try Program.Capture()
        defer { error.remove() }
        let path = try #require(Program.folder) + "/" + waiting.program
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // An input that stays open and says nothing.
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in ends { close(end) } }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 2, error.path, O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments.map { String($0) }).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var id: pid_t = 0
        try #require(posix_spawn(&id, path, &actions, nil, &words, environ) == 0)
        try await Task.sleep(for: pause)
        let start = ContinuousClock.now
        var status: Int32 = 0
        var ended = waitpid(id, &status, WNOHANG)
        let waited = ended == 0
        if waited { kill(id, number) }
        while ended == 0 {
            ended = waitpid(id, &status, WNOHANG)
            if start.duration(to: .now) > .seconds(20) { kill(id, SIGKILL) }
            try await Task.sleep(for: .milliseconds(5))
        }
        let time = start.duration(to: .now)
        return (time, status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F), try error.text(), waited)
    }

    /// All programs, some at a time: nearly all of it is waiting.
    private func all(_ body: @escaping @Sendable (Waiting) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, waiting) in (Self.kafka + Self.others).enumerated() {
                if index >= 3 { try await group.next() }
                group.addTask { try await body(waiting) }
            }
            try await group.waitForAll()
        }
    }

    @Test func aPeerThatIsSilentHoldsNoProgram() async throws {
        let any = try #require(SocketAddress.resolve(host: "127.0.0.1", port: 0).first)
        // Connections are taken by the system; nobody ever answers.
        let listener = try TCPSocket.listening(on: any)
        defer { listener.close() }
        let address = "127.0.0.1:\(listener.localPort)"
        try await all { waiting in
            let outcome = try await end(waiting, address)
            #expect(outcome.waited, "\(waiting.testDescription): \(outcome)")
            #expect(outcome.time < Self.limit, "\(waiting.testDescription): \(outcome)")
        }
    }

    @Test func aPeerThatRefusesHoldsNoProgram() async throws {
        try await all { waiting in
            let outcome = try await end(waiting, "127.0.0.1:1", by: SIGINT, after: .milliseconds(700))
            #expect(outcome.time < Self.limit, "\(waiting.testDescription): \(outcome)")
        }
    }

    @Test func aPipeThatNobodyReadsHoldsNoReader() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let value = Bytes([UInt8](repeating: 0x61, count: 100_000))
        for _ in 0..<30 { try await producer.enqueue(ProducerRecord(topic: "t", value: value)) }
        try await producer.close()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in ends { close(end) } }
        let outcome = try await end(
            Waiting("kw consume --bootstrap-server ADDRESS --topic t --from-beginning"), "127.0.0.1:\(broker.port)",
            output: ends[1])
        #expect(outcome.time < Self.limit)
        #expect(outcome.status == 128 + SIGTERM)
        #expect(outcome.error.contains("left undone"))
        await broker.stop()
    }

    /// A missing alerts topic held an agent's Ctrl-C for 26 s.
    @Test func aMissingAlertsTopicHoldsNoAgent() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["changes": 1])
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        for number in 1...6 {
            let amount = number == 6 ? "9999.00" : "10.00"
            let event =
                "{\"before\":null,\"after\":{\"id\":\(number),\"user_id\":1,\"amount\":\"\(amount)\","
                + "\"created_at\":\(1_700_000_000_000_000 + number)},\"op\":\"c\",\"source\":{\"table\":\"transactions\"}}"
            try await producer.enqueue(ProducerRecord(topic: "changes", key: "1", value: event))
        }
        try await producer.close()
        let outcome = try await end(
            Waiting(
                "anomaly-agent --bootstrap-server ADDRESS --topic changes --amount string --alerts-topic missing"),
            "127.0.0.1:\(broker.port)", by: SIGINT, after: .seconds(3))
        #expect(outcome.time < Self.limit, "\(outcome)")
        #expect(outcome.status != 0)
        // The sixth event was judged and not told to the topic: it is not committed.
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        #expect(try await admin.committedOffsets(of: "anomaly-detection-group").values.allSatisfy { $0.offset <= 5 })
        await admin.close()
        await broker.stop()
    }

    @Test func aBrokerEndsWhileClientsWait() async throws {
        let outcome = try await end(Waiting("kw broker --listen 127.0.0.1:0 --topic t:1"), "127.0.0.1:1")
        #expect(outcome.time < Self.limit)
        #expect(outcome.status == 0)
    }

    @Test func aCommitThatFailedIsNoSuccess() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        try await producer.enqueue(ProducerRecord(topic: "t", key: nil as String?, value: "v"))
        try await producer.close()
        broker.on(.offsetCommit) { _ in .fail(.groupAuthorizationFailed) }
        let outcome = try Program.kw([
            "consume", "--bootstrap-server", "127.0.0.1:\(broker.port)", "--topic", "t", "--group", "g",
            "--from-beginning", "--max-messages", "1",
        ])
        #expect(outcome.output == "v\n")
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("GROUP_AUTHORIZATION_FAILED"))
        await broker.stop()
    }
}
