import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Producers that have not sent anything for long are forgotten (`producer.id.expiration.ms`).
@Suite(.turn) struct ProducerExpiryTests {
    private static func batch(_ sequence: Int32, at time: Int64, inTransaction: Bool = false) throws -> [UInt8] {
        try BrokerTests.batch(["a"], timestamps: [time]) {
            $0.producerId = 7
            $0.producerEpoch = 0
            $0.baseSequence = sequence
            if inTransaction { $0.marks = .init(rawValue: 1 << 4) }
        }
    }

    @Test(arguments: [
        // In a transaction, forgotten up to when, and whether its last batch is known then.
        (false, 999 as Int64, true), (false, 1000, false), (false, 5000, false), (true, 5000, true),
    ]) func aProducerIsForgottenWithItsLastBatch(isOpen: Bool, limit: Int64, isKnown: Bool) throws {
        let batch = try #require(try RecordBatch(Bytes(try Self.batch(3, at: 1000, inTransaction: isOpen))))
        var states = ProducerStates()
        states.remember(batch, at: 40)
        states.forget(notUsedSince: limit)
        #expect(states.check(batch) == (isKnown ? .duplicate(baseOffset: 40) : .append))
        #expect(states.active.count == (isKnown ? 1 : 0))
    }

    /// The time is the broker's, what counts is when the batch was made; a new setting takes effect at once.
    @Test func aBrokerForgetsInTime() async throws {
        let clock = ManualClock()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.clock = .manual(clock)
        configuration.producerIdExpiration = .seconds(100)
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let first = try Self.batch(0, at: clock.milliseconds)
        func send() throws -> Offset? {
            let answer = try client.call(TestClient.produceRequest("t", first), version: 11)
            let partition = try #require(answer.responses.first?.partitionResponses.first)
            #expect(partition.errorCode == .none)
            return partition.baseOffset
        }
        #expect(try send() == 0)
        #expect(try send() == 0)
        try await broker.advance(by: .seconds(99))
        #expect(try send() == 0)
        try await broker.advance(by: .seconds(110))
        // Nothing is known of it: it is appended anew.
        #expect(try send() == 1)
        // It carries the time of before.
        try await broker.advance(by: .seconds(100))
        #expect(try send() == 2)
        let change = IncrementalAlterConfigsRequest.with {
            $0.resources = [
                .with {
                    $0.resourceType = 4
                    $0.configs = [
                        .with {
                            $0.name = "producer.id.expiration.ms"
                            $0.configOperation = 0
                            $0.value = "86400000"
                        }
                    ]
                }
            ]
        }
        #expect(try client.call(change).responses.map(\.errorCode) == [.none])
        try await broker.advance(by: .seconds(3600))
        #expect(try send() == 2)
        await broker.stop()
    }

    @Test func aSettingUnderKafkasNameSetsIt() throws {
        let configuration = try KafkaBroker.Configuration(properties: ["producer.id.expiration.ms": "5000"])
        #expect(configuration.producerIdExpiration == .seconds(5))
        #expect(KafkaBroker.Configuration().producerIdExpiration == .seconds(86_400))
        var read = KafkaBroker.Configuration()
        #expect(try read.apply(["producer.id.expiration.ms": "5000"]).withoutEffect.isEmpty)
    }
}
