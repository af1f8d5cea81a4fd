import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Groups of both protocols and their offsets through ``KafkaAdmin``.
@Suite(.turn) struct AdminGroupTests {
    private static func partition(_ index: Int) -> TopicPartition { TopicPartition("t", PartitionID(index: index)) }

    @Test func aClassicGroupIsSeenChangedAndDeleted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 4, "u": 1], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        try await broker.produce(0..<40, to: "t")
        let consumer = try KafkaConsumer.quick("127.0.0.1:\(broker.port)", group: "g", topics: ["t"]) {
            $0.client.clientId = "reader"
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 40)
        try await eventually { try await admin.lag(of: "g", in: "t").values.reduce(0, +) == 0 }

        let group = try #require(try await admin.describeGroups(["g"]).get()["g"])
        #expect(group.type == .classic && group.state == .stable && group.protocolType == "consumer")
        let coordinator = await broker.coordinator(ofGroup: "g")
        #expect(group.coordinator == coordinator)
        #expect(group.members.map(\.clientId) == ["reader"])
        #expect(group.members.first?.assignment == (0..<4).map { Self.partition($0) })
        #expect(group.members.first?.subscribedTopics == ["t"] && group.members.first?.targetAssignment == nil)
        #expect(!group.assignor.isEmpty && group.epoch == nil)
        #expect(group.authorizedOperations?.contains(.describe) == true)

        // While it has members, its offsets and itself stay.
        let held = await admin.alterGroupOffsets(of: "g", [Self.partition(0): .init(offset: 1)])
        #expect(held[Self.partition(0)]?.failure?.code == .broker(.unknownMemberId))
        #expect(held[Self.partition(0)]?.failure?.message.contains("stop them first") == true)
        #expect(await admin.deleteGroups(["g"])["g"]?.failure?.code == .broker(.nonEmptyGroup))
        let reading = await admin.deleteGroupOffsets(of: "g", [Self.partition(0)])
        #expect(reading[Self.partition(0)]?.failure?.code == .broker(.groupSubscribedToTopic))
        let unknown = try await admin.removeMembers(from: "g", [.member("nobody"), .instance("none")])
        #expect(Set(unknown.values.compactMap { $0.failure?.code }) == [.broker(.unknownMemberId)])

        await consumer.close()
        try await task.value
        _ = try await admin.alterGroupOffsets(
            of: "g", [Self.partition(0): .init(offset: 1, metadata: "m"), TopicPartition("u", 0): .init(offset: 7)]
        ).get()
        let offsets = try await admin.committedOffsets(of: "g")
        #expect(offsets.count == 5 && offsets[TopicPartition("u", 0)]?.offset == 7)
        #expect(offsets[Self.partition(0)] == CommittedOffset(offset: 1, metadata: "m"))
        let gone = await admin.deleteGroupOffsets(of: "g", [TopicPartition("u", 0), TopicPartition("absent", 0)])
        #expect(gone.failures().mapValues(\.code) == [TopicPartition("absent", 0): .broker(.unknownTopicOrPartition)])
        #expect(try await admin.committedOffsets(of: "g").count == 4)
        let deleted = await admin.deleteGroups(["g", "absent"])
        #expect(deleted.failures().mapValues(\.code) == ["absent": .broker(.groupIdNotFound)])
        #expect(await admin.describeGroups(["g"])["g"]?.failure?.code == .broker(.groupIdNotFound))
        await admin.close()
        await broker.stop()
    }

    @Test(arguments: [true, false], ["i1", nil])
    func membersAreRemovedByIdOrInstance(all: Bool, instance: String?) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let admin = try KafkaAdmin(.quick(broker))
        // A member that has joined and says nothing further; a dynamic one is told its id first (KIP-394).
        var id = ""
        for _ in 0..<2 {
            let known = id
            let answer = try await admin.send(
                JoinGroupRequest.with {
                    $0.groupId = "g"
                    $0.memberId = known
                    $0.groupInstanceId = instance
                    $0.sessionTimeoutMs = 60_000
                    $0.rebalanceTimeoutMs = 60_000
                    $0.protocolType = "consumer"
                    $0.protocols = [.with { $0.name = "range" }]
                }, to: .groupCoordinator("g"))
            id = answer.response.memberId
            if answer.response.errorCode == .none { break }
        }
        let before = try #require(try await admin.describeGroups(["g"]).get()["g"])
        #expect(before.members.map(\.id) == [id] && before.members.map(\.instanceId) == [instance])
        let member: KafkaAdmin.MemberToRemove = instance.map { .instance($0) } ?? .member(id)
        let removed = try await admin.removeMembers(from: "g", all ? nil : [member, .member("nobody")])
        #expect(removed[member]?.isFailure == false)
        #expect(removed.failures().mapValues(\.code) == (all ? [:] : [.member("nobody"): .broker(.unknownMemberId)]))
        #expect(try await admin.describeGroups(["g"]).get()["g"]?.members.isEmpty == true)
        await admin.close()
        await broker.stop()
    }

    @Test func aConsumerGroupIsDescribedByTheSameType() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2], brokers: 2))
        let admin = try KafkaAdmin(.quick(broker))
        let id = Uuid(high: 1, low: 2).description
        let joined = try await admin.send(
            ConsumerGroupHeartbeatRequest.with {
                $0.groupId = "new"
                $0.memberId = id
                $0.rebalanceTimeoutMs = 10_000
                $0.subscribedTopicNames = ["t"]
                $0.rackId = "r1"
                $0.topicPartitions = []
            }, to: .groupCoordinator("new"))
        #expect(joined.response.errorCode == .none)
        _ = try await admin.alterGroupOffsets(of: "old", [Self.partition(0): .init(offset: 3)]).get()

        let groups = await admin.describeGroups(["new", "old", "absent"])
        #expect(groups.failures().mapValues(\.code) == ["absent": .broker(.groupIdNotFound)])
        let new = try #require(try groups["new"]?.get())
        #expect(new.type == .consumer && new.protocolType == "consumer" && new.assignor == "uniform")
        #expect(new.epoch == joined.response.memberEpoch && new.coordinator > 0)
        let member = try #require(new.members.first)
        #expect(member.id == id && member.rackId == "r1" && member.isClassic == false)
        #expect(member.targetAssignment == [Self.partition(0), Self.partition(1)])
        #expect(member.subscribedTopics == ["t"] && member.epoch == joined.response.memberEpoch)
        let old = try #require(try groups["old"]?.get())
        #expect(old.type == .classic && old.state == .empty && old.members.isEmpty)

        let listed = try await admin.listGroups().get()
        #expect(listed.map(\.id) == ["new", "old"] && listed.map(\.type) == [.consumer, .classic])
        #expect(try await admin.listGroups(types: [.consumer]).get().map(\.id) == ["new"])
        #expect(try await admin.listGroups(states: [.empty]).get().map(\.id) == ["old"])
        await admin.close()
        await broker.stop()
    }

    @Test func groupsOfOneCoordinatorShareARequestAndAreFollowedWhenItMoves() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 3))
        let admin = try KafkaAdmin(.quick(broker))
        let ids = (0..<12).map { "g\($0)" }
        for (index, id) in ids.enumerated() {
            try await broker.moveCoordinator(ofGroup: id, to: BrokerID(Int32(index % 3 + 1)))
            _ = try await admin.alterGroupOffsets(
                of: id, [Self.partition(0): .init(offset: Offset(Int64(index)))]
            ).get()
        }
        let asked: [String: [TopicPartition]?] = Dictionary(uniqueKeysWithValues: ids.map { ($0, nil) })
        let found = try await admin.listGroupOffsets(asked).get()
        #expect(await broker.requestCounts[.offsetFetch] == 3)
        for (index, id) in ids.enumerated() {
            #expect(try found[id]?[Self.partition(0)]?.get().offset == Offset(Int64(index)))
        }
        for id in ids { try await broker.moveCoordinator(ofGroup: id, to: 2) }
        let again = try await admin.listGroupOffsets(asked).get()
        #expect(again.count == 12 && again.values.allSatisfy { $0.count == 1 })
        let some = try await admin.listGroupOffsets(["g5": [Self.partition(0)], "absent": nil]).get()
        #expect(try some["g5"]?[Self.partition(0)]?.get().offset == 5 && some["absent"]?.isEmpty == true)
        _ = try await admin.deleteGroups(ids).get()
        #expect(try await admin.listGroups().get().isEmpty)
        await admin.close()
        await broker.stop()
    }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
