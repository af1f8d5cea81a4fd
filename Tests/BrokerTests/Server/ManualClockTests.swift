import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// A broker whose time a test decides.
@Suite(.serialized, .turn) struct ManualClockTests {
    private func start(_ clock: ManualClock) async throws -> (KafkaBroker, TestClient) {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.clock = .manual(clock)
        let broker = try await KafkaBroker.start(configuration)
        return (broker, try TestClient(port: broker.port))
    }

    @Test func aWaitingFetchIsAnsweredWhenItsTimeIsOver() async throws {
        let (broker, client) = try await start(ManualClock())
        try client.send(TestClient.fetchRequest("t", offset: 0, maxWaitMs: 30_000), version: 12)
        try await eventually { await broker.waitingFetches > 0 }
        try await broker.advance(by: .milliseconds(29_999))
        #expect(await broker.waitingFetches == 1)
        try await broker.advance(by: .milliseconds(1))
        #expect(await broker.waitingFetches == 0)
        let answer = try Frame.decodeResponse(FetchResponse.self, try client.receive(), version: 12)
        #expect(answer.responses.first?.partitions.first?.errorCode == ErrorCode.none)
        await broker.stop()
    }

    @Test func recordsCarryTheTimeOfTheClock() async throws {
        let clock = ManualClock(startingAt: 1_000_000)
        let (broker, client) = try await start(clock)
        let created = try client.call(
            CreateTopicsRequest.with {
                $0.topics = [
                    .with {
                        $0.name = "stamped"
                        $0.numPartitions = 1
                        $0.replicationFactor = 1
                        $0.configs = [
                            .with {
                                $0.name = "message.timestamp.type"
                                $0.value = "LogAppendTime"
                            }
                        ]
                    }
                ]
            })
        #expect(created.topics.map(\.errorCode) == [.none])
        #expect(try client.produce("stamped", batch(["a"])).logAppendTimeMs == 1_000_000)
        try await broker.advance(by: .seconds(7))
        #expect(clock.milliseconds == 1_007_000)
        #expect(try client.produce("stamped", batch(["b"])).logAppendTimeMs == 1_007_000)
        await broker.stop()
    }

    @Test func transactionsTimeOut() async throws {
        let (broker, _) = try await start(ManualClock())
        let producer = try TransactionalClient(port: broker.port, id: "x", isVersion2: true, timeoutMs: 60_000)
        #expect(try producer.write(["a"]) == .none)
        try await broker.advance(by: .seconds(59))
        #expect(await broker.transactions.map(\.state) == ["Ongoing"])
        try await broker.advance(by: .seconds(1))
        #expect(await broker.transactions.map(\.state) == ["CompleteAbort"])
        await broker.stop()
    }

    /// A member that is silent for its session's time is gone, and the group empty, whatever the wall's clock says.
    @Test func sessionsRunOut() async throws {
        let (broker, client) = try await start(ManualClock())
        var join = JoinGroupRequest.with {
            $0.groupId = "g"
            $0.sessionTimeoutMs = 45_000
            $0.rebalanceTimeoutMs = 60_000
            $0.protocolType = "consumer"
            $0.protocols = [.with { $0.name = "range" }]
        }
        let id = try client.call(join, version: 5)
        #expect(id.errorCode == .memberIdRequired)
        join.memberId = id.memberId
        try client.send(join, version: 5)
        // The first join of a group waits for others.
        try await eventually { await broker.group("g")?.members.isEmpty == false }
        try await broker.advance(by: .milliseconds(50))
        let joined = try Frame.decodeResponse(JoinGroupResponse.self, try client.receive(), version: 5)
        #expect(joined.errorCode == .none && joined.generationId == 1)
        _ = try client.call(
            SyncGroupRequest.with {
                $0.groupId = "g"
                $0.memberId = id.memberId
                $0.generationId = 1
            }, version: 3)
        #expect(await broker.group("g")?.state == "Stable")
        try await broker.advance(by: .seconds(44))
        #expect(await broker.group("g")?.members.count == 1)
        try await broker.advance(by: .seconds(2))
        #expect(await broker.group("g")?.members.isEmpty == true)
        await broker.stop()
    }

    @Test func delaysFollowTheClock() async throws {
        let (broker, client) = try await start(ManualClock())
        broker.on(.describeCluster, times: 1) { _ in .delay(.seconds(10)) }
        try client.send(DescribeClusterRequest(), version: 0)
        try await eventually { await broker.requestCounts[.describeCluster] == 1 }
        let next = try client.send(ListGroupsRequest(), version: 0)
        try await broker.advance(by: .seconds(9))
        try await Task.sleep(for: .milliseconds(20))
        #expect(await broker.requestCounts[.listGroups] == nil)
        try await broker.advance(by: .seconds(1))
        #expect(try Frame.decodeResponse(DescribeClusterResponse.self, client.receive(), version: 0).brokers.count == 1)
        var reader = ByteReader(try client.receive())
        #expect(try reader.integer(Int32.self) == next)
        await broker.stop()
    }

    @Test func onlyAManualClockIsMoved() async throws {
        let broker = try await KafkaBroker.start()
        await #expect(throws: KafkaBroker.CommandError.self) { try await broker.advance(by: .seconds(1)) }
        await broker.stop()
        let (other, _) = try await start(ManualClock())
        await #expect(throws: KafkaBroker.CommandError.self) { try await other.advance(by: .seconds(-1)) }
        await other.stop()
    }
}
