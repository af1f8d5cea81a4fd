import ArgumentParser
import ChangeEvents
import KafkaBroker
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// What becomes of events that cannot be used, where there is a topic for them.
@Suite(.turn) struct AgentDeadLetterTests {
    private static let word = "agent.problem"

    private static func start() async throws -> KafkaBroker {
        try await KafkaBroker.start(.init(topics: ["changes": 1, "alerts": 1, "dead": 1]))
    }

    private static func write(_ broker: KafkaBroker, _ records: [ProducerRecord]) async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for record in records {
            var record = record
            (record.topic, record.partition) = ("changes", 0)
            try await producer.enqueue(record)
        }
        try await producer.close()
    }

    private static func row(_ text: String) -> ProducerRecord { ProducerRecord(topic: "", value: text) }

    /// What a reader of what is committed sees of a topic.
    private static func read(_ broker: KafkaBroker, _ topic: String = "dead") async throws -> [Record] {
        let end = try #require(await broker.endOffsets(of: topic)?.first)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], topics: [topic], from: .earliest)
        configuration.isolationLevel = .readCommitted
        configuration.tellsEnds = true
        configuration.fetchMaximumWait = .milliseconds(50)
        let consumer = try KafkaConsumer(configuration)
        var found: [Record] = []
        for try await event in consumer.events {
            if case .batch(let batch) = event { found += Array(batch) }
            if case .reachedEnd(_, let offset) = event, offset >= end { break }
        }
        _ = await consumer.close()
        return found
    }

    private static func headers(_ record: Record) -> [String: String] {
        Dictionary(record.headers.map { ($0.key, $0.value?.text ?? "null") }) { $1 }
    }

    private static let ways: [[String]] = [
        ["--alerts-topic", "alerts"], ["--alerts-topic", "alerts", "--guarantee", "at-least-once"], [],
    ]

    @Test(arguments: ways) func whatCannotBeUsedGoesThereAsItWasWithReasonAndPlace(_ options: [String]) async throws {
        let broker = try await Self.start()
        let agent = try RunningAgent(broker, ["--dead-letter-topic", "dead"] + options)
        let flawed = Change.row(2, user: 7).replacing("10.5", with: "null")
        try await Self.write(
            broker,
            [
                Self.row(Change.row(1, user: 7)),
                ProducerRecord(
                    topic: "", key: Bytes(utf8: "k"), value: Bytes(utf8: flawed),
                    headers: [RecordHeader("mine", Bytes(utf8: "x")), RecordHeader("none", nil)]),
                ProducerRecord(topic: "", key: nil, value: Bytes([0x7B, 0xFF])), Self.row(Change.row(3, user: 7)),
                Self.row(Change.row(4, user: 7)), Self.row(Change.row(5, user: 7, "9000")),
            ])
        try await eventually { await broker.committed == [6] }
        #expect(try await agent.end() == 0)
        let letters = try await Self.read(broker)
        try #require(letters.count == 2)
        #expect(letters[0].key?.text == "k" && letters[0].value?.text == flawed)
        #expect(letters[1].key == nil && letters[1].value?.copy() == [0x7B, 0xFF])
        #expect(Array(letters[0].headers.prefix(2)).map(\.key) == ["mine", "none"])
        #expect(letters[0].headers[1].value == nil)
        let first = Self.headers(letters[0])
        #expect(first["mine"] == "x" && first["agent.name"] == "agent" && first["retry.attempts"] == "1")
        #expect(first["retry.origin.topic"] == "changes" && first["retry.origin.partition"] == "0")
        #expect(first["retry.origin.offset"] == "1" && first[Self.word] == "null" && first["agent.field"] == "amount")
        let at = try #require(flawed.firstRange(of: "null,\"card"))
        #expect(first["agent.byte"] == "\(flawed.utf8.distance(from: flawed.startIndex, to: at.lowerBound))")
        #expect(first["retry.cause"] == "\"amount\" is null at byte \(first["agent.byte"] ?? "")")
        let second = Self.headers(letters[1])
        #expect(second["retry.origin.offset"] == "2" && second["agent.field"] == nil && second["agent.left-out"] == nil)
        #expect(
            agent.text.contains(
                "malformed or incomplete, skipped: 2 (1 amount null, 1 no JSON object); sent to dead: 2"))
        #expect(agent.text.contains("ANOMALY DETECTED: User 7 spent $9000.00"))
        // Nothing comes twice.
        let next = try RunningAgent(broker, ["--dead-letter-topic", "dead"] + options)
        try await Self.write(broker, [Self.row("{")])
        try await eventually { await broker.committed == [7] }
        #expect(try await next.end() == 0)
        #expect(try await Self.read(broker).map { Self.headers($0)["retry.origin.offset"] } == ["1", "2", "6"])
        await broker.stop()
    }

    /// They are in the transaction with the position behind them.
    @Test(arguments: [(APIKey.txnOffsetCommit, ErrorCode.illegalGeneration), (.endTxn, .notCoordinator)])
    func aTransactionThatIsDoneAgainHasEachOnce(api: APIKey, code: ErrorCode) async throws {
        let broker = try await Self.start()
        let agent = try RunningAgent(broker, ["--dead-letter-topic", "dead", "--alerts-topic", "alerts"])
        try await broker.write(Change.alarming(user: 7, from: 1))
        try await eventually { await broker.committed == [4] }
        broker.on(api, times: 2) { _ in .fail(code) }
        try await broker.write(["{}", "[]"] + Change.alarming(user: 8, from: 11) + ["x"])
        try await eventually { await broker.committed == [11] }
        #expect(try await agent.end() == 0)
        #expect(try await Self.read(broker).map { Self.headers($0)["retry.origin.offset"] } == ["4", "5", "10"])
        #expect(try await Self.read(broker, "alerts").count == 2)
        await broker.stop()
    }

    @Test func nothingBehindOneThatHasNotArrivedIsCommitted() async throws {
        let broker = try await Self.start()
        try await broker.write([Change.row(1, user: 7), "{", Change.row(2, user: 7)])
        let hook = broker.on(.produce) { _ in .fail(.notEnoughReplicas) }
        let agent = try RunningAgent(broker, ["--dead-letter-topic", "dead"])
        try await eventually { await broker.committed == [1] }
        try await eventually { hook.uses > 2 }
        #expect(await broker.committed == [1])
        hook.remove()
        try await eventually { await broker.committed == [3] }
        #expect(try await agent.end() == 0)
        #expect(try await Self.read(broker).count == 1)
        await broker.stop()
    }

    /// A million bytes in the topic of events, and no room for headers beside them in a request.
    @Test(arguments: ways) func whatIsTooLargeLeavesItsValueWhereItIs(_ options: [String]) async throws {
        let broker = try await Self.start()
        let agent = try RunningAgent(broker, ["--dead-letter-topic", "dead"] + options)
        try await Self.write(
            broker,
            [ProducerRecord(topic: "", key: Bytes(utf8: "k"), value: Bytes([UInt8](repeating: 0x20, count: 1_045_000)))]
        )
        try await eventually { await broker.committed == [1] }
        #expect(try await agent.end() == 0)
        let letter = try #require(try await Self.read(broker).first)
        #expect(letter.key?.text == "k" && letter.value == nil)
        #expect(Self.headers(letter)["agent.left-out"] == "value (1045000 bytes)")
        #expect(Self.headers(letter)[Self.word] == "empty")
        await broker.stop()
    }

    /// What waits for a transaction is bounded in bytes, and goes on when it has come through.
    @Test(arguments: ways) func whatWaitsIsBounded(_ options: [String]) async throws {
        let broker = try await Self.start()
        let large = "x" + String(repeating: " ", count: 1_000_000)
        try await broker.write((0..<40).flatMap { [large, Change.row($0, user: 7)] })
        let hook = broker.on(options.count == 2 ? .endTxn : .produce) { _ in .fail(.notEnoughReplicas) }
        let agent = try RunningAgent(broker, ["--dead-letter-topic", "dead", "--verbose"] + options)
        try await eventually { hook.uses > 1 }
        try await Task.sleep(for: .seconds(3))
        let judged = agent.text.split(separator: "\n").count { $0.hasPrefix("Profile updated") }
        #expect((6..<36).contains(judged))
        hook.remove()
        try await eventually { await broker.committed == [80] }
        #expect(try await agent.end() == 0)
        #expect(agent.total("events") == 80)
        #expect(try await Self.read(broker).count == 40)
        await broker.stop()
    }

    @Test func theTopicIsOneOfItsOwn() throws {
        #expect(throws: (any Error).self) { try AgentOptions.parse(["-t", "a", "--dead-letter-topic", "a"]) }
        #expect(throws: (any Error).self) {
            try AgentOptions.parse(["--alerts-topic", "a", "--dead-letter-topic", "a"])
        }
        let options = try AgentOptions.parse(["--dead-letter-topic", "a"])
        #expect(options.deadLetterTopic == "a" && !options.isExactlyOnce)
    }

    /// Every problem has a word of its own, and the sentence names the field.
    @Test func wordsAreDistinct() {
        let problems: [Malformed.Problem] = [
            .empty, .tooLong, .truncated, .unexpectedByte, .trailingBytes, .tooDeep, .badString, .badEscape, .badNumber,
            .notAnObject, .unknownOperation, .missing(.amount), .null(.amount), .wrongForm(.amount),
            .outOfRange(.amount),
        ]
        #expect(Set(problems.map(\.word)).count == problems.count)
        #expect(problems.compactMap(\.field).count == 4)
        for problem in problems where problem.field != nil {
            #expect(Malformed(problem, at: 3).reason.contains("\"amount\""))
        }
    }

    // MARK: - Bounds, as values

    private static let p = TopicPartition("t", 0)

    private static func letter(_ size: Int) -> ProducerRecord {
        ProducerRecord(topic: "dead", value: Bytes([UInt8](repeating: 0, count: size)))
    }

    @Test func anOutboxIsFullByBytes() {
        var outbox = Outbox()
        outbox.add([Self.letter(Outbox.sizeLimit / 2)], StateChanges(), of: Self.p)
        #expect(!outbox.isFull())
        outbox.add([Self.letter(Outbox.sizeLimit / 2)], StateChanges(), of: Self.p)
        #expect(outbox.isFull())
        var parcel = Parcel()
        parcel.parts[Self.p] = outbox.part(of: Self.p, at: 2)
        #expect(!outbox.isFull() && outbox.size == 0)
        outbox.add([Self.letter(5)], StateChanges(), of: Self.p)
        outbox.putBack(parcel)
        #expect(outbox.isFull())
        outbox.drop(Self.p)
        #expect(outbox.size == 0 && outbox.count == 0)
    }

    @Test func aLedgerIsFullByBytes() throws {
        var ledger = AlertLedger(limit: 100, sizeLimit: 100)
        _ = ledger.takeOver(Self.p, at: 0)
        let tickets = (0..<4 as Range<Int64>).compactMap { ledger.raised(Self.p, at: Offset($0), size: 30) }
        let isFull = ledger.overfull()
        #expect(isFull == [Self.p])
        // Until half is there.
        for (ticket, isHeld) in zip(tickets, [true, true, false, false]) {
            ledger.arrived(ticket)
            let held = ledger.overfull()
            #expect(held.isEmpty != isHeld)
        }
        _ = ledger.raised(Self.p, at: 9, size: 300)
        ledger.forget(Self.p)
        let held = ledger.overfull()
        #expect(held.isEmpty)
    }
}
