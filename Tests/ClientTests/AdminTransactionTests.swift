import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Producers and transactions through ``KafkaAdmin``.
@Suite(.turn) struct AdminTransactionTests {
    private static let part = TopicPartition("t", 0)

    /// Begins a transaction, and writes a record in it, by hand: what a producer does that then hangs.
    static func hang(_ id: String, _ admin: KafkaAdmin) async throws -> (id: ProducerID, epoch: ProducerEpoch) {
        let begun = try await admin.send(
            InitProducerIdRequest.with {
                $0.transactionalId = id
                $0.transactionTimeoutMs = 60_000
            }, to: .transactionCoordinator(id)
        ).response
        try #require(begun.errorCode == .none)
        let added = try await admin.send(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = id
                $0.v3AndBelowProducerId = begun.producerId
                $0.v3AndBelowProducerEpoch = begun.producerEpoch
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = part.topic
                        $0.partitions = [part.partition]
                    }
                ]
            }, to: .transactionCoordinator(id), version: 3
        ).response
        try #require(
            added.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode == ErrorCode.none)
        var builder = RecordBatchBuilder()
        [UInt8]("v".utf8).withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 1000) }
        var options = RecordBatchBuilder.Options()
        options.producerId = begun.producerId
        options.producerEpoch = begun.producerEpoch
        options.baseSequence = 0
        options.marks = .init(rawValue: 1 << 4)
        let batch = try builder.finish(options)
        let produced = try await admin.send(
            ProduceRequest.with {
                $0.transactionalId = id
                $0.acks = -1
                $0.timeoutMs = 1000
                $0.topicData = [
                    .with {
                        $0.name = part.topic
                        $0.partitionData = [
                            .with {
                                $0.index = part.partition
                                $0.records = Records(Bytes(batch))
                            }
                        ]
                    }
                ]
            }, to: .leader(part), version: 11
        ).response
        try #require(produced.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
        return (begun.producerId, begun.producerEpoch)
    }

    @Test func aTransactionIsSeenAndFenced() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        let producer = try await Self.hang("x", admin)
        let transaction = try #require(try await admin.describeTransactions(["x"]).get()["x"])
        #expect(transaction.state == .ongoing && transaction.partitions == [Self.part])
        #expect(transaction.producerId == producer.id && transaction.producerEpoch == producer.epoch)
        #expect(transaction.timeout == .seconds(60) && transaction.startTime != nil)
        #expect(transaction.coordinator != .none)
        let unknown = await admin.describeTransactions(["x", "y"])
        #expect(unknown.failures().mapValues(\.code) == ["y": .broker(.transactionalIdNotFound)])

        let listed = try await admin.listTransactions().get()
        #expect(
            listed == [
                .init(id: "x", coordinator: transaction.coordinator, producerId: producer.id, state: .ongoing)
            ])
        #expect(try await admin.listTransactions(states: [.empty]).get().isEmpty)
        #expect(try await admin.listTransactions(states: [.ongoing], producerIds: [producer.id]).get() == listed)
        #expect(try await admin.listTransactions(longerThan: .seconds(3600)).get().isEmpty)
        #expect(try await admin.listTransactions(pattern: "x+").get() == listed)
        let broken = try await admin.listTransactions(pattern: "(")
        #expect(broken.failures.count == 3)

        try await broker.moveCoordinator(ofTransaction: "x", to: 3)
        let fenced = try #require(try await admin.fenceProducers(["x"]).get()["x"])
        #expect(fenced.producerId != producer.id || fenced.producerEpoch > producer.epoch)
        #expect(try await admin.describeTransactions(["x"]).get()["x"]?.state != .ongoing)
        #expect(
            try await admin.listOffsets([Self.part: .latest], isolation: .readCommitted)[Self.part]?.get().offset == 2)
        await admin.close()
        await broker.stop()
    }

    @Test func aTransactionThatHangsIsAborted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let admin = try KafkaAdmin(.quick(broker))
        let producer = try await Self.hang("x", admin)
        func states() async throws -> [KafkaAdmin.ProducerState] {
            try await admin.describeProducers(of: [Self.part]).get()[Self.part] ?? []
        }
        let open = try #require(try await states().first)
        #expect(open.producerId == producer.id && open.producerEpoch == producer.epoch)
        #expect(open.transactionStart == 0 && open.lastSequence == 0 && open.lastTimestamp != nil)
        func stable() async throws -> Offset? {
            try await admin.listOffsets([Self.part: .latest], isolation: .readCommitted)[Self.part]?.get().offset
        }
        #expect(try await stable() == 0)
        let old = KafkaAdmin.OpenTransaction(Self.part, producerId: producer.id, producerEpoch: -1)
        let error = await #expect(throws: KafkaError.self) { try await admin.abortTransaction(old) }
        #expect(error?.code == .broker(.invalidProducerEpoch) && error?.partition == 0)
        try await broker.moveLeader(of: "t", partition: 0, to: 2)
        try await admin.abortTransaction(
            .init(
                Self.part, producerId: open.producerId, producerEpoch: open.producerEpoch,
                coordinatorEpoch: open.coordinatorEpoch ?? -1))
        #expect(try await stable() == 2)
        #expect(try await states().allSatisfy { $0.transactionStart == nil })
        // A follower can be asked as well.
        #expect(try await admin.describeProducers(of: [Self.part], at: 1).get()[Self.part] == (try await states()))
        await admin.close()
        await broker.stop()
    }
}
