import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Brokers of the releases before 2.1, as our own speaks in their versions: nothing that they have need be missed.
@Suite(.turn) struct OldBrokerTests {
    static let releases = ["0.11.0", "1.0", "1.1", "2.0"]

    private static func broker(_ release: String, _ topics: [String: Int]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.speaks = release
        return try await KafkaBroker.start(configuration)
    }

    @Test(arguments: releases) func recordsArriveInEveryWay(_ release: String) async throws {
        let broker = try await Self.broker(release, ["t": 1])
        var sent: [String] = []
        for (compression, acks) in [
            (Compression.none, KafkaProducer.Acknowledgements.all), (.gzip, .all), (.lz4, .all), (.none, .leader),
            (.none, .none),
        ] {
            let producer = try KafkaProducer.quick(broker.bootstrapServers) {
                $0.compression = compression
                $0.acks = acks
                $0.isIdempotent = acks == .all
            }
            for _ in 0..<5 {
                let value = "\(sent.count)"
                try await producer.enqueue(
                    ProducerRecord(
                        topic: "t", value: Bytes(utf8: value), headers: [RecordHeader("n", Bytes(utf8: value))])
                )
                sent.append(value)
            }
            try await producer.close()
            try await eventually { await broker.endOffsets(of: "t") == [Offset(Int64(sent.count))] }
        }
        let consumer = try ConsumerFlowTests.reader(broker.bootstrapServers, [TopicPartition("t", 0): .earliest])
        var records: [Record] = []
        var batches = consumer.batches.makeAsyncIterator()
        while records.count < sent.count, let batch = try await batches.next() { records += batch }
        #expect(records.map { $0.value?.text } == sent)
        #expect(records.map { $0.headers.map { $0.value?.text } } == sent.map { [$0] })
        await consumer.close()
        await broker.stop()
    }

    /// Kafka has it since 2.1 (KIP-110).
    @Test(arguments: releases) func zstdIsRefused(_ release: String) async throws {
        let broker = try await Self.broker(release, ["t": 1])
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.compression = .zstd }
        let error = await #expect(throws: KafkaError.self) {
            // Something that becomes smaller: what does not is sent as it is.
            try await producer.send(ProducerRecord(topic: "t", key: nil, value: String(repeating: "x", count: 1000)))
        }
        #expect(error?.code == .broker(.unsupportedCompressionType))
        try? await producer.close()
        await broker.stop()
    }

    @Test(arguments: releases) func transactionsAreWholeOrNotThere(_ release: String) async throws {
        struct Unwanted: Error {}
        let broker = try await Self.broker(release, ["t": 2])
        let producer = try KafkaProducer.quick(broker.bootstrapServers) { $0.transactionalId = "x" }
        for (value, isWanted) in [("a", true), ("b", false), ("c", true)] {
            do {
                try await producer.withTransaction { transaction in
                    for partition in [0, 1] as [PartitionID] {
                        try await transaction.enqueue(
                            ProducerRecord(topic: "t", value: Bytes(utf8: value), partition: partition))
                    }
                    if !isWanted { throw Unwanted() }
                }
            } catch is Unwanted {
                #expect(!isWanted)
            }
        }
        try await producer.close()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.isolationLevel = .readCommitted
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 4)
        await consumer.close()
        try await task.value
        #expect(seen.all.sorted() == ["a", "a", "c", "c"])
        await broker.stop()
    }

    /// Two members share the partitions, one goes, and who comes later goes on behind what was committed.
    @Test(arguments: releases, [Assignor.range, .cooperativeSticky])
    func groupsShareAndResume(_ release: String, _ assignor: Assignor) async throws {
        let broker = try await Self.broker(release, ["t": 4])
        try await broker.produce(0..<40, to: "t")
        let seen = Seen()
        var consumers: [KafkaConsumer] = []
        var tasks: [Task<Void, any Error>] = []
        for _ in 0..<2 {
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
                $0.assignors = [assignor]
            }
            consumers.append(consumer)
            tasks.append(consumer.read(into: seen))
        }
        try await seen.wait(for: 40, different: true, within: .seconds(30))
        let (first, second) = (consumers[0], consumers[1])
        try await eventually {
            let shares = [await first.positions.count, await second.positions.count]
            return shares == [2, 2]
        }
        await first.close()
        try await tasks[0].value
        try await eventually { await second.positions.count == 4 }
        try await broker.produce(40..<60, to: "t")
        try await seen.wait(for: 60, different: true, within: .seconds(30))
        try await eventually {
            await broker.group("g")?.committed.reduce(0) { $0 + $1.offset.rawValue } == 60
        }
        await second.close()
        try await tasks[1].value
        try await broker.produce(60..<70, to: "t")
        let later = Seen()
        let last = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.assignors = [assignor]
        }
        let task = last.read(into: later)
        try await later.wait(for: 10)
        #expect(Set(later.all) == Set((60..<70).map { "v\($0)" }))
        await last.close()
        try await task.value
        await broker.stop()
    }

    /// What administrators need first; what the releases lack is in ``AdminVersionTests``.
    @Test(arguments: releases) func administratorsGetWhatThereIs(_ release: String) async throws {
        let broker = try await Self.broker(release, ["t": 2])
        try await broker.produce(0..<10, to: "t")
        let admin = try KafkaAdmin(.quick(broker))
        _ = try await admin.createTopics([.init("n", configs: ["retention.ms": "5"])]).get()
        #expect(try await admin.listTopics().map(\.name) == ["n", "t"])
        #expect(try await admin.describeTopics(["t"])["t"]?.get().leaders == [1, 1])
        #expect(try await admin.describeCluster().nodes.map(\.id) == [1])
        _ = try await admin.deleteTopics(["n"]).get()
        #expect(try await admin.endOffsets(of: "t").values.reduce(0) { $0 + $1.rawValue } == 10)
        _ = try await admin.deleteRecords(before: [TopicPartition("t", 0): .none]).get()
        _ = try await admin.alterGroupOffsets(of: "g", [TopicPartition("t", 0): .init(offset: 2)]).get()
        let offsets = try await admin.listGroupOffsets(["g": nil]).get()
        #expect(try offsets["g"]?[TopicPartition("t", 0)]?.get().offset == 2)
        #expect(try await admin.listGroups().get().map(\.id) == ["g"])
        #expect(try await admin.describeGroups(["g"])["g"]?.get().state == .empty)
        _ = try await admin.fenceProducers(["x"]).get()
        if release != "0.11.0" {
            _ = try await admin.addPartitions(["t": .init(total: 3)]).get()
            #expect(try await admin.describeTopics(["t"])["t"]?.get().leaders.count == 3)
        }
        if !["0.11.0", "1.0"].contains(release) {
            let configs = try await admin.describeConfigs([.topic("t")], names: ["retention.ms"]).get()
            #expect(configs[.topic("t")]?.map(\.name) == ["retention.ms"])
            _ = try await admin.deleteGroups(["g"]).get()
        }
        await admin.close()
        await broker.stop()
    }
}
