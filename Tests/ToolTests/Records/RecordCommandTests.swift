import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kw produce` and `kw consume` as a user runs them, against a broker in this process.
@Suite(.serialized, .turn) struct RecordCommandTests {
    static func broker(_ topics: [String: Int] = ["t": 1]) async throws -> KafkaBroker {
        try await KafkaBroker.start(.init(topics: topics))
    }

    static func kw(_ broker: KafkaBroker, _ arguments: [String], input: String? = nil) throws -> Program.Outcome {
        let file = try input.map { try Program.file(Array($0.utf8)) }
        defer { file?.remove() }
        return try Program.kw(
            arguments + ["--bootstrap-server", broker.bootstrapServers], input: file?.path ?? "/dev/null")
    }

    static func lines(_ outcome: Program.Outcome) -> [String] {
        outcome.output.split(separator: "\n").map(String.init)
    }

    @Test func aLineFromATutorialGoesThere() async throws {
        let broker = try await Self.broker()
        let sent = try Self.kw(broker, ["produce", "--topic", "t"], input: "one\n\nthree")
        #expect(sent.status == 0 && sent.output == "" && sent.error == "")
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "--max-messages", "3"])
        #expect(read.status == 0 && read.output == "one\n\nthree\n")
        #expect(read.error == "Processed a total of 3 messages\n")
        await broker.stop()
    }

    /// It was told when the input ended, which it may never do.
    @Test func aLineThatDoesNotArriveIsToldWhileMoreAreWaitedFor() async throws {
        let broker = try await Self.broker()
        broker.on(.produce) { _ in .fail(.topicAuthorizationFailed) }
        let path = try Program.file([]).path + ".fifo"
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let writer = open(path, O_RDWR)
        try #require(writer >= 0)
        let run = try Program.start(
            ["produce", "--topic", "t", "--bootstrap-server", broker.bootstrapServers], input: path)
        for number in 1...2 {
            try #require(write(writer, "line\n", 5) == 5)
            try await eventually { try run.error.text().contains("line \(number): ") }
        }
        close(writer)
        let outcome = try run.wait()
        #expect(outcome.status == 1 && outcome.error.split(separator: "\n").count == 2, "\(outcome.error)")
        await broker.stop()
    }

    /// The two ends fit together: keys, values, headers, times and partitions come through.
    @Test func whatConsumePrintsProduceTakes() async throws {
        let broker = try await Self.broker(["a": 3, "b": 3, "c": 1])
        let lines = [
            #"{"partition":2,"timestamp":1700000000001,"key":"k","value":"v","headers":[{"key":"h","value":"x"}]}"#,
            #"{"partition":0,"timestamp":1700000000002,"keyBase64":"/wA=","value":null,"headers":[]}"#,
        ]
        let sent = try Self.kw(
            broker, ["produce", "--topic", "a", "--json-input", "--json"], input: lines.joined(separator: "\n") + "\n\n"
        )
        #expect(sent.status == 0 && JSON(sent.output)?["records"].number == 2, "\(sent.error)")
        func read(_ topic: String) throws -> [String] {
            let outcome = try Self.kw(broker, ["consume", "--topic", topic, "--from-beginning", "-e", "--json"])
            return Self.lines(outcome).map { $0.replacing("\"topic\":\"\(topic)\"", with: "") }.sorted()
        }
        let first = try read("a")
        let source = try Self.kw(broker, ["consume", "--topic", "a", "--from-beginning", "-e", "--json"]).output
        let copied = try Self.kw(broker, ["produce", "--topic", "b", "--json-input"], input: source)
        #expect(copied.status == 0 && copied.error.isEmpty)
        #expect(try read("b") == first && first.count == 2)
        #expect(first.contains { $0.contains("\"partition\":2") && $0.contains("\"timestamp\":1700000000001") })
        // Where there are fewer partitions, the keys choose.
        let anew = try Self.kw(broker, ["produce", "--topic", "c", "--json-input", "--repartition"], input: source)
        #expect(anew.status == 0)
        #expect(try read("c").allSatisfy { $0.contains("\"partition\":0") })
        let wrong = try Self.kw(broker, ["produce", "--topic", "b", "--json-input"], input: "{}\nno\n")
        #expect(wrong.status == 1 && wrong.error.contains("line 2 is no JSON object"))
        for mixed in [["--reader-property", "parse.key=true", "--json-input"], ["--repartition"]] {
            #expect(try Self.kw(broker, ["produce", "--topic", "b"] + mixed).status == 64)
        }
        await broker.stop()
    }

    @Test func keysHeadersAndNulls() async throws {
        let broker = try await Self.broker()
        let reader = ["parse.key=true", "parse.headers=true", "null.marker=N", "key.separator=:"]
        let sent = try Self.kw(
            broker, ["produce", "--topic", "t"] + reader.flatMap { ["--reader-property", $0] },
            input: "h:1,g:N\tk:v:w\nN\tN:N\n")
        #expect(sent.status == 0 && sent.error == "")
        let prints = ["timestamp", "partition", "offset", "headers", "key"]
        let read = try Self.kw(
            broker,
            ["consume", "--topic", "t", "--from-beginning", "-e"]
                + prints.flatMap { ["--property", "print.\($0)=true"] })
        let found = Self.lines(read).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(
            found.map { $0.dropFirst().joined(separator: "|") } == [
                "Partition:0|Offset:0|h:1,g:null|k|v:w", "Partition:0|Offset:1|NO_HEADERS|null|null",
            ])
        #expect(found.allSatisfy { $0.first?.hasPrefix("CreateTime:1") == true })
        let json = try Self.kw(broker, ["consume", "--topic", "t", "--offset", "-1", "-e", "--json"])
        let line = try #require(Self.lines(json).first)
        let object = try #require(JSON(line))
        #expect(object["offset"] == .int(1) && object["topic"] == .string("t"))
        await broker.stop()
    }

    @Test func aLineWithoutSeparatorIsNamedAndTheOthersArrive() async throws {
        let broker = try await Self.broker()
        let input = "a\t1\nb\t2\nbad\nc\t3\n"
        let sent = try Self.kw(broker, ["produce", "--topic", "t", "--property", "parse.key=true"], input: input)
        #expect(sent.status == 1)
        #expect(sent.error.hasPrefix("kw produce: line 3 has no key separator \"\\t\": \"bad\""), "\(sent.error)")
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e"])
        #expect(read.output == "1\n2\n")
        await broker.stop()
    }

    @Test func recordsThatFailAreToldByTheirLines() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let large = String(repeating: "x", count: 5000)
        let sent = try Self.kw(
            broker, ["produce", "--topic", "t", "--json", "--producer-property", "max.request.size=2000"],
            input: "small\n\(large)\nalso small\n")
        #expect(sent.status == 1 && sent.error.hasPrefix("kw produce: line 2: this client refused"), "\(sent.error)")
        let line = try #require(Self.lines(sent).first)
        let report = try #require(JSON(line))
        #expect(report["records"] == .int(2) && report["failed"] == .int(1))
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e"])
        #expect(read.output == "small\nalso small\n")
        await broker.stop()
    }

    @Test func aBrokerRefusesABatch() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumMessageBytes = 1000
        let broker = try await KafkaBroker.start(configuration)
        let large = String(repeating: "x", count: 5000)
        let sent = try Self.kw(
            broker, ["produce", "--topic", "t", "--sync", "--batch-size", "1"], input: "a\n\(large)\nb\n")
        #expect(
            sent.status == 1 && sent.error.hasPrefix("kw produce: line 2: could not send a record"), "\(sent.error)")
        #expect(sent.error.contains("MESSAGE_TOO_LARGE"))
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e"])
        #expect(read.output == "a\nb\n")
        await broker.stop()
    }

    @Test(arguments: [[], ["none"], ["gzip"], ["snappy"], ["lz4"], ["zstd"]]) func codecs(codec: [String]) async throws
    {
        let broker = try await Self.broker()
        let input = (0..<500).map { "value \($0)\n" }.joined()
        let sent = try Self.kw(
            broker, ["produce", "--compression-codec"] + codec + ["--topic", "t"], input: input)
        #expect(sent.status == 0 && sent.error == "")
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e"])
        #expect(read.output == input)
        await broker.stop()
    }

    @Test func bytesNeedNotBeText() async throws {
        let broker = try await Self.broker()
        let file = try Program.file([0xFF, 0x00, 0x80, 0x0A])
        defer { file.remove() }
        let sent = try Self.kw(broker, ["produce", "--topic", "t", "--file", file.path])
        #expect(sent.status == 0)
        let read = try Self.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e", "--json"])
        #expect(read.output.contains("\"valueBase64\":\"/wCA\""))
        let hex = try Self.kw(
            broker,
            [
                "consume", "--topic", "t", "--from-beginning", "-e", "--value-deserializer",
                "org.apache.kafka.common.serialization.BytesDeserializer",
            ])
        #expect(hex.output == "\\xFF\\x00\\x80\n")
        await broker.stop()
    }

    @Test func aGroupGoesOnWhereItStopped() async throws {
        let broker = try await Self.broker()
        _ = try Self.kw(broker, ["produce", "--topic", "t"], input: (0..<10).map { "v\($0)\n" }.joined())
        let first = try Self.kw(
            broker, ["consume", "--topic", "t", "--group", "g", "--from-beginning", "--max-messages", "4"])
        #expect(Self.lines(first) == ["v0", "v1", "v2", "v3"])
        // It has left: nobody has to wait for its session to end.
        #expect(await broker.group("g")?.members.isEmpty == true)
        let second = try Self.kw(broker, ["consume", "--topic", "t", "--group", "g", "--exit-at-end"])
        #expect(Self.lines(second) == (4..<10).map { "v\($0)" })
        let third = try Self.kw(broker, ["consume", "--topic", "t", "--group", "g", "--timeout-ms", "300"])
        #expect(third.status == 0 && third.output == "" && third.error == "Processed a total of 0 messages\n")
        await broker.stop()
    }

    @Test(arguments: [
        (["--offset", "7"], [7, 8, 9]), (["--offset", "-2"], [8, 9]),
        (["--offset", "earliest", "--to-offset", "3"], [0, 1, 2]),
        (["--offset", "latest"], []), (["--offset", "2", "--max-messages", "2"], [2, 3]),
        (["--from-beginning", "--max-messages", "0"], []), (["--offset", "-100", "--to-offset", "1"], [0]),
        (["--from-time", "1h"], Array(0..<10)),
        (["--offset", "2001-01-01T00:00:00Z", "-p", "0", "--max-messages", "1"], [0]),
        (["--from-time", "2100-01-01"], []),
    ])
    func placesInATopic(_ options: [String], _ values: [Int]) async throws {
        let broker = try await Self.broker()
        _ = try Self.kw(broker, ["produce", "--topic", "t"], input: (0..<10).map { "v\($0)\n" }.joined())
        let read = try Self.kw(broker, ["consume", "--topic", "t", "-e"] + options)
        #expect(read.status == 0 && Self.lines(read) == values.map { "v\($0)" }, "\(read)")
        await broker.stop()
    }

    @Test(arguments: [
        (["consume"], 64, "--topic"), (["consume", "--topic", "t", "--include", "x"], 64, "--include"),
        (["consume", "--topic", "t", "--offset", "soon"], 64, "soon is no place"),
        (["consume", "--topic", "t", "--from-beginning", "--offset", "1"], 64, "both say where to begin"),
        (["consume", "--topic", "t", "--group", "g", "--partition", "0"], 64, "leave out --group or --partition"),
        (["consume", "--topic", "t", "--format", "%q"], 64, "%q"),
        (["consume", "--topic", "t", "--json", "--format", "%s"], 64, "give one"),
        (["consume", "--topic", "t", "--partition", "3"], 1, "no partition 3"),
        (["consume", "--include", "(", "-e"], 1, "no regular expression"),
        (["consume", "--topic", "missing", "-e"], 1, "create it"),
        (
            ["consume", "--topic", "t", "--formatter", "kafka.coordinator.group.GroupMetadataMessageFormatter"], 1,
            "no formatter"
        ),
        (["consume", "--topic", "t", "--value-deserializer", "Mine"], 1, "no deserializer Mine"),
        (
            ["consume", "--topic", "t", "--isolation-level", "some"], 1,
            "--isolation-level: isolation.level is \"some\""
        ),
        (
            ["consume", "--topic", "t", "--command-property", "group.protocol=share", "--group", "g"], 1,
            "classic or consumer"
        ),
        (
            [
                "consume", "--topic", "t", "--from-beginning", "--command-property", "auto.offset.reset=latest", "-e",
            ], 1, "give one of them"
        ),
        (["consume", "--topic", "t", "-e", "--property", "print.keys=true"], 0, "did you mean print.key?"),
        (
            ["consume", "--topic", "t", "-e", "--command-property", "fetch.min.byte=1"], 0,
            "did you mean fetch.min.bytes"
        ),
        (["produce"], 64, "--topic"),
        (["produce", "--topic", "t", "--request-required-acks", "2"], 1, "all, -1, 0 or 1"),
        (["produce", "--topic", "t", "--property", "null.marker=,", "--file", "/nowhere"], 1, "the same"),
        (["produce", "--topic", "t", "--file", "/nowhere"], 1, "/nowhere"),
        (["produce", "--topic", "t", "--line-reader", "Mine"], 64, "LineMessageReader"),
        (["produce", "--topic", "t", "--transaction-records", "2"], 64, "goes with --transactional-id"),
        (
            ["produce", "--topic", "t", "--transactional-id", "x", "--transaction-records", "0"], 64,
            "--transaction-records is at least 1"
        ),
        (
            ["produce", "--topic", "t", "--transactional-id", "x", "--request-required-acks", "1"], 1,
            "transactional.id is x, and needs idempotence"
        ),
        (
            ["produce", "--topic", "t", "--transactional-id", "x", "--transaction-timeout", "soon"], 1,
            "--transaction-timeout: transaction.timeout.ms"
        ),
    ])
    func mistakesAreToldInASentence(_ arguments: [String], _ status: Int32, _ sentence: String) async throws {
        let broker = try await Self.broker()
        let outcome = try Self.kw(broker, arguments)
        #expect(outcome.status == status && outcome.error.contains(sentence), "\(outcome)")
        await broker.stop()
    }

    @Test(arguments: [["produce", "--topic", "t"], ["consume", "--topic", "t"]])
    func aBrokerThatIsNotThereIsSaidAtOnce(_ arguments: [String]) throws {
        let began = ContinuousClock.now
        let outcome = try Program.kw(arguments + ["--bootstrap-server", "127.0.0.1:1"])
        #expect(outcome.status == 1 && outcome.error.contains("127.0.0.1:1") && began.duration(to: .now) < .seconds(5))
    }

    @Test func aTopicThatNobodyCreatesIsSaidSoon() async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let sent = try Self.kw(broker, ["produce", "--topic", "missing", "--max-block-ms", "300"], input: "a\n")
        let sentences = sent.error.split(separator: "\n")
        #expect(sent.status == 1 && sentences.count == 2, "\(sent)")
        #expect(sentences.first?.contains("waiting for topic missing") == true)
        #expect(sentences.last?.contains("UNKNOWN_TOPIC_OR_PARTITION") == true)
        await broker.stop()
    }

    @Test func aPropertiesFileSaysItsLine() async throws {
        let broker = try await Self.broker()
        let file = try Program.file(Array("# mine\nclient.id=x\nfetch.min.bytes=many\n".utf8))
        defer { file.remove() }
        for option in ["--command-config", "--consumer.config"] {
            let outcome = try Self.kw(broker, ["consume", "--topic", "t", option, file.path])
            #expect(
                outcome.status == 1 && outcome.error.contains("\(file.path), line 3: fetch.min.bytes"), "\(outcome)")
        }
        await broker.stop()
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsItWithACount(_ number: Int32)
        async throws
    {
        let broker = try await Self.broker()
        _ = try Self.kw(broker, ["produce", "--topic", "t"], input: "a\nb\n")
        let run = try Program.start([
            "consume", "--topic", "t", "--group", "g", "--from-beginning", "--bootstrap-server",
            broker.bootstrapServers,
        ])
        try await eventually { try run.output.text() == "a\nb\n" }
        kill(run.id, number)
        let outcome = try run.wait()
        #expect(outcome.status == 0 && outcome.error == "Processed a total of 2 messages\n", "\(outcome)")
        #expect(await broker.group("g")?.members.isEmpty == true)
        let again = try Self.kw(broker, ["consume", "--topic", "t", "--group", "g", "-e"])
        #expect(again.output == "", "what was printed is committed")
        await broker.stop()
    }

    /// `kw consume | head -n 2`.
    @Test func aClosedPipeEndsItQuietly() async throws {
        let broker = try await Self.broker()
        _ = try Self.kw(broker, ["produce", "--topic", "t"], input: (0..<20_000).map { "value \($0)\n" }.joined())
        let program = try #require(Program.path)
        let status = try Program.Capture()
        defer { status.remove() }
        let command =
            "( timeout 30 '\(program)' consume --topic t --group g --from-beginning --bootstrap-server "
            + "\(broker.bootstrapServers); echo \"status $?\" >'\(status.path)' ) 2>&1 | head -n 2"
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        pclose(pipe)
        #expect(String(decoding: output, as: UTF8.self) == "value 0\nvalue 1\n")
        #expect(try status.text() == "status 0\n")
        #expect(await broker.group("g")?.members.isEmpty == true)
        await broker.stop()
    }

    @Test func patternsAndSettings() async throws {
        let broker = try await Self.broker(["a-1": 2, "a-2": 1, "b": 1])
        for topic in ["a-1", "a-2", "b"] {
            _ = try Self.kw(broker, ["produce", "--topic", topic], input: "\(topic)\n")
        }
        let read = try Self.kw(
            broker, ["consume", "--include", "a-.*", "-e", "--command-property", "auto.offset.reset=earliest"])
        #expect(Set(Self.lines(read)) == ["a-1", "a-2"])
        let counted = try Self.kw(
            broker,
            [
                "consume", "--topic", "b", "--from-beginning", "-e", "--formatter",
                "org.apache.kafka.tools.consumer.NoOpMessageFormatter", "--enable-systest-events",
            ])
        #expect(counted.output == "shutdown_complete\n" && counted.error == "Processed a total of 1 messages\n")
        await broker.stop()
    }

    @Test func aRecordThatCannotBePrinted() async throws {
        let broker = try await Self.broker()
        _ = try Self.kw(broker, ["produce", "--topic", "t"], input: "good\nbad\ngood\n")
        let options = [
            "consume", "--topic", "t", "--from-beginning", "-e", "--value-deserializer", "IntegerDeserializer",
        ]
        let stopped = try Self.kw(broker, options)
        #expect(stopped.status == 1 && stopped.output == "1735356260\n" && stopped.error.contains("t-0, offset 1: "))
        let skipped = try Self.kw(broker, options + ["--skip-message-on-error"])
        #expect(skipped.status == 0 && skipped.output == "1735356260\n1735356260\n")
        #expect(skipped.error.contains("t-0, offset 1: ") && skipped.error.contains("a total of 3 messages"))
        await broker.stop()
    }
}
