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

/// `kw consume --schema-registry` as a user runs it, against a broker in this process and a stand-in for a registry.
@Suite(.serialized, .turn) struct RegistryConsumeTests {
    /// A broker whose topic `t` has these records, in one partition.
    private static func broker(_ records: [(key: [UInt8]?, value: [UInt8]?)]) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for record in records {
            try await producer.enqueue(
                ProducerRecord(
                    topic: "t", key: record.key.map { Bytes($0) }, value: record.value.map { Bytes($0) }, partition: 0))
        }
        try await producer.close()
        return broker
    }

    /// The recorded value of an update of `avro.shop.transactions`, with its key.
    private static func update() throws -> (key: [UInt8]?, value: [UInt8]?) {
        let event = try RecordedChange.all("avro.shop.transactions")[4]
        return (event.key?.copy(), event.value?.copy())
    }

    private static func consume(
        _ broker: KafkaBroker, _ registry: String, _ arguments: [String] = []
    ) async throws -> Program.Outcome {
        try await Running.kw(
            [
                "consume", "--topic", "t", "--from-beginning", "-e", "--bootstrap-server", broker.bootstrapServers,
                "--schema-registry", registry,
            ] + arguments)
    }

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    private static let wire = RegistryTextTests.wire

    @Test func keysAndValuesAreDecoded() async throws {
        let registry = try StandInRegistry()
        let address = try await registry.start()
        let broker = try await Self.broker([
            try Self.update(), (Self.wire(9, [14]), Self.wire(20, Array(#"{"a":"ü"}"#.utf8))),
            (Array("plain".utf8), Array("text".utf8)), (nil, Self.wire(77, [0x78])), (nil, Self.wire(77, [0x79])),
            (nil, Self.wire(21, [0x7A])), (Self.wire(9, []), Self.wire(2, [0])), ([0x6B], nil),
        ])
        let read = try await Self.consume(broker, address, ["--property", "print.key=true"])
        let lines = Self.lines(read.output)
        try #require(read.status == 0 && lines.count == 8, "\(read.output) \(read.error)")
        #expect(
            lines[0].hasPrefix(
                "{\"id\":4}\t{\"before\":null,\"after\":{\"id\":4,\"user_id\":2004,\"amount\":\"40.04\",\"card_type\":\"VISA\","
            ))
        #expect(lines[1...2] == ["{\"id\":7}\t{\"a\":\"ü\"}", "plain\ttext"])
        #expect(lines[3...5] == ["null\t\0\0\0\0Mx", "null\t\0\0\0\0My", "null\t\0\0\0\0\u{15}z"])
        #expect(lines[6...] == ["\0\0\0\0\t\t\0\0\0\0\u{2}\0", "k\tnull"])
        let told = Self.lines(read.error)
        let sentences = [
            "3: the schema registry \(address) does not know schema 77", "5: schema 21 is PROTOBUF: only",
            "6: the key is not what schema 9 says (id, byte 0: ",
            "6: the value is not what schema 2 says (after, byte 1: ",
        ]
        try #require(told.count == sentences.count + 1, "\(read.error)")
        for (line, start) in zip(told, sentences) {
            #expect(line.hasPrefix("kw consume: t-0, offset \(start)"), "\(line)")
        }
        #expect(told.last == "Processed a total of 8 messages")
        let ids = Set([2, 9, 10, 20, 21, 77].map { "/schemas/ids/\($0)" })
        let asked = await registry.asked.filter { $0.hasPrefix("/schemas/") }
        #expect(Set(asked) == ids && asked.count == ids.count, "each was asked for once: \(asked)")
        // Keys that are not printed, and those that a deserializer is named for, are no registry's.
        let values = try await Self.consume(broker, address, ["-c", "2", "--format", "%s %S\n"])
        #expect(Self.lines(values.output).last == "{\"a\":\"ü\"} 10")
        let named = try await Self.consume(
            broker, address, ["-c", "1", "--property", "print.key=true", "--key-deserializer", "BytesDeserializer"])
        #expect(named.output.hasPrefix("\\x00\\x00\\x00\\x00\\x09\\x08\t{"))
        #expect(await registry.asked.count { $0 == "/schemas/ids/9" } == 1)
        let json = try await Self.consume(broker, address, ["-c", "2", "--json"])
        let line = try #require(Self.lines(json.output).last)
        let object = try #require(JSON(line))
        #expect(object["key"].text == #"{"id":7}"# && object["value"].text == #"{"a":"ü"}"#)
        await registry.stop()
        await broker.stop()
    }

    @Test func changeEventsAreShownAsThoseInJSON() async throws {
        let registry = try StandInRegistry()
        let address = try await registry.start()
        let broker = try await Self.broker([try Self.update()])
        let read = try await Self.consume(broker, address, ["--debezium"])
        let lines = Self.lines(read.output)
        try #require(read.status == 0 && lines.count == 3, "\(read.output) \(read.error)")
        #expect(lines[0].hasPrefix("t 0:0  ") && lines[0].hasSuffix("  UPDATE shop.transactions  id=4"))
        #expect(
            lines[1] == "    id=4  user_id=2004  amount=40.04  card_type=VISA  merchant_id=9  "
                + "created_at=2026-11-21T06:26:02.500000Z  note=(not in the event)")
        let json = try await Self.consume(broker, address, ["--debezium", "--json"])
        let line = try #require(Self.lines(json.output).first)
        let event = try #require(JSON(line))
        #expect(event["op"].text == "update" && event["key"]["id"].number == 4)
        #expect(event["after"]["created_at"].text == "2026-11-21T06:26:02.500000Z")
        await registry.stop()
        await broker.stop()
    }

    /// What a registry answers that gives nothing, and a part of the sentence that ends the command; nil is none that answers.
    @Test(
        arguments: [
            (nil, "cannot be asked for schema 10: "),
            (500, "could not give schema 10: it answered 500; start it, or correct"),
            (
                401,
                "does not give schema 10 to this login (401); name a login that may read it with --schema-registry-login"
            ),
            (404, "not as a schema registry does: is that its address?; start it, or correct --schema-registry"),
        ] as [(Int?, String)])
    func aRegistryThatGivesNothingEndsIt(trouble: Int?, words: String) async throws {
        let registry = try StandInRegistry(trouble: trouble)
        let address = trouble == nil ? "http://127.0.0.1:1" : try await registry.start()
        let broker = try await Self.broker([(nil, Array("text".utf8)), try Self.update()])
        let read = try await Self.consume(broker, address, ["--group", "g"])
        let told = Self.lines(read.error)
        #expect(read.status == 1 && read.output == "text\n" && told.count == 2, "\(read.error)")
        #expect(told.last?.contains(words) == true, "\(read.error)")
        // What was printed is committed, and nothing else.
        let good = try StandInRegistry()
        let again = try await Self.consume(broker, try await good.start(), ["--group", "g"])
        #expect(again.status == 0 && again.output.hasPrefix("{\"before\""), "\(again.output)")
        await good.stop()
        await registry.stop()
        await broker.stop()
    }

    @Test func theLoginIsSentAndItsFileTold() async throws {
        let registry = try StandInRegistry()
        let address = try await registry.start()
        let broker = try await Self.broker([try Self.update()])
        let file = try Program.file(Array("me:secret\n".utf8))
        defer { file.remove() }
        let read = try await Self.consume(broker, address, ["--schema-registry-login", file.path])
        #expect(read.status == 0 && read.error == "Processed a total of 1 messages\n", "\(read.error)")
        #expect(await registry.logins == ["Basic bWU6c2VjcmV0"])
        try #require(chmod(file.path, 0o644) == 0)
        let open = try await Self.consume(broker, address, ["--schema-registry-login", file.path])
        #expect(open.status == 0 && open.error.contains("chmod 600 \(file.path)"), "\(open.error)")
        await registry.stop()
        for (options, status, words) in [
            (["--schema-registry", "registry"], 1, "it looks like https://registry.example:8081"),
            (["--schema-registry-login", file.path], 64, "--schema-registry-login needs --schema-registry"),
            (["--schema-registry", address, "--schema-registry-login", "/dev/null"], 1, "holds no login"),
            (["--schema-registry", "http://far.example", "--schema-registry-login", file.path], 1, "use https:"),
        ] as [([String], Int32, String)] {
            let refused = try await Running.kw(
                ["consume", "--topic", "t", "--bootstrap-server", broker.bootstrapServers] + options)
            #expect(refused.status == status && refused.error.contains(words), "\(refused.error)")
        }
        await broker.stop()
    }

    /// Ctrl-C ends it while it waits for a registry that does not answer.
    @Test func theEndIsHeardMeanwhile() async throws {
        let registry = try StandInRegistry(trouble: 0)
        let address = try await registry.start()
        let broker = try await Self.broker([(nil, Array("text".utf8)), try Self.update()])
        let run = try Program.start([
            "consume", "--topic", "t", "--from-beginning", "--bootstrap-server", broker.bootstrapServers,
            "--schema-registry", address,
        ])
        try await eventually { await !registry.asked.isEmpty }
        // What came before is seen already.
        #expect(try run.output.text() == "text\n")
        kill(run.id, SIGINT)
        let outcome = try await elsewhere { try run.wait() }
        #expect(outcome.status == 0 && outcome.output == "text\n", "\(outcome.error)")
        #expect(outcome.error == "Processed a total of 1 messages\n")
        await registry.stop()
        await broker.stop()
    }
}
