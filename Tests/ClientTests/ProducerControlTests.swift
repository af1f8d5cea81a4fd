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

    // MARK: - Where records go

    private struct Constant: Partitioner {
        let place: PartitionID?
        func partition(for record: PartitionerInput) -> PartitionID? { place }
    }

    @Test func aPartitionerOfOnesOwnChoosesAndAnotherPartitionIsAnError() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["u": 4]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.partitioner = Constant(place: 2) }
        for number in 0..<20 { try await producer.enqueue(Self.record(number, key: "k\(number)", "u")) }
        var said = Self.record(20, "u")
        said.partition = 1
        try await producer.enqueue(said)
        try await producer.close()
        #expect(await broker.endOffsets(of: "u") == [0, 1, 20, 0])
        let wrong = try KafkaProducer.quick(broker.bootstrapServers) { $0.partitioner = Constant(place: 4) }
        let error = await #expect(throws: KafkaError.self) { try await wrong.send(Self.record(0, "u")) }
        #expect(error?.code == .invalidRequest && error?.partition == 4)
        try await wrong.close()
        await broker.stop()
    }

    @Test func librdkafkasDefaultSendsKeysWhereItDoes() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["u": 17]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            _ = try? $0.apply([("partitioner", "consistent_random")])
        }
        for (key, place) in [("abc", 8), ("hejsan", 14), ("order-42", 1)] as [(String, PartitionID)] {
            #expect(try await producer.send(Self.record(0, key: key, "u")).partition == place)
        }
        try await producer.close()
        await broker.stop()
    }

    /// Two brokers lead a partition each, and one takes its time.
    @Test func aSlowBrokerGetsFewerOfTheRecordsThatAreSpread() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["u": 2], brokers: 2)
        configuration.defaultReplicationFactor = 1
        let broker = try await KafkaBroker.start(configuration)
        let slow = BrokerID(rawValue: 2)
        broker.on(.produce) { $0.node == slow ? .delay(.milliseconds(100)) : .pass }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.batchSize = 400
            $0.linger = .zero
            $0.bufferMemory = 8000
            $0.client.requestTimeout = .seconds(60)
        }
        let filling = String(repeating: "x", count: 350)
        for _ in 0..<300 { try await producer.enqueue(ProducerRecord(topic: "u", value: filling)) }
        try await producer.close()
        let counts = await broker.endOffsets(of: "u")?.map(\.rawValue).sorted() ?? []
        #expect(counts.reduce(0, +) == 300)
        #expect(counts.first ?? 300 < 100, "\(counts)")
        await broker.stop()
    }

    @Test func batchesOfATopicMayBeSmallerThanThoseOfOthers() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["small": 1, "large": 1]))
        let most = Locked<[String: Int]>([:])
        broker.on(.produce) { request in
            for topic in (request.message as? ProduceRequest)?.topicData ?? [] {
                let size = topic.partitionData.compactMap { $0.records?.count }.max() ?? 0
                // Later versions name the topic by its id: the size tells them apart.
                most.withLock {
                    $0["\(topic.topicId)\(topic.name)", default: 0] = max(
                        $0["\(topic.topicId)\(topic.name)", default: 0], size)
                }
            }
            return .pass
        }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.topicBatchSizes = ["small": 1000]
            $0.linger = .milliseconds(50)
        }
        for number in 0..<200 {
            for topic in ["small", "large"] { try await producer.enqueue(Self.record(number, topic)) }
        }
        try await producer.close()
        let sizes = most.withLock { $0.values.sorted() }
        #expect(sizes.count == 2)
        #expect(sizes.first ?? 0 <= 1000 && sizes.last ?? 0 > 1000, "\(sizes)")
        await broker.stop()
    }

    // MARK: - Topics

    @Test func aProducerThatMayNotCreateTopicsCreatesNone() async throws {
        let broker = try await KafkaBroker.start(.init(topics: [:]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.mayCreateTopics = false
            $0.maximumBlock = .milliseconds(300)
        }
        let error = await #expect(throws: KafkaError.self) { try await producer.send(Self.record(0, "new")) }
        #expect(error?.setting == "max.block.ms" && error?.topic == "new")
        #expect(error?.message.contains("UNKNOWN_TOPIC_OR_PARTITION") == true)
        #expect(await broker.endOffsets(of: "new") == nil)
        try await producer.close()
        let other = try KafkaProducer.quick(broker.bootstrapServers)
        try await other.send(Self.record(0, "new"))
        try await other.close()
        await broker.stop()
    }

    @Test func topicsThatNothingIsSentToAreForgotten() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["used": 1, "idle": 1]))
        let asked = Locked<[Set<String>]>([])
        broker.on(.metadata) { request in
            let topics = (request.message as? MetadataRequest)?.topics ?? []
            asked.withLock { $0.append(Set(topics.compactMap(\.name))) }
            return .pass
        }
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.client.metadataMaximumAge = .milliseconds(30)
            $0.topicIdleTime = .seconds(1)
        }
        try await producer.send(Self.record(0, "idle"))
        try await eventually {
            _ = try? await producer.send(Self.record(1, "used"))
            return asked.withLock { $0.last == ["used"] && $0.contains(["idle", "used"]) }
        }
        // It is looked up again where it is needed.
        try await producer.send(Self.record(1, "idle"))
        #expect(await broker.endOffsets(of: "idle") == [2])
        try await producer.close()
        await broker.stop()
    }

    // MARK: - Interceptors

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
        let broker = try await Self.broker(["max.message.bytes": .set("2000")])
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

extension KafkaProducer {
    /// Sends without waiting for the batch to be due.
    fileprivate func send(_ record: ProducerRecord, flushing: Bool) async throws -> RecordMetadata {
        let delivery = try await enqueue(record)
        if flushing { try await flush() }
        return try await delivery.acknowledgement()
    }
}
