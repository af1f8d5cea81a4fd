import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Groups whose members read on while they rebalance: cooperatively (KIP-429), and in the protocol of KIP-848.
@Suite(.turn) struct CooperativeGroupTests {
    /// How the members of a group rebalance.
    enum Way: CaseIterable, Sendable {
        case cooperative, sticky, coordinator

        func set(_ configuration: inout KafkaConsumer.Configuration) {
            switch self {
            case .cooperative: configuration.assignors = [.cooperativeSticky]
            case .sticky: configuration.assignors = [.sticky]
            case .coordinator: configuration.groupProtocol = .consumer
            }
        }
    }

    private static func broker(_ topics: [String: Int]) async throws -> KafkaBroker {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.consumerHeartbeatInterval = .milliseconds(50)
        return try await KafkaBroker.start(configuration)
    }

    private static func isStable(_ broker: KafkaBroker, _ count: Int) async -> Bool {
        let group = await broker.group("g")
        return group?.members.count == count && group?.state == "Stable"
    }

    /// Members come and go under load; each record is seen once, though every member commits by itself or batch by batch:
    /// who gives up half hands over exact positions.
    @Test(arguments: Way.allCases, [true, false]) func membersComeAndGoAndNothingIsReadTwice(
        _ way: Way, commits: Bool
    ) async throws {
        let broker = try await Self.broker(["orders": 6])
        let seen = (0..<4).map { _ in Seen() }
        let consumers = try (0..<4).map { _ in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
                way.set(&$0)
                if commits { $0.autoCommit = nil }
            }
        }
        var tasks: [Task<Void, any Error>] = []
        let load = Task {
            for number in 0..<60 { try await broker.produce(number * 20..<number * 20 + 20, to: "orders") }
        }
        for index in 0..<3 {
            tasks.append(consumers[index].read(into: seen[index], commit: commits))
            try await eventually { await Self.isStable(broker, index + 1) }
        }
        // Who closes with a batch in hand leaves it uncommitted: the application stops first.
        await consumers[1].stop()
        try await tasks[1].value
        #expect(await consumers[1].close() == nil)
        tasks.append(consumers[3].read(into: seen[3], commit: commits))
        try await eventually { await Self.isStable(broker, 3) }
        try await load.value
        try await eventually(within: .seconds(20)) { Set(seen.flatMap(\.all)).count >= 1200 }
        for consumer in consumers { await consumer.close() }
        for task in tasks { try await task.value }
        let all = seen.flatMap(\.all)
        #expect(all.count == 1200 && Set(all).count == 1200)
        await broker.stop()
    }

    /// What a member keeps is not told of, and what it is told of is what changes.
    @Test(arguments: [Way.cooperative, .coordinator]) func onlyWhatChangesIsTold(_ way: Way) async throws {
        let broker = try await Self.broker(["orders": 4])
        let events = Seen()
        let first = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            way.set(&$0)
            $0.onRevocation = { events.add("at once \($0.partitions.count)") }
        }
        let second = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"], way.set)
        let task = Task {
            for try await event in first.events {
                switch event {
                case .assigned(let offsets): events.add("assigned \(offsets.count)")
                case .revoked(let revoked):
                    events.add("revoked \(revoked.partitions.count)")
                    #expect(await first.pendingRevocation?.partitions == revoked.partitions)
                    let offsets = revoked.partitions.map { ($0, CommittedOffset(offset: 0)) }
                    try await revoked.commit(Dictionary(offsets) { $1 })
                case .lost: events.add("lost")
                case .batch, .reachedEnd, .reset, .trouble, .recovered: break
                }
            }
        }
        try await eventually { events.all.contains("assigned 4") }
        let seen = Seen()
        let other = second.read(into: seen)
        try await eventually {
            let positions = await second.positions
            return await Self.isStable(broker, 2) && positions.count == 2
        }
        #expect(events.all.filter { $0 != "assigned 0" } == ["assigned 4", "at once 2", "revoked 2"])
        #expect(await first.positions.count == 2)
        await second.close()
        try await eventually { events.all.last == "assigned 2" }
        await first.close()
        try await task.value
        try await other.value
        await broker.stop()
    }

    /// Members of both protocols stand in one group while it is changed over, in both directions.
    @Test(arguments: [Way.cooperative, .coordinator]) func aGroupChangesItsProtocolWhileItReads(_ before: Way)
        async throws
    {
        let broker = try await Self.broker(["orders": 4])
        let after: Way = before == .coordinator ? .cooperative : .coordinator
        let seen = Seen()
        let old = try (0..<2).map { _ in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"], before.set)
        }
        let new = try (0..<2).map { _ in
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"], after.set)
        }
        var tasks = old.map { $0.read(into: seen) }
        try await eventually { await Self.isStable(broker, 2) }
        try await broker.produce(0..<100, to: "orders")
        try await seen.wait(for: 100)
        for index in 0..<2 {
            tasks.append(new[index].read(into: seen))
            try await eventually(within: .seconds(20)) { await Self.isStable(broker, 3) }
            try await broker.produce(100 + index * 100..<200 + index * 100, to: "orders")
            try await seen.wait(for: 200 + index * 100, different: true)
            await old[index].stop()
            try await tasks[index].value
            let trouble = await old[index].close()
            #expect(trouble == nil, "\(trouble?.message ?? "")")
            try await eventually(within: .seconds(20)) { await Self.isStable(broker, 2) }
        }
        try await broker.produce(300..<400, to: "orders")
        try await seen.wait(for: 400, different: true)
        for consumer in new { await consumer.close() }
        for task in tasks { try await task.value }
        #expect(seen.count == 400)
        await broker.stop()
    }

    @Test(arguments: [Way.cooperative, .sticky, .coordinator]) func subscriptionsChange(_ way: Way) async throws {
        let broker = try await Self.broker(["a": 1, "b": 1, "c": 1])
        let seen = Seen()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["a"], way.set)
        let task = consumer.read(into: seen)
        func topics() async -> [String] { await consumer.positions.keys.map(\.topic).sorted() }
        try await eventually { await topics() == ["a"] }
        try await consumer.subscribe(adding: ["b"])
        try await eventually { await topics() == ["a", "b"] }
        try await consumer.unsubscribe(from: ["a"])
        try await eventually { await topics() == ["b"] }
        try await consumer.subscribe(to: .matching(try TopicPattern(".", excluding: ["b"])))
        try await eventually { await topics() == ["a", "c"] }
        await #expect(throws: KafkaError.self) { try await consumer.subscribe(adding: ["b"]) }
        if way == .coordinator {
            try await consumer.subscribe(to: .matchedByCoordinator("[bc]"))
            try await eventually { await topics() == ["b", "c"] }
            try await consumer.subscribe(to: ["a"])
            try await eventually { await topics() == ["a"] }
        }
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    /// A static member that is back has what it had, and nobody else had it meanwhile.
    @Test(arguments: [Way.cooperative, .coordinator]) func staticMembersComeBack(_ way: Way) async throws {
        let broker = try await Self.broker(["orders": 2])
        func member(_ name: String) throws -> KafkaConsumer {
            try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
                way.set(&$0)
                $0.groupInstanceId = name
                $0.sessionTimeout = .seconds(10)
            }
        }
        let (one, two, seen) = (try member("one"), try member("two"), Seen())
        let first = one.read(into: seen)
        let second = two.read(into: seen)
        try await eventually {
            let positions = await (one.positions.count, two.positions.count)
            return positions == (1, 1)
        }
        let had = await one.positions.keys.sorted()
        await one.close()
        try await first.value
        let back = try member("one")
        let third = back.read(into: seen)
        try await eventually { await back.positions.keys.sorted() == had }
        #expect(await two.positions.count == 1)
        await back.close(.leaveGroup)
        try await eventually { await two.positions.count == 2 }
        await two.close()
        try await second.value
        try await third.value
        await broker.stop()
    }

    @Test func aBrokerOfOldSaysThatItHasNoSuchGroups() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.speaks = "3.0"
        let broker = try await KafkaBroker.start(configuration)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.groupProtocol = .consumer
        }
        let error = await #expect(throws: KafkaError.self) { for try await _ in consumer.batches {} }
        #expect(
            error?.code == .unsupportedVersion && error?.setting == "group.protocol", "\(String(describing: error))")
        await consumer.close()
        await broker.stop()
    }

    @Test func whatTheGroupKnowsTheMemberBy() async throws {
        let broker = try await Self.broker(["t": 1])
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
            $0.assignors = [.cooperativeSticky]
            $0.groupInstanceId = "i"
            $0.autoCommit = nil
        }
        await #expect(throws: KafkaError.self) { try await consumer.groupMetadata }
        let task = consumer.read(into: Seen())
        try await eventually { await consumer.positions.count == 1 }
        let metadata = try await consumer.groupMetadata
        #expect(metadata.generation == 1 && !metadata.memberId.isEmpty && metadata.groupInstanceId == "i")
        await consumer.requestRebalance("to see it happen")
        try await eventually { (try? await consumer.groupMetadata)?.generation == 2 }
        await consumer.close(.leaveGroup)
        try await task.value
        await broker.stop()
    }
}
