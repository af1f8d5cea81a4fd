import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The producer against the embedded broker.
@Suite(.turn) struct ProducerTests {
    private static func readAll(_ port: UInt16, _ topic: String, _ partitions: Int32, _ count: Int) async throws
        -> [Record]
    {
        let starts = (0..<partitions).map {
            (TopicPartition(topic, PartitionID($0)), KafkaConsumer.StartingOffset.earliest)
        }
        let consumer = try KafkaConsumer(
            .init(bootstrapServers: ["127.0.0.1:\(port)"], partitions: Dictionary(uniqueKeysWithValues: starts)))
        let records = try await within { () -> [Record] in
            var records: [Record] = []
            for try await batch in consumer.batches {
                records += batch
                if records.count >= count { break }
            }
            return records
        }
        await consumer.close()
        return records
    }

    /// As Java's since 3.0 (KIP-679).
    @Test func withoutSettingsEveryReplicaAcknowledgesAndNothingIsThereTwice() {
        let configuration = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
        #expect(configuration.acks == .all && configuration.isIdempotent)
    }

    @Test func recordsAreAcknowledgedWithTheirOffsets() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 3]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        var deliveries: [Delivery] = []
        for number in 0..<1000 {
            deliveries.append(
                try await producer.enqueue(ProducerRecord(topic: "orders", key: "k\(number % 7)", value: "v\(number)")))
        }
        try await producer.flush()
        var next: [PartitionID: Offset] = [:]
        for delivery in deliveries {
            let metadata = try await delivery.acknowledgement()
            #expect(metadata.offset == next[metadata.partition, default: 0])
            next[metadata.partition, default: 0] += 1
        }
        #expect(await broker.endOffsets(of: "orders")?.reduce(0) { $0 + $1.rawValue } == 1000)
        try await producer.close()
        try await producer.close()
        let error = await #expect(throws: KafkaError.self) {
            try await producer.enqueue(ProducerRecord(topic: "orders", value: "late"))
        }
        #expect(error?.code == .closed)
        await broker.stop()
    }

    @Test(arguments: [Compression.none, .gzip])
    func everyKindOfRecordComesBackAsItWas(_ compression: Compression) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.compression = compression }
        let headers = [RecordHeader("h", Bytes(utf8: "1")), RecordHeader("null", nil)]
        let sent = [
            ProducerRecord(topic: "orders", key: Bytes(utf8: "k"), value: Bytes(utf8: "v"), headers: headers),
            ProducerRecord(topic: "orders", key: Bytes(), value: Bytes()),
            ProducerRecord(topic: "orders", key: nil as Bytes?, value: nil),
            ProducerRecord(topic: "orders", key: Bytes(utf8: "t"), value: nil, timestamp: 1234),
            ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 65, count: 200_000))),
        ]
        for record in sent { try await producer.enqueue(record) }
        try await producer.close()
        let records = try await Self.readAll(broker.port, "orders", 1, sent.count)
        #expect(records.map { $0.key?.copy() } == sent.map { $0.key?.copy() })
        #expect(records.map { $0.value?.copy() } == sent.map { $0.value?.copy() })
        #expect(records.first?.headers.map(\.key) == ["h", "null"])
        #expect(records.first?.headers.map { $0.value?.copy() } == [[49], nil])
        #expect(records[3].timestamp == 1234)
        await broker.stop()
    }

    @Test func aRecordOverTheLimitIsRefusedByThisClientAndOneAtItGoesThrough() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let overhead = RecordBatchBuilder.upperBound(key: nil, value: nil, headers: []) + RecordBatch.Layout.headerSize
        let most = (1 << 20) - overhead
        let delivery = try await producer.enqueue(
            ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 1, count: most))))
        #expect(try await delivery.acknowledgement().offset == 0)
        let error = await #expect(throws: KafkaError.self) {
            try await producer.enqueue(
                ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 1, count: most + 1))))
        }
        #expect(error?.code == .recordTooLarge)
        #expect(error?.setting == "max.request.size")
        #expect(error?.broker == nil)
        #expect(error?.message.contains("this client refused") == true)
        #expect(try await Self.readAll(broker.port, "orders", 1, 1).first?.value?.count == most)
        try await producer.close()
        await broker.stop()
    }

    @Test func theBrokersLimitIsTheBrokersRefusal() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 1])
        configuration.maximumMessageBytes = 10_000
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers)
        let large = try await producer.enqueue(
            ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 1, count: 20_000))))
        let error = await #expect(throws: KafkaError.self) { try await large.acknowledgement() }
        #expect(error?.code == .broker(.messageTooLarge))
        #expect(error?.broker == broker.bootstrapServers)
        // The lost batch leaves no gap that the next ones could fall into.
        for number in 0..<20 {
            let delivery = try await producer.enqueue(ProducerRecord(topic: "orders", value: "v\(number)"))
            #expect(try await delivery.acknowledgement().offset == Offset(Int64(number)))
        }
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: [KafkaProducer.Acknowledgements.none, .leader])
    func fewerAcknowledgementsWorkToo(_ acks: KafkaProducer.Acknowledgements) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.acks = acks
            $0.isIdempotent = false
        }
        let delivery = try await producer.enqueue(ProducerRecord(topic: "orders", value: "v"))
        #expect(try await delivery.acknowledgement().offset == (acks == .none ? nil : 0))
        for number in 0..<5000 {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: "k\(number)", value: "v\(number)"))
        }
        try await producer.close()
        try await eventually { await broker.endOffsets(of: "orders")?.reduce(0) { $0 + $1.rawValue } == 5001 }
        await broker.stop()
    }

    @Test func aFullBufferHoldsTheSenderBackAndLosesNothing() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2]))
        let producer = try KafkaProducer.quick(broker.bootstrapServers) {
            $0.bufferMemory = 20_000
            $0.batchSize = 4000
            $0.linger = .seconds(5)
        }
        try await within {
            for _ in 0..<300 {
                try await producer.enqueue(
                    ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 7, count: 1000))))
            }
            // Larger than half of the buffer.
            try await producer.enqueue(
                ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 7, count: 15_000))))
        }
        let error = await #expect(throws: KafkaError.self) {
            try await producer.enqueue(
                ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 7, count: 30_000))))
        }
        #expect(error?.setting == "buffer.memory")
        try await producer.close()
        #expect(await broker.endOffsets(of: "orders")?.reduce(0) { $0 + $1.rawValue } == 301)
        await broker.stop()
    }

    @Test func aSenderThatIsHeldBackCanBeCancelledAndIsNotHeldForEver() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 1])
        let producer = try KafkaProducer.quick(stack.proxy.address) {
            $0.bufferMemory = 5000
            $0.batchSize = 4000
            $0.maximumBlock = .milliseconds(500)
        }
        let record = ProducerRecord(topic: "orders", value: Bytes([UInt8](repeating: 7, count: 3000)))
        try await producer.enqueue(record)
        try await producer.flush()
        await stack.proxy.setRule { $0.api == .produce ? .drop : .pass }
        try await producer.enqueue(record)
        let error = await #expect(throws: KafkaError.self) { try await within { try await producer.enqueue(record) } }
        #expect(error?.code == .timedOut)
        #expect(error?.setting == "buffer.memory")
        let task = Task { try await producer.enqueue(record) }
        task.cancel()
        let cancelled = await #expect(throws: KafkaError.self) {
            try await within(.seconds(3)) { try await task.value }
        }
        #expect(cancelled?.code == .cancelled)
        // Closing gives up in time, and nobody waits for ever.
        let last = try? producer.tryEnqueue(topic: "orders", value: nil)
        await #expect(throws: KafkaError.self) {
            try await within { try await producer.close(timeout: .milliseconds(200)) }
        }
        if let last { await #expect(throws: KafkaError.self) { try await within { try await last.acknowledgement() } } }
        await stack.stop()
    }

    @Test func whatIsCutInMidFlightArrivesOnceAndInOrder() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 2])
        let producer = try KafkaProducer.quick(stack.proxy.address) {
            $0.batchSize = 600
            $0.linger = .zero
        }
        // Now the request is lost, now the answer.
        let frames = Locked(0)
        await stack.proxy.setRule { passing in
            guard passing.api == .produce else { return .pass }
            let number = frames.withLock { count in
                count += 1
                return count
            }
            return number % 7 == 3 || number % 11 == 5 ? .cut : .pass
        }
        let deliveries = try await within(.seconds(20)) { () -> [Delivery] in
            var deliveries: [Delivery] = []
            for number in 0..<400 {
                deliveries.append(
                    try await producer.enqueue(
                        ProducerRecord(
                            topic: "orders", value: Bytes(utf8: "v\(number)"), partition: PartitionID(index: number % 2)
                        )))
                if number % 20 == 0 { try await Task.sleep(for: .milliseconds(3)) }
            }
            try await producer.flush()
            return deliveries
        }
        for delivery in deliveries { _ = try await delivery.acknowledgement() }
        #expect(frames.withLock { $0 } > 10)
        await stack.proxy.setRule { _ in .pass }
        let records = try await Self.readAll(stack.broker.port, "orders", 2, 400)
        for partition in [0, 1] as [Int] {
            let values = records.compactMap { $0.value?.text }.filter {
                Int($0.dropFirst()).map { $0 % 2 == partition } ?? false
            }
            #expect(values == stride(from: partition, to: 400, by: 2).map { "v\($0)" })
        }
        try await producer.close()
        await stack.stop()
    }

    @Test func aBrokerThatForgotEverythingIsWrittenToAgain() async throws {
        let first = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let producer = try KafkaProducer.quick(first.bootstrapServers)
        try await producer.send(ProducerRecord(topic: "orders", value: "a"))
        await first.stop()
        let pending = try await producer.enqueue(ProducerRecord(topic: "orders", value: "b"))
        try await Task.sleep(for: .milliseconds(150))
        let second = try await KafkaBroker.start(.init(port: first.port, topics: ["orders": 1]))
        let metadata = try await within { try await pending.acknowledgement() }
        #expect(metadata.offset == 0)
        _ = try await within {
            try await producer.enqueue(ProducerRecord(topic: "orders", value: "c")).acknowledgement()
        }
        #expect(await second.endOffsets(of: "orders") == [2])
        try await producer.close()
        await second.stop()
    }

    @Test func whatCannotBeDeliveredFailsInTimeAndSaysWhy() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 1])
        let producer = try KafkaProducer.quick(stack.proxy.address) { $0.deliveryTimeout = .milliseconds(600) }
        try await producer.send(ProducerRecord(topic: "orders", value: "a"))
        await stack.proxy.goAway()
        let lost = try await producer.enqueue(ProducerRecord(topic: "orders", value: "b"))
        let error = await #expect(throws: KafkaError.self) { try await within { try await lost.acknowledgement() } }
        #expect(error?.code == .timedOut)
        #expect(error?.setting == "delivery.timeout.ms")
        #expect(error?.message.contains(stack.proxy.address) == true)
        // The producer is not dead with it.
        try await stack.proxy.comeBack()
        let later = try await producer.enqueue(ProducerRecord(topic: "orders", value: "c"))
        // What was given up while it was on its way goes in front under its number, or not at all.
        let offset = try await within { try await later.acknowledgement() }.offset ?? -1
        #expect(offset == 1 || offset == 2)
        #expect(await stack.broker.endOffsets(of: "orders") == [offset + 1])
        try await producer.close()
        await stack.stop()
    }

    @Test func anUnknownTopicIsSaidInTime() async throws {
        var configuration = KafkaBroker.Configuration()
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.maximumBlock = .milliseconds(400) }
        let error = await #expect(throws: KafkaError.self) {
            try await within { try await producer.enqueue(ProducerRecord(topic: "nowhere", value: "v")) }
        }
        #expect(error?.topic == "nowhere")
        #expect(error?.message.contains("create the topic") == true)
        try await producer.close()
        await broker.stop()
    }

    @Test func aTopicThatIsDeletedUnderneathFailsItsRecordsInTime() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 1])
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.deliveryTimeout = .milliseconds(500) }
        try await producer.send(ProducerRecord(topic: "orders", value: "a"))
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        _ = try await admin.deleteTopics(["orders"]).get()
        await admin.close()
        let lost = try await producer.enqueue(ProducerRecord(topic: "orders", value: "b"))
        let error = await #expect(throws: KafkaError.self) { try await within { try await lost.acknowledgement() } }
        #expect(error?.topic == "orders")
        #expect(error?.message.contains("create the topic") == true)
        try await producer.close()
        await broker.stop()
    }
}
