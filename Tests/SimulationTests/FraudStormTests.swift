import Foundation
import KafkaBroker
import KafkaSimulation
import KafkaWire
import TestSupport
import Testing

/// An agent: reads transactions, and sends an alert for each that is too large.
struct FraudAgent: Sendable {
    var client: ClientConfiguration

    func run() async throws {
        var sending = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        sending.client = client
        let alerts = try KafkaProducer(sending)
        var reading = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, group: "fraud", topics: ["transactions"])
        reading.client = client
        reading.autoCommit = nil
        let consumer = try KafkaConsumer(reading)
        for try await batch in consumer.batches {
            for record in batch where record.value?.text == "too much" {
                try await alerts.send(ProducerRecord(topic: "alerts", key: record.key?.text ?? "", value: "fraud"))
            }
            // Where it fails, another agent has the partition, and reads these again: better twice than never.
            try? await batch.commit()
        }
    }
}

/// What stands in `docs/simulation.md`: an application in a storm of rebalances.
@Suite(.turn(minutes: 10)) struct FraudStormTests {
    @Test func aRecordWaitsUntilTheNetworkIsThereAgain() throws {
        try Simulation.check(seeds: 0..<3) { simulation in
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

    @Test func noAlertIsLostInAStormOfRebalances() throws {
        try Simulation.check(seeds: 0..<3) { simulation in
            let broker = try await simulation.startBroker(topics: ["transactions": 4, "alerts": 1], nodes: 3)
            func start(_ agent: SimulatedHost) {
                var client = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
                client.run(on: agent)
                agent.start("the agent") { [client] in try? await FraudAgent(client: client).run() }
            }
            let agents = ["agent-1", "agent-2", "agent-3"].map(simulation.host)
            agents.forEach(start)

            var shop = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            shop.client.run(on: simulation.host("shop"))
            let transactions = try KafkaProducer(shop)
            for number in 0..<60 {
                let value = number % 3 == 0 ? "too much" : "fine"
                try await transactions.send(ProducerRecord(topic: "transactions", key: "\(number)", value: value))
                if simulation.random(in: 0...4) == 0 {
                    // While one of them is at it, or a moment before or after.
                    try await simulation.sleep(for: .milliseconds(simulation.random(in: 0...10)))
                    let agent = agents[simulation.random(in: 0...2)]
                    agent.kill()
                    start(agent)
                }
                try await simulation.sleep(for: .seconds(simulation.random(in: 0...5)))
            }
            try await simulation.sleep(for: .seconds(300))

            var missing = Set(stride(from: 0, to: 60, by: 3).map(String.init))
            for batch in await broker.batches(topic: "alerts", partition: 0, from: 0) {
                for record in try batch.records() { missing.remove(record.key?.text ?? "") }
            }
            try #require(missing.isEmpty, "no alert for \(missing.sorted())")
        }
    }

    /// The document's programs are those above.
    @Test func theDocumentShowsWhatIsTestedHere() throws {
        func lines(_ text: some StringProtocol) -> [String] {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let here = lines(try String(contentsOfFile: #filePath, encoding: .utf8))
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let document = try String(contentsOfFile: "/\(path)/docs/simulation.md", encoding: .utf8)
        let blocks = document.components(separatedBy: "```swift\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        let programs = blocks.map(lines).filter { $0.contains { $0.hasPrefix("@Test") || $0.hasPrefix("struct ") } }
        try #require(programs.count == 3)
        for program in programs {
            // As many seeds as a person wants; here there are less.
            let wanted = program.map { $0.replacing(#/seeds: 0\.\.<\d+/#, with: "seeds: 0..<3") }.filter {
                !$0.hasPrefix("import ")
            }
            #expect(here.ranges(of: wanted).count == 1, "\(wanted.prefix(2))")
        }
    }

    @Test func theSeedThatFailsIsNamed() throws {
        struct Flaw: Error {}
        let failure = #expect(throws: SeedFailure.self) {
            try Simulation.check(seeds: 3..<100) { if $0.seed == 17 { throw Flaw() } }
        }
        #expect(failure?.seed == 17 && failure.map { "\($0)" } == "with seed 17: Flaw()")
    }

    @Test func theTasksOfAKilledHostAreCancelled() throws {
        try Simulation.check(seeds: 1..<2) { simulation in
            let host = simulation.host("shop")
            let task = host.start("waiting") { (try? await simulation.sleep(for: .seconds(3600))) == nil }
            let other = host.start("done") { 1 }
            _ = await other.value
            host.kill()
            try #require(await task.value && simulation.elapsed < .seconds(1))
        }
    }
}
