import KafkaBroker
import Synchronization
import TestSupport
import Testing

@testable import KafkaWire

/// Several consumers in one group.
@Suite(.turn) struct GroupTests {
    private static func values(_ numbers: Range<Int>) -> Set<String> { Set(numbers.map { "v\($0)" }) }

    @Test func membersShareAndACleanHandoverRepeatsNothing() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4]))
        let seen = [Seen(), Seen(), Seen()]
        let consumers = try (0..<3).map { _ in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"])
        }
        var tasks = [consumers[0].read(into: seen[0])]
        try await broker.produce(0..<200, to: "orders")
        try await seen[0].wait(for: 200)

        tasks.append(consumers[1].read(into: seen[1]))
        tasks.append(consumers[2].read(into: seen[2]))
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 3 && group?.state == "Stable"
        }
        try await broker.produce(200..<600, to: "orders")
        try await eventually { seen.reduce(0) { $0 + $1.count } >= 600 }
        #expect(seen[1].count > 0 && seen[2].count > 0)

        await consumers[1].close()
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        try await broker.produce(600..<800, to: "orders")
        try await eventually { seen.reduce(0) { $0 + $1.count } >= 800 }
        for consumer in consumers { await consumer.close() }
        for task in tasks { try await task.value }
        let all = seen.flatMap(\.all)
        #expect(Set(all) == Self.values(0..<800))
        #expect(all.count == 800)
        await broker.stop()
    }

    /// Coordinators log it (KIP-800).
    @Test func whyAMemberJoinsAndLeavesIsSaid() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let said = Seen()
        broker.on(.joinGroup) { request in
            said.add((request.message as? JoinGroupRequest)?.reason ?? "nothing")
            return .pass
        }
        broker.on(.leaveGroup) { request in
            said.add((request.message as? LeaveGroupRequest)?.members.first?.reason ?? "nothing")
            return .pass
        }
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let task = consumer.read(into: Seen())
        try await eventually { await broker.group("g")?.state == "Stable" }
        await consumer.close()
        try await task.value
        #expect(said.all.first == JoinReason.begins && said.all.last == "the consumer is being closed")
        #expect(!said.all.contains("nothing"))
        await broker.stop()
    }

    /// A transaction may still commit another position (KIP-447): the group begins when that is decided.
    @Test func aMemberWaitsForPositionsThatAreNotDecided() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<3, to: "t")
        let hook = broker.on(.offsetFetch, times: 3) { _ in .fail(.unstableOffsetCommit) }
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 3)
        #expect(hook.uses == 3 && seen.all == ["v0", "v1", "v2"])
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func whatADeadMemberHadGoesToTheOthers() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 4])
        let (alive, dead) = (Seen(), Seen())
        let survivor = try KafkaConsumer.quick(
            "127.0.0.1:\(stack.broker.port)", group: "g", topics: ["orders"])
        let victim = try KafkaConsumer.quick(stack.proxy.address, group: "g", topics: ["orders"]) {
            $0.client.clientId = "victim"
            $0.sessionTimeout = .milliseconds(1500)
        }
        _ = (survivor.read(into: alive), victim.read(into: dead))
        try await eventually {
            let group = await stack.broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        // Both go through the proxy; only the victim's frames are swallowed from now on.
        await stack.proxy.setRule { passing in
            let bytes = passing.frame.copy()
            let isVictim = bytes.indices.contains { bytes[$0...].starts(with: Array("victim".utf8)) }
            return passing.isRequest && isVictim ? .drop : .pass
        }
        try await stack.broker.produce(0..<200, to: "orders") {
            $0.client.bootstrapServers = ["127.0.0.1:\(stack.broker.port)"]
        }
        try await alive.wait(for: 200, different: true)
        #expect(Set(alive.all) == Self.values(0..<200))
        await survivor.close()
        await victim.close()
        await stack.stop()
    }

    @Test func aMemberThatWorksLongerThanItsSessionStaysIn() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<1, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.sessionTimeout = .milliseconds(1500)
        }
        try await within {
            for try await batch in consumer.batches {
                try await Task.sleep(for: .milliseconds(3300))
                try await batch.commit()
                break
            }
        }
        #expect(await broker.group("g")?.generation == 1)
        #expect(await broker.group("g")?.committed.map(\.offset) == [1])
        await consumer.close()
        #expect(await broker.group("g")?.members.isEmpty == true)
        await broker.stop()
    }

    @Test func aMemberThatWorksForTooLongIsPutOutAndComesBack() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<3, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.maximumPollInterval = .milliseconds(300)
        }
        let told = try await within { () -> [String] in
            var told: [String] = []
            for try await event in consumer.events {
                switch event {
                case .assigned: told.append("assigned")
                case .revoked: told.append("revoked false")
                case .lost: told.append("revoked true")
                case .batch(let batch):
                    told.append("batch \(batch.count)")
                    if told.count == 2 {
                        try await Task.sleep(for: .milliseconds(900))
                        #expect(await broker.group("g")?.members.isEmpty == true)
                        // Another member may have the partition: the commit must not go through.
                        await #expect(throws: KafkaError.self) { try await batch.commit() }
                    } else {
                        try await batch.commit()
                        return told
                    }
                case .trouble, .recovered, .reachedEnd, .reset: break
                }
            }
            return told
        }
        #expect(told == ["assigned", "batch 3", "revoked true", "assigned", "batch 3"])
        await consumer.close()
        await broker.stop()
    }

    @Test func cancellingTheReadingTaskEndsItPromptlyAndLeaves() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await broker.produce(0..<5, to: "orders")
        try await seen.wait(for: 5)
        task.cancel()
        try await within(.seconds(2)) { try await task.value }
        #expect(await broker.group("g")?.members.isEmpty == true)
        #expect(await broker.group("g")?.committed.map(\.offset) == [5])

        // Whoever reads again joins again, behind what was committed.
        try await broker.produce(5..<7, to: "orders")
        let again = consumer.read(into: seen)
        try await seen.wait(for: 7)
        #expect(seen.all == (0..<7).map { "v\($0)" })
        await consumer.close()
        try await within { try await again.value }
        await broker.stop()
    }

    @Test func autoCommitGoesOnWhileTheApplicationWaits() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<5, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.autoCommit = .milliseconds(100)
        }
        let task = consumer.read(into: Seen(), commit: false)
        try await eventually { await broker.group("g")?.committed.map(\.offset) == [5] }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func closingCommitsWhatWasProcessedAndNotMore() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        try await broker.produce(0..<5, to: "orders")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"])
        try await within {
            for try await _ in consumer.batches { break }
        }
        await consumer.close()
        await consumer.close()
        // The only batch was still being worked on: it begins there again.
        #expect(await broker.group("g")?.committed.map(\.offset) == [0])
        #expect(await broker.group("g")?.members.isEmpty == true)
        let next = try await within { try await consumer.batches.first { _ in true } }
        #expect(next == nil)
        await broker.stop()
    }

    @Test func aTopicThatComesLaterIsWaitedForAndRead() async throws {
        let broker = try await KafkaBroker.start(.init())
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["later"])
        let seen = Seen()
        let troubles = Seen()
        let task = Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch): seen.add(batch)
                case .trouble(let error): troubles.add(error.message)
                case .assigned, .revoked, .lost, .recovered, .reachedEnd, .reset: break
                }
            }
        }
        try await troubles.wait(for: 1)
        #expect(troubles.all.first?.contains("waiting for topic later") == true)
        try await broker.createTopic("later", partitions: 2)
        try await broker.produce(0..<10, to: "later")
        try await seen.wait(for: 10)
        await consumer.close()
        try await task.value
        await broker.stop()
    }
}
