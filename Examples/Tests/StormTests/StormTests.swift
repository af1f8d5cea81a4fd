// An application under the simulation: the bookkeepers of `exactly-once`, with the real client and the real broker in one thread,
// under a clock that jumps.
//
//     swift test --package-path Examples
//
// A run follows from its seed: one that fails says `with seed 7:`, and `seeds: 7..<8` gives it again. More: docs/simulation.md.

import KafkaSimulation
import KafkaWire
import Testing

@testable import ExactlyOnce

@Test func everyPaymentIsBookedOnceWhateverHappensToTheBookkeepers() throws {
    try Simulation.check(seeds: 0..<5) { simulation in
        let broker = try await simulation.startBroker(topics: ["payments": 4, "bookings": 1], nodes: 3)
        let servers = [broker.bootstrapServers]

        // Each is started again when it has ended, as whatever runs services does.
        func start(_ desk: SimulatedHost) {
            var client = ClientConfiguration(bootstrapServers: servers)
            client.run(on: desk)
            desk.start("the bookkeeper") { [client] in
                while !Task.isCancelled {
                    try? await Bookkeeper(client, name: desk.name).run()
                    try? await desk.sleep(for: .seconds(1))
                }
            }
        }
        let desks = ["desk-1", "desk-2", "desk-3"].map(simulation.host)
        desks.forEach(start)

        var till = KafkaProducer.Configuration(bootstrapServers: servers)
        till.client.run(on: simulation.host("till"))
        let payments = try KafkaProducer(till)
        for number in 0..<60 {
            try await payments.send(ProducerRecord(topic: "payments", key: "\(number)", value: "\(number)"))
            // While one of them is at it, or a moment before or after.
            try await simulation.sleep(for: .milliseconds(simulation.random(in: 0...20)))
            let desk = desks[simulation.random(in: 0...2)]
            switch simulation.random(in: 0...9) {
            case 0:
                desk.kill()
                start(desk)
            case 1:
                // Taken for dead, it comes back, and believes that its transaction is open and its partitions its own.
                desk.pause()
                try await simulation.sleep(for: .seconds(simulation.random(in: 5...90)))
                desk.resume()
            case 2: _ = simulation.network.cut(desk.name, "node-\(simulation.random(in: 1...3))")
            default: try await simulation.sleep(for: .seconds(simulation.random(in: 0...5)))
            }
        }
        try await simulation.sleep(for: .seconds(300))

        var reading = KafkaConsumer.Configuration(
            bootstrapServers: servers, topics: ["bookings"], from: .earliest)
        reading.client.run(on: simulation.host("auditor"))
        reading.isolationLevel = .readCommitted
        reading.tellsEnds = true
        let auditor = try KafkaConsumer(reading)
        var booked: [String] = []
        reading: for try await event in auditor.events {
            switch event {
            case .batch(let batch): booked += batch.map { $0.value?.text ?? "null" }
            case .reachedEnd: break reading
            default: break
            }
        }
        await auditor.close()
        try #require(booked.sorted() == (0..<60).map { "booked \($0)" }.sorted())
    }
}
