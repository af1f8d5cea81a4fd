import JSONLines
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

/// The options of `kw broker`: settings, the request log, the page.
@Suite(.turn) struct BrokerOptionTests {
    /// A broker that runs, and its first line.
    private struct Started {
        let run: Program.Run
        let ready: String

        /// The port after `key` in the first line.
        func port(after key: String) -> UInt16? {
            guard let range = ready.range(of: key) else { return nil }
            return UInt16(ready[range.upperBound...].prefix { $0.isNumber })
        }

        func stop(_ signal: Int32 = SIGTERM) throws -> Program.Outcome {
            kill(run.id, signal)
            return try run.wait()
        }
    }

    private static func start(_ arguments: [String]) async throws -> Started {
        let run = try Program.start(["broker"] + arguments)
        for _ in 0..<500 {
            try await Task.sleep(for: .milliseconds(20))
            let text = try run.output.text()
            if text.hasSuffix("\n") { return Started(run: run, ready: text) }
            var status: Int32 = 0
            if waitpid(run.id, &status, WNOHANG) != 0 { break }
        }
        Issue.record("the broker did not start: \(try run.error.text())")
        return Started(run: run, ready: "")
    }

    /// The status line and body that a GET gets.
    private static func get(_ path: String, port: UInt16, host: String = "localhost") throws -> (
        status: String, body: String
    ) {
        let descriptor = try BrokerCommandTests.connected(port)
        defer { close(descriptor) }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        try #require(send(descriptor, request, request.count, 0) == request.count)
        var received: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { break }
            received += part[..<count]
        }
        let text = String(decoding: received, as: UTF8.self)
        let line = text.prefix { !$0.isNewline }
        let body = text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
        return (String(line), body)
    }

    /// A broker that listens everywhere told clients to come to localhost, and nobody else.
    @Test(arguments: [
        ("0.0.0.0", nil, true), ("::", nil, true), ("", nil, true), ("0.0.0.0", "10.0.0.7", false),
        ("127.0.0.1", nil, false), ("broker.example", nil, false),
    ]) func listeningEverywhereIsExplained(host: String, advertised: String?, isTold: Bool) {
        let advice = BrokerLines.advice(host: host, advertised: advertised, bootstrap: "localhost:9092")
        #expect((advice != nil) == isTold)
        if let advice { #expect(advice.contains("localhost:9092") && advice.contains("--advertise HOST:PORT")) }
    }

    @Test func theBrokerSaysWhatItAdvertises() async throws {
        let broker = try await Self.start(["--listen", "0.0.0.0:0"])
        let outcome = try broker.stop()
        #expect(outcome.status == 0 && outcome.error.contains("--advertise HOST:PORT"), "\(outcome.error)")
        let own = try await Self.start(["--listen", "127.0.0.1:0"])
        #expect(try own.stop().error.isEmpty)
    }

    // MARK: - Settings

    @Test(arguments: [false, true]) func aPropertiesFileIsTaken(byName: Bool) async throws {
        let file = try Program.file(
            Array(
                """
                # as Kafka's own
                listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093
                controller.listener.names=CONTROLLER
                num.partitions = 5
                num.io.threads = 4
                """.utf8))
        defer { file.remove() }
        let broker = try await Self.start(
            (byName ? ["--properties", file.path] : [file.path])
                + ["--config", "num.partitions=6", "--topic", "t", "--log", "info"])
        #expect(broker.ready.contains("(topics t:6; data in memory)"))
        let outcome = try broker.stop()
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("the listener CONTROLLER://:9093 is left out"))
        #expect(outcome.error.contains("Settings without effect here: num.io.threads"))
    }

    @Test(arguments: [
        (
            "num.partitions=3\n\nnum.partition=4\n",
            ", line 3: Kafka's brokers have no setting num.partition; did you mean num.partitions"
        ),
        ("# c\nlog.retention.ms = long", ", line 2: Invalid value long for configuration log.retention.ms"),
        ("a=\\uXYZ", ", line 1: \\u takes four hexadecimal digits"),
    ]) func aWrongFileIsOneSentence(content: String, part: String) throws {
        let file = try Program.file(Array(content.utf8))
        defer { file.remove() }
        let outcome = try Program.kw(["broker", file.path])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("kw broker: \(file.path)\(part)"), "\(outcome.error)")
        #expect(outcome.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: [
        (["--config", "num.partitions=0"], "--config num.partitions: "),
        (["no/such/file"], "cannot read no/such/file: "),
        // It would show everything to everybody.
        (
            ["--listen", "127.0.0.1:0", "--ui", "0.0.0.0:0"],
            "The page cannot be served on 0.0.0.0:0: it shows everything in the broker, and "
        ),
    ]) func wrongSettingsAreOneSentence(arguments: [String], part: String) throws {
        let outcome = try Program.kw(["broker"] + arguments)
        #expect(outcome.status == 1)
        #expect(outcome.error.hasPrefix("kw broker: \(part)"), "\(outcome.error)")
    }

    @Test(arguments: [
        ["--config", "num.partitions"], ["--flush", "often"], ["--flush", "0"], ["--log", "loud"], ["--brokers", "0"],
        ["--default-partitions", "0"], ["--topic", "a", "--topic", "a:2"], ["a.properties", "--properties", "b"],
        ["--ui", "70000"], ["--ui", "host"], ["--ui", "host:70000"], ["--racks", "a,b"],
        ["--brokers", "3", "--racks", "a,b,c,d"], ["--racks", ""],
        ["--brokers", "3", "--racks", ",,"],
    ]) func wrongOptionsAreRefused(arguments: [String]) throws {
        let outcome = try Program.kw(["broker"] + arguments)
        #expect(outcome.status == 64)
        #expect(outcome.error.hasPrefix("Error: "))
    }

    @Test func optionsCountMoreThanTheFile() throws {
        let command = try BrokerCommand.parse([
            "--config", "num.partitions=3", "--config", "auto.create.topics.enable=true", "--config", "log.dirs=/a",
            "--config", "listeners=PLAINTEXT://10.0.0.1:1", "--default-partitions", "2", "--no-auto-create",
            "--data-dir",
            "/b", "--listen", "127.0.0.1:7", "--advertise", "box:8", "--brokers", "3", "--flush", "500ms", "--topic",
            "t",
        ])
        let configuration = try BrokerSettings(command).configuration
        #expect(configuration.host == "127.0.0.1" && configuration.port == 7)
        #expect(configuration.advertisedHost == "box" && configuration.advertisedPort == 8)
        #expect(configuration.defaultPartitions == 2 && configuration.topics == ["t": 2])
        #expect(!configuration.autoCreateTopics)
        #expect(configuration.dataDirectory == "/b" && configuration.flush == .interval(.milliseconds(500)))
        #expect(configuration.brokers == 3)
        let plain = try BrokerSettings(BrokerCommand.parse([])).configuration
        #expect(plain.host == "127.0.0.1" && plain.port == 9092 && plain.dataDirectory == nil && plain.flush == .never)
    }

    @Test func brokersHaveRacks() throws {
        let command = try BrokerCommand.parse([
            "--brokers", "4", "--racks", "a,,b", "--config", "broker.rack=c",
            "--config", "replica.selector.class=RackAwareReplicaSelector",
        ])
        let configuration = try BrokerSettings(command).configuration
        #expect(configuration.racks == ["a", "", "b"] && configuration.rack == "c")
        #expect(configuration.replicaSelector == .rackAware)
        let plain = try BrokerSettings(BrokerCommand.parse([])).configuration
        #expect(plain.racks == [] && plain.rack == nil && plain.replicaSelector == .leader)
    }

    // MARK: - Requests

    @Test func requestsAreLogged() async throws {
        let broker = try await Self.start(["--listen", "127.0.0.1:0", "--topic", "t", "--log", "requests"])
        let port = try #require(broker.port(after: "127.0.0.1:"))
        let request = MetadataRequest.with { $0.topics = [.with { $0.name = "not a topic" }] }
        let frame = try Frame.request(request, version: 12, correlationId: 7, clientId: "\u{1B}[31mred")
        _ = try BrokerCommandTests.exchange(frame, port: port)
        let outcome = try broker.stop(SIGINT)
        #expect(outcome.status == 0)
        let lines = outcome.error.split(separator: "\n")
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        // No terminal, so no colours; and none that a client sends.
        #expect(!line.contains("\u{1B}"))
        #expect(line.contains("\"\\u001b[31mred\"  Metadata v12  correlation 7  \(frame.count) → "))
        #expect(line.hasSuffix("INVALID_TOPIC_EXCEPTION"))
        #expect(line.contains(" #1 127.0.0.1:"))
    }

    @Test func linesMayBeJSON() async throws {
        let broker = try await Self.start(["--listen", "127.0.0.1:0", "--topic", "t:2", "--json", "--log-requests"])
        let ready = try #require(JSON(broker.ready.dropLast()))
        #expect(ready["event"].text == "ready" && ready["topics"]["t"].number == 2)
        #expect(ready["ui"] == .null && ready["dataDirectory"] == .null)
        let port = try #require(ready["bootstrap"].text?.split(separator: ":").last.flatMap { UInt16($0) })
        let frame = try Frame.request(ApiVersionsRequest(), version: 0, correlationId: 3, clientId: nil)
        let answer = try BrokerCommandTests.exchange(frame, port: port)
        let outcome = try broker.stop()
        let stopped = try #require(outcome.output.split(separator: "\n").last.flatMap { JSON($0) })
        #expect(stopped["event"].text == "stopped" && stopped["records"].number == 0 && stopped["topics"].number == 1)
        let request = try #require(JSON(outcome.error.dropLast()))
        #expect(request["event"].text == "request" && request["api"].text == "ApiVersions")
        #expect(request["clientId"] == .null && request["correlationId"].number == 3)
        #expect(request["requestBytes"].number == Int64(frame.count))
        #expect(request["responseBytes"].number == Int64(answer.count))
        #expect(request["errors"].elements.isEmpty)
    }

    // MARK: - The page

    @Test func thePageIsServedAndGuarded() async throws {
        let broker = try await Self.start(["--listen", "127.0.0.1:0", "--topic", "t:2", "--ui", "0"])
        let port = try #require(broker.port(after: "page at http://127.0.0.1:"))
        let page = try Self.get("/", port: port)
        #expect(page.status == "HTTP/1.1 200 OK")
        #expect(page.body.contains("<title>KafkaWire</title>"))
        let topics = try #require(JSON(try Self.get("/api/topics", port: port).body))
        #expect(topics["topics"].elements.map { $0["name"].text } == ["t"])
        #expect(topics["topics"].elements.first?["partitions"].number == 2)
        #expect(try Self.get("/api/topics", port: port, host: "rebound.example").status == "HTTP/1.1 403 Forbidden")
        // A browser in the middle of a request does not hold up the end.
        let half = try BrokerCommandTests.connected(port)
        defer { close(half) }
        _ = send(half, "GET / HT", 8, 0)
        try await Task.sleep(for: .milliseconds(100))
        let began = ContinuousClock.now
        let outcome = try broker.stop()
        #expect(outcome.status == 0)
        #expect(began.duration(to: .now) < .seconds(8))
    }

    @Test func aPageWithoutAPortIsOneSentence() async throws {
        let (descriptor, port) = try BrokerCommandTests.listener()
        defer { close(descriptor) }
        let outcome = try Program.kw(["broker", "--listen", "127.0.0.1:0", "--ui", "\(port)"])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.error.hasPrefix("kw broker: The page cannot be served on 127.0.0.1:\(port): "), "\(outcome.error)")
        #expect(outcome.error.contains("ss -ltnp"), "\(outcome.error)")
    }
}
