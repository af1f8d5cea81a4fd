import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What is packed tightly is unpacked as it is taken: a consumer's memory does not depend on the ratio of packing.
@Suite(.turn) struct PackedRecordTests {
    private static let size = 4 << 20

    /// A broker whose topic holds batches of one record of 4 MiB of nothing, each packed to almost none.
    private func start(_ count: Int) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = KafkaProducer.Configuration(bootstrapServers: ["127.0.0.1:\(broker.port)"])
        configuration.compression = .zstd
        configuration.maximumRequestSize = 8 << 20
        configuration.batchSize = 1
        let producer = try KafkaProducer(configuration)
        let value = Bytes([UInt8](repeating: 0, count: Self.size))
        for _ in 0..<count {
            try await producer.send(ProducerRecord(topic: "t", value: value))
        }
        try await producer.close()
        return broker
    }

    private func consumer(
        _ broker: KafkaBroker, _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) throws -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: ["127.0.0.1:\(broker.port)"], topics: ["t"], from: .earliest)
        configuration.tellsEnds = true
        change(&configuration)
        return try KafkaConsumer(configuration)
    }

    @Test func anAnswerOfPackedBatchesIsUnpackedInParts() async throws {
        let broker = try await start(20)
        let consumer = try consumer(broker) { $0.fetchMaximumBytes = 1 << 20 }
        var offsets: [Int64] = []
        var largest = 0
        var parts = 0
        reading: for try await event in consumer.events {
            switch event {
            case .batch(let batch):
                parts += 1
                largest = max(largest, batch.reduce(0) { $0 + ($1.value?.count ?? 0) })
                offsets += batch.map(\.offset.rawValue)
                #expect(batch.nextOffset.rawValue == Int64(offsets.count))
            case .reachedEnd, .reset: break reading
            default: break
            }
        }
        // All 80 MiB of them lie in one answer of some kilobytes; four times 1 MiB are handed out, or one batch.
        #expect(offsets == Array(0..<20))
        #expect(largest <= Self.size)
        #expect(parts == 20)
        await consumer.close()
        await broker.stop()
    }

    @Test func seekingLeavesOutWhatWasPutBack() async throws {
        let broker = try await start(6)
        let consumer = try consumer(broker) { $0.fetchMaximumBytes = 1 << 20 }
        var offsets: [Int64] = []
        for try await batch in consumer.batches {
            offsets += batch.map(\.offset.rawValue)
            if offsets == [0] { try await consumer.seek(TopicPartition("t", 0), to: 4) }
            if offsets.last == 5 { break }
        }
        #expect(offsets == [0, 4, 5])
        await consumer.close()
        await broker.stop()
    }

    @Test func aMemberCommitsPartByPart() async throws {
        let broker = try await start(4)
        func read(_ count: Int) async throws -> [Int64] {
            let consumer = try KafkaConsumer.quick("127.0.0.1:\(broker.port)", group: "g", topics: ["t"]) {
                $0.fetchMaximumBytes = 1 << 20
                $0.autoCommit = nil
            }
            var offsets: [Int64] = []
            for try await batch in consumer.batches {
                offsets += batch.map(\.offset.rawValue)
                try await batch.commit()
                if offsets.count == count { break }
            }
            await consumer.close()
            return offsets
        }
        #expect(try await read(1) == [0])
        #expect(try await read(3) == [1, 2, 3])
        await broker.stop()
    }

    @Test func aBatchBeyondTheLimitIsNotCalledDamaged() async throws {
        let broker = try await start(2)
        let strict = try consumer(broker) { $0.decompressionLimit = 1 << 20 }
        let error = await #expect(throws: KafkaError.self) { for try await _ in strict.batches {} }
        #expect(error?.code == .recordTooLarge)
        #expect(error?.setting == "max.unpacked.batch.bytes")
        #expect(error?.message.contains("limit of 1048576 bytes") == true)
        #expect(error?.message.contains("damaged") == false)
        await strict.close()
        // Who passes over damaged ones passes over these too, and hears of it.
        let lenient = try consumer(broker) {
            $0.decompressionLimit = 1 << 20
            $0.corruptBatches = .skip
        }
        var told = 0
        for try await event in lenient.events {
            if case .trouble(let error) = event { told += error.code == .recordTooLarge ? 1 : 0 }
            if told == 2 { break }
        }
        await lenient.close()
        var configuration = KafkaConsumer.Configuration(bootstrapServers: ["h"], topics: ["t"], from: .earliest)
        #expect(try configuration.apply([("max.unpacked.batch.bytes", "5")]).isEmpty)
        #expect(configuration.decompressionLimit == 5)
        await broker.stop()
    }
}
