import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What one client asks for, leaves lying or announces does not keep another from its answer, nor memory from the
/// machine. The bounds are those of docs/broker.md.
@Suite(.serialized, .alone) struct BudgetTests {
    /// Asks for little again and again until `body` is done; gives the longest that it waited.
    private func innocent(at port: UInt16, during body: () async throws -> Void) async throws -> Duration {
        let isOver = Locked(false)
        let worst = Task(executorPreference: ElasticExecutor.shared) {
            guard let client = try? TestClient(port: port) else { return Duration.seconds(99) }
            var worst = Duration.zero
            repeat {
                let began = Instant.now
                guard (try? client.call(DescribeClusterRequest())) != nil else { return Duration.seconds(99) }
                worst = max(worst, .now - began)
                try? await Task.sleep(for: .milliseconds(5))
            } while !isOver.withLock { $0 }
            return worst
        }
        try await body()
        isOver.withLock { $0 = true }
        return await worst.value
    }

    /// The bound is generous: tests run in a debug build, and beside others. Standstills were 7 to 32 s in a release.
    private static let patience = Duration.seconds(3)

    private func offsets(_ count: Int, timestamp: Int64) -> ListOffsetsRequest {
        .with {
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = (0..<count).map { index in
                        .with {
                            $0.partitionIndex = PartitionID(index: index)
                            $0.timestamp = timestamp
                        }
                    }
                }
            ]
        }
    }

    @Test func searchesByTimeDoNotKeepOthersWaiting() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 20]))
        let filler = try TestClient(port: broker.port)
        let bytes = try packedBatch(10_000)
        for partition in 0..<20 {
            #expect(try filler.produce("t", bytes, partition: PartitionID(index: partition)).errorCode == .none)
        }
        let clients = try (0..<4).map { _ in try TestClient(port: broker.port) }
        let worst = try await innocent(at: broker.port) {
            for client in clients { try client.send(offsets(20, timestamp: 8_000), version: 7) }
            for client in clients { #expect(try client.receive().count > 20 * 20) }
        }
        #expect(worst < Self.patience)
        #expect(await broker.workSteps > 4)
        await broker.stop()
    }

    /// Many requests that leave in one packet.
    @Test func pipelinedRequestsDoNotKeepOthersWaiting() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 300]))
        let client = try TestClient(port: broker.port)
        var many: [UInt8] = []
        let request = MetadataRequest.with { $0.topics = nil }
        for number in 0..<150 as Range<Int32> {
            many += try Frame.request(request, version: 12, correlationId: number, clientId: "test")
        }
        let worst = try await innocent(at: broker.port) {
            client.send(raw: many)
            for number in 0..<150 as Range<Int32> {
                var reader = ByteReader(try client.receive())
                #expect(try reader.integer(Int32.self) == number)
            }
        }
        #expect(worst < Self.patience)
        await broker.stop()
    }

    /// Requests that wait for their turn are handled also where the client has gone: it may want no answers.
    @Test func recordsOfAClientThatHasGoneAreStored() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        let bytes = try batch(["v"])
        var many: [UInt8] = []
        for number in 0..<200 as Range<Int32> {
            many += try Frame.request(
                TestClient.produceRequest("t", bytes, acks: 0), version: 11, correlationId: number, clientId: "test")
        }
        client.send(raw: many)
        client.close()
        try await eventually { await broker.endOffsets(of: "t") == [200] }
        #expect(await broker.endOffsets(of: "t") == [200])
        await broker.stop()
    }

    @Test func forgottenSessionsDoNotKeepOthersWaiting() async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        func request(_ session: Int32, _ epoch: Int32, _ named: [PartitionID], _ forgotten: [PartitionID])
            -> FetchRequest
        {
            .with {
                $0.sessionId = session
                $0.sessionEpoch = epoch
                $0.topics = [
                    .with {
                        $0.topic = "nope"
                        $0.partitions = named.map { index in .with { $0.partition = index } }
                    }
                ]
                $0.forgottenTopicsData = [
                    .with {
                        $0.topic = "nope"
                        $0.partitions = forgotten
                    }
                ]
            }
        }
        let all = (0..<20_000).map { PartitionID(index: $0) }
        let session = try client.call(request(0, 0, all, []), version: 11).sessionId
        #expect(session != 0)
        let worst = try await innocent(at: broker.port) {
            let answer = try client.call(request(session, 1, [], Array(all.dropLast())), version: 11)
            #expect(answer.errorCode == .none)
        }
        #expect(worst < Self.patience)
        #expect(await broker.sessionPartitions == 1)
        let closed = try TestClient(port: broker.port)
        _ = try closed.call(request(0, 0, all, []), version: 11)
        #expect(await broker.sessionPartitions == 20_001)
        closed.close()
        try await eventually { await broker.sessionPartitions == 1 }
        // What a connection began ends with it.
        #expect(await broker.sessionPartitions == 1)
        await broker.stop()
    }

    @Test func aRequestOfTooManyElementsIsRefused() async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        try client.send(
            ListTransactionsRequest.with { $0.stateFilters = Array(repeating: "", count: 200_001) }, version: 2)
        #expect(client.isClosed)
        let other = try TestClient(port: broker.port)
        let answer = try other.call(
            ListTransactionsRequest.with { $0.stateFilters = Array(repeating: "?", count: 199_999) }, version: 2)
        #expect(answer.unknownStateFilters == ["?"])
        await broker.stop()
    }

    // MARK: - Memory

    private func fill(_ broker: KafkaBroker, _ count: Int) throws {
        let client = try TestClient(port: broker.port)
        let large = try batch([String(repeating: "v", count: 1_000_000)])
        for _ in 0..<count { #expect(try client.produce("t", large).errorCode == .none) }
    }

    private static func everything(_ offset: Offset = 0) -> FetchRequest {
        var request = TestClient.fetchRequest("t", offset: offset, maxBytes: .max)
        request.topics[0].partitions[0].partitionMaxBytes = .max
        return request
    }

    /// 60 of them took 3.3 GB: each was read from the file as a whole.
    @Test func unreadAnswersFromFilesTakeNoMemory() async throws {
        let folder = TemporaryFolder()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.dataDirectory = folder.path
        let broker = try await KafkaBroker.start(configuration)
        try fill(broker, 20)
        let clients = try (0..<20).map { _ in try TestClient(port: broker.port, receiveBuffer: 64 << 10) }
        for client in clients { try client.send(Self.everything(), version: 12) }
        let other = try TestClient(port: broker.port)
        #expect(try other.call(DescribeClusterRequest()).brokers.count == 1)
        try await eventually { await broker.unsentBytes >= 200 << 20 }
        #expect(await broker.unsentBytes >= 200 << 20)
        #expect(await broker.heldBytes < 1 << 20)
        // The topic goes while its records are on their way: who has begun to read can end.
        let gone = try other.call(DeleteTopicsRequest.with { $0.topics = [.with { $0.name = "t" }] })
        #expect(gone.responses.map(\.errorCode) == [.none])
        for client in clients.prefix(3) {
            let answer = try Frame.decodeResponse(FetchResponse.self, try client.receive(), version: 12)
            let batches = try #require(answer.responses.first?.partitions.first?.records).batches()
            #expect(batches.count == 20)
            for batch in batches { try batch.verifyChecksum() }
        }
        await broker.stop()
    }

    @Test func aSegmentThatLosesItsBytesEndsTheConnectionAndNoOther() async throws {
        let folder = TemporaryFolder()
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.dataDirectory = folder.path
        let broker = try await KafkaBroker.start(configuration)
        try fill(broker, 20)
        let client = try TestClient(port: broker.port, receiveBuffer: 64 << 10)
        try client.send(Self.everything(), version: 12)
        try await eventually { await broker.unsentBytes > 0 }
        #expect(truncate(folder.path + "/t-0/00000000000000000000.log", 1 << 20) == 0)
        #expect(throws: TestClient.Closed.self) { try client.receive() }
        let other = try TestClient(port: broker.port)
        #expect(try other.call(DescribeClusterRequest()).brokers.count == 1)
        let refused = try other.call(Self.everything(), version: 12)
        #expect(refused.responses.first?.partitions.map(\.errorCode) == [.kafkaStorageError])
        await broker.stop()
    }

    /// Requests that do not end and answers that are not taken: who has kept them longest goes, and not who asks now.
    @Test func whatConnectionsHoldTogetherIsBounded() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumHeldBytes = 8 << 20
        let broker = try await KafkaBroker.start(configuration)
        let innocent = try TestClient(port: broker.port)
        _ = try innocent.call(DescribeClusterRequest())
        var beginners: [TestClient] = []
        for number in 0..<12 {
            let client = try TestClient(port: broker.port)
            // A Produce of 4 MB, of which a quarter comes.
            var frame: [UInt8] = [0, 0x3D, 0x09, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0xFF, 0xFF]
            frame += [UInt8](repeating: 0, count: 1_000_000)
            client.send(raw: frame)
            beginners.append(client)
            #expect(try innocent.call(DescribeClusterRequest()).brokers.count == 1, "after \(number)")
        }
        // What a turn reads is counted at its end: a look in between may see it above.
        try await eventually { beginners[0].isClosed }
        try await eventually { await broker.heldBytes <= 8 << 20 }
        #expect(try innocent.call(DescribeClusterRequest()).brokers.count == 1)
        await broker.stop()
    }

    /// Eight thousand of these must not be eight hundred gigabytes.
    @Test func anAnnouncedSizeTakesNoMemory() async throws {
        let broker = try await KafkaBroker.start()
        let clients = try (0..<50).map { _ in try TestClient(port: broker.port) }
        for client in clients { client.send(raw: [0x05, 0xF5, 0xE1, 0, 0, 0, 0, 9]) }
        let innocent = try TestClient(port: broker.port)
        #expect(try innocent.call(DescribeClusterRequest()).brokers.count == 1)
        #expect(await broker.heldBytes < 1000)
        await broker.stop()
    }
}
