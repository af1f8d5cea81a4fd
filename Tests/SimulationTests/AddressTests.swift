import KafkaBroker
import KafkaSimulation
import KafkaWire
import TestSupport
import Testing

/// Names that have several addresses (KIP-302, KIP-602): only in a simulation there are any.
@Suite(.turn) struct AddressTests {
    /// Behind the first address nobody listens, or nothing is heard from there: each of the three gets its share of the time
    /// for setting up: of some 6 s here.
    @Test(arguments: [LinkConditions.Connects.refused, .dropped])
    func allAddressesOfANameAreTried(first: LinkConditions.Connects) throws {
        try Simulation.check(seeds: 0..<5) { simulation in
            let broker = try await simulation.startBroker(topics: ["t": 1])
            for name in ["shop", "spare", "old"] { _ = simulation.host(name) }
            simulation.network.setName("kafka", to: .hosts(["spare", "old", "kafka"]))
            simulation.network.change(from: "shop", to: "spare") { $0.connects = first }
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            configuration.client.connectTimeout = .seconds(6)
            configuration.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(configuration)
            try await producer.send(ProducerRecord(topic: "t", value: "hello"))
            try #require(first == .refused || simulation.elapsed >= .milliseconds(1500))
            try await producer.close()
            try #require(await broker.topics.first?.partitions.first?.endOffset == 1)
            await broker.stop()
        }
    }
}
