import KafkaBroker
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// A broker with its data directory on a simulated disk: what is there after it was killed, and after the power was gone.
@Suite(.turn(minutes: 10)) struct BrokerCrashTests {
    /// How many records are there after `records` were acknowledged, the broker was killed, and started again.
    private static func survivors(
        seed: UInt64, flush: KafkaBroker.Configuration.FlushPolicy, loss: SimulatedDisk.Loss?, records: Int = 50
    ) throws -> Int {
        let simulation = Simulation(seed: seed)
        return try simulation.run {
            let host = simulation.host("kafka")
            var configuration = KafkaBroker.Configuration(port: 9092, topics: ["orders": 2])
            configuration.dataDirectory = "/data"
            configuration.flush = flush
            configuration.run(on: host)
            let first = try await KafkaBroker.start(configuration)
            var client = KafkaProducer.Configuration(bootstrapServers: ["kafka:9092"])
            client.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(client)
            for number in 0..<records {
                try await producer.send(ProducerRecord(topic: "orders", key: "\(number)", value: "order \(number)"))
            }
            host.kill(isSilent: true)
            if let loss { host.disk.losePower(loss) }
            await first.stop()
            configuration.run(on: host)
            let second = try await KafkaBroker.start(configuration)
            let ends = await second.endOffsets(of: "orders") ?? []
            // It goes on where it was.
            try await producer.send(ProducerRecord(topic: "orders", key: "more", value: "more"))
            try await producer.close()
            await second.stop()
            return ends.reduce(0) { $0 + Int($1.rawValue) }
        }
    }

    @Test func aKilledBrokerKeepsWhatItHasAcknowledged() throws {
        #expect(try Self.survivors(seed: 1, flush: .never, loss: nil) == 50)
    }

    @Test(arguments: SimulatedDisk.Loss.allCases) func aBrokerThatFlushesOutlivesALossOfPower(loss: SimulatedDisk.Loss)
        throws
    {
        #expect(try Self.survivors(seed: 2, flush: .everyProduce, loss: loss) == 50)
    }

    /// As Kafka with one replica and no flush: what the power took is gone, and the broker starts all the same.
    @Test(arguments: 0..<10 as Range<UInt64>) func aBrokerThatDoesNotFlushStartsBehindALossOfPower(seed: UInt64) throws
    {
        let left = try Self.survivors(seed: seed, flush: .never, loss: .torn)
        #expect((0...50).contains(left))
    }
}
