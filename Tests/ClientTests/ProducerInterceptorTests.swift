import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Who looks on at a producer's records (KIP-42).
@Suite(.turn) struct ProducerInterceptorTests {
    private static func record(_ number: Int) -> ProducerRecord {
        var record = ProducerRecord(topic: "t", value: "value \(number)")
        record.partition = 0
        return record
    }

    private static func broker(maximumMessageBytes: Int = 1 << 20) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumMessageBytes = maximumMessageBytes
        return try await KafkaBroker.start(configuration)
    }

    private final class Witness: ProducerInterceptor {
        let sent = Locked(0)
        let ends = Locked<[(InterceptedRecord, Result<RecordMetadata, KafkaError>)]>([])
        let closes = Locked(0)

        func onSend(_ record: ProducerRecord) throws -> ProducerRecord {
            sent.withLock { $0 += 1 }
            var record = record
            record.headers.append(RecordHeader("seen", Bytes(utf8: "yes")))
            return record
        }
        func onAcknowledgement(of record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) throws {
            ends.withLock { $0.append((record, outcome)) }
        }
        func onClose() { closes.withLock { $0 += 1 } }
    }

    private struct Thrower: ProducerInterceptor {
        func onSend(_ record: ProducerRecord) throws -> ProducerRecord { throw KafkaError(.closed, "on purpose") }
        func onAcknowledgement(of record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) throws {
            throw KafkaError(.closed, "on purpose")
        }
    }

    /// Who only looks on has not been told: the program still is.
    @Test func aFlushTellsWhatInterceptorsHaveSeen() async throws {
        let broker = try await Self.broker()
        let witness = Witness()
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.interceptors = [witness] }
        broker.on(.produce) { _ in .fail(.topicAuthorizationFailed) }
        try await producer.enqueue(Self.record(0))
        let error = await #expect(throws: KafkaError.self) { try await producer.flush() }
        #expect(error?.code == .broker(.topicAuthorizationFailed))
        #expect(witness.ends.withLock { $0.count } == 1)
        try await producer.close()
        await broker.stop()
    }

    @Test func interceptorsSeeEachRecordAndItsEndWhateverOneThrows() async throws {
        let broker = try await Self.broker(maximumMessageBytes: 2000)
        let witness = Witness()
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.interceptors = [Thrower(), witness]
            $0.linger = .milliseconds(50)
            $0.maximumRequestSize = 100_000
        }
        // Too large a batch for the topic: it arrives in parts.
        for number in 0..<100 { try await producer.enqueue(Self.record(number)) }
        try await producer.flush()
        var large = Self.record(100)
        large.value = Bytes([UInt8](repeating: 1, count: 100_001))
        await #expect(throws: KafkaError.self) { try await producer.send(large) }
        let value = Array("raw".utf8)
        _ = try value.withUnsafeBytes { try producer.tryEnqueue(topic: "t", partition: 0, value: $0) }
        try await producer.close()
        try await producer.close()
        #expect(witness.sent.withLock { $0 } == 102 && witness.closes.withLock { $0 } == 1)
        let ends = witness.ends.withLock { $0 }
        #expect(ends.count == 102)
        #expect(ends.allSatisfy { $0.0.topic == "t" && $0.0.headers.map(\.key) == ["seen"] })
        let offsets = ends.compactMap { try? $0.1.get().offset }
        #expect(Set(offsets) == Set((0..<101).map { Offset(Int64($0)) }))
        let failed = ends.filter { (try? $0.1.get()) == nil }
        #expect(failed.count == 1)
        if case .failure(let error) = failed.first?.1 { #expect(error.code == .recordTooLarge) }
        let batches = await broker.batches(topic: "t", partition: 0, from: 0, maxBytes: 1 << 20)
        let headers = try batches.flatMap { try $0.records().map { $0.headers.map(\.key) } }
        #expect(headers.count == 101 && headers.allSatisfy { $0 == ["seen"] })
        await broker.stop()
    }
}
