import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What a program tells its producer to do, and is told by it, beyond sending: against the embedded broker.
@Suite(.turn) struct ProducerControlTests {
    private static func record(_ number: Int, key: String? = nil, _ topic: String = "t") -> ProducerRecord {
        var record = ProducerRecord(topic: topic, key: key, value: "value \(number)")
        if topic == "t" { record.partition = 0 }
        return record
    }

    private static func broker(_ settings: [String: KafkaAdmin.ConfigChange] = [:]) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        guard !settings.isEmpty else { return broker }
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        _ = try await admin.alterConfigs([.topic("t"): settings]).get()
        await admin.close()
        return broker
    }

    // MARK: - The record that is at fault

    @Test func theRecordThatIsAtFaultIsNamedAndTheOthersAreToldOfIt() async throws {
        let broker = try await Self.broker(["cleanup.policy": .set("compact")])
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.linger = .milliseconds(300) }
        try await producer.send(Self.record(0, key: "k"))
        var deliveries: [Delivery] = []
        for number in 0..<5 {
            deliveries.append(try await producer.enqueue(Self.record(number, key: number == 3 ? nil : "k\(number)")))
        }
        #expect(deliveries[0].isTogether(with: deliveries[4]))
        for (number, delivery) in deliveries.enumerated() {
            let error = await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
            #expect(error?.code == (number == 3 ? .broker(.invalidRecord) : .refusedBatch))
            #expect(error?.topic == "t" && error?.partition == 0)
            #expect(error?.message.contains("record 3 of its batch") == true, "\(error?.message ?? "")")
        }
        // The others go through when they are sent again, and nothing of the batch is missing in the numbers.
        for number in [0, 1, 2, 4] { try await producer.enqueue(Self.record(number, key: "k\(number)")) }
        try await producer.close()
        #expect(await broker.endOffsets(of: "t") == [5])
        await broker.stop()
    }

    @Test func keysOfRecordsAtFaultAreNamed() async throws {
        let broker = try await Self.broker(["message.timestamp.before.max.ms": .set("3600000")])
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.linger = .milliseconds(300)
            $0.compression = .gzip
        }
        var deliveries: [Delivery] = []
        for number in 0..<4 {
            var record = Self.record(number, key: "k\(number)")
            if number % 2 == 1 { record.timestamp = 1000 }
            deliveries.append(try await producer.enqueue(record))
        }
        for number in [1, 3] {
            let error = await #expect(throws: KafkaError.self) { try await deliveries[number].acknowledgement() }
            #expect(error?.code == .broker(.invalidRecord))
            #expect(error?.message.contains("key \"k\(number)\" to t-0, record \(number) of") == true)
        }
        let flushed = await #expect(throws: KafkaError.self) {
            _ = try await producer.enqueue(Self.record(9, key: "late")).acknowledgement()
            var record = Self.record(10, key: "old")
            record.timestamp = 1000
            try await producer.enqueue(record)
            try await producer.flush()
        }
        // One alone has the code that the broker gave the batch.
        #expect(flushed?.code == .broker(.invalidTimestamp))
        #expect(flushed?.message.contains("key \"old\"") == true)
        try await producer.close()
        await broker.stop()
    }

    // MARK: - What an acknowledgement tells

    @Test(arguments: [false, true]) func anAcknowledgementTellsTheTimeThatConsumersSee(_ stampsArrival: Bool)
        async throws
    {
        let broker = try await Self.broker([
            "message.timestamp.type": .set(stampsArrival ? "LogAppendTime" : "CreateTime")
        ])
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        var record = ProducerRecord(topic: "t", key: Bytes(utf8: "key"), value: nil, timestamp: 1_700_000_000_000)
        let first = try await producer.send(record)
        #expect((first.timestamp == 1_700_000_000_000) != stampsArrival)
        #expect(first.serializedKeySize == 3 && first.serializedValueSize == nil && first.offset == 0)
        record.key = nil
        record.value = Bytes(utf8: "value")
        let second = try await producer.send(record)
        #expect(second.serializedKeySize == nil && second.serializedValueSize == 5)
        let batches = await broker.batches(topic: "t", partition: 0, from: 0, maxBytes: 1 << 20)
        #expect(try batches.flatMap { try $0.records().map(\.timestamp) } == [first.timestamp, second.timestamp])
        try await producer.close()
        await broker.stop()
    }

    // MARK: - Flushing and giving up

    @Test func aFlushEndsInTimeAndSaysHowManyAreLeft() async throws {
        let broker = try await Self.broker()
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.requestTimeout = .milliseconds(300)
        }
        try await producer.flush(timeout: .zero)
        let hook = broker.on(.produce) { _ in .drop }
        for number in 0..<3 { try await producer.enqueue(Self.record(number)) }
        let error = await #expect(throws: KafkaError.self) { try await producer.flush(timeout: .milliseconds(200)) }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("3 records") == true)
        let task = Task { try await producer.flush(timeout: .seconds(60)) }
        task.cancel()
        let cancelled = await #expect(throws: KafkaError.self) { try await task.value }
        #expect(cancelled?.code == .cancelled)
        hook.remove()
        try await within(.seconds(20)) { try await producer.flush(timeout: .seconds(20)) }
        #expect(await broker.endOffsets(of: "t") == [3])
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: [true, false]) func whatIsGivenUpFailsAndTheProducerGoesOn(_ idempotent: Bool) async throws {
        let broker = try await Self.broker()
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.isIdempotent = idempotent
            $0.client.requestTimeout = .milliseconds(300)
        }
        try await producer.send(Self.record(0))
        let hook = broker.on(.produce) { _ in .drop }
        let underWay = try await producer.enqueue(Self.record(1))
        try await eventually { hook.uses > 0 }
        // It waits for more records, which do not come.
        #expect(await producer.purge(queued: true, inFlight: false) == 0)
        #expect(await producer.purge(queued: false, inFlight: true) == 1)
        #expect(await producer.purge() == 0)
        let first = await #expect(throws: KafkaError.self) { try await underWay.acknowledgement() }
        #expect(first?.code == .purged && first?.topic == "t" && first?.partition == 0)
        #expect(first?.message.contains("may have been stored") == true)
        // What is refused for a while waits.
        hook.remove()
        let refusal = broker.on(.produce) { _ in .fail(.notLeaderOrFollower) }
        let waiting = try await producer.enqueue(Self.record(2))
        try await eventually { await producer.purge(queued: true, inFlight: false) == 1 }
        let second = await #expect(throws: KafkaError.self) { try await waiting.acknowledgement() }
        #expect(second?.code == .purged)
        refusal.remove()
        for number in 3..<6 {
            _ = try await within(.seconds(20)) { try await producer.send(Self.record(number)) }
        }
        // What was given up is nothing that closing has to tell of.
        try await producer.close()
        let batches = await broker.batches(topic: "t", partition: 0, from: 0, maxBytes: 1 << 20)
        let values = try batches.flatMap { try $0.records().map { $0.value?.text ?? "" } }
        #expect(values.first == "value 0" && values.suffix(3) == ["value 3", "value 4", "value 5"])
        #expect(Set(values).count == values.count)
        await broker.stop()
    }

    @Test func whatWasNeverSentSaysSo() async throws {
        let broker = try await Self.broker()
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.linger = .seconds(60) }
        var deliveries: [Delivery] = []
        for number in 0..<4 { deliveries.append(try await producer.enqueue(Self.record(number))) }
        #expect(await producer.purge() == 4)
        for delivery in deliveries {
            let error = await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
            #expect(error?.code == .purged && error?.message.contains("were not stored") == true)
        }
        #expect(try await producer.send(Self.record(4), flushing: true).offset == 0)
        try await producer.close()
        await broker.stop()
    }
}

extension KafkaProducer {
    /// Sends without waiting for the batch to be due.
    fileprivate func send(_ record: ProducerRecord, flushing: Bool) async throws -> RecordMetadata {
        let delivery = try await enqueue(record)
        if flushing { try await flush() }
        return try await delivery.acknowledgement()
    }
}
