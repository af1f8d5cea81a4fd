import KafkaBroker
import KafkaWire
import TestSupport
import Testing

// What the articles about testing show; ArticleTests holds them to this.

@Suite(.turn) struct BrokerListings {
    // listing: testing.broker
    @Test func anOrderIsStored() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        try await producer.send(ProducerRecord(topic: "orders", key: "42", value: "paid"))
        try await producer.close()
        let ends = try #require(await broker.endOffsets(of: "orders"))
        #expect(ends.count { $0 == 1 } == 1)
        await broker.stop()
    }
    // end

    // listing: testing.hook
    @Test func aRefusalIsSentAgain() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let refusal = broker.on(.produce, times: 1) { _ in .fail(.notLeaderOrFollower) }
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        try await producer.send(ProducerRecord(topic: "orders", value: "paid"))
        #expect(refusal.uses == 1)
        try await producer.close()
        await broker.stop()
    }
    // end

    // listing: testing.nodes
    @Test func aNodeThatStopsLosesNothing() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1], brokers: 3))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        try await producer.send(ProducerRecord(topic: "orders", value: "one"))
        let leader = try #require(await broker.topics.first?.partitions.first?.leader)
        try await broker.stopNode(leader)
        try await producer.send(ProducerRecord(topic: "orders", value: "two"))
        let ends = try #require(await broker.endOffsets(of: "orders"))
        #expect(ends == [2])
        try await producer.close()
        await broker.stop()
    }
    // end

    // listing: testing.clock
    @Test func timeIsTheTests() async throws {
        let clock = ManualClock()
        var configuration = KafkaBroker.Configuration(topics: ["orders": 1])
        configuration.clock = .manual(clock)
        let broker = try await KafkaBroker.start(configuration)
        let before = clock.milliseconds
        try await broker.advance(by: .seconds(3600))
        #expect(clock.milliseconds == before + 3_600_000)
        await broker.stop()
    }
    // end
}
