import ChangeEvents
import ChangeText
import JSONLines
import KafkaBroker
import KafkaWire
import PageServing
import TestSupport
import Testing

@testable import BrokerUI

/// What the broker's page is told.
@Suite(.turn) struct BrokerPageTests {
    private static func json(_ pages: BrokerPages, _ path: String, _ query: [String: String] = [:]) async throws -> JSON
    {
        let parts = path.split(separator: "/").map(String.init)
        let answer = await pages.answer(PageRequest(host: "localhost:1", path: parts, query: query))
        #expect(answer.status == 200, "\(path): \(answer.body)")
        return try #require(JSON(answer.body))
    }

    // MARK: - Who may ask

    @Test(arguments: [
        ("127.0.0.1", true), ("127.0.0.1:8080", true), ("LOCALHOST:1", true), ("[::1]:8080", true), ("localhost", true),
        ("localhost.rebound.example", false), ("127.0.0.1.rebound.example:80", false), ("rebound.example", false),
        ("localhost:", false), ("localhost:x", false), ("localhost:80:80", false), ("", false), (nil, false),
    ]) func onlyThisMachineIsAnswered(host: String?, isAnswered: Bool) async throws {
        let broker = try await KafkaBroker.start()
        let answer = await BrokerPages(api: BrokerAPI(broker: broker)).answer(
            PageRequest(host: host, path: ["api", "topics"]))
        #expect(answer.status == (isAnswered ? 200 : 403))
        await broker.stop()
    }

    @Test func whatIsNotThereIsRefused() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        func status(_ path: String, _ query: [String: String] = [:], method: String = "GET") async -> Int {
            let parts = path.split(separator: "/").map(String.init)
            return await pages.answer(PageRequest(method: method, host: "localhost", path: parts, query: query)).status
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"] {
            #expect(await status("/api/topics", method: method) == 405)
        }
        for path in ["/x", "/api", "/api/x", "/api/topics/u", "/api/topics/t/x", "/api/topics/t/messages/x"] {
            #expect(await status(path) == 404, "\(path)")
        }
        for query in [
            ["count": "0"], ["count": "201"], ["count": "x"], ["partition": "1"], ["partition": "-1"],
            ["offset": "-1"], ["offset": "9223372036854775808"], ["cursor": "0"], ["cursor": "0:x"], ["cursor": "0:-1"],
        ] {
            #expect(await status("/api/topics/t/messages", query) == 400, "\(query)")
        }
        for path in ["/", "/page.css", "/page.js"] { #expect(await status(path) == 200) }
        #expect(await status("/api/topics/t/messages", ["offset": "9223372036854775807"]) == 200)
        await broker.stop()
    }

    // MARK: - What is told

    @Test func topicsAndMessagesAreTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for number in 0..<6 {
            var record = ProducerRecord(
                topic: "t", key: "k", value: number == 5 ? nil : #"{"n": \#(number), "b": [1]}"#)
            record.headers = [RecordHeader("h", Bytes([0, 255]))]
            record.partition = PartitionID(index: number % 2)
            try await producer.enqueue(record)
            try await producer.flush()
        }
        try await producer.close()

        let topics = try await Self.json(pages, "/api/topics")
        #expect(topics["bootstrap"].text == broker.bootstrapServers)
        #expect(topics["topics"].elements.first?["records"].number == 6)
        let topic = try await Self.json(pages, "/api/topics/t")
        #expect(topic["partitions"].elements.map { $0["end"].number } == [3, 3])

        func offsets(_ query: [String: String]) async throws -> (places: [String], next: JSON) {
            let answer = try await Self.json(pages, "/api/topics/t/messages", query)
            let places = answer["messages"].elements.map {
                "\($0["partition"].number ?? -1):\($0["offset"].number ?? -1)"
            }
            return (places, answer["next"])
        }
        #expect(Set(try await offsets([:]).places) == ["0:0", "0:1", "0:2", "1:0", "1:1", "1:2"])
        #expect(try await offsets(["partition": "1", "offset": "1"]).places == ["1:1", "1:2"])
        #expect(try await offsets(["partition": "0", "count": "1"]).places == ["0:2"])
        let first = try await offsets(["partition": "0", "offset": "0", "count": "2"])
        #expect(first.places == ["0:0", "0:1"] && first.next["0"].number == 2)
        let rest = try await offsets(["cursor": "0:2,1:3"])
        #expect(rest.places == ["0:2"] && rest.next["0"].number == 3 && rest.next["1"].number == 3)

        let answer = try await Self.json(pages, "/api/topics/t/messages", ["partition": "0", "offset": "2"])
        let message = try #require(answer["messages"].elements.first)
        #expect(message["value"]["kind"].text == "json")
        #expect(message["value"]["text"].text == "{\n  \"n\": 4,\n  \"b\": [1]\n}")
        #expect(message["key"]["text"].text == "k" && message["key"]["hex"].text == "6b")
        let header = try #require(message["headers"].elements.first)
        #expect(
            header["name"].text == "h" && header["value"]["kind"].text == "binary"
                && header["value"]["hex"].text == "00ff")
        let tombstone = try await Self.json(pages, "/api/topics/t/messages", ["partition": "1", "offset": "2"])
        #expect(tombstone["messages"].elements.first?["value"]["kind"].text == "null")
        await broker.stop()
    }

    /// They were ordered by their times, which producers give as they like.
    @Test func aPartitionsMessagesKeepTheLogsOrder() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        let now = producer.loop.wallMilliseconds
        for (partition, times) in [[5000, 1000, 9000, 2000], [3000, 7000]].enumerated() {
            for time in times {
                var record = ProducerRecord(topic: "t", value: "v")
                record.partition = PartitionID(index: partition)
                record.timestamp = now - 60_000 + Int64(time)
                try await producer.send(record)
            }
        }
        try await producer.close()
        let answer = try await Self.json(pages, "/api/topics/t/messages")
        let places = answer["messages"].elements.map {
            "\($0["partition"].number ?? -1):\($0["offset"].number ?? -1)"
        }
        #expect(places == ["1:0", "0:0", "0:1", "1:1", "0:2", "0:3"])
        await broker.stop()
    }

    /// With more than 200 messages a second, the page showed what was further and further in the past, as live.
    @Test func whoFollowsSeesTheLatest() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for _ in 0..<500 { try await producer.enqueue(ProducerRecord(topic: "t", value: "x")) }
        try await producer.close()
        func offsets(
            _ query: [String: String]
        ) async throws -> (first: Int64?, last: Int64?, skipped: Int64?, next: Int64?) {
            let answer = try await Self.json(pages, "/api/topics/t/messages", query)
            let offsets = answer["messages"].elements.map { $0["offset"].number }
            return (offsets.first ?? nil, offsets.last ?? nil, answer["skipped"].number, answer["next"]["0"].number)
        }
        let following = try await offsets(["cursor": "0:10", "follow": "1", "count": "50"])
        #expect(following == (450, 499, 440, 500))
        let paging = try await offsets(["cursor": "0:10", "count": "50"])
        #expect(paging == (10, 59, 0, 60))
        let isThere = try await offsets(["cursor": "0:490", "follow": "1", "count": "50"])
        #expect(isThere == (490, 499, 0, 500))
        await broker.stop()
    }

    /// A committed offset is any number: the lag of the least, and the sum of several such, ended the broker.
    @Test func aCommittedOffsetAtTheEndsOfItsTypeIsTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 6]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for partition in 0..<6 {
            var record = ProducerRecord(topic: "t", value: "x")
            record.partition = PartitionID(index: partition)
            try await producer.enqueue(record)
        }
        try await producer.close()
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        let offsets: [Int64] = [.min, .min + 1, -2, 1 - .max, 1, .max]
        let request = OffsetCommitRequest.with {
            $0.groupId = "g"
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = offsets.enumerated().map { index, offset in
                        .with {
                            $0.partitionIndex = PartitionID(index: index)
                            $0.committedOffset = Offset(offset)
                        }
                    }
                }
            ]
        }
        _ = try await admin.send(request, to: .any)
        let group = try await Self.json(pages, "/api/groups")["groups"].elements.first
        // Whether it takes them is the broker's matter; that it tells of them afterwards is what counts here.
        #expect((group?["lag"].number ?? 0) >= 0)
        for path in ["/api/topics", "/api/topics/t"] { _ = try await Self.json(pages, path) }
        await admin.close()
        await broker.stop()
    }

    /// What is no commit for `kw groups` was one for the page, and a log that ends before the commit had no lag.
    @Test func thePageAndTheToolTellTheSameOfACommit() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        let id = try #require(await broker.topics.first?.id)
        let request = OffsetCommitRequest.with {
            $0.groupId = "g"
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.topicId = id
                    $0.partitions = ([-7, 5, 0] as [Int64]).enumerated().map { index, offset in
                        .with {
                            $0.partitionIndex = PartitionID(index: index)
                            $0.committedOffset = Offset(offset)
                        }
                    }
                }
            ]
        }
        _ = try await admin.send(request, to: .any)
        let told = try await Running.json("groups", "--describe", "--group", "g", at: broker)
        func rows(_ elements: [JSON], _ committed: String) -> [Int64: [Int64?]] {
            var rows: [Int64: [Int64?]] = [:]
            for row in elements where row[committed].number != nil {
                rows[row["partition"].number ?? -1] = [row[committed].number, row["lag"].number]
            }
            return rows
        }
        let group = try #require(try await Self.json(pages, "/api/groups")["groups"].elements.first)
        let shown = rows(group["offsets"].elements, "committed")
        #expect(shown == [1: [5, -5], 2: [0, 0]])
        #expect(group["lag"].number == 0)
        #expect(told.elements.isEmpty == false)
        #expect(rows(told.elements.flatMap { $0["offsets"].elements }, "currentOffset") == shown)
        await admin.close()
        await broker.stop()
    }

    @Test func groupsAreToldWithTheirLag() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for _ in 0..<7 { try await producer.enqueue(ProducerRecord(topic: "t", value: "x")) }
        try await producer.close()
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], group: "g", topics: ["t"])
        configuration.client.clientId = "<b>"
        let consumer = try KafkaConsumer(configuration)
        for try await _ in consumer.batches { break }
        try await consumer.commit([TopicPartition("t", 0): CommittedOffset(offset: 5)])
        let group = try #require(try await Self.json(pages, "/api/groups")["groups"].elements.first)
        #expect(group["id"].text == "g" && group["state"].text == "Stable" && group["lag"].number == 2)
        let member = try #require(group["members"].elements.first)
        #expect(member["clientId"].text == "<b>")
        #expect(member["assignment"].elements.first?["topic"].text == "t")
        let offset = try #require(group["offsets"].elements.first)
        #expect(offset["committed"].number == 5 && offset["end"].number == 7 && offset["lag"].number == 2)
        #expect(offset["member"].text == member["id"].text)
        await consumer.close()
        await broker.stop()
    }
}

/// Change events as people read them.
@Suite(.turn) struct ChangeViewTests {
    /// Base 64 of Python's `int.to_bytes(…, "big", signed=True)`, and `Decimal(unscaled).scaleb(-scale)`.
    @Test(arguments: [
        ("BalP", 2, "3710.23"), ("Bamv", 2, "3711.19"), ("Oow=", 2, "149.88"), ("/w==", 2, "-0.01"),
        ("AA==", 2, "0.00"), ("AA==", 0, "0"),
        ("gA==", 0, "-128"), ("AIA=", 0, "128"), ("fw==", 3, "0.127"), ("AQ==", -3, "1000"),
        ("AYpuMiRsmcYK2FAAAAAB", 10, "800000000000000000000000.0000000001"),
        ("4pzWDjyjW0BURgqe//////k=", 18, "-10000000000000000000000.000000000000000007"),
        ("AIAAAAAAAAAA", 0, "9223372036854775808"), ("/4AAAAAAAAAA", 4, "-922337203685477.5808"), ("", 2, nil),
        ("A", 2, nil), ("!!!!", 2, nil),
        ("AA=A", 2, nil), ("A===", 2, nil),
    ]) func decimalsAreExact(base64: String, scale: Int, text: String?) {
        #expect(Decimals.text(base64: base64, scale: scale) == text)
    }

    @Test(arguments: [
        "1", "[1.50,-0,1e-3]", #"{"a":{"a":1,"a":2},"b":[{"c":null}]}"#, #""\u00e4\ud83d\ude00\n""#, "[]", "{}", "true",
    ]) func documentsKeepWhatWasWritten(text: String) throws {
        let document = try #require(Document(Array(text.utf8)))
        let again = try #require(Document(Array(document.compact.utf8)))
        #expect(again == document)
        #expect(Document(Array(document.indented().utf8)) == document)
        #expect(JSON(text) == JSON(document.compact))
    }

    @Test(arguments: [
        "", "{", "[1,]", "01", "1.", ".5", "+1", "1e", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "nul", "{\"a\"}", "[] []",
        "'a'",
        String(repeating: "[", count: 200),
    ]) func whatIsNoJSONIsNone(text: String) { #expect(Document(Array(text.utf8)) == nil) }

    /// Little text must not become much: deep nesting is not indented without end.
    @Test func whatIsShownIsBounded() throws {
        let deep = String(repeating: "[", count: 98) + Array(repeating: "[{}]", count: 100_000).joined(separator: ",")
        let part = MessagePart(Bytes(utf8: deep + String(repeating: "]", count: 98)))
        #expect(part.document != nil)
        #expect(part.json.utf8.count < 100_000)
        let shown = try #require(JSON(part.json))
        #expect(shown["kind"].text == "json" && shown["cut"] == .bool(true))
        let long = try #require(JSON(MessagePart(Bytes(utf8: String(repeating: "ä", count: 100_000))).json))
        #expect(long["text"].text?.count == 32_768 && long["cut"] == .bool(true) && long["size"].number == 200_000)
        let binary = try #require(JSON(MessagePart(Bytes([UInt8](repeating: 1, count: 5000))).json))
        #expect(binary["hex"].text?.count == 2048 && binary["cut"] == .bool(true) && binary["text"] == .null)
    }

    private static func views(_ table: String) throws -> [ChangeView] {
        let folder = String(#filePath.dropLast("Tests/ToolTests/BrokerPageTests.swift".count))
        let content = try FileContent.bytes(folder + "Fixtures/debezium/\(table).public.transactions.jsonl")
        var decoder = ChangeEventDecoder()
        return FileContent.lines(content).compactMap { line in
            guard let record = JSON(line.text), let value = record["value"].text else { return nil }
            return ChangeView(MessagePart(Bytes(utf8: value)), hasOldKey: false, &decoder)
        }
    }

    /// Debezium's recorded events: what they say does not depend on the form in which they say it.
    @Test(arguments: ["dbserver1", "bare", "bare-double", "bare-string", "keyed"])
    func recordedEventsAreShown(table: String) throws {
        let views = try Self.views(table)
        #expect(views.count >= 90)
        #expect(views.allSatisfy { $0.table == "public.transactions" && ($0.time ?? 0) > 1_700_000_000_000 })
        #expect(Set(views.map(\.operation)).isSuperset(of: ["read", "update", "delete", "create"]))
        for view in views where ["create", "read"].contains(view.operation) && view.verdict.hasPrefix("transaction of")
        {
            let columns = Dictionary(uniqueKeysWithValues: view.columns.map { ($0.name, $0) })
            // The verdict's amount is what the agents read.
            let amount = view.verdict.split(separator: " ").last.map(String.init)
            if table != "bare-double" { #expect(columns["amount"]?.after == amount) }
            #expect(columns.values.allSatisfy { $0.before == nil })
        }
        let times = views.flatMap(\.columns).filter { $0.name == "created_at" }.compactMap(\.after)
        #expect(times.filter { $0.hasPrefix("2026-11-21T") && $0.hasSuffix("Z") }.count >= 90)
        let update = try #require(views.last { $0.operation == "update" })
        #expect(update.verdict.contains("no new transaction"))
    }

    @Test func otherValuesAreNoChangeEvents() {
        var decoder = ChangeEventDecoder()
        for text in [
            "1", "{}", #"{"op":"c"}"#, #"{"op":"c","source":{}}"#, #"{"op":"x","source":{"table":"t"}}"#, "text",
        ] {
            #expect(ChangeView(MessagePart(Bytes(utf8: text)), hasOldKey: false, &decoder) == nil, "\(text)")
        }
        #expect(ChangeView(MessagePart(nil), hasOldKey: false, &decoder) == nil)
    }
}
