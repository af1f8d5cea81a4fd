import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

extension BrokerServer {
    /// How many connections are held back.
    fileprivate var mutedCount: Int { connections.values.reduce(0) { $0 + ($1.isMuted ? 1 : 0) } }
}

/// Quotas in force, over sockets; the broker's clock is moved, so that the numbers are Kafka's to the millisecond.
@Suite(.serialized, .turn) struct QuotaServerTests {
    private func start(_ clock: ManualClock?, _ change: (inout KafkaBroker.Configuration) -> Void = { _ in })
        async throws -> (KafkaBroker, TestClient)
    {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        if let clock { configuration.clock = .manual(clock) }
        change(&configuration)
        let broker = try await KafkaBroker.start(configuration)
        return (broker, try TestClient(port: broker.port))
    }

    /// Sets or takes away quotas, by a client that has none.
    private func set(_ broker: KafkaBroker, _ values: [String: Double?], user: String? = nil, clientId: String? = nil)
        async throws
    {
        let request = AlterClientQuotasRequest.with {
            $0.entries = [
                .with {
                    $0.entity = [("client-id", clientId), ("user", user)].compactMap { type, name in
                        name.map { name in
                            .with {
                                $0.entityType = type
                                $0.entityName = name
                            }
                        }
                    }
                    $0.ops = values.sorted { $0.key < $1.key }.map { key, value in
                        .with {
                            $0.key = key
                            $0.value = value ?? 0
                            $0.remove = value == nil
                        }
                    }
                }
            ]
        }
        let other = try Named("admin", broker.port)
        #expect(try other.call(request, version: 1).entries.map(\.errorCode) == [.none])
    }

    /// A client of another name than those of ``TestClient``.
    private struct Named {
        let client: TestClient
        let name: String?

        init(_ name: String?, _ port: UInt16) throws {
            client = try TestClient(port: port)
            self.name = name
        }

        func call<R: WireRequest>(_ request: R, version: Int16) throws -> R.Response {
            client.send(raw: try Frame.request(request, version: version, correlationId: 1, clientId: name))
            return try Frame.decodeResponse(R.Response.self, try client.receive(), version: version)
        }
    }

    private static func records(_ size: Int) throws -> [UInt8] { try batch([String(repeating: "x", count: size)]) }

    private static func frameSize(_ request: ProduceRequest, _ version: Int16) throws -> Int {
        try Frame.request(request, version: version, correlationId: 1, clientId: "test").count - 4
    }

    /// A request of n bytes over 10 s is n / 10 in a second: (n / 10 - 1000) / 1000 · 10 s are (n - 10,000) ms.
    @Test func producersAreHeldBack() async throws {
        let clock = ManualClock()
        let (broker, client) = try await start(clock)
        try await set(broker, ["producer_byte_rate": 1000], clientId: "test")
        let request = TestClient.produceRequest("t", try Self.records(11_000))
        let size = try Self.frameSize(request, 12)
        let answer = try client.call(request, version: 12)
        #expect(answer.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
        #expect(answer.throttleTimeMs.rawValue == Int32(size - 10_000))
        // What follows waits until its time is over, and others do not wait.
        try client.send(ListGroupsRequest(), version: 4)
        let other = try Named("other", broker.port)
        for _ in 0..<3 {
            let free = try other.call(request, version: 12)
            #expect(
                free.throttleTimeMs == 0 && free.responses.first?.partitionResponses.first?.errorCode == ErrorCode.none)
        }
        try await broker.advance(by: .milliseconds(size - 10_001))
        #expect(await broker.server.mutedCount > 0)
        try await broker.advance(by: .milliseconds(1))
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try client.receive(), version: 4).errorCode == .none)
        // Nobody is held back who has no quota any more.
        try await set(broker, ["producer_byte_rate": nil], clientId: "test")
        #expect(try client.call(request, version: 12).throttleTimeMs == 0)
        #expect(try client.call(request, version: 12).throttleTimeMs == 0)
        await broker.stop()
    }

    /// Clients of before KIP-219 are held back as well, and those that want no answer without being told.
    @Test(arguments: [(3, -1), (5, 1), (9, 0), (12, 0)] as [(Int16, Int16)])
    func oldClientsAreHeldBackToo(_ version: Int16, _ acks: Int16) async throws {
        let (broker, client) = try await start(ManualClock())
        try await set(broker, ["producer_byte_rate": 1000], user: "ANONYMOUS")
        let request = TestClient.produceRequest("t", try Self.records(11_000), acks: acks)
        let time = try Self.frameSize(request, version) - 10_000
        if acks == 0 {
            try client.send(request, version: version)
        } else {
            #expect(try client.call(request, version: version).throttleTimeMs.rawValue == Int32(time))
        }
        try client.send(ListGroupsRequest(), version: 4)
        try await eventually { await broker.server.mutedCount > 0 }
        try await broker.advance(by: .milliseconds(time - 1))
        #expect(await broker.server.mutedCount > 0)
        try await broker.advance(by: .milliseconds(1))
        #expect(try Frame.decodeResponse(ListGroupsResponse.self, try client.receive(), version: 4).errorCode == .none)
        await broker.stop()
    }

    /// A fetch over its quota is answered with nothing, and what it would have had is not counted: after some time it is
    /// there. A new session is not begun meanwhile, and one that goes on keeps its count.
    @Test func consumersAreHeldBack() async throws {
        let (broker, client) = try await start(ManualClock())
        let records = try Self.records(6000)
        for _ in 0..<3 { #expect(try client.produce("t", records).errorCode == .none) }
        try await set(broker, ["consumer_byte_rate": 1000], clientId: "test")
        func fetch(_ offset: Offset, _ session: Int32, _ epoch: Int32) -> FetchRequest {
            var request = TestClient.fetchRequest("t", offset: offset, maxBytes: 7000)
            (request.sessionId, request.sessionEpoch) = (session, epoch)
            return request
        }
        let first = try client.call(fetch(0, 0, 0), version: 12)
        #expect(first.throttleTimeMs == 0 && first.sessionId != 0)
        #expect(first.responses.first?.partitions.first?.records?.count == records.count)
        let second = try client.call(fetch(1, first.sessionId, 1), version: 12)
        // Two of some 6,100 bytes in 10 s.
        #expect((2000...2400).contains(second.throttleTimeMs.rawValue))
        #expect(second.responses.isEmpty && second.sessionId == first.sessionId && second.errorCode == .none)
        try await broker.advance(by: second.throttleTimeMs.duration)
        // Anew, which is no session, and then again.
        let third = try client.call(fetch(1, 0, 0), version: 12)
        #expect(third.throttleTimeMs > 0 && third.sessionId == 0 && third.responses.isEmpty)
        try await broker.advance(by: .seconds(11))
        let fourth = try client.call(fetch(1, first.sessionId, 2), version: 12)
        #expect(fourth.throttleTimeMs == 0 && fourth.sessionId == first.sessionId)
        #expect(fourth.responses.first?.partitions.first?.records?.count == records.count)
        #expect(await broker.server.withNode { $0.sessions.count } == 1)
        await broker.stop()
    }

    /// An incremental fetch counts what it would have told, and tells it later.
    @Test func aSessionTellsWhatWasWithheld() async throws {
        let (broker, client) = try await start(ManualClock())
        var request = TestClient.fetchRequest("t", offset: 0)
        request.sessionEpoch = 0
        let opened = try client.call(request, version: 12)
        // Large enough to be withheld always: more than all that the window gives.
        #expect(try client.produce("t", try Self.records(2000)).errorCode == .none)
        try await set(broker, ["consumer_byte_rate": 100], clientId: "test")
        func next(_ epoch: Int32) throws -> FetchResponse {
            try client.call(
                FetchRequest.with {
                    $0.sessionId = opened.sessionId
                    $0.sessionEpoch = epoch
                    $0.maxBytes = 1 << 20
                }, version: 12)
        }
        let held = try next(1)
        #expect(held.throttleTimeMs > 0 && held.responses.isEmpty && held.sessionId == opened.sessionId)
        try await set(broker, ["consumer_byte_rate": nil], clientId: "test")
        try await broker.advance(by: held.throttleTimeMs.duration)
        let told = try next(2)
        #expect(told.throttleTimeMs == 0 && told.responses.first?.partitions.first?.records?.count ?? 0 > 2000)
        await broker.stop()
    }

    /// A fetch that waits is counted when it is answered.
    @Test func whatWaitsIsCountedWhenItIsAnswered() async throws {
        let (broker, client) = try await start(ManualClock())
        try await set(broker, ["consumer_byte_rate": 100], clientId: "test")
        try client.send(TestClient.fetchRequest("t", offset: 0, maxWaitMs: 30_000), version: 12)
        try await eventually { await broker.waitingFetches > 0 }
        let request = TestClient.produceRequest("t", try Self.records(5000))
        _ = try Named("other", broker.port).call(request, version: 12)
        let answer = try Frame.decodeResponse(FetchResponse.self, try client.receive(), version: 12)
        // About (5100 - 1000) / 100 s.
        #expect((40_000...44_000).contains(answer.throttleTimeMs.rawValue) && answer.responses.isEmpty)
        #expect(await broker.server.mutedCount > 0)
        await broker.stop()
    }

    private static func create(_ name: String, _ partitions: Int32) -> CreateTopicsRequest {
        .with {
            $0.timeoutMs = 1000
            $0.topics = [
                .with {
                    $0.name = name
                    $0.numPartitions = partitions
                    $0.replicationFactor = 1
                }
            ]
        }
    }

    /// KIP-599, with 1 in a second and 11 at once: 20 are taken, 9 are owed, and nothing more is until those are paid.
    @Test func topicsAreRefusedOverTheQuota() async throws {
        let (broker, client) = try await start(ManualClock())
        try await set(broker, ["controller_mutation_rate": 1], user: "ANONYMOUS")
        let made = try client.call(Self.create("a", 20), version: 7)
        #expect(made.topics.map(\.errorCode) == [.none] && made.throttleTimeMs == 0)
        let refused = try client.call(Self.create("b", 1), version: 6)
        #expect(refused.topics.map(\.errorCode) == [.throttlingQuotaExceeded] && refused.throttleTimeMs == 9000)
        try await broker.advance(by: .seconds(9))
        let deleted = try client.call(
            DeleteTopicsRequest.with { $0.topics = [.with { $0.name = "a" }] }, version: 6)
        #expect(deleted.responses.map(\.errorCode) == [.none] && deleted.throttleTimeMs == 0)
        func add(_ count: Int32) -> CreatePartitionsRequest {
            .with {
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.count = count
                        $0.assignments = nil
                    }
                ]
            }
        }
        let more = try client.call(add(2), version: 3)
        #expect(more.results.map(\.errorCode) == [.throttlingQuotaExceeded] && more.throttleTimeMs == 20_000)
        try await broker.advance(by: .seconds(20))
        // Before that version all is done, and what is owed then is waited for: 2 more than nothing.
        let older = try client.call(add(3), version: 2)
        #expect(older.results.map(\.errorCode) == [.none] && older.throttleTimeMs == 2000)
        try await broker.advance(by: .seconds(2))
        let oldest = try client.call(Self.create("c", 3), version: 5)
        #expect(oldest.topics.map(\.errorCode) == [.none] && oldest.throttleTimeMs == 3000)
        #expect(await broker.endOffsets(of: "t")?.count == 3)
        await broker.stop()
    }

    /// Topics that are made because somebody asked for them count as those that he creates; Metadata has no word for what is
    /// beyond but that there is no such topic, and is answered at once.
    @Test func topicsThatWereAskedForCount() async throws {
        let (broker, client) = try await start(ManualClock()) { $0.defaultPartitions = 20 }
        try await set(broker, ["controller_mutation_rate": 1], user: "ANONYMOUS")
        func ask(_ names: String...) throws -> [ErrorCode] {
            let answer = try client.call(
                MetadataRequest.with {
                    $0.topics = names.map { name in .with { $0.name = name } }
                    $0.allowAutoTopicCreation = true
                }, version: 12)
            #expect(answer.throttleTimeMs == 0)
            return answer.topics.map(\.errorCode)
        }
        #expect(try ask("a", "t", "b") == [.none, .none, .unknownTopicOrPartition])
        // The client owes what its topics took, also to who creates topics himself.
        let refused = try client.call(Self.create("c", 1), version: 7)
        #expect(refused.topics.map(\.errorCode) == [.throttlingQuotaExceeded])
        try await broker.advance(by: .seconds(9))
        #expect(try ask("b", "c", "t") == [.none, .unknownTopicOrPartition, .none])
        // What cannot be created costs nothing.
        try await broker.advance(by: .seconds(20))
        #expect(try ask("a/b", "b", "c") == [.invalidTopicException, .none, .none])
        await broker.stop()
    }

    /// By the system's clock: who keeps the broker busy is held back, by a second at most.
    @Test func workIsHeldBack() async throws {
        let (broker, client) = try await start(nil) { $0.quotaWindow.samples = 2 }
        try await set(broker, ["request_percentage": 0.001], clientId: "test")
        var told: [Int32] = []
        let other = try Named("other", broker.port)
        for _ in 0..<3 {
            told.append(try client.call(ListGroupsRequest(), version: 4).throttleTimeMs.rawValue)
            #expect(try other.call(ListGroupsRequest(), version: 4).throttleTimeMs == 0)
        }
        // Ten microseconds in a second are less than any request takes.
        #expect(told.allSatisfy { $0 > 0 && $0 <= 1000 }, "\(told)")
        // A fetch is answered with nothing meanwhile.
        #expect(try other.client.produce("t", try Self.records(10)).errorCode == .none)
        let fetched = try client.call(TestClient.fetchRequest("t", offset: 0), version: 12)
        #expect(fetched.throttleTimeMs > 0 && fetched.responses.isEmpty)
        await broker.stop()
    }

    @Test func quotasAreInForceAfterARestart() async throws {
        let folder = TemporaryFolder()
        let (broker, _) = try await start(nil) { $0.dataDirectory = folder.path }
        try await set(broker, ["producer_byte_rate": 1000], clientId: "test")
        await broker.stop()
        let (again, client) = try await start(ManualClock()) { $0.dataDirectory = folder.path }
        let request = TestClient.produceRequest("t", try Self.records(11_000))
        #expect(
            try client.call(request, version: 12).throttleTimeMs.rawValue
                == Int32(try Self.frameSize(request, 12) - 10_000))
        await again.stop()
    }

    // MARK: - With our client

    private final class Observer: ClientObserver {
        let throttled = Locked(0)

        func observe(_ event: ClientEvent) {
            if case .throttled(_, .produce, _) = event { throttled.withLock { $0 += 1 } }
        }
    }

    /// 50,000 bytes in a second over a window of one: 200,000 take some 3 s, and who has no quota is done at once.
    @Test func ourProducerKeepsToItsQuota() async throws {
        let (broker, _) = try await start(nil) { $0.quotaWindow.samples = 2 }
        try await set(broker, ["producer_byte_rate": 50_000], clientId: "slow")
        func produce(_ id: String, _ observer: Observer) async throws -> Duration {
            var settings = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            settings.client.clientId = id
            settings.client.observers = [observer]
            let producer = try KafkaProducer(settings)
            let began = ContinuousClock.now
            for _ in 0..<20 {
                _ = try await producer.send(ProducerRecord(topic: "t", value: String(repeating: "x", count: 10_000)))
            }
            try await producer.close()
            return ContinuousClock.now - began
        }
        let (slow, free) = (Observer(), Observer())
        async let first = produce("slow", slow)
        let quick = try await produce("free", free)
        let took = try await first
        // 50,000 more than the quota gives are in the first second, and the last is not waited for.
        #expect(took >= .milliseconds(1800) && quick < took)
        #expect(slow.throttled.withLock { $0 } > 0 && free.throttled.withLock { $0 } == 0)
        await broker.stop()
    }
}
