import KafkaBroker
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// The turns of a broker's loop: what was handled in one leaves in it, and where nothing is to be done there is none.
@Suite(.turn(minutes: 10)) struct BrokerTurnTests {
    /// Whatever happens to clients and broker, nothing waits for a turn that nobody has planned.
    @Test(arguments: 0..<6 as Range<UInt64>) func noAnswerWaitsForTheNextRequest(seed: UInt64) throws {
        let simulation = Simulation(seed: seed)
        try simulation.run {
            let broker = try await simulation.startBroker(topics: ["orders": 4], nodes: 3)
            broker.on(.produce, times: 20) { _ in .delay(.milliseconds(30)) }
            broker.on(.fetch, times: 20) { _ in .throttle(.milliseconds(70)) }
            broker.on(.metadata, times: 3) { _ in .disconnectAfterwards }
            let looks = Locked((count: 0, forgetful: 0))
            // On the broker's host, between any two of its turns.
            let watcher = simulation.host("kafka").start("the watcher") {
                while !Task.isCancelled {
                    let isForgetful = await broker.isForgetful
                    looks.withLock { looks in
                        looks.count += 1
                        if isForgetful { looks.forgetful += 1 }
                    }
                    try? await simulation.sleep(for: .microseconds(simulation.random(in: 0...1000)))
                }
            }
            var members: [KafkaConsumer] = []
            for number in 1...3 {
                let host = simulation.host("member-\(number)")
                var reading = KafkaConsumer.Configuration(
                    bootstrapServers: [broker.bootstrapServers], group: "readers", topics: ["orders"])
                reading.client.run(on: host)
                reading.offsetReset = .earliest
                let consumer = try KafkaConsumer(reading)
                members.append(consumer)
                host.start("reading") {
                    do { for try await batch in consumer.batches { try? await batch.commit() } } catch {}
                }
            }
            var sending = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            sending.client.run(on: simulation.host("shop"))
            sending.linger = .zero
            let producer = try KafkaProducer(sending)
            for number in 0..<60 {
                async let sent: Void = {
                    _ = try await producer.send(ProducerRecord(topic: "orders", key: "\(number)", value: "x"))
                }()
                if number % 7 == 3 { simulation.network.cut("member-\(number % 3 + 1)", "kafka") }
                if number % 11 == 5 {
                    try await broker.moveLeader(of: "orders", partition: 1, to: BrokerID(Int32(number % 3 + 1)))
                }
                try await sent
                try await simulation.sleep(for: .milliseconds(simulation.random(in: 0...40)))
            }
            for member in members { await member.close() }
            try await producer.close()
            watcher.cancel()
            await watcher.value
            let (count, forgetful) = looks.withLock { $0 }
            #expect(count > 500 && forgetful == 0, "\(forgetful) of \(count)")
            await broker.stop()
            let left = await broker.leftovers()
            #expect(left.isEmpty, "\(left)")
        }
    }

    /// A request that comes alone takes one turn, and not another one that finds nothing to do.
    @Test func aRequestTakesOneTurn() throws {
        let simulation = Simulation(seed: 1)
        try simulation.run {
            let broker = try await simulation.startBroker(topics: ["orders": 1])
            var configuration = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
            configuration.run(on: simulation.host("shop"))
            let admin = try KafkaAdmin(configuration)
            _ = await admin.describeConfigs([.topic("orders")])
            func requests() async -> Int { await broker.requestCounts.values.reduce(0, +) }
            let (turns, before) = (await broker.turnCount, await requests())
            for _ in 0..<50 { _ = await admin.describeConfigs([.topic("orders")]) }
            let handled = await requests() - before
            let taken = await broker.turnCount - turns
            #expect(handled >= 50)
            #expect(taken <= handled + 5, "\(taken) turns for \(handled) requests")
            await admin.close()
            await broker.stop()
        }
    }
}
