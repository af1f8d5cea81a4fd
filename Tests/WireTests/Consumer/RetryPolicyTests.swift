import TestSupport
import Testing

@testable import KafkaWire

/// Where a record goes that could not be processed.
@Suite(.turn) struct RetryPolicyTests {
    private struct Broken: Error, CustomStringConvertible { var description: String }

    private static func record(
        _ topic: String, _ headers: [RecordHeader] = [], timestamp: Int64 = 77
    ) throws -> ConsumerRecord {
        var builder = RecordBatchBuilder()
        let (key, value) = (Bytes(utf8: "k"), Bytes(utf8: "v"))
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { value in
                builder.append(key: key, value: value, headers: headers, timestamp: timestamp)
            }
        }
        let batch = try #require(try RecordBatch(Bytes(try builder.finish())))
        let records = try batch.records(limit: 1 << 20)
        return ConsumerRecord(
            records[0], from: TopicPartition(topic, 3), assignment: 1, reader: .init(group: "g", clientId: "c"))
    }

    /// What was sent comes back as a consumer would have it.
    private static func received(_ sent: ProducerRecord) throws -> ConsumerRecord {
        try record(sent.topic, sent.headers, timestamp: 5)
    }

    private static func text(_ record: ProducerRecord, _ name: String) -> String? {
        let found = record.headers.filter { $0.key == name }
        return found.count == 1 ? found[0].value?.text : nil
    }

    private static let policy = RetryPolicy(delays: [.seconds(1), .seconds(5)])

    @Test func aRecordGoesFromTopicToTopicAndEndsAmongTheDead() throws {
        let own = RecordHeader("own", Bytes(utf8: "1"))
        var sent = Self.policy.forwarded(
            try Self.record("orders", [own]), because: Broken(description: "no"), now: 1000)
        #expect(sent.topic == "orders.retry.1")
        #expect(Self.text(sent, RetryPolicy.Header.notBefore) == "2000")
        #expect(Self.text(sent, RetryPolicy.Header.attempts) == "1")
        #expect(sent.key?.text == "k" && sent.value?.text == "v" && sent.partition == nil)
        sent = Self.policy.forwarded(try Self.received(sent), because: Broken(description: "again"), now: 3000)
        #expect(sent.topic == "orders.retry.2")
        #expect(Self.text(sent, RetryPolicy.Header.notBefore) == "8000")
        sent = Self.policy.forwarded(try Self.received(sent), because: Broken(description: "never"), now: 9000)
        #expect(sent.topic == "orders.dead-letter")
        #expect(Self.text(sent, RetryPolicy.Header.attempts) == "3")
        #expect(Self.text(sent, RetryPolicy.Header.notBefore) == nil)
        #expect(Self.text(sent, RetryPolicy.Header.cause) == "never")
        #expect(Self.text(sent, RetryPolicy.Header.causeType)?.hasSuffix("Broken") == true)
        #expect(Self.text(sent, RetryPolicy.Header.failed) == "9000")
        // Where it came from first, and what it brought.
        #expect(Self.text(sent, RetryPolicy.Header.topic) == "orders")
        #expect(Self.text(sent, RetryPolicy.Header.partition) == "3")
        #expect(Self.text(sent, RetryPolicy.Header.offset) == "0")
        #expect(Self.text(sent, RetryPolicy.Header.timestamp) == "77")
        #expect(Self.text(sent, "own") == "1")
        // Also those that fail there stay there.
        sent = Self.policy.forwarded(try Self.received(sent), because: Broken(description: "x"), now: 9000)
        #expect(sent.topic == "orders.dead-letter" && Self.text(sent, RetryPolicy.Header.attempts) == "4")
    }

    @Test func whatCannotPassIsDeadAtOnce() throws {
        let record = try Self.record("orders")
        let error = Broken(description: "x")
        #expect(
            Self.policy.forwarded(record, because: error, mayPass: false, now: 0).topic == "orders.dead-letter")
        #expect(RetryPolicy(delays: []).forwarded(record, because: error, now: 0).topic == "orders.dead-letter")
    }

    @Test func theTopicsAreListed() {
        #expect(Self.policy.topics(for: "o") == ["o.retry.1", "o.retry.2", "o.dead-letter"])
        #expect(RetryPolicy(delays: []).topics(for: "o") == ["o.dead-letter"])
    }

    /// Headers come from outside.
    @Test func whatMakesNoSenseInHeadersDoesNoHarm() throws {
        func headers(_ attempts: String, _ notBefore: String) -> [RecordHeader] {
            [
                RecordHeader(RetryPolicy.Header.attempts, Bytes(utf8: attempts)),
                RecordHeader(RetryPolicy.Header.notBefore, Bytes(utf8: notBefore)),
            ]
        }
        for (attempts, topic) in [
            ("-5", "o.retry.1"), ("x", "o.retry.1"), ("", "o.retry.1"), ("\(Int64.max)", "o.dead-letter"),
        ] {
            let record = try Self.record("o", headers(attempts, "0"))
            #expect(Self.policy.forwarded(record, because: Broken(description: ""), now: 0).topic == topic)
        }
        for (notBefore, rest) in [
            ("1500", Duration.milliseconds(500)), ("900", .zero), ("x", .zero), ("\(Int64.min)", .zero),
            ("\(Int64.max)", .seconds(5)), ("99999", .seconds(5)),
        ] {
            #expect(Self.policy.rest(of: try Self.record("o", headers("1", notBefore)), now: 1000) == rest)
        }
        #expect(Self.policy.rest(of: try Self.record("o"), now: 1000) == .zero)
        let record = try Self.record("o", headers("1", "\(Int64.max)"))
        #expect(Self.policy.rest(of: record, now: .min) == .seconds(5))
    }

    @Test func aLongCauseIsCut() throws {
        let cause = String(repeating: "ä", count: 2000)
        let sent = Self.policy.forwarded(try Self.record("o"), because: Broken(description: cause), now: 0)
        #expect(Self.text(sent, RetryPolicy.Header.cause)?.utf8.count == 1024)
        #expect(Self.text(sent, RetryPolicy.Header.cause)?.allSatisfy { $0 == "ä" } == true)
    }
}
