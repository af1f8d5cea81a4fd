#if ServiceLifecycle
    import KafkaBroker
    import Logging
    import ServiceLifecycle
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Clients as services that end with the others.
    @Suite(.turn) struct ServiceTests {
        @Test func aGroupOfServicesEndsBothSides() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let producer = try KafkaProducer.quick(broker.bootstrapServers)
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
            let seen = Seen()
            let group = ServiceGroup(
                services: [
                    ProducerService(producer), ConsumerService(consumer) { batch in seen.add(batch) },
                ], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await group.run() }
            try await producer.send(ProducerRecord(topic: "t", key: nil, value: "a"))
            try await seen.wait(for: 1)
            try await producer.enqueue(ProducerRecord(topic: "t", key: nil, value: "b"))
            await group.triggerGracefulShutdown()
            try await running.value
            // What was left is sent, and what was read is committed.
            #expect(await broker.endOffsets(of: "t") == [2])
            await #expect(throws: KafkaError.self) { try await producer.enqueue(.init(topic: "t", value: "c")) }
            await broker.stop()
        }

        @Test func anErrorOfTheApplicationEndsTheService() async throws {
            struct Failure: Error {}
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            try await broker.produce(0..<1, to: "t")
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
            let service = ConsumerService(consumer) { _ in throw Failure() }
            await #expect(throws: Failure.self) { try await service.run() }
            await broker.stop()
        }
    }
#endif
