import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// A producer in a real cluster.
@Suite(.cluster, .outside) struct ClusterProducerTests {
    @Test(arguments: Compression.allCases) func whatIsPackedArrivesAsItWas(_ codec: Compression) async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("packed-\(codec)", partitions: 2)
            let producer = try cluster.producer { $0.compression = codec }
            var sent: [[String]] = []
            for number in 0..<600 {
                let record = ProducerRecord(
                    topic: topic, key: number % 3 == 0 ? nil : Bytes(utf8: "key \(number)"),
                    value: number % 7 == 0 ? nil : Bytes(utf8: String(repeating: "value \(number) ", count: 20)),
                    headers: number % 2 == 0 ? [RecordHeader("h", Bytes(utf8: "\(number)"))] : [],
                    partition: PartitionID(index: number % 2), timestamp: 1_700_000_000_000 + Int64(number))
                sent.append(Self.parts(record.key, record.value, record.headers, record.timestamp ?? -1))
                try await producer.enqueue(record)
            }
            try await producer.close(timeout: NamedCluster.patience)
            let found = try await cluster.records(of: topic)
            for partition in 0..<2 {
                let records = found[TopicPartition(topic, PartitionID(index: partition))] ?? []
                #expect(
                    records.map { Self.parts($0.key, $0.value, $0.headers, $0.timestamp) }
                        == sent.enumerated().filter { $0.offset % 2 == partition }.map(\.element))
                #expect(records.map(\.offset) == (0..<300).map { Offset(Int64($0)) })
            }
        }
    }

    private static func parts(_ key: Bytes?, _ value: Bytes?, _ headers: [RecordHeader], _ time: Int64) -> [String] {
        [key?.text ?? "null", value?.text ?? "null", "\(time)"]
            + headers.map { "\($0.key)=\($0.value?.text ?? "null")" }
    }

    /// Small batches, five on their way at once: each record is there once, in its order, also where brokers go away.
    @Test func anIdempotentProducerDoublesAndReordersNothing() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("idempotent", partitions: 3)
            let producer = try cluster.producer {
                $0.batchSize = 2000
                $0.linger = .milliseconds(1)
            }
            for number in 0..<12_000 {
                try await producer.enqueue(
                    ProducerRecord(
                        topic: topic, value: Bytes(utf8: "\(number)"), partition: PartitionID(index: number % 3)))
            }
            try await producer.close(timeout: NamedCluster.patience)
            let found = try await cluster.values(of: topic)
            for partition in 0..<3 {
                #expect(
                    found[TopicPartition(topic, PartitionID(index: partition))]
                        == stride(from: partition, to: 12_000, by: 3).map { "\($0)" })
            }
        }
    }

    @Test func theLeaderKnowsWhoHasSentWhat() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.describeProducers, "look at the producers of a partition")
            let topic = try await cluster.topic("producers")
            let producer = try cluster.producer()
            for number in 0..<10 { try await producer.send(ProducerRecord(topic: topic, value: "\(number)")) }
            let partition = TopicPartition(topic, 0)
            let states = try await cluster.admin.describeProducers(of: [partition]).get()[partition] ?? []
            #expect(states.count == 1 && states.first?.lastSequence == 9 && states.first?.transactionStart == nil)
        }
    }

    @Test(arguments: [KafkaProducer.Acknowledgements.none, .leader]) func recordsArriveWithFewerAcknowledgements(
        _ acks: KafkaProducer.Acknowledgements
    ) async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("acks")
            let producer = try cluster.producer {
                $0.acks = acks
                $0.isIdempotent = false
            }
            let metadata = try await producer.send(ProducerRecord(topic: topic, value: "a"))
            #expect((metadata.offset == nil) == (acks == .none))
            try await producer.close(timeout: NamedCluster.patience)
            let partition = TopicPartition(topic, 0)
            // What nobody acknowledges is lost where a broker goes away at that moment.
            if acks == .leader || cluster.disturbances.isNone {
                try await inTime {
                    try await cluster.admin.endOffsets(of: topic)[partition].map { $0 >= 1 } ?? false
                }
            }
        }
    }

    /// KIP-126.
    @Test func aBatchThatIsTooLargeIsSentInParts() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("divided", configs: ["max.message.bytes": "20000"])
            let divisions = Seen()
            let producer = try cluster.producer {
                $0.linger = .milliseconds(200)
                $0.client.onEvent = { if case .batchDivided(_, let parts, _) = $0 { divisions.add("\(parts)") } }
            }
            let values = (0..<150).map { "\($0) " + String(repeating: "x", count: 1000) }
            for value in values { try await producer.enqueue(ProducerRecord(topic: topic, value: value)) }
            try await producer.flush()
            #expect(divisions.count > 0)
            let alone = await #expect(throws: KafkaError.self) {
                try await producer.send(
                    ProducerRecord(topic: topic, value: String(repeating: "y", count: 30_000)))
            }
            #expect(alone?.code == .broker(.messageTooLarge))
            #expect(try await cluster.values(of: topic)[TopicPartition(topic, 0)] == values)
        }
    }

    /// KIP-467: a topic that is compacted takes no record without a key.
    @Test func theRecordThatIsAtFaultIsNamed() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.produce, version: 8, "errors of single records (KIP-467)")
            let topic = try await cluster.topic("compacted", configs: ["cleanup.policy": "compact"])
            let producer = try cluster.producer { $0.linger = .seconds(60) }
            try await producer.enqueue(ProducerRecord(topic: topic, key: "first", value: "v"))
            try await producer.flush()
            var deliveries: [Delivery] = []
            for number in 0..<5 {
                deliveries.append(
                    try await producer.enqueue(
                        ProducerRecord(topic: topic, key: number == 3 ? nil : "k\(number)", value: "v")))
            }
            try #require(deliveries[0].isTogether(with: deliveries[4]))
            await #expect(throws: KafkaError.self) { try await producer.flush() }
            for (number, delivery) in deliveries.enumerated() {
                let error = await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
                #expect(error?.code == (number == 3 ? .broker(.invalidRecord) : .refusedBatch))
                #expect(error?.message.contains("record 3 of its batch") == true, "\(error?.message ?? "")")
            }
            let last = try await producer.enqueue(ProducerRecord(topic: topic, key: "last", value: "v"))
            try await producer.flush()
            #expect(try await last.acknowledgement().offset == 1)
        }
    }

    @Test(arguments: ["CreateTime", "LogAppendTime"]) func anAcknowledgementTellsTheTimeThatConsumersSee(
        _ type: String
    ) async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("times", configs: ["message.timestamp.type": type])
            let metadata = try await cluster.producer().send(
                ProducerRecord(topic: topic, key: nil, value: Bytes(utf8: "v"), timestamp: 1_700_000_000_000))
            #expect((metadata.timestamp == 1_700_000_000_000) == (type == "CreateTime"))
            let record = try await cluster.records(of: topic)[TopicPartition(topic, 0)]?.first
            #expect(record?.timestamp == metadata.timestamp && record?.isAppendTime == (type == "LogAppendTime"))
        }
    }

    @Test func whatIsGivenUpIsNotStoredAndTheProducerGoesOn() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("purged")
            let producer = try cluster.producer { $0.linger = .seconds(600) }
            var deliveries: [Delivery] = []
            for number in 0..<10 {
                deliveries.append(try await producer.enqueue(ProducerRecord(topic: topic, value: "lost \(number)")))
            }
            #expect(await producer.purge() == 10)
            for delivery in deliveries {
                let error = await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
                #expect(error?.code == .purged)
            }
            let kept = try await producer.enqueue(ProducerRecord(topic: topic, value: "kept"))
            try await producer.flush(timeout: NamedCluster.patience)
            #expect(try await kept.acknowledgement().offset == 0)
            #expect(try await cluster.values(of: topic) == [TopicPartition(topic, 0): ["kept"]])
        }
    }

    @Test func aTopicIsNotCreatedWhereThatIsForbidden() async throws {
        try await inCluster { cluster in
            let topic = cluster.expectTopic("absent")
            let producer = try cluster.producer {
                $0.mayCreateTopics = false
                $0.maximumBlock = .seconds(3)
            }
            let error = await #expect(throws: KafkaError.self) {
                try await producer.send(ProducerRecord(topic: topic, value: "v"))
            }
            #expect(error?.topic == topic)
            #expect(try await cluster.admin.listTopics().contains { $0.name == topic } == false)
            let isCreating = try await cluster.brokerSetting("auto.create.topics.enable")
            guard isCreating != "false" else {
                try Test.cancel("the cluster creates no topics by itself (auto.create.topics.enable)")
            }
            let creating = try cluster.producer()
            try await creating.send(ProducerRecord(topic: topic, value: "v"))
        }
    }

    // MARK: - Where records go

    /// A key in hexadecimal, and the partition of 7 and of 12 that Java's client picks: what Java itself has written down.
    private static func keys() throws -> [(key: Bytes, of7: Int, of12: Int)] {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = try String(contentsOfFile: "\(root)/Fixtures/golden/murmur2.tsv", encoding: .utf8)
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard columns.count == 4, let of7 = Int(columns[2]), let of12 = Int(columns[3]) else { return nil }
            let digits = Array(columns[0])
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
            return (Bytes(bytes), of7, of12)
        }
    }

    @Test(arguments: [7, 12]) func keysGoWhereJavasClientSendsThem(_ count: Int) async throws {
        try await inCluster { cluster in
            let keys = try Self.keys().prefix(200)
            try #require(keys.count > 50)
            let topic = try await cluster.topic("murmur2-\(count)", partitions: Int32(count))
            for partitioner in [nil, LibrdkafkaPartitioner.murmur2Random] as [LibrdkafkaPartitioner?] {
                let producer = try cluster.producer { $0.partitioner = partitioner }
                for (key, of7, of12) in keys {
                    let delivery = try await producer.enqueue(ProducerRecord(topic: topic, key: key, value: nil))
                    let wanted = PartitionID(index: count == 7 ? of7 : of12)
                    #expect(delivery.partition == wanted, "\(key)")
                }
                try await producer.close(timeout: NamedCluster.patience)
            }
        }
    }

    /// Clients of others, asked: Java's own choice, and librdkafka's two.
    @Test(arguments: ClusterPeer.Client.allCases) func keysGoWhereOthersSendThem(_ client: ClusterPeer.Client)
        async throws
    {
        try await inCluster { cluster in
            try cluster.requireClient(client)
            let topic = try await cluster.topic("keyed", partitions: 5)
            let ways: [(name: String, LibrdkafkaPartitioner?)] =
                client == .java ? [("", nil)] : [("murmur2_random", nil), ("consistent_random", .consistentRandom)]
            for (name, partitioner) in ways {
                let peer = try cluster.peer(client, ["produce", topic] + (name.isEmpty ? [] : ["partitioner=\(name)"]))
                try await peer.ready()
                let keys = (0..<100).map { "key-\($0)-\(String(repeating: "z", count: $0 % 9))" }
                try await peer.write(keys.map { "\($0) v" })
                try await peer.finish()
                let producer = try cluster.producer { $0.partitioner = partitioner }
                var ours: [String: PartitionID] = [:]
                for key in keys {
                    ours[key] = try await producer.enqueue(ProducerRecord(topic: topic, key: key, value: "v")).partition
                }
                #expect(ours == peer.sent)
            }
        }
    }
}
