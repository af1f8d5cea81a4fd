import KafkaBroker
import KafkaWire
import Proxying
import TestSupport
import Testing

/// Faults: the plan as a value, and what becomes of real traffic.
@Suite(.turn) struct FaultTests {
    // MARK: - Values

    @Test(arguments: [
        (
            "Produce=50ms@10%",
            FaultRule(.delay(.milliseconds(50) ... .milliseconds(50)), api: .produce, perMillion: 100_000)
        ),
        ("10ms-50ms", FaultRule(.delay(.milliseconds(10) ... .milliseconds(50)))),
        ("50ms@0.5%", FaultRule(.delay(.milliseconds(50) ... .milliseconds(50)), perMillion: 5000)),
        ("fetch=1s", FaultRule(.delay(.seconds(1) ... .seconds(1)), api: .fetch)),
    ])
    func delaysAreRead(_ text: String, _ rule: FaultRule) throws { #expect(try FaultText.delay(text) == rule) }

    @Test(arguments: [
        ("Fetch@5%", FaultRule(.drop, api: .fetch, perMillion: 50_000)), ("5%", FaultRule(.drop, perMillion: 50_000)),
        ("Heartbeat", FaultRule(.drop, api: .heartbeat)), ("12@100%", FaultRule(.drop, api: .heartbeat)),
    ])
    func dropsAreRead(_ text: String, _ rule: FaultRule) throws { #expect(try FaultText.drop(text) == rule) }

    @Test func errorsAreRead() throws {
        let rule = FaultRule(.error(.notLeaderOrFollower), api: .produce, perMillion: 100_000)
        #expect(try FaultText.error("Produce=NOT_LEADER_OR_FOLLOWER@10%") == rule)
        #expect(try FaultText.error("Produce=6@10%") == rule)
    }

    @Test(arguments: [
        ("Produse=NOT_COORDINATOR", "did you mean Produce"),
        ("Produce=NOT_LEADER", "did you mean NOT_LEADER_OR_FOLLOWER"),
        ("Produce", "write an API and a code"), ("Produce=NONE", "Kafka has no error NONE"),
        ("Produce=NOT_COORDINATOR@200%", "is no share"), ("AddRaftVoter=NOT_COORDINATOR", "not known here"),
    ])
    func wrongErrorsAreSaidToBe(_ text: String, _ sentence: String) {
        do {
            _ = try FaultText.error(text)
            Issue.record("\(text) was taken")
        } catch { #expect("\(error)".contains(sentence), "\(error)") }
    }

    @Test(arguments: [("1MB/s", 1_000_000), ("64KiB", 65_536), ("4096", 4096), ("1.5kb", 1500), ("0", nil), ("x", nil)])
    func bytesAreRead(_ text: String, _ count: Int?) { #expect((try? FaultText.bytes(text)) == count) }

    @Test func theSameSeedGivesTheSameFaults() throws {
        let plan = FaultPlan(
            seed: 7,
            rules: [
                try FaultText.delay("10ms-50ms@30%"), try FaultText.drop("Fetch@5%"),
                try FaultText.error("Produce=NOT_LEADER_OR_FOLLOWER@10%"),
            ], refusedPerMillion: 100_000)
        func run(_ plan: FaultPlan) -> [[[Fault]]] {
            (1...50).map { number in
                var faults = plan.connection(number)
                return (0..<100).map { faults.next($0 % 2 == 0 ? .produce : .fetch) }
            }
        }
        let first = run(plan)
        #expect(run(plan) == first)
        var other = plan
        other.seed = 8
        #expect(run(other) != first)
        let all = first.flatMap { $0 }.flatMap { $0 }
        let delays = all.compactMap { if case .delay(let duration) = $0 { duration } else { nil } }
        #expect((1300...1700).contains(delays.count))
        #expect(delays.allSatisfy { (.milliseconds(10) ... .milliseconds(50)).contains($0) })
        #expect((190...310).contains(all.filter { $0 == .error(.notLeaderOrFollower) }.count))
        #expect((80...175).contains(all.filter { $0 == .drop }.count))
        #expect((1...15).contains((1...50).filter { plan.connection($0).isRefused }.count))
    }

    @Test func throttlesFillEvenly() {
        let start = Instant(nanoseconds: 0)
        var throttle = Throttle(bytesPerSecond: 1000, now: start)
        #expect(throttle.allowance(now: start) == 100)
        throttle.take(100)
        #expect(throttle.allowance(now: start) == 0)
        #expect(throttle.nextMoment > start)
        #expect(throttle.allowance(now: start + .milliseconds(50)) == 50)
        #expect(throttle.allowance(now: start + .seconds(9)) == 100)
    }

    @Test func answersMadeHereWaitForTheirTurn() {
        func exchange(_ number: Int32, here: Bool) -> Exchange {
            var exchange = Exchange(
                place: .init(connection: 1, client: "c", broker: "b"),
                head: RequestHead(api: .fetch, version: 4, correlationId: number, size: 20), time: 0,
                began: Instant(nanoseconds: 0))
            if here { exchange.ending = .answered(size: 9) }
            return exchange
        }
        var inFlight = InFlight()
        inFlight.append(exchange(1, here: false))
        inFlight.append(exchange(2, here: true))
        inFlight.append(exchange(3, here: true))
        #expect(inFlight.takeAnsweredHere() == nil)
        // A broker cannot answer what it never got.
        #expect(inFlight.answered(2) == nil)
        #expect(inFlight.answered(1)?.head.correlationId == 1)
        #expect(inFlight.takeAnsweredHere()?.head.correlationId == 2)
        #expect(inFlight.takeAnsweredHere()?.head.correlationId == 3)
        #expect(inFlight.isEmpty)
    }

    // MARK: - Traffic

    @Test func aProducerAndAConsumerGetThroughFaults() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4], brokers: 2))
        let harness = try await ProxyHarness([broker.bootstrapServers.split(separator: ",")[0].description]) {
            $0.faults = FaultPlan(
                seed: 3,
                rules: [
                    FaultRule(.error(.notLeaderOrFollower), api: .produce, perMillion: 300_000),
                    FaultRule(.error(.notLeaderOrFollower), api: .fetch, perMillion: 100_000),
                    FaultRule(.truncate, api: .metadata, perMillion: 200_000),
                    FaultRule(.delay(.milliseconds(1) ... .milliseconds(20)), perMillion: 300_000),
                ])
        }
        let address = await harness.address
        var settings = KafkaProducer.Configuration(bootstrapServers: [address])
        settings.batchSize = 500
        let producer = try KafkaProducer(settings)
        for number in 0..<500 {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: "\(number)", value: "\(number)"))
        }
        try await producer.close()
        let consumer = try KafkaConsumer(.init(bootstrapServers: [address], group: "all", topics: ["orders"]))
        var values: [String] = []
        for try await batch in consumer.batches {
            for record in batch { values.append(record.value?.text ?? "") }
            if values.count >= 500 { break }
        }
        await consumer.close()
        #expect(values.count == 500 && Set(values).count == 500)
        await harness.stop()
        await broker.stop()
        let faults = harness.exchanges.flatMap(\.faults)
        #expect(faults.contains(.error(.notLeaderOrFollower)) && faults.contains(.truncate))
        #expect(faults.contains { if case .delay = $0 { true } else { false } })
        // The client saw the errors that were made up.
        var names = TopicNames()
        let refused = harness.exchanges.filter {
            $0.head.api == .produce && $0.faults.contains(.error(.notLeaderOrFollower))
        }
        #expect(!refused.isEmpty)
        for exchange in refused { #expect(ExchangeSummary(exchange, .errors, &names).errors == [.notLeaderOrFollower]) }
    }

    private func request(_ number: Int32) throws -> [UInt8] {
        try Frame.request(HeartbeatRequest(), version: 0, correlationId: number, clientId: "raw")
    }
    private func answer(_ number: Int32) throws -> [UInt8] {
        try Frame.response(HeartbeatResponse(), version: 0, correlationId: number)
    }

    /// A client and a broker of bare sockets with a proxy between them.
    private func between(
        _ plan: FaultPlan, _ body: (ProxyHarness, RawPeer, RawPeer) async throws -> Void
    ) async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"]) {
            $0.faults = plan
            $0.tellsFrames = true
        }
        let client = try RawPeer.connect(to: await harness.port)
        let broker = try await server.accept()
        try await body(harness, client, broker)
        client.close()
        broker.close()
        server.close()
        await harness.stop()
    }

    @Test func aDroppedRequestSilencesItsConnection() async throws {
        // With this seed the second of three requests is the first that is dropped.
        let rule = FaultRule(.drop, perMillion: 500_000)
        let seed = try #require(
            (UInt64(0)..<1000).first { seed in
                var faults = FaultPlan(seed: seed, rules: [rule]).connection(1)
                return faults.next(.heartbeat) == [] && faults.next(.heartbeat) == [.drop]
            })
        try await between(FaultPlan(seed: seed, rules: [rule])) { harness, client, broker in
            for number in 1...3 { try await client.send(try request(Int32(number))) }
            #expect(try await broker.receive(try request(1).count).bytes == request(1))
            try await broker.send(try answer(1))
            #expect(try await client.receive(try answer(1).count).bytes == answer(1))
            try await eventually { harness.exchanges.count == 3 }
            #expect(
                Set(harness.exchanges.map { "\($0.head.correlationId) \($0.faults)" }) == [
                    "1 []", "2 \([Fault.drop])", "3 \([Fault.behindDropped])",
                ])
            // Nothing more reached the broker.
            client.socket.shutdownWriting()
            #expect(try await broker.ends())
        }
    }

    @Test func delaysHoldAnswersBackInTheirOrder() async throws {
        let plan = FaultPlan(rules: [FaultRule(.delay(.milliseconds(200) ... .milliseconds(200)))])
        try await between(plan) { harness, client, broker in
            for number in 1...20 { try await client.send(try request(Int32(number))) }
            _ = try await broker.receive(try request(1).count * 20)
            let began = ContinuousClock.now
            for number in 1...20 { try await broker.send(try answer(Int32(number))) }
            var got: [UInt8] = []
            for number in 1...20 { got += try answer(Int32(number)) }
            #expect(try await client.receive(got.count).bytes == got)
            // Held back side by side, not one behind the other.
            let took = began.duration(to: .now)
            #expect(took >= .milliseconds(195) && took < .seconds(3))
            try await eventually { harness.exchanges.count == 20 }
            #expect(harness.exchanges.allSatisfy { $0.latency >= .milliseconds(200) })
        }
    }

    @Test func errorsAreAnsweredWithoutTheBroker() async throws {
        let plan = FaultPlan(rules: [FaultRule(.error(.rebalanceInProgress), api: .heartbeat)])
        try await between(plan) { harness, client, broker in
            // The first waits for the broker, so the second's made-up answer waits too.
            let first = try Frame.request(ListGroupsRequest(), version: 0, correlationId: 1, clientId: nil)
            try await client.send(first + (try request(2)))
            #expect(try await broker.receive(first.count).bytes == first)
            try await eventually { harness.frames.filter { $0.from == .client }.count == 2 }
            let listed = try Frame.response(ListGroupsResponse(), version: 0, correlationId: 1)
            try await broker.send(listed)
            let refused = HeartbeatResponse.with { $0.errorCode = .rebalanceInProgress }
            let expected = listed + (try Frame.response(refused, version: 0, correlationId: 2))
            #expect(try await client.receive(expected.count).bytes == expected)
            client.socket.shutdownWriting()
            #expect(try await broker.ends())
        }
    }

    @Test func aTruncatedAnswerEndsTheConnection() async throws {
        let plan = FaultPlan(rules: [FaultRule(.truncate)])
        try await between(plan) { harness, client, broker in
            try await client.send(try request(1))
            _ = try await broker.receive(try request(1).count)
            let answer = try answer(1)
            try await broker.send(answer)
            let got = try await client.receive(answer.count)
            #expect(got.hasEnded && got.bytes == Array(answer[..<(answer.count / 2)]))
            #expect(try await broker.ends())
            try await eventually { harness.frames.contains { $0.isPartial && $0.from == .broker } }
        }
    }

    @Test func aConnectionIsCutAfterItsBytes() async throws {
        try await between(FaultPlan(cutAfter: 25)) { harness, client, broker in
            try await client.send(try request(1) + request(2))
            let got = try await broker.receive(1000)
            #expect(got.hasEnded && got.bytes.count <= 25)
            #expect(try await client.ends())
            try await eventually { harness.exchanges.contains { $0.ending == .unanswered("cut after 25 bytes") } }
        }
    }

    @Test func aThrottleSlowsDown() async throws {
        try await between(FaultPlan(bytesPerSecond: 200_000)) { _, client, broker in
            let big = try Frame.request(
                HeartbeatRequest.with { $0.groupId = String(repeating: "g", count: 30_000) }, version: 0,
                correlationId: 1, clientId: nil)
            let began = ContinuousClock.now
            async let sent: Void = client.send(big + big + big)
            _ = try await broker.receive(3 * big.count)
            try await sent
            // 90 KB at 200 KB a second, less the 20 KB that a full bucket lets through.
            #expect(began.duration(to: .now) > .milliseconds(250))
        }
    }

    @Test func connectionsAreRefused() async throws {
        let server = try RawServer()
        let harness = try await ProxyHarness(["127.0.0.1:\(server.port)"]) {
            $0.faults = FaultPlan(refusedPerMillion: 1_000_000)
        }
        let client = try RawPeer.connect(to: await harness.port)
        #expect(try await client.ends())
        try await eventually { harness.notes.count == 1 }
        client.close()
        server.close()
        await harness.stop()
    }
}
