import TestSupport
import Testing

@testable import KafkaBroker
@testable import KafkaWire

/// What a test lets happen to requests.
@Suite(.serialized, .turn) struct HookTests {
    private func start() async throws -> (KafkaBroker, TestClient) {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        return (broker, try TestClient(port: broker.port))
    }

    @Test func failsOnceAndIsGone() async throws {
        let (broker, client) = try await start()
        _ = try client.produce("t", batch(["a"]))
        let hook = broker.on(.fetch, times: 1) { _ in .fail(.notLeaderOrFollower) }
        #expect(try client.fetch("t", offset: 0).errorCode == .notLeaderOrFollower)
        #expect(try values(client.fetch("t", offset: 0).records) == ["0:a"])
        #expect(hook.uses == 1 && hook.calls == 1)
        await broker.stop()
    }

    @Test func seesWhoAsksWhat() async throws {
        let (broker, client) = try await start()
        let seen = Locked<[String]>([])
        let hook = broker.on { request in
            let topics = (request.message as? MetadataRequest)?.topics?.compactMap(\.name) ?? []
            seen.withLock {
                $0.append("\(request.api) v\(request.version) \(request.clientId) @\(request.node) \(topics)")
            }
            return .pass
        }
        _ = try client.call(MetadataRequest.with { $0.topics = [.with { $0.name = "t" }] }, version: 9)
        _ = try client.call(ListGroupsRequest(), version: 4)
        #expect(
            seen.withLock { $0 } == [
                "\(APIKey.metadata) v9 test @1 [\"t\"]", "\(APIKey.listGroups) v4 test @1 []",
            ])
        // Those that were passed on are not uses.
        #expect(hook.calls == 2 && hook.uses == 0)
        hook.remove()
        hook.remove()
        _ = try client.call(ListGroupsRequest(), version: 4)
        #expect(hook.calls == 2)
        await broker.stop()
    }

    @Test func theFirstThatDoesNotPassDecides() async throws {
        let (broker, client) = try await start()
        let first = broker.on(.listGroups) { $0.version == 4 ? .fail(.coordinatorLoadInProgress) : .pass }
        let second = broker.on(.listGroups, times: 2) { _ in .fail(.coordinatorNotAvailable) }
        let third = broker.on { _ in .fail(.unknownServerError) }
        func ask(_ version: Int16) throws -> ErrorCode {
            try client.call(ListGroupsRequest(), version: version).errorCode
        }
        #expect(try ask(4) == .coordinatorLoadInProgress)
        #expect(try ask(3) == .coordinatorNotAvailable)
        #expect(try ask(3) == .coordinatorNotAvailable)
        #expect(try ask(3) == .unknownServerError)
        #expect([first.uses, second.uses, third.uses] == [1, 2, 1])
        third.remove()
        #expect(try ask(3) == .none)
        #expect(broker.on(.listGroups, times: 0) { _ in .drop }.uses == 0)
        #expect(try ask(3) == .none)
        await broker.stop()
    }

    @Test func answersInPlaceOfTheBroker() async throws {
        let (broker, client) = try await start()
        broker.on(.describeCluster, times: 1) { _ in .answer(DescribeClusterResponse.with { $0.clusterId = "made up" })
        }
        #expect(try client.call(DescribeClusterRequest()).clusterId == "made up")
        #expect(try client.call(DescribeClusterRequest()).clusterId != "made up")
        // A message of another API could not be read.
        broker.on(.describeCluster, times: 1) { _ in .answer(MetadataResponse()) }
        try client.send(DescribeClusterRequest(), version: 0)
        #expect(client.isClosed)
        await broker.stop()
    }

    @Test func delaysWhatFollowsToo() async throws {
        let (broker, client) = try await start()
        broker.on(.describeCluster, times: 1) { _ in .delay(.seconds(2)) }
        let started = Instant.now
        let first = try client.send(DescribeClusterRequest(), version: 0)
        let second = try client.send(ListGroupsRequest(), version: 0)
        let other = try TestClient(port: broker.port)
        #expect(try other.call(ListGroupsRequest()).errorCode == .none)
        #expect(Instant.now - started < .seconds(2))
        for wanted in [first, second] {
            var reader = ByteReader(try client.receive())
            #expect(try reader.integer(Int32.self) == wanted)
            #expect(Instant.now - started >= .milliseconds(1990))
        }
        await broker.stop()
    }

    @Test func delaysAJoinAndAFetchThatWaits() async throws {
        let (broker, client) = try await start()
        broker.on(times: 2) { _ in .delay(.milliseconds(30)) }
        let answer = try client.call(TestClient.fetchRequest("t", offset: 0, maxWaitMs: 50), version: 12)
        #expect(answer.responses.first?.partitions.first?.errorCode == ErrorCode.none)
        let joined = try client.call(
            JoinGroupRequest.with {
                $0.groupId = "g"
                $0.sessionTimeoutMs = 10_000
                $0.rebalanceTimeoutMs = 10_000
                $0.protocolType = "consumer"
                $0.protocols = [.with { $0.name = "range" }]
            }, version: 3)
        #expect(joined.errorCode == .none && joined.protocolName == "range")
        await broker.stop()
    }

    @Test func delaysWhatHasNoAnswer() async throws {
        let (broker, client) = try await start()
        broker.on(.produce, times: 1) { _ in .delay(.milliseconds(30)) }
        try client.send(TestClient.produceRequest("t", batch(["a"]), acks: 0), version: 9)
        #expect(try values(client.fetch("t", offset: 0).records) == ["0:a"])
        await broker.stop()
    }

    @Test func dropsAndDisconnects() async throws {
        let (broker, client) = try await start()
        broker.on(.produce, times: 1) { _ in .drop }
        try client.send(TestClient.produceRequest("t", batch(["a"])), version: 9)
        try client.send(ListGroupsRequest(), version: 4)
        let other = try TestClient(port: broker.port)
        broker.on(.listGroups, times: 1) { _ in .disconnect }
        try other.send(ListGroupsRequest(), version: 4)
        #expect(other.isClosed)
        // Nothing was done, and what follows in the connection is not answered either.
        #expect(await broker.endOffsets(of: "t") == [0, 0])
        #expect(await broker.requestCounts[.listGroups] == 1)
        await broker.stop()
        #expect(client.isClosed)
    }

    /// What an idempotent producer is for: the batch is stored, the answer lost, and the batch sent again stored once.
    @Test func disconnectsAfterTheBatchIsStored() async throws {
        let (broker, client) = try await start()
        let records = try batch(["a"]) {
            $0.producerId = 7
            $0.producerEpoch = 0
            $0.baseSequence = 0
        }
        broker.on(.produce, times: 1) { _ in .disconnectAfterwards }
        try client.send(TestClient.produceRequest("t", records), version: 9)
        #expect(client.isClosed)
        #expect(await broker.endOffsets(of: "t") == [1, 0])
        let again = try TestClient(port: broker.port).produce("t", records)
        #expect(again.errorCode == .none && again.baseOffset == 0)
        #expect(await broker.endOffsets(of: "t") == [1, 0])
        await broker.stop()
    }

    /// As Kafka holds back a client over its quota: the answer comes at once and says so, what follows waits, and is handled
    /// though the client has gone meanwhile.
    @Test func throttlesAsKafkaDoes() async throws {
        let (broker, client) = try await start()
        let other = try TestClient(port: broker.port)
        broker.on(.produce, times: 1) { _ in .throttle(.milliseconds(800)) }
        let began = Instant.now
        let answer = try client.call(TestClient.produceRequest("t", batch(["a"])), version: 9)
        #expect(answer.throttleTimeMs == 800)
        #expect(answer.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
        try client.send(TestClient.produceRequest("t", batch(["b"])), version: 9)
        #expect(try other.call(ListGroupsRequest()).errorCode == .none)
        client.close()
        try await eventually { await broker.endOffsets(of: "t") == [2, 0] }
        #expect(Instant.now - began >= .milliseconds(795))
        await broker.stop()
    }

    @Test func failsEveryPartitionOfASession() async throws {
        let (broker, client) = try await start()
        var request = TestClient.fetchRequest("t", offset: 0, partitions: [0, 1])
        request.sessionEpoch = 0
        let opened = try client.call(request, version: 12)
        let next = FetchRequest.with {
            $0.sessionId = opened.sessionId
            $0.sessionEpoch = 1
            $0.maxBytes = 1 << 20
        }
        broker.on(.fetch, times: 1) { _ in .fail(.unknownLeaderEpoch) }
        let failed = try client.call(next, version: 12)
        #expect(failed.errorCode == .none && failed.sessionId == opened.sessionId)
        #expect(failed.responses.flatMap(\.partitions).map(\.errorCode) == [.unknownLeaderEpoch, .unknownLeaderEpoch])
        var third = next
        third.sessionEpoch = 2
        #expect(try client.call(third, version: 12).errorCode == .none)
        broker.on(.fetch, times: 1) { _ in .fail(.fetchSessionIdNotFound) }
        third.sessionEpoch = 3
        #expect(try client.call(third, version: 12).errorCode == .fetchSessionIdNotFound)
        await broker.stop()
    }
}
