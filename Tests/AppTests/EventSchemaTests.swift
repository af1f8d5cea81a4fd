import ChangeEvents
import FlyingFox
import FlyingSocks
import Foundation
import KafkaBroker
import KafkaSchemas
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// Events as Confluent's `AvroConverter` wrote them, and a registry that knows their schemas.
@Suite(.turn) struct EventSchemaTests {
    /// The schemas of `avro.schemas.jsonl` as a registry gives them, by paths below its address.
    private static func answers() throws -> [String: String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Fixtures/debezium/avro.schemas.jsonl")
        var answers: [String: String] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let schema = try #require(object["schema"] as? String)
            let body = try JSONSerialization.data(withJSONObject: ["schema": schema])
            answers["/schemas/ids/\(try #require(object["id"] as? Int))"] = String(decoding: body, as: UTF8.self)
        }
        return answers
    }

    /// A registry over HTTP that can be away.
    private actor Registry {
        private var answers: [String: String]
        private(set) var asked: [String] = []
        private(set) var logins: Set<String> = []
        /// What it answers to everything, as long as it is away: a status, or that it is starting.
        private var trouble: Int?
        static let starting = 40403
        /// Paths that this login may not read.
        private let forbidden: Set<String>
        private var task: Task<Void, any Error>?

        init(_ answers: [String: String], trouble: Int? = nil, forbidden: Set<String> = []) {
            (self.answers, self.trouble, self.forbidden) = (answers, trouble, forbidden)
        }

        func start() async throws -> String {
            let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
            await server.appendRoute("*") { await self.answer($0) }
            task = Task { try await server.run() }
            try await server.waitUntilListening()
            guard case .ip4(_, let port)? = await server.listeningAddress else { return "" }
            return "http://127.0.0.1:\(port)"
        }

        func comesBack() { trouble = nil }
        func stop() { task?.cancel() }

        private func answer(_ request: HTTPRequest) -> HTTPResponse {
            asked.append(request.path)
            logins.insert(request.headers[.authorization] ?? "none")
            if trouble == Self.starting, request.path == "/_health" {
                return HTTPResponse(statusCode: .ok, body: Data(#"{"status":{"schema_registry_ready":false}}"#.utf8))
            }
            if forbidden.contains(request.path) { return HTTPResponse(statusCode: .forbidden) }
            if let trouble, trouble != Self.starting {
                return HTTPResponse(statusCode: HTTPStatusCode(trouble, phrase: ""))
            }
            guard trouble == nil, let body = answers[request.path] else {
                return HTTPResponse(
                    statusCode: .notFound, body: Data(#"{"error_code":40403,"message":"Schema not found"}"#.utf8))
            }
            return HTTPResponse(statusCode: .ok, body: Data(body.utf8))
        }
    }

    /// A table's life, as it is told in JSON: each event, in its order.
    @Test func whatAvroSaysIsWhatJSONSays() async throws {
        let registry = Registry(try Self.answers())
        let client = try SchemaRegistryClient(try await registry.start())
        let told = try RecordedRow.file("shop")
        var schemas = EventSchemas()
        var decoder = ChangeEventDecoder()
        var words: [String] = []
        for event in try RecordedEvent.file("avro.shop.transactions") {
            var json: [UInt8]?
            if let value = event.value {
                let id = try #require(SchemaMessage(value)).schemaID
                schemas.learn(id, try await client.schema(id), at: Instant(nanoseconds: 0))
                json = schemas.json(of: Bytes(value))
                #expect(json != nil, "\(id)")
            }
            let read = decoder.decode(RecordedEvent(key: nil, value: json, hasOldKey: event.hasOldKey))
            words.append(DebeziumLifeTests.word(read))
            guard let row = read.transaction else { continue }
            #expect(
                told.contains {
                    $0.id == row.id && $0.user == row.userID
                        && $0.createdMicroseconds.map { Int64($0) == row.createdAt.microseconds }
                            ?? (row.timeSource == .commit)
                }, "\(row)")
        }
        #expect(words == DebeziumLifeTests.quiet)
        // Each id was asked for once.
        let asked = await registry.asked
        #expect(asked.count == Set(asked).count && asked.count > 3)
        await registry.stop()
    }

    /// PostgreSQL's numbers without a scale, times with zones, dates, money: what they are in JSON with schemas, they are in Avro.
    @Test func eachFormHasItsOutcome() async throws {
        let registry = Registry(try Self.answers())
        let client = try SchemaRegistryClient(try await registry.start())
        var schemas = EventSchemas()
        var decoder = ChangeEventDecoder()
        var outcomes: Set<String> = []
        for event in try RecordedEvent.file("avro-forms.forms.transactions") {
            let value = try #require(event.value)
            let message = try #require(SchemaMessage(value))
            schemas.learn(message.schemaID, try await client.schema(message.schemaID), at: Instant(nanoseconds: 0))
            let json = schemas.json(of: Bytes(value))
            switch decoder.decode(json ?? []) {
            case .transaction(let row):
                outcomes.insert("\(row.id) \(row.userID) \(row.amount) \(row.createdAt.microseconds) \(row.timeSource)")
            case .malformed(let flaw): outcomes.insert(flaw.problem.name)
            case .notATransaction(let reason): outcomes.insert(reason.rawValue)
            }
        }
        var expected: Set<String> = []
        for event in try RecordedEvent.file("precise-adaptive.forms.transactions") {
            switch decoder.decode(try #require(event.value)) {
            case .transaction(let row):
                expected.insert("\(row.id) \(row.userID) \(row.amount) \(row.createdAt.microseconds) \(row.timeSource)")
            case .malformed(let flaw): expected.insert(flaw.problem.name)
            case .notATransaction(let reason): expected.insert(reason.rawValue)
            }
        }
        #expect(
            outcomes.count > 5 && outcomes.filter { $0.contains("column") }.isSubset(of: expected),
            "\(outcomes) \(expected)")
        await registry.stop()
    }

    /// Not even where it says "not found": another server does, and one that has not read its own schemas yet.
    @Test(arguments: [500, 401, 404, Registry.starting]) func anAgentReadsAvroOnceItsRegistryIsThere(_ trouble: Int)
        async throws
    {
        let registry = Registry(try Self.answers(), trouble: trouble)
        let address = try await registry.start()
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let events = try RecordedEvent.file("avro.shop.transactions")
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        // One that nobody knows the schema of is in front.
        let values = [[0, 0, 0, 0x27, 0x10, 2]] + events.map { $0.value }
        for value in values {
            try await producer.enqueue(ProducerRecord(topic: "changes", value: value.map { Bytes($0) }, partition: 0))
        }
        try await producer.close()
        let agent = try RunningAgent(broker, ["--schema-registry", address])
        try await agent.says("the events that need it wait")
        #expect(await broker.committed.allSatisfy { $0 == 0 }, "nothing is passed over meanwhile")
        await registry.comesBack()
        try await eventually { await broker.committed == [Offset(Int64(values.count))] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == values.count && agent.total("transactions") > 2, "\(agent.text)")
        #expect(
            agent.text.contains("does not know schema 10000") && agent.text.contains("1 a registry's wire format"),
            "\(agent.text)")
        await registry.stop()
        await broker.stop()
    }

    /// An empty object, by the schema with that id.
    private static func value(by id: Int) -> Bytes {
        Bytes([0, 0, 0, UInt8(id >> 8), UInt8(id & 0xFF)] + Array("{}".utf8))
    }

    /// Who waits for a schema that is refused holds up nobody else.
    @Test func aSchemaThatIsRefusedHoldsUpItsPartitionAlone() async throws {
        let schema = #"{"schema":"{}","schemaType":"JSON"}"#
        let registry = Registry(["/schemas/ids/2": schema], forbidden: ["/schemas/ids/1"])
        let address = try await registry.start()
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 2]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for (partition, id) in [(0, 1), (1, 2), (1, 2)] as [(Int32, Int)] {
            try await producer.enqueue(
                ProducerRecord(topic: "changes", value: Self.value(by: id), partition: PartitionID(partition)))
        }
        try await producer.close()
        let agent = try RunningAgent(broker, ["--schema-registry", address])
        try await eventually { await broker.committed == [0, 2] }
        try await agent.says("does not give schema 1 to this login (403); the events that need it wait")
        #expect(await broker.committed == [0, 2])
        _ = try await agent.end()
        await registry.stop()
        await broker.stop()
    }

    /// However slowly it answers: not at all, or one byte after the other.
    @Test(arguments: [false, true]) func aRegistryThatHangsIsNotWaitedForLong(_ drips: Bool) async throws {
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0), timeout: 60)
        await server.appendRoute("*") { _ in
            if !drips { try await Task.sleep(for: .seconds(45)) }
            return HTTPResponse(statusCode: .ok, body: HTTPBodySequence(from: Drops()))
        }
        let task = Task { try await server.run() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else { return }
        let client = try SchemaRegistryClient("http://127.0.0.1:\(port)", timeout: .milliseconds(700))
        let began = ContinuousClock.now
        let error = await #expect(throws: SchemaRegistryError.self) { try await client.schema(1) }
        #expect(error?.mayPass == true, "\(error?.description ?? "")")
        // Foundation's own patience would be a minute, from the last byte on.
        #expect(ContinuousClock.now - began < .seconds(30))
        task.cancel()
    }

    /// A byte each half second, for a minute and a half.
    private struct Drops: AsyncBufferedSequence, AsyncSequence, Sendable {
        typealias Element = UInt8
        struct AsyncIterator: AsyncBufferedIteratorProtocol {
            var left = 180
            mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }
            mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
                guard left > 0 else { return nil }
                left -= 1
                try await Task.sleep(for: .milliseconds(500))
                return [0x20]
            }
        }
        func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
    }

    /// Ids of which there is no schema take their place in memory, and a line, only so often.
    @Test func idsWithoutSchemasAreBounded() async throws {
        let registry = Registry([:])
        let address = try await registry.start()
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        let count = 2 * KnownSchemas.mostKept + 100
        for id in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: "changes", value: Self.value(by: id), partition: 0))
        }
        try await producer.close()
        let agent = try RunningAgent(broker, ["--schema-registry", address])
        try await eventually(within: .seconds(60)) { await broker.committed == [Offset(Int64(count))] }
        #expect(try await agent.end() == 0)
        #expect(agent.text.contains("\(count) a registry's wire format"), "\(agent.text)")
        #expect(agent.text.components(separatedBy: "does not know schema").count - 1 == FirstFew.most)
        // As often as there were ids, but for a batch that was read again behind others.
        #expect(await registry.asked.count <= 3 * count)
        await registry.stop()
        await broker.stop()
    }

    /// What becomes of schemas that are learnt, as time goes on.
    @Test func schemasAreKeptAndForgotten() {
        let start = Instant(nanoseconds: 0)
        var schemas = EventSchemas()
        let values = (0..<KnownSchemas.mostKept + 10).map(Self.value)
        schemas.learn(0, .json("{}"), at: start)
        schemas.learn(1, nil, at: start)
        #expect(schemas.unknown(in: values.prefix(3), at: start) == [2])
        let soon = start + (KnownSchemas.patience - .milliseconds(1))
        #expect(schemas.unknown(in: values.prefix(3), at: soon) == [2])
        #expect(schemas.unknown(in: values.prefix(3), at: start + KnownSchemas.patience) == [1, 2])
        schemas.learn(1, .json("{}"), at: soon)
        #expect(schemas.unknown(in: values.prefix(3), at: start + .seconds(3600)) == [2])
        #expect(schemas.json(of: values[1]) == Array("{}".utf8) && schemas.json(of: values[2]) == nil)
        // One that is learnt again has its place already.
        #expect(schemas.count == 2)
        for id in values.indices { schemas.learn(Int32(id), nil, at: soon) }
        #expect(schemas.count == values.count && schemas.unknown(in: values, at: soon).isEmpty, "the batch can be read")
        schemas.trim()
        #expect(schemas.count == KnownSchemas.mostKept && schemas.unknown(in: values, at: soon) == Set(0..<10))
    }

    @Test func loginsAreSentAndRefusalsTold() async throws {
        let registry = Registry([
            "/schemas/ids/1":
                #"{"schema":"{\"type\":\"record\",\"name\":\"a.Outer\",\"fields\":[{\"name\":\"x\",\"type\":\"b.Inner\"}]}","references":[{"name":"b.Inner","subject":"b inner/é","version":3}]}"#,
            "/subjects/b inner/é/versions/3":
                #"{"schema":"{\"type\":\"enum\",\"name\":\"b.Inner\",\"symbols\":[\"P\",\"Q\"]}"}"#,
            "/schemas/ids/2": #"{"schema":"{}","schemaType":"JSON"}"#,
            "/schemas/ids/3": #"{"schema":"","schemaType":"PROTOBUF"}"#,
            "/schemas/ids/4": "<html>", "/schemas/ids/5": #"{"schema":"\"nothing\""}"#,
        ])
        let address = try await registry.start()
        let login = try #require(SchemaRegistryClient.Login(Secret("me:a:b")))
        let client = try SchemaRegistryClient(address + "/", login: login)
        guard case .avro(let schema) = try await client.schema(1) else {
            Issue.record("no Avro")
            return
        }
        #expect(try schema.value(of: [2]).json() == #"{"x":"Q"}"#)
        #expect(try await client.schema(2) == .json("{}"))
        #expect(try await client.schema(3) == .other("PROTOBUF"))
        for (id, reason) in [(4, .malformed), (5, .malformed), (6, .unknown)] as [(Int32, SchemaRegistryError.Reason)] {
            let error = await #expect(throws: SchemaRegistryError.self) { try await client.schema(id) }
            #expect(error?.reason == reason && error?.mayPass == false, "\(error?.description ?? "")")
        }
        #expect(await registry.logins == ["Basic bWU6YTpi"])
        await registry.stop()
        let away = try SchemaRegistryClient("http://127.0.0.1:1")
        let error = await #expect(throws: SchemaRegistryError.self) { try await away.schema(1) }
        #expect(error?.mayPass == true)
        for (address, login) in [
            ("registry", nil), ("ftp://x", nil), ("http://far.example", login), ("https://a:b@x", nil),
        ] {
            #expect(throws: SchemaRegistryError.self) { try SchemaRegistryClient(address, login: login) }
        }
    }
}
