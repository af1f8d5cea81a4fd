import Captures
import KafkaBroker
import KafkaWire
import Proxying
import TestSupport
import Testing

/// Captures sent again.
@Suite(.turn) struct ReplayTests {
    private static func frame(
        _ bytes: [UInt8], _ from: Conversation.Side, at time: Int64 = 0, connection: Int = 1, isPartial: Bool = false
    ) -> Capture.Frame {
        Capture.Frame(time: time, connection: connection, from: from, bytes: Bytes(bytes), isPartial: isPartial)
    }

    private static func request(_ number: Int32, _ message: some WireRequest, _ version: Int16 = 0) throws -> [UInt8] {
        try Frame.request(message, version: version, correlationId: number, clientId: "replayed")
    }

    // MARK: - The plan

    @Test func requestsFindTheirAnswersAndSecretsStay() throws {
        let listed = try Frame.response(ListGroupsResponse(), version: 0, correlationId: 2)
        let beaten = try Frame.response(HeartbeatResponse(), version: 0, correlationId: 1)
        let silent = ProduceRequest.with { $0.acks = 0 }
        let plan = ReplayPlan(
            Capture(frames: [
                Self.frame(
                    try Self.request(9, SaslHandshakeRequest.with { $0.mechanism = "PLAIN" }, 0), .client, connection: 2
                ),
                Self.frame([0, 0, 0, 3, 0, 97, 0], .client, connection: 2),
                Self.frame(try Self.request(1, HeartbeatRequest()), .client, at: 10),
                Self.frame(try Self.request(2, ListGroupsRequest()), .client, at: 20),
                Self.frame(beaten, .broker), Self.frame(listed, .broker),
                Self.frame(try Self.request(3, silent, 3), .client),
                Self.frame([0, 0, 0, 9, 1], .client, isPartial: true),
            ]))
        #expect(plan.steps.map(\.frame) == [1, 3, 4, 7])
        #expect(plan.steps.map { $0.obstacle != nil } == [true, false, false, false])
        #expect(plan.steps.map { $0.answer?.count } == [nil, beaten.count, listed.count, nil])
        #expect(plan.steps.map(\.answeredAt) == [nil, 5, 6, nil])
        #expect(plan.steps.map(\.head.wantsAnswer) == [true, true, true, false])
        #expect(plan.remarks.count == 2)
        #expect(plan.lines.count == 4)
    }

    // MARK: - The comparison

    private func compare(
        _ first: some WireMessage, _ second: some WireMessage, _ api: APIKey, _ version: Int16,
        _ ignored: Set<AnswerComparison.Kind> = Set(AnswerComparison.Kind.allCases), fields: Set<String> = []
    ) throws -> AnswerComparison {
        AnswerComparison(
            Bytes(try Frame.response(first, version: version, correlationId: 1)),
            Bytes(try Frame.response(second, version: version, correlationId: 1)),
            head: RequestHead(api: api, version: version, correlationId: 1, size: 0), ignored: ignored,
            ignoredFields: fields)
    }

    @Test func whatMustDifferIsToldApart() throws {
        let first = HeartbeatResponse.with { $0.throttleTimeMs = 5 }
        let second = HeartbeatResponse.with { $0.errorCode = .rebalanceInProgress }
        let comparison = try compare(first, second, .heartbeat, 4)
        #expect(!comparison.isSame)
        #expect(comparison.differences.map(\.path) == ["throttleTimeMs", "errorCode"])
        #expect(comparison.differences.map(\.kind) == [.times, nil])
        #expect(comparison.differences[1].now == "REBALANCE_IN_PROGRESS")
        #expect(try compare(first, HeartbeatResponse(), .heartbeat, 4).isSame)
        #expect(try !compare(first, HeartbeatResponse(), .heartbeat, 4, []).isSame)
        #expect(try compare(first, second, .heartbeat, 4, [], fields: ["throttleTimeMs", "errorCode"]).isSame)
        #expect(try compare(first, first, .heartbeat, 4).differences.isEmpty)
    }

    @Test func arraysOfAnotherLengthDiffer() throws {
        let one = ListGroupsResponse.with { $0.groups = [.with { $0.groupId = "a" }] }
        let comparison = try compare(one, ListGroupsResponse(), .listGroups, 3)
        #expect(comparison.differences == [.init(path: "groups", recorded: "1 element", now: "0 elements", kind: nil)])
    }

    // MARK: - Against a broker

    /// What a client does is recorded by the proxy, and sent again to a second, fresh broker: the answers are the same.
    @Test(arguments: [Replayer.Speed.maximum, .times(20)])
    func aRecordedSessionComesOutTheSame(_ speed: Replayer.Speed) async throws {
        let settings = KafkaBroker.Configuration(topics: ["orders": 2])
        let broker = try await KafkaBroker.start(settings)
        let harness = try await ProxyHarness([broker.bootstrapServers]) { $0.tellsFrames = true }
        let producer = try KafkaProducer(.init(bootstrapServers: [await harness.address]))
        for number in 0..<50 {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: "\(number)", value: "value \(number)"))
        }
        try await producer.close()
        await harness.stop()
        await broker.stop()
        let frames = harness.frames.map {
            Capture.Frame(
                time: ($0.moment.nanoseconds - harness.frames[0].moment.nanoseconds) / 1000,
                connection: $0.place.connection, from: $0.from, bytes: $0.bytes, isPartial: $0.isPartial)
        }
        let plan = ReplayPlan(Capture(frames: frames))
        #expect(plan.steps.contains { $0.head.api == .produce } && plan.remarks.isEmpty)

        let second = try await KafkaBroker.start(settings)
        let target = try #require(HostPort(second.bootstrapServers))
        let results = Locked<[(frame: Int, result: Replayer.Result, api: APIKey)]>([])
        var replayer = Replayer(plan)
        replayer.speed = speed
        try await replayer.run(target: { _ in target }) { step, result in
            results.withLock { $0.append((step.frame, result, step.head.api)) }
        }
        let all = results.withLock { $0 }
        #expect(all.map(\.frame) == plan.steps.map(\.frame))
        for entry in all {
            guard case .compared(let comparison) = entry.result else {
                Issue.record("\(entry.api): \(entry.result)")
                continue
            }
            // Another broker gives its topics ids of their own, and a Produce by id then fails.
            if entry.api != .produce { #expect(comparison.isSame, "\(entry.api): \(comparison.differences)") }
        }
        await second.stop()
    }

    @Test func aBrokerThatClosesIsToldForEachRequest() async throws {
        let server = try RawServer()
        let plan = ReplayPlan(
            Capture(frames: [
                Self.frame(try Self.request(1, HeartbeatRequest()), .client),
                Self.frame(try Self.request(2, HeartbeatRequest()), .client),
            ]))
        let results = Locked<[String]>([])
        async let replayed: Void = Replayer(plan).run(target: { _ in HostPort(host: "127.0.0.1", port: server.port) }) {
            _, result in results.withLock { $0.append("\(result)") }
        }
        let peer = try await server.accept()
        _ = try await peer.receive(10)
        peer.close()
        try await replayed
        #expect(results.withLock { $0 }.count == 2)
        #expect(results.withLock { $0 }.allSatisfy { $0.hasPrefix("failed") })
        server.close()
    }
}
