import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Brokers that say nothing, or are somewhere else by now.
@Suite(.turn) struct SilentBrokerTests {
    /// One node that was stopped took the client with it, since the next look-up went to the same node.
    @Test func lookUpsGoElsewhereWhenOneNodeIsSilent() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        try await broker.createTopic("t", partitions: 1, replicas: 1)
        try await broker.produce(0..<5, to: "t")
        let leader = try #require(await broker.topics.first(where: { $0.name == "t" })?.partitions[0].leader)
        let coordinator = await broker.coordinator(ofGroup: "g")
        let silent = try #require(
            await broker.nodes.map(\.id).first(where: { $0 != leader && $0 != coordinator }))
        broker.on { request in
            request.node == silent && [.metadata, .findCoordinator].contains(request.api) ? .drop : .pass
        }
        let addresses = await broker.nodes.sorted { ($0.id == silent ? 0 : 1) < ($1.id == silent ? 0 : 1) }
            .map { "127.0.0.1:\($0.port)" }
        let consumer = try KafkaConsumer.quick(addresses[0], group: "g", topics: ["t"]) {
            $0.client.bootstrapServers = addresses
            // A request that waits for the silent one takes longer than the test may.
            $0.client.requestTimeout = .seconds(60)
            $0.client.apiTimeout = .seconds(120)
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 5, within: .seconds(40))
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// Host and port in FindCoordinator's answer were thrown away: a coordinator that came back under another address was
    /// lost to a member that reads nothing.
    @Test func theCoordinatorIsWhereTheAnswerSaysAndNotWhereMetadataDoes() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        // Nobody listens there.
        configuration.advertisedPort = 1
        let broker = try await KafkaBroker.start(configuration)
        let port = broker.port
        broker.on(.findCoordinator) { request in
            guard let asked = request.message as? FindCoordinatorRequest else { return .pass }
            return .answer(
                FindCoordinatorResponse.with {
                    $0.coordinators = asked.coordinatorKeys.map { key in
                        .with {
                            $0.key = key
                            $0.nodeId = 1
                            $0.host = "127.0.0.1"
                            $0.port = Int32(port)
                        }
                    }
                })
        }
        let consumer = try KafkaConsumer.quick("127.0.0.1:\(port)", group: "g", topics: ["t"])
        let task = consumer.read(into: Seen())
        try await eventually { await broker.group("g")?.state == "Stable" }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A coordinator that was silent took the partitions away when the session ran out here, though no coordinator had said
    /// so: hundreds of records came again.
    @Test func aMemberWhoseCoordinatorIsSilentReadsOn() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.sessionTimeout = .milliseconds(400)
            $0.autoCommit = nil
        }
        let (seen, events) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .assigned: events.add("assigned")
                case .revoked, .lost: events.add("revoked")
                case .trouble(let error): events.add(error.setting ?? "trouble")
                case .recovered, .reset, .reachedEnd: break
                }
            }
        }
        try await events.wait(for: 1)
        broker.on(.heartbeat) { _ in .drop }
        broker.on(.findCoordinator) { _ in .fail(.coordinatorNotAvailable) }
        try await events.wait(for: 2)
        for round in 0..<5 {
            try await broker.produce(round..<(round + 1), to: "t")
            try await seen.wait(for: round + 1)
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(seen.all == (0..<5).map { "v\($0)" })
        #expect(!events.all.contains("revoked"))
        #expect(events.all.filter { $0 == "assigned" }.count == 1)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A partition without a leader cost five requests a second, for ever.
    @Test func aDeadLeaderIsLookedForWithGrowingPauses() async throws {
        let (broker, address, away) = try await PositionTests.twoNodes()
        try await broker.stopNode(away)
        let consumer = try KafkaConsumer.quick(address, group: "g", topics: ["t"]) {
            // Java's.
            $0.client.retryBackoff = .milliseconds(100)
            $0.client.maximumRetryBackoff = .seconds(1)
        }
        let task = consumer.read(into: Seen())
        try await eventually { await broker.group("g")?.state == "Stable" }
        try await Task.sleep(for: .seconds(2))
        let before = await broker.requestCounts[.metadata] ?? 0
        try await Task.sleep(for: .seconds(5))
        let count = (await broker.requestCounts[.metadata] ?? 0) - before
        #expect(count > 0)
        #expect(count <= 12, "\(count) look-ups in five seconds")
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// JoinGroup waits long: a coordinator whose host was gone without a word was waited at until the rebalance's time was up,
    /// and nobody heard of it.
    @Test func aMemberThatJoinsFindsOutThatItsCoordinatorIsGone() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 3))
        try await broker.createTopic("u", partitions: 1)
        let gone = await broker.coordinator(ofGroup: "g")
        let other = try #require(await broker.nodes.map(\.id).first { $0 != gone })
        try await broker.moveLeader(of: "u", partition: 0, to: other)
        try await broker.produce(0..<5, to: "u")
        let isGone = Locked(false)
        let joins = broker.on(.joinGroup) { request in
            // The first is told its id; then the host is gone.
            guard request.node == gone, (request.message as? JoinGroupRequest)?.memberId != "" else { return .pass }
            isGone.withLock { $0 = true }
            return .drop
        }
        broker.on { request in request.node == gone && isGone.withLock { $0 } ? .drop : .pass }
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["u"])
        let troubles = Seen()
        let seen = Seen()
        let task = Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .trouble: troubles.add("trouble")
                default: break
                }
            }
        }
        try await eventually { joins.uses > 0 }
        try await broker.moveCoordinator(ofGroup: "g", to: other)
        try await seen.wait(for: 5, within: .seconds(40))
        #expect(troubles.count > 0)
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// Nobody is named in its place: who waits is told, and tries again.
    @Test func aMemberThatJoinsTellsThatItsCoordinatorIsSilent() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let isGone = Locked(false)
        let joins = broker.on(.joinGroup) { request in
            guard (request.message as? JoinGroupRequest)?.memberId != "" else { return .pass }
            isGone.withLock { $0 = true }
            return .drop
        }
        let all = broker.on { _ in isGone.withLock { $0 } ? .drop : .pass }
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let (troubles, seen) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .trouble: troubles.add("trouble")
                case .recovered: troubles.add("recovered")
                default: break
                }
            }
        }
        try await eventually { joins.uses > 0 }
        try await troubles.wait(for: 1, within: .seconds(40))
        for hook in [joins, all] { hook.remove() }
        isGone.withLock { $0 = false }
        try await broker.produce(0..<5, to: "t")
        try await seen.wait(for: 5, within: .seconds(40))
        try await troubles.wait(for: 2, within: .seconds(40))
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A member that works for long keeps the others waiting; the coordinator is well, and they wait.
    @Test func aSlowRebalanceIsWaitedFor() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await broker.produce(0..<10, to: "t")
        let isWorking = Locked(true)
        let first = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let began = Seen()
        let slow = Task {
            for try await batch in first.batches {
                began.add(batch)
                try await eventually(within: .seconds(60)) { !isWorking.withLock { $0 } }
            }
        }
        try await began.wait(for: 1, within: .seconds(40))
        let (joins, looks) = (Locked(0), Locked(0))
        let second = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.client.clientId = "second"
        }
        broker.on { request in
            guard request.clientId == "second" else { return .pass }
            if request.api == .joinGroup { joins.withLock { $0 += 1 } }
            if request.api == .findCoordinator { looks.withLock { $0 += 1 } }
            return .pass
        }
        let task = second.read(into: Seen())
        // The first is to find it, and some looks after that.
        try await eventually { looks.withLock { $0 } > 4 }
        #expect(joins.withLock { $0 } == 2)
        isWorking.withLock { $0 = false }
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        #expect(joins.withLock { $0 } == 2)
        for consumer in [first, second] { await consumer.close() }
        try await slow.value
        try await task.value
        await broker.stop()
    }
}
