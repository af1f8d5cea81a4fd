import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Replicas that are behind: what the leader has alone is not seen, not acknowledged to who wants all, and gone with it.
@Suite(.turn) struct HeldReplicationTests {
    private static func broker(nodes: Int = 3) async throws -> KafkaBroker {
        try await KafkaBroker.start(KafkaBroker.Configuration(topics: ["t": 1], brokers: nodes))
    }

    private static func client(_ broker: KafkaBroker) async throws -> TestClient {
        let leader = try #require(await broker.topics.first?.partitions.first?.leader)
        let node = try #require(await broker.nodes.first { $0.id == leader })
        return try TestClient(port: node.port)
    }

    private static func seen(_ client: TestClient) throws -> (values: [String], highWatermark: Offset) {
        let answer = try client.fetch("t", offset: 0)
        return (try values(answer.records), answer.highWatermark)
    }

    private static func end(_ client: TestClient) throws -> Offset? {
        try client.call(
            ListOffsetsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = [.with { $0.timestamp = -1 }]
                    }
                ]
            }
        ).topics.first?.partitions.first?.offset
    }

    private static func numbered(_ value: String, _ sequence: Int32) throws -> [UInt8] {
        try batch([value]) { ($0.producerId, $0.producerEpoch, $0.baseSequence) = (7, 0, sequence) }
    }

    @Test func whatTheLeaderHasAloneIsSeenWhenOthersHaveIt() async throws {
        let broker = try await Self.broker()
        let client = try await Self.client(broker)
        #expect(try client.produce("t", Self.numbered("a", 0)).errorCode == .none)
        try await broker.holdReplication(of: "t", partition: 0)
        #expect(try client.produce("t", Self.numbered("b", 1)).errorCode == .notEnoughReplicasAfterAppend)
        #expect(try client.produce("t", Self.numbered("b", 1)).errorCode == .notEnoughReplicasAfterAppend)
        // The leader's word is enough to some, and what all have is known to be there.
        #expect(try client.produce("t", Self.numbered("c", 2), acks: 1).baseOffset == 2)
        #expect(try client.produce("t", Self.numbered("a", 0)).baseOffset == 0)
        #expect(try Self.seen(client) == (["0:a"], 1))
        #expect(try Self.end(client) == 1)
        try await broker.resumeReplication(of: "t", partition: 0)
        #expect(try Self.seen(client) == (["0:a", "1:b", "2:c"], 3))
        #expect(try client.produce("t", Self.numbered("b", 1)).baseOffset == 1)
        #expect(try Self.end(client) == 3)
        await broker.stop()
    }

    @Test func whatTheLeaderHadAloneIsGoneWithIt() async throws {
        let broker = try await Self.broker()
        var client = try await Self.client(broker)
        #expect(try client.produce("t", Self.numbered("a", 0)).errorCode == .none)
        try await broker.holdReplication(of: "t", partition: 0)
        #expect(try client.produce("t", Self.numbered("b", 1)).errorCode == .notEnoughReplicasAfterAppend)
        let leader = try #require(await broker.topics.first?.partitions.first?.leader)
        try await broker.stopNode(leader)
        client = try await Self.client(broker)
        #expect(await broker.endOffsets(of: "t") == [1])
        // It is appended once more, and not taken for one that is there.
        #expect(try client.produce("t", Self.numbered("c", 1)).errorCode == .notEnoughReplicasAfterAppend)
        try await broker.resumeReplication(of: "t", partition: 0)
        #expect(try Self.seen(client).values == ["0:a", "1:c"])
        #expect(await broker.server.withNode { $0.objections(pending: []) } == [])
        await broker.stop()
    }

    @Test func whoIsAloneHasNobodyToWaitFor() async throws {
        let broker = try await Self.broker(nodes: 1)
        let client = try await Self.client(broker)
        try await broker.holdReplication(of: "t", partition: 0)
        #expect(try client.produce("t", Self.numbered("a", 0)).errorCode == .none)
        #expect(try Self.seen(client).values == ["0:a"])
        await broker.stop()
    }
}
