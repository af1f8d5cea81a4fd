import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What a test sees of the broker's inside.
@Suite(.serialized, .turn) struct InspectionTests {
    @Test func connectionsTellWhoIsThere() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let ports = await broker.nodes.map(\.port)
        let first = try TestClient(port: ports[0])
        _ = try first.call(
            ApiVersionsRequest.with {
                $0.clientSoftwareName = "hand-made"
                $0.clientSoftwareVersion = "1.2"
            }, version: 3)
        // Only now: which of two listeners is looked at first is left to the system.
        let second = try TestClient(port: ports[1])
        let request = try Frame.request(MetadataRequest(), version: 12, correlationId: 9, clientId: "me")
        second.send(raw: request)
        let answer = try second.receive()
        let connections = await broker.connections
        #expect(connections.map(\.node) == [1, 2])
        #expect(connections.map(\.clientId) == ["test", "me"])
        #expect(connections.map(\.softwareName) == ["hand-made", nil])
        #expect(connections.map(\.softwareVersion) == ["1.2", nil])
        #expect(connections.map(\.requests) == [1, 1])
        #expect(connections[1].bytesReceived == request.count)
        #expect(connections[1].bytesSent == answer.count + 4)
        #expect(connections.allSatisfy { $0.peer.hasPrefix("127.0.0.1:") })
        #expect(await broker.requestCounts == [.apiVersions: 1, .metadata: 1])
        await broker.stop()
        #expect(await broker.connections.isEmpty)
    }
}
