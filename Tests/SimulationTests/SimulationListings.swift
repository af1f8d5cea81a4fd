import KafkaBroker
import KafkaSimulation
import KafkaWire
import TestSupport
import Testing

// What the articles about the simulation show; SimulationArticleTests holds them to this.

@Suite(.turn) struct SimulationListings {
    // listing: simulation.first
    @Test func aRecordWaitsUntilTheNetworkIsThereAgain() throws {
        try Simulation.check(seeds: 0..<20) { simulation in
            let broker = try await simulation.startBroker(topics: ["orders": 4])
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            configuration.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(configuration)
            try await producer.send(ProducerRecord(topic: "orders", value: "hello"))
            simulation.network.part("shop", "kafka")
            simulation.host("test").start("the repair") {
                try? await simulation.sleep(for: .seconds(60))
                simulation.network.heal()
            }
            try await producer.send(ProducerRecord(topic: "orders", value: "hello again"))
            try #require(simulation.elapsed >= .seconds(60))
        }
    }
    // end

    // listing: simulation.leftovers
    @Test func nothingIsLeft() throws {
        try Simulation.check(seeds: 0..<5) { simulation in
            let broker = try await simulation.startBroker(topics: ["orders": 1])
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            configuration.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(configuration)
            try await producer.send(ProducerRecord(topic: "orders", value: "hello"))
            try await producer.close()
            await broker.stop()
            try #require(await broker.leftovers().isEmpty)
            try #require(simulation.host("shop").openSockets == 0)
        }
    }
    // end

    // listing: simulation.trial
    @Test func aDrawnHistoryKeepsItsPromises() {
        let trial = Trial(NamedScenario.rollingRestart.plan(seed: 7))
        #expect(trial.isSound, "\(trial.timeline())")
    }
    // end
}
