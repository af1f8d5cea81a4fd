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

    /// What a simulation was made of is gone with it, when its parties were closed, or their host killed.
    @Test(arguments: ["nothing", "a broker", "a broker on disk", "clients", "a killed broker"])
    func aSimulationThatIsOverIsForgotten(_ what: String) async throws {
        let remains = Locked(Remains())
        try Simulation.check(seeds: 8..<9) { simulation in
            remains.withLock { $0 = Remains(core: simulation.core, disk: simulation.host("kafka").disk) }
            try await Self.work(simulation, what)
        }
        // What a task of it holds last may be let go of by another thread.
        try await eventually { remains.withLock { $0.core == nil && $0.disk == nil } }
    }

    private struct Remains {
        weak var core: SimulationCore?
        weak var disk: SimulatedDisk?
    }

    private static func work(_ simulation: Simulation, _ what: String) async throws {
        guard what != "nothing" else { return }
        let broker = try await simulation.startBroker(topics: ["orders": 2]) { configuration in
            if what.contains("disk") || what.contains("killed broker") { configuration.dataDirectory = "/data" }
        }
        if what.contains("clients") {
            var sending = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            sending.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(sending)
            var reading = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], group: "readers", topics: ["orders"])
            reading.client.run(on: simulation.host("reader"))
            let consumer = try KafkaConsumer(reading)
            let task = simulation.host("reader").start("reading") {
                do { for try await _ in consumer.events {} } catch {}
            }
            for _ in 0..<10 { _ = try await producer.send(ProducerRecord(topic: "orders", value: "hello")) }
            try await simulation.sleep(for: .seconds(10))
            try await producer.close()
            await consumer.close()
            await task.value
        }
        if what == "a killed broker" {
            simulation.host("kafka").kill()
        } else {
            await broker.stop()
            #expect(simulation.host("kafka").disk.openFiles == 0)
        }
    }

    /// A file that is not waited for is closed as well: each partition has one, in its folder.
    @Test func aBrokerOnDiskHoldsNoFileForEachPartition() throws {
        let simulation = Simulation(seed: 7)
        let disk = simulation.host("kafka").disk
        try simulation.run {
            let broker = try await simulation.startBroker { $0.dataDirectory = "/data" }
            var sending = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            sending.client.run(on: simulation.host("shop"))
            let producer = try KafkaProducer(sending)
            try await broker.createTopic("orders", partitions: 1500)
            for partition in 0..<1500 {
                let record = ProducerRecord(
                    topic: "orders", value: Bytes(utf8: "hello"), partition: PartitionID(Int32(partition)))
                try await producer.enqueue(record)
            }
            try await producer.close()
            // Of those that are written to, no more are open than the pool allows.
            #expect(disk.openFiles < 400, "\(disk.openFiles)")
            await broker.stop()
            #expect(disk.openFiles == 0)
        }
    }
}
