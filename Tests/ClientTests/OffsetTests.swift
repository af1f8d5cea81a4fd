import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Where a consumer begins, and how it moves.
@Suite(.turn) struct OffsetTests {
    private static func first(_ consumer: KafkaConsumer) async throws -> [String] {
        try await within {
            for try await batch in consumer.batches { return batch.map { $0.value?.text ?? "null" } }
            return []
        }
    }

    @Test func latestBeginsBehindWhatIsThere() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<5, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.offsetReset = .latest
        }
        let seen = Seen()
        let assigned = Seen()
        let task = Task {
            for try await event in consumer.events {
                if case .assigned(let offsets) = event { assigned.add("\(offsets.values.first ?? -1)") }
                if case .batch(let batch) = event { seen.add(batch) }
            }
        }
        try await assigned.wait(for: 1)
        #expect(assigned.all == ["5"])
        try await broker.produce(5..<7, to: "orders")
        try await seen.wait(for: 2)
        #expect(seen.all == ["v5", "v6"])
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func withoutAPolicyAMissingOffsetIsAnError() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.offsetReset = .fail
        }
        let error = await #expect(throws: KafkaError.self) { try await Self.first(consumer) }
        #expect(error?.setting == "auto.offset.reset")
        await consumer.close()
        await broker.stop()
    }

    @Test func anOffsetThatIsGoneIsResetByPolicy() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<5, to: "orders")
        let partition = TopicPartition("orders", 0)
        for (policy, expected) in [(KafkaConsumer.OffsetReset.earliest, 5), (.fail, 0)] {
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], partitions: [partition: .offset(99)])
            configuration.offsetReset = policy
            let consumer = try KafkaConsumer(configuration)
            if expected > 0 {
                #expect(try await Self.first(consumer).count == expected)
            } else {
                let error = await #expect(throws: KafkaError.self) { try await Self.first(consumer) }
                #expect(error?.code == .broker(.offsetOutOfRange))
            }
            await consumer.close()
        }
        await broker.stop()
    }

    @Test func aReaderOutsideOfGroupsBeginsWhereItIsTold() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for time in [1000, 2000, 3000] as [Int64] {
            try await producer.enqueue(
                ProducerRecord(topic: "orders", value: Bytes(utf8: "at\(time)"), timestamp: time))
            try await producer.flush()
        }
        try await producer.close()
        for (start, expected) in [
            (.earliest, "at1000"), (.offset(1), "at2000"), (.time(2500), "at3000"), (.time(3000), "at3000"),
        ] as [(KafkaConsumer.StartingOffset, String)] {
            let consumer = try KafkaConsumer(
                .init(bootstrapServers: [broker.bootstrapServers], partitions: [TopicPartition("orders", 0): start]))
            #expect(try await Self.first(consumer).first == expected)
            await #expect(throws: KafkaError.self) { try await consumer.commit([:]) }
            await consumer.close()
        }
        await broker.stop()
    }

    @Test func seekGoesBackAndForth() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<10, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"])
        let partition = TopicPartition("orders", 0)
        #expect(try await Self.first(consumer).first == "v0")
        try await consumer.seek(partition, to: 7)
        #expect(try await Self.first(consumer) == ["v7", "v8", "v9"])
        try await consumer.seek(partition, to: 2)
        #expect(try await Self.first(consumer).first == "v2")
        #expect(await consumer.positions == [partition: 10])
        await consumer.close()
        await broker.stop()
    }

    /// It went back to the position of the batch before (15 → 10).
    @Test func whatIsCommittedInTheMiddleOfABatchStaysCommittedWhenTheConsumerIsClosed() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<10, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"])
        try await within {
            for try await batch in consumer.batches {
                if batch.nextOffset == 10 { try await broker.produce(10..<20, to: "orders") }
                guard batch.nextOffset > 15 else { continue }
                try await consumer.commit([TopicPartition("orders", 0): CommittedOffset(offset: 15)])
                break
            }
        }
        #expect(await consumer.close() == nil)
        #expect(await broker.group("g")?.committed.map(\.offset) == [15])
        await broker.stop()
    }

    @Test func anUnknownTopicIsSaidToAReaderOutsideOfGroups() async throws {
        let broker = try await KafkaBroker.start(.init())
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [broker.bootstrapServers], partitions: [TopicPartition("nowhere", 0): .earliest])
        configuration.client = .quick([broker.bootstrapServers])
        let consumer = try KafkaConsumer(configuration)
        let message = try await within { () -> String in
            for try await event in consumer.events { if case .trouble(let error) = event { return error.message } }
            return ""
        }
        #expect(message.contains("nowhere"))
        await consumer.close()
        await broker.stop()
    }
}
