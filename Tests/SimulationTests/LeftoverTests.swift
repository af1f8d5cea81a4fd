import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// When all is closed, nothing of it is left: in clients, in the broker, on their hosts.
@Suite(.turn(minutes: 10)) struct LeftoverTests {
    @Test(arguments: 200..<205 as Range<UInt64>) func aHistoryLeavesNothing(seed: UInt64) {
        let trial = Trial(.drawn(seed: seed))
        #expect(trial.isSound, "seed \(seed): \(trial.complaints)")
    }

    @Test func aBrokerThatIsStoppedHoldsNothing() throws {
        let simulation = Simulation(seed: 5)
        try simulation.run {
            let broker = try await simulation.startBroker(topics: ["orders": 2])
            var reading = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], group: "readers", topics: ["orders"])
            reading.client.run(on: simulation.host("reader"))
            reading.fetchMaximumWait = .seconds(20)
            let consumer = try KafkaConsumer(reading)
            let task = simulation.host("reader").start("reading") {
                do { for try await _ in consumer.events {} } catch { Issue.record("\(error)") }
            }
            try await simulation.sleep(for: .seconds(10))
            let busy = await broker.leftovers()
            // Its fetch waits, and its group is watched over.
            #expect(busy.connections > 0 && busy.listeners == 1 && busy.fetches == 1 && busy.timers == 1)
            #expect("\(busy)".contains("1 × waiting fetch") && !busy.isEmpty)
            await broker.stop()
            let left = await broker.leftovers()
            #expect(left.isEmpty, "\(left)")
            #expect("\(left)" == "nothing")
            await consumer.close()
            await task.value
        }
    }

    /// A throttled client waits for its broker, and does not when it is closed.
    @Test func whoIsHeldBackEndsWithItsClient() throws {
        let simulation = Simulation(seed: 6)
        try simulation.run {
            let broker = try await simulation.startBroker(topics: ["orders": 1])
            broker.on(.metadata) { _ in .throttle(.seconds(25)) }
            var sending = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            let host = simulation.host("shop")
            sending.client.run(on: host)
            let producer = try KafkaProducer(sending)
            let task = host.start("sending") {
                _ = try? await producer.send(ProducerRecord(topic: "orders", value: "hello"))
            }
            try await simulation.sleep(for: .seconds(2))
            try? await producer.close(timeout: .milliseconds(100))
            await task.value
            try await simulation.sleep(for: .seconds(1))
            #expect(host.allTimers == 0 && host.openSockets == 0 && host.watchedSockets == 0)
            await broker.stop()
            #expect(await broker.leftovers().isEmpty)
        }
    }
}
