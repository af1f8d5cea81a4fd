import TestSupport
import Testing

@testable import KafkaWire

/// Groups in a real cluster: of all assignors and both protocols.
@Suite(.cluster, .outside(minutes: 8)) struct ClusterGroupTests {
    /// Members come and go while records come: all are read, and each once where nothing fails.
    @Test(arguments: GroupWay.allCases) func membersComeAndGo(_ way: GroupWay) async throws {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let topic = try await cluster.topic("orders", partitions: 6)
            let group = cluster.group()
            let values = (0..<1200).map { "\($0)" }
            func send(_ part: Int) async throws {
                try await cluster.produce(values[(part * 300)..<(part * 300 + 300)], to: topic)
            }
            let members = try (0..<3).map { _ in try cluster.member(group, [topic], way.set) }
            try await send(0)
            members[0].start()
            try await shared(6, by: [members[0]])
            members[1].start()
            try await send(1)
            try await shared(6, by: [members[0], members[1]])
            members[2].start()
            try await send(2)
            try await shared(6, by: members)
            let described = try await cluster.admin.describeGroups([group]).get()[group]
            #expect(described?.type == (way == .coordinator ? .consumer : .classic))
            try await members[1].stop()
            try await send(3)
            try await shared(6, by: [members[0], members[2]])
            try await allSeen(values, by: members, cluster)
            try await members[0].stop()
            try await members[2].stop()
            let committed = try await cluster.admin.committedOffsets(of: group).values
            #expect(committed.reduce(0) { $0 + $1.offset.rawValue } == 1200)
        }
    }

    /// What a member keeps is not told of (KIP-429).
    @Test(arguments: [GroupWay.cooperative, .coordinator]) func onlyWhatChangesIsTold(_ way: GroupWay) async throws {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let topic = try await cluster.topic("told", partitions: 4)
            let group = cluster.group()
            let first = try cluster.member(group, [topic], way.set).start()
            try await shared(4, by: [first])
            let second = try cluster.member(group, [topic], way.set).start()
            try await shared(4, by: [first, second])
            if cluster.disturbances.isNone {
                let told = first.told.all.filter { $0 != "assigned 0" }
                #expect(told.last == "revoked 2" && !told.contains("revoked 4"), "\(told)")
            }
            try await second.stop()
            try await shared(4, by: [first])
            try await first.stop()
        }
    }

    /// Eager groups give up all.
    @Test func anEagerGroupGivesUpAll() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("eager", partitions: 4)
            let group = cluster.group()
            let first = try cluster.member(group, [topic], GroupWay.range.set).start()
            try await shared(4, by: [first])
            let second = try cluster.member(group, [topic], GroupWay.range.set).start()
            try await shared(4, by: [first, second])
            if cluster.disturbances.isNone { #expect(first.told.all.contains("revoked 4"), "\(first.told.all)") }
        }
    }

    /// KIP-345: a static member that is back has what it had, and the others hear nothing of it.
    @Test(arguments: [GroupWay.range, .cooperative, .coordinator]) func staticMembersComeBack(_ way: GroupWay)
        async throws
    {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let topic = try await cluster.topic("static", partitions: 2)
            let group = cluster.group()
            func member(_ name: String) throws -> ClusterMember {
                try cluster.member(group, [topic]) {
                    way.set(&$0)
                    $0.groupInstanceId = cluster.name(name)
                    $0.sessionTimeout = .seconds(30)
                }
            }
            let (one, two) = (try member("one").start(), try member("two").start())
            try await shared(2, by: [one, two])
            try await inTime { await cluster.settledMembers(of: group) == 2 }
            let had = one.partitions
            let told = two.told.all
            try await one.stop()
            #expect(try await cluster.admin.describeGroups([group]).get()[group]?.members.count == 2)
            let back = try member("one").start()
            try await inTime { !back.partitions.isEmpty }
            if cluster.disturbances.isNone {
                #expect(back.partitions == had && two.told.all == told)
            }
            try await back.stop(.leaveGroup)
            try await shared(2, by: [two])
            try await two.stop(.leaveGroup)
        }
    }

    /// Members of both protocols stand in one group while it is changed over, in both directions (KIP-848).
    @Test(arguments: [GroupWay.range, .cooperative, .coordinator]) func aGroupChangesItsProtocolWhileItReads(
        _ before: GroupWay
    ) async throws {
        try await inCluster { cluster in
            try await cluster.requireConsumerProtocol()
            let policy = try await cluster.brokerSetting("group.consumer.migration.policy")?.lowercased()
            let needed = before == .coordinator ? "downgrade" : "upgrade"
            guard policy == nil || policy == "bidirectional" || policy == needed else {
                try Test.cancel(
                    "the cluster changes no groups over: group.consumer.migration.policy is \(policy ?? "")")
            }
            let after: GroupWay = before == .coordinator ? .cooperative : .coordinator
            let topic = try await cluster.topic("changing", partitions: 4)
            let group = cluster.group()
            let values = (0..<400).map { "\($0)" }
            func send(_ part: Int) async throws {
                try await cluster.produce(values[(part * 100)..<(part * 100 + 100)], to: topic)
            }
            let old = try (0..<2).map { _ in try cluster.member(group, [topic], before.set).start() }
            let new = try (0..<2).map { _ in try cluster.member(group, [topic], after.set) }
            try await shared(4, by: old)
            try await send(0)
            new[0].start()
            try await shared(4, by: old + [new[0]])
            try await send(1)
            let mixed = try await cluster.admin.describeGroups([group]).get()[group]
            #expect(mixed?.type == .consumer)
            #expect(mixed?.members.contains { $0.isClassic != false } == true)
            try await old[0].stop()
            try await shared(4, by: [old[1], new[0]])
            try await send(2)
            new[1].start()
            try await shared(4, by: [old[1]] + new)
            try await old[1].stop()
            try await shared(4, by: new)
            try await send(3)
            try await allSeen(values, by: old + new, cluster)
            if before == .coordinator {
                try await inTime {
                    try await cluster.admin.describeGroups([group]).get()[group]?.type == .classic
                }
            }
        }
    }

    @Test(arguments: [GroupWay.cooperative, .sticky, .coordinator]) func subscriptionsChange(_ way: GroupWay)
        async throws
    {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let a = try await cluster.topic("a")
            let b = try await cluster.topic("b")
            let member = try cluster.member(cluster.group(), [a], way.set).start()
            func reads(_ topics: [String]) async throws {
                try await inTime { member.partitions.map(\.topic) == topics }
            }
            try await reads([a])
            try await member.consumer.subscribe(adding: [b])
            try await reads([a, b])
            try await member.consumer.unsubscribe(from: [a])
            try await reads([b])
            // The names of this test alone; a topic that comes later is found.
            let pattern = try TopicPattern("\(cluster.prefix)-.*", excluding: [".*-b"])
            try await member.consumer.subscribe(to: .matching(pattern))
            try await reads([a])
            let c = try await cluster.topic("c")
            try await reads([a, c])
            try await member.stop()
        }
    }

    @Test func theCoordinatorMatchesPatterns() async throws {
        try await inCluster { cluster in
            try await cluster.requireConsumerProtocol(version: 1)
            let a = try await cluster.topic("a")
            _ = try await cluster.topic("other")
            let group = cluster.group()
            let member = try cluster.member(group, .matchedByCoordinator("\(cluster.prefix)-[ab]")) {
                $0.groupProtocol = .consumer
            }.start()
            try await inTime { member.partitions.map(\.topic) == [a] }
            let b = try await cluster.topic("b")
            try await inTime { member.partitions.map(\.topic) == [a, b] }
            let described = try await cluster.admin.describeGroups([group]).get()[group]
            #expect(described?.members.first?.subscribedPattern == "\(cluster.prefix)-[ab]")
            let wrong = try cluster.member(cluster.group("wrong"), .matchedByCoordinator("([")) {
                $0.groupProtocol = .consumer
            }.start()
            let error = await #expect(throws: KafkaError.self) { try await wrong.ended() }
            #expect(error?.code == .broker(.invalidRegularExpression))
        }
    }

    /// KIP-568.
    @Test func aMemberAsksForARebalance() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("asked")
            let member = try cluster.member(cluster.group(), [topic], GroupWay.cooperative.set).start()
            try await shared(1, by: [member])
            let before = try await member.consumer.groupMetadata
            #expect(before.generation > 0 && !before.memberId.isEmpty)
            await member.consumer.requestRebalance("a test wants to see it")
            try await inTime {
                (try? await member.consumer.groupMetadata).map { $0.generation > before.generation } ?? false
            }
            try await member.stop()
        }
    }

    @Test func aMemberThatAnAdministratorRemovesJoinsAgain() async throws {
        try await inCluster { cluster in
            let topic = try await cluster.topic("removed", partitions: 2)
            let group = cluster.group()
            let member = try cluster.member(group, [topic], GroupWay.range.set).start()
            try await shared(2, by: [member])
            let before = try await member.consumer.groupMetadata
            let removed = try await cluster.admin.removeMembers(from: group, reason: "a test")
            #expect(removed.failures().isEmpty)
            try await inTime {
                (try? await member.consumer.groupMetadata).map { $0.memberId != before.memberId } ?? false
            }
            try await shared(2, by: [member])
            try await cluster.produce(["after"], to: topic)
            try await member.seen.wait(for: 1, within: NamedCluster.patience)
            try await member.stop()
        }
    }

    /// One that works for longer than `max.poll.interval.ms` leaves to others what it has, and comes back.
    @Test(arguments: [GroupWay.range, .coordinator]) func aSlowApplicationHoldsNobodyUp(_ way: GroupWay) async throws {
        try await inCluster { cluster in
            try await way.require(of: cluster)
            let topic = try await cluster.topic("slow")
            let group = cluster.group()
            try await cluster.produce(["a"], to: topic)
            let slow = try cluster.consumer(group, [topic]) {
                way.set(&$0)
                $0.maximumPollInterval = .seconds(3)
            }
            let other = try cluster.member(group, [topic], way.set)
            try await within(NamedCluster.patience) {
                var batches = slow.batches.makeAsyncIterator()
                let batch = try await batches.next()
                #expect(batch?.count == 1)
                other.start()
                // It asks for nothing: the other one gets what it had.
                try await other.seen.wait(for: 1, within: NamedCluster.patience)
                await #expect(throws: KafkaError.self) { try await batch?.commit() }
            }
            await slow.close()
            try await other.stop()
        }
    }

    /// KIP-881: who stands in a rack reads what is led there.
    @Test func membersGetWhatIsInTheirRack() async throws {
        try await inCluster { cluster in
            let racks = try await cluster.requireRacks().sorted { $0.key < $1.key }.prefix(2)
            let topic = try await cluster.topic("racks", assignments: racks.flatMap { [[$0.value], [$0.value]] })
            let group = cluster.group()
            let members = try racks.map { rack in
                try cluster.member(group, [topic]) {
                    $0.assignors = [.range]
                    $0.clientRack = rack.key
                }.start()
            }
            try await inTime {
                members[0].partitionNumbers == [0, 1] && members[1].partitionNumbers == [2, 3]
            }
        }
    }
}
