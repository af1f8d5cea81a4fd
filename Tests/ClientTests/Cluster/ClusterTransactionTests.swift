import TestSupport
import Testing

@testable import KafkaWire

/// Transactions in a real cluster, in whichever version it has.
@Suite(.cluster, .outside) struct ClusterTransactionTests {
    static func producer(
        _ cluster: ClusterScope, _ id: String = "till", _ change: (inout KafkaProducer.Configuration) -> Void = { _ in }
    ) throws -> KafkaProducer {
        try cluster.producer {
            $0.transactionalId = cluster.name(id)
            change(&$0)
        }
    }

    private static func all(_ values: [TopicPartition: [String]]) -> [String] { values.values.flatMap(\.self).sorted() }

    /// A transaction begins again where it may: where nodes go away, one may have to be aborted.
    private static func transact(
        _ producer: KafkaProducer, _ body: (ProducerTransaction) async throws -> Void
    ) async throws {
        while true {
            do { return try await producer.withTransaction(body) } catch let error as KafkaError {
                guard error.transaction == .abortable else { throw error }
            }
        }
    }

    @Test(arguments: Compression.allCases) func whatIsCommittedIsSeenAndWhatIsAbortedIsNot(_ codec: Compression)
        async throws
    {
        try await inCluster { cluster in
            let topic = try await cluster.topic("ends", partitions: 2)
            let producer = try Self.producer(cluster) { $0.compression = codec }
            var committed: [String] = []
            for number in 0..<6 {
                let values = (0..<10).map { "\(number)-\($0)" }
                if number % 2 == 0 {
                    try await Self.transact(producer) { transaction in
                        for value in values {
                            try await transaction.enqueue(ProducerRecord(topic: topic, key: value, value: value))
                        }
                    }
                    committed += values
                } else {
                    try await producer.beginTransaction()
                    for value in values {
                        try await producer.enqueue(ProducerRecord(topic: topic, key: value, value: value))
                    }
                    // So that there is something of it in the log.
                    try await producer.flush()
                    try await producer.abortTransaction()
                }
            }
            #expect(Self.all(try await cluster.values(of: topic, .readCommitted)) == committed.sorted())
            #expect(Self.all(try await cluster.values(of: topic)).count >= 60)
        }
    }

    /// KIP-890: with version 2 each transaction has an epoch of its own.
    @Test func theCoordinatorKnowsTheTransaction() async throws {
        try await inCluster { cluster in
            try await cluster.requireAPI(.describeTransactions, "look at transactions")
            let topic = try await cluster.topic("described")
            let producer = try Self.producer(cluster)
            let id = cluster.name("till")
            func described() async throws -> KafkaAdmin.TransactionDescription? {
                try await cluster.admin.describeTransactions([id]).get()[id]
            }
            try await Self.transact(producer) { try await $0.send(ProducerRecord(topic: topic, value: "a")) }
            try await inTime { try await described()?.state == .completeCommit }
            let first = try await described()
            try await producer.beginTransaction()
            try await producer.send(ProducerRecord(topic: topic, value: "b"))
            let open = try await described()
            #expect(open?.state == .ongoing && open?.partitions == [TopicPartition(topic, 0)])
            #expect(open?.timeout == .seconds(60) && open?.producerId == first?.producerId)
            #expect(
                try await cluster.admin.listTransactions().get().contains { $0.id == id && $0.state == .ongoing })
            try await producer.abortTransaction()
            try await inTime { try await described()?.state == .completeAbort }
            try await cluster.requireFeature("transaction.version", 2, "transactions of version 2 (KIP-890)")
            if let last = try await described(), let first, last.producerId == first.producerId {
                #expect(last.producerEpoch.rawValue > first.producerEpoch.rawValue)
            }
        }
    }

    @Test func whatStandsBehindAnOpenTransactionIsNotSeenYet() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("stable")
            let partition = TopicPartition(topic, 0)
            let plain = try cluster.producer()
            try await plain.send(ProducerRecord(topic: topic, value: "before"))
            let producer = try Self.producer(cluster)
            try await producer.beginTransaction()
            try await producer.send(ProducerRecord(topic: topic, value: "open"))
            try await plain.send(ProducerRecord(topic: topic, value: "behind"))
            let consumer = try cluster.consumer(.partitions([partition: .earliest])) {
                $0.isolationLevel = .readCommitted
            }
            #expect(try await consumer.endOffsets([partition]) == [partition: 1])
            let seen = Seen()
            let reading = consumer.read(into: seen, commit: false)
            try await seen.wait(for: 1, within: NamedCluster.patience)
            #expect(try await cluster.values(of: topic, .readCommitted) == [partition: ["before"]])
            #expect(seen.all == ["before"])
            try await producer.commitTransaction()
            try await seen.wait(for: 3, within: NamedCluster.patience)
            #expect(seen.all == ["before", "open", "behind"])
            await consumer.close()
            try await reading.value
            // The marks that end transactions count as offsets.
            #expect(try await cluster.admin.endOffsets(of: topic)[partition] == 4)
        }
    }

    @Test func theScopedFormAbortsWhereItsBodyThrows() async throws {
        struct Mine: Error {}
        try await inCluster { cluster in
            let topic = try await cluster.topic("scoped")
            let producer = try Self.producer(cluster)
            await #expect(throws: Mine.self) {
                try await producer.withTransaction { transaction in
                    try await transaction.send(ProducerRecord(topic: topic, value: "never"))
                    throw Mine()
                }
            }
            try await Self.transact(producer) { try await $0.enqueue(ProducerRecord(topic: topic, value: "seen")) }
            try await inTime {
                try await cluster.values(of: topic, .readCommitted) == [TopicPartition(topic, 0): ["seen"]]
            }
        }
    }

    @Test func aRecordThatIsRefusedEndsItsTransactionAndTheProducerGoesOn() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("refused", configs: ["max.message.bytes": "2000"])
            let producer = try Self.producer(cluster)
            try await producer.beginTransaction()
            try await producer.enqueue(ProducerRecord(topic: topic, value: "small"))
            try await producer.flush()
            try await producer.enqueue(
                ProducerRecord(topic: topic, value: String(repeating: "large", count: 1000)))
            let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            #expect(error?.transaction == .abortable, "\(error?.message ?? "")")
            try await producer.abortTransaction()
            try await Self.transact(producer) { try await $0.enqueue(ProducerRecord(topic: topic, value: "next")) }
            try await inTime {
                try await cluster.values(of: topic, .readCommitted) == [TopicPartition(topic, 0): ["next"]]
            }
        }
    }

    @Test func whoTakesTheIdShutsTheOtherOneOut() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("fenced")
            let old = try Self.producer(cluster)
            try await old.beginTransaction()
            try await old.send(ProducerRecord(topic: topic, value: "old"))
            let new = try Self.producer(cluster)
            try await new.initTransactions()
            let error = await #expect(throws: KafkaError.self) { try await old.commitTransaction() }
            #expect(error?.transaction == .fenced, "\(error?.message ?? "")")
            try await Self.transact(new) { try await $0.enqueue(ProducerRecord(topic: topic, value: "new")) }
            try await inTime {
                try await cluster.values(of: topic, .readCommitted) == [TopicPartition(topic, 0): ["new"]]
            }
            // And an administrator does.
            try await new.beginTransaction()
            try await new.send(ProducerRecord(topic: topic, value: "cut off"))
            let id = cluster.name("till")
            _ = try await cluster.admin.fenceProducers([id]).get()
            let fenced = await #expect(throws: KafkaError.self) { try await new.commitTransaction() }
            #expect(fenced?.transaction == .fenced, "\(fenced?.message ?? "")")
            try await inTime {
                try await cluster.values(of: topic, .readCommitted) == [TopicPartition(topic, 0): ["new"]]
            }
        }
    }

    /// Kafka looks for such transactions every ten seconds.
    @Test func aTransactionThatTakesTooLongIsAborted() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("late")
            let partition = TopicPartition(topic, 0)
            let producer = try Self.producer(cluster) { $0.transactionTimeout = .seconds(3) }
            try await producer.beginTransaction()
            try await producer.send(ProducerRecord(topic: topic, value: "late"))
            let consumer = try cluster.consumer(.partitions([partition: .earliest])) {
                $0.isolationLevel = .readCommitted
            }
            try await inTime {
                try await consumer.endOffsets([partition])[partition] == 2
            }
            let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            #expect(error?.transaction == .fenced || error?.transaction == .abortable, "\(error?.message ?? "")")
            #expect(try await cluster.values(of: topic, .readCommitted)[partition] ?? [] == [])
        }
    }

    @Test func positionsAreCommittedWithTheTransactionAndNotWithoutIt() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("positions")
            let partition = TopicPartition(topic, 0)
            let group = cluster.group()
            let producer = try Self.producer(cluster)
            func committed() async throws -> Offset? {
                try await cluster.admin.committedOffsets(of: group)[partition]?.offset
            }
            try await producer.beginTransaction()
            try await producer.sendOffsets([partition: .init(offset: 5)], group: .init(groupId: group))
            try await producer.abortTransaction()
            #expect(try await committed() == nil)
            try await Self.transact(producer) { transaction in
                try await transaction.sendOffsets(
                    [partition: .init(offset: 7, metadata: "why")], group: .init(groupId: group))
            }
            try await inTime { try await committed() == 7 }
            // A member that there is not is refused.
            try await producer.beginTransaction()
            let error = await #expect(throws: KafkaError.self) {
                try await producer.sendOffsets(
                    [partition: .init(offset: 9)],
                    group: .init(groupId: group, generation: 3, memberId: "nobody"))
            }
            #expect(error?.transaction == .abortable, "\(error?.message ?? "")")
            try await producer.abortTransaction()
            #expect(try await committed() == 7)
        }
    }

    // MARK: - Exactly once

    /// A member that copies from one topic to another, as the README has it. Now and then it fails, and does the batch again.
    private final class Copier: Sendable {
        struct Slip: Error {}
        let consumer: KafkaConsumer
        let producer: KafkaProducer
        let task: Task<Void, any Error>

        init(_ cluster: ClusterScope, _ name: String, group: String, from: String, to: String, _ way: GroupWay) throws {
            let consumer = try cluster.consumer(group, [from]) {
                way.set(&$0)
                $0.isolationLevel = .readCommitted
                $0.maximumRecords = 50
            }
            let producer = try ClusterTransactionTests.producer(cluster, "copier-\(name)")
            (self.consumer, self.producer) = (consumer, producer)
            task = Task {
                var number = 0
                for try await batch in consumer.batches {
                    number += 1
                    if number % 5 == 3 {
                        // All of it is sent and none of it is to be seen.
                        do {
                            try await producer.withTransaction { transaction in
                                for record in batch {
                                    try await transaction.enqueue(
                                        ProducerRecord(topic: to, key: record.key, value: Bytes(utf8: "aborted")))
                                }
                                try await transaction.producer.flush()
                                throw Slip()
                            }
                        } catch is Slip {}
                    }
                    try await producer.withTransaction(committing: batch) { transaction in
                        for record in batch {
                            try await transaction.enqueue(
                                ProducerRecord(topic: to, key: record.key, value: record.value))
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: [GroupWay.range, .cooperative, .coordinator]) func everyRecordIsThereOnceAcrossRebalances(
        _ way: GroupWay
    ) async throws {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let source = try await cluster.topic("in", partitions: 4)
            let sink = try await cluster.topic("out", partitions: 3)
            let group = cluster.group("copiers")
            let values = (0..<2000).map { "\($0)" }
            let load = Task {
                for part in 0..<20 { try await cluster.produce(values[(part * 100)..<(part * 100 + 100)], to: source) }
            }
            func done() async -> Int64 {
                let committed = try? await cluster.admin.committedOffsets(of: group)
                return committed?.values.reduce(0) { $0 + $1.offset.rawValue } ?? 0
            }
            let first = try Copier(cluster, "1", group: group, from: source, to: sink, way)
            try await inTime { await done() > 100 }
            let second = try Copier(cluster, "2", group: group, from: source, to: sink, way)
            try await inTime {
                await second.consumer.positions.isEmpty == false
            }
            // The first one stops in the middle of whatever it does.
            first.task.cancel()
            _ = await first.task.result
            await first.consumer.close()
            try await load.value
            try await inTime { await done() == 2000 }
            await second.consumer.close()
            try await second.task.value
            let found = Self.all(try await cluster.values(of: sink, .readCommitted))
            #expect(found.count == 2000 && Set(found) == Set(values))
        }
    }
}
