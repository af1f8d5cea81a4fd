import FoundationEssentials
import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

/// The broker through real sockets, with hand-made requests.
@Suite(.serialized, .turn) struct ServerTests {
    @Test func tellsWhatItServes() async throws {
        let broker = try await KafkaBroker.start()
        for version in Int16(0)...4 {
            let client = try TestClient(port: broker.port)
            let request = ApiVersionsRequest.with {
                $0.clientSoftwareName = "test"
                $0.clientSoftwareVersion = "1"
            }
            let answer = try client.call(request, version: version)
            #expect(answer.errorCode == .none)
            #expect(
                answer.apiKeys.map { "\($0.apiKey): \($0.minVersion)...\($0.maxVersion)" }
                    == ServedAPI.all.map { "\($0.key.rawValue): \($0.advertised)" })
            // KAFKA-18659
            #expect(answer.apiKeys.first?.minVersion == 0 && answer.apiKeys.first?.maxVersion == 13)
        }
        await broker.stop()
    }

    @Test func servesWhatThereAreHandlersFor() throws {
        let folder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/Sources/KafkaBroker/Handlers")
        let numbers = files.compactMap { $0.split(separator: "_").first.flatMap { Int16($0) } }.sorted()
        #expect(numbers == ServedAPI.all.map(\.key.rawValue))
        #expect(ServedAPI.all.filter { $0.versions != $0.advertised }.map(\.key) == [.produce])
    }

    @Test func answersAnApiVersionsThatIsTooNewInTheOldestForm() async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        // Size, key 18, version 9, correlation 7, client id null, no tags; a body of a version nobody knows yet.
        client.send(raw: [0, 0, 0, 12, 0, 18, 0, 9, 0, 0, 0, 7, 255, 255, 0, 42])
        let frame = try client.receive()
        let expected: String = ["00000007", "0023", "00000001", "001200000004"].joined()
        #expect("\(frame)" == expected)
        // The connection goes on.
        #expect(try client.call(DescribeClusterRequest()).brokers.count == 1)
        await broker.stop()
    }

    /// librdkafka 2.16.0 asks for the metadata of all topics with three bytes more than the request has; Kafka passes
    /// over them.
    @Test func passesOverBytesBehindARequest() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2]))
        let client = try TestClient(port: broker.port)
        // Size, key 3, version 13, correlation 1, client id null, no tags; all topics, two flags, no tags; the rest.
        client.send(raw: [0, 0, 0, 18, 0, 3, 0, 13, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0])
        let answer = try Frame.decodeResponse(MetadataResponse.self, try client.receive(), version: 13)
        #expect(answer.topics.map { "\($0.name ?? ""): \($0.partitions.count)" } == ["orders: 2"])
        await broker.stop()
    }

    @Test(
        arguments: [
            [0, 0, 0, 10, 0x03, 0xE7, 0, 0, 0, 0, 0, 1, 255, 255],  // API 999
            [0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 1, 255, 255],  // Metadata v99
            [0, 0, 0, 12, 0, 3, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0],  // Metadata v1, cut off
            [0x7F, 0xFF, 0xFF, 0xFF, 0, 3, 0, 1],  // a frame of 2 GiB
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 3, 0, 1],  // a negative size
            [0, 0, 0, 2, 0, 3],  // a header that ends at once
        ] as [[UInt8]])
    func hangsUpOnNonsenseAndOthersFeelNothing(bytes: [UInt8]) async throws {
        let broker = try await KafkaBroker.start()
        let other = try TestClient(port: broker.port)
        let client = try TestClient(port: broker.port)
        client.send(raw: bytes)
        #expect(client.isClosed)
        #expect(try other.call(DescribeClusterRequest()).brokers.count == 1)
        await broker.stop()
    }

    @Test func answersInTheOrderOfTheRequests() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        let fetch = try client.send(
            TestClient.fetchRequest("t", offset: 0, maxWaitMs: 300), version: 12)
        let later = try (0..<20).map { _ in try client.send(DescribeClusterRequest(), version: 0) }
        let started = Instant.now
        for wanted in [fetch] + later {
            var reader = ByteReader(try client.receive())
            #expect(try reader.integer(Int32.self) == wanted)
            if wanted == fetch { #expect(Instant.now - started > .milliseconds(200)) }
        }
        await broker.stop()
    }

    @Test func doesNotFeedAClientThatDoesNotRead() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumUnsentBytes = 1 << 20
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port, receiveBuffer: 64 << 10)
        _ = try client.produce("t", batch([String(repeating: "x", count: 500_000)]))
        let requests = 60
        for _ in 0..<requests { try client.send(TestClient.fetchRequest("t", offset: 0), version: 12) }
        // Everybody else is served meanwhile.
        let other = try TestClient(port: broker.port)
        #expect(try other.call(DescribeClusterRequest()).brokers.count == 1)
        try await Task.sleep(for: .milliseconds(200))
        let unsent = await broker.unsentBytes
        #expect(unsent > 0 && unsent < 2 << 20)
        for _ in 0..<requests { #expect(try client.receive().count > 500_000) }
        await broker.stop()
    }

    @Test func stopsOnceAndFreesItsPort() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let client = try TestClient(port: broker.port)
        await broker.stop()
        await broker.stop()
        #expect(client.isClosed)
        #expect(await broker.topics.map(\.name) == ["t"])
        let next = try await KafkaBroker.start(.init(port: broker.port))
        #expect(next.port == broker.port)
        #expect(next.bootstrapServers == "127.0.0.1:\(broker.port)")
        await #expect(throws: KafkaBroker.StartError.self) {
            _ = try await KafkaBroker.start(.init(port: next.port))
        }
        await next.stop()
    }

    @Test func aConnectionThatEndsTakesItsWaitingFetchWithIt() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        do {
            let client = try TestClient(port: broker.port)
            try client.send(TestClient.fetchRequest("t", offset: 0, maxWaitMs: 60_000), version: 12)
            try await eventually { await broker.waitingFetches > 0 }
        }
        try await eventually { await broker.waitingFetches == 0 }
        await broker.stop()
    }
}
