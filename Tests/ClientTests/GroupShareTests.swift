import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Who gets what in a group whose members differ from each other, or from what they were before.
@Suite(.turn) struct GroupShareTests {
    private static func member(
        _ broker: KafkaBroker, _ topics: [String], instance: String? = nil
    ) throws -> KafkaConsumer {
        try KafkaConsumer.quick("127.0.0.1:\(broker.port)", group: "g", topics: topics) {
            $0.client.metadataMaximumAge = .milliseconds(200)
            $0.groupInstanceId = instance
            $0.sessionTimeout = .seconds(20)
        }
    }

    /// They were never assigned, since the group's leader does not read them (20 of 20 records unread).
    @Test func topicsThatTheLeaderDoesNotReadItselfMayComeAndGrow() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["one": 1, "two": 1]))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        let first = try Self.member(broker, ["one"])
        let tasks = Locked([first.read(into: Seen())])
        try await eventually { await broker.group("g")?.state == "Stable" }
        let leader = await broker.group("g")?.leader
        let second = try Self.member(broker, ["two", "three"])
        let seen = Seen()
        tasks.withLock { $0.append(second.read(into: seen)) }
        try await eventually {
            let group = await broker.group("g")
            return group?.members.count == 2 && group?.state == "Stable"
        }
        #expect(await broker.group("g")?.leader == leader)
        _ = try await admin.addPartitions(["two": .init(total: 3)]).get()
        _ = try await admin.createTopics([.init("three", partitions: 2)]).get()
        try await broker.produce(0..<30, to: "two")
        try await broker.produce(30..<50, to: "three")
        try await seen.wait(for: 50, different: true, within: .seconds(40))
        for one in [first, second] { await one.close() }
        for task in tasks.withLock({ $0 }) { try await task.value }
        await admin.close()
        await broker.stop()
    }

    /// The broker gives a static member that is back what it had before (KIP-345); it was taken over, and the program ended
    /// with "could not look up offsets in time".
    @Test func aStaticMemberThatIsBackWithOtherTopicsReadsThose() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["one": 2, "two": 2]))
        try await broker.produce(0..<10, to: "one", prefix: "one")
        try await broker.produce(0..<10, to: "two", prefix: "two")
        for topic in ["one", "two"] {
            let consumer = try Self.member(broker, [topic], instance: "i")
            let seen = Seen()
            let task = consumer.read(into: seen)
            try await seen.wait(for: 10, within: .seconds(40))
            #expect(Set(seen.all) == Set((0..<10).map { "\(topic)\($0)" }))
            await consumer.close()
            try await task.value
        }
        #expect(await broker.group("g")?.members.count == 1)
        await broker.stop()
    }

    /// The same where the topic has fewer partitions now: 75 seconds of nothing, then an error.
    @Test func aStaticMemberThatIsBackReadsATopicThatWasMadeAnewWithFewerPartitions() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        try await broker.produce(0..<10, to: "t")
        for round in 0..<2 {
            let consumer = try Self.member(broker, ["t"], instance: "i")
            let seen = Seen()
            let task = consumer.read(into: seen, commit: false)
            try await seen.wait(for: 10, within: .seconds(40))
            await consumer.close()
            try await task.value
            guard round == 0 else { continue }
            _ = try await admin.deleteTopics(["t"]).get()
            _ = try await admin.createTopics([.init("t", partitions: 1)]).get()
            try await broker.produce(0..<10, to: "t", prefix: "new")
        }
        let partitions = await broker.group("g")?.members.first?.partitions
        #expect(partitions == nil || partitions == [TopicPartition("t", 0)])
        await admin.close()
        await broker.stop()
    }

    /// What the group's leader sends is input.
    @Test func anAssignmentThatNamesAPartitionTwiceIsReadOnce() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<5, to: "t")
        let share = try ConsumerProtocolAssignment.with {
            $0.assignedPartitions = [
                .with {
                    $0.topic = "t"
                    $0.partitions = [0, 0]
                }
            ]
        }.encodeVersioned(version: 1)
        let assignment = Bytes(share)
        broker.on(.syncGroup) { request in
            guard var sync = request.message as? SyncGroupRequest, !sync.assignments.isEmpty else { return .pass }
            sync.assignments = []
            return .answer(
                SyncGroupResponse.with {
                    $0.protocolType = "consumer"
                    $0.protocolName = "range"
                    $0.assignment = assignment
                })
        }
        let consumer = try Self.member(broker, ["t"])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 5)
        try await Task.sleep(for: .milliseconds(300))
        #expect(seen.all == (0..<5).map { "v\($0)" })
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A share whose look-up ends when the group has moved on is taken over by nobody.
    @Test func aShareThatIsLookedUpTooLateIsNotTakenOver() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        // Both partitions are the first one's, and where it begins is told late.
        let hook = broker.on(.listOffsets, times: 1) { _ in .delay(.milliseconds(1500)) }
        let shares = [Seen(), Seen()]
        let consumers = try (0..<2).map { _ in try Self.member(broker, ["t"]) }
        func follow(_ index: Int) -> Task<Void, any Error> {
            let (consumer, seen) = (consumers[index], shares[index])
            return Task {
                for try await event in consumer.events {
                    switch event {
                    case .assigned(let offsets): seen.add(offsets.keys.sorted().map { "\($0)" }.joined(separator: " "))
                    case .revoked, .lost: seen.add("revoked")
                    case .batch, .reachedEnd, .reset, .trouble, .recovered: break
                    }
                }
            }
        }
        var tasks = [follow(0)]
        try await eventually { hook.uses == 1 }
        tasks.append(follow(1))
        try await eventually { shares.allSatisfy { $0.count > 0 } }
        try await Task.sleep(for: .milliseconds(500))
        #expect(shares.flatMap(\.all).sorted() == ["t-0", "t-1"])
        for consumer in consumers { await consumer.close() }
        for task in tasks { try await task.value }
        await broker.stop()
    }

    /// KIP-814: a static leader that is back is told to assign nothing. Partitions that came while it was away were never read;
    /// where all is well there is no rebalance.
    @Test(arguments: [true, false]) func aStaticLeaderThatIsBackFindsWhatCameMeanwhile(grows: Bool) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        try await broker.produce(0..<10, to: "t")
        let seen = Seen()
        let first = try Self.member(broker, ["t"], instance: "i")
        var task = first.read(into: seen)
        try await seen.wait(for: 10, different: true, within: .seconds(40))
        await first.close()
        try await task.value
        let before = try #require(await broker.group("g"))
        if grows { _ = try await admin.addPartitions(["t": .init(total: 4)]).get() }
        let described = Locked(0)
        let joined = Locked(0)
        broker.on(.describeGroups) { _ in
            described.withLock { $0 += 1 }
            return .pass
        }
        broker.on(.joinGroup) { _ in
            joined.withLock { $0 += 1 }
            return .pass
        }
        let second = try Self.member(broker, ["t"], instance: "i")
        task = second.read(into: seen)
        if grows {
            try await eventually { (await broker.group("g")?.generation ?? 0) > before.generation }
            try await broker.produce(10..<40, to: "t")
            try await seen.wait(for: 40, different: true, within: .seconds(40))
        } else {
            try await eventually { described.withLock { $0 } > 0 }
            try await broker.produce(10..<40, to: "t")
            try await seen.wait(for: 40, different: true, within: .seconds(40))
            #expect(joined.withLock { $0 } == 1)
            #expect(await broker.group("g")?.generation == before.generation)
        }
        await second.close()
        try await task.value
        await admin.close()
        await broker.stop()
    }
}
