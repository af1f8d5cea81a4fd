import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// The assignors against what the Java client computes.
@Suite(.turn) struct AssignorTests {
    @Test func assignmentsAreThoseOfJava() throws {
        let vectors = try Fixture.json("golden/assignors.jsonl")
        #expect(vectors.count == 120)
        for vector in vectors { #expect(AssignorVector.failure(vector) == nil) }
    }

    /// Groups that go on from generation to generation, with members and partitions that come and go, racks, and claims that
    /// contradict each other; computed by kafka-clients 4.3.0 (`Tests/Foreign/JavaAssignors.java`).
    @Test func groupsGoOnAsWithJava() throws {
        let vectors = try Fixture.json("assignors/java.jsonl")
        #expect(vectors.count == 389)
        #expect(Set(vectors.compactMap { $0["assignor"].text }) == ["range", "sticky", "cooperative-sticky"])
        var failures: [String] = []
        for (line, vector) in vectors.enumerated() {
            if let failure = AssignorVector.failure(vector) { failures.append("line \(line + 1): \(failure)") }
        }
        #expect(failures == [])
    }

    /// Java 4.3 gives `tu2-0` back to m4bb-6, which had it once and no longer wants the topic; such a member joins again, and
    /// again. The rest is as with Java.
    @Test func whatAMemberHadOnceItIsNotGivenWhereItDoesNotWantIt() {
        func topic(_ racks: [[String]]) -> GroupSnapshot.Topic { .init(partitionCount: racks.count, racks: racks) }
        func member(
            _ id: String, _ topics: [String], _ owned: [(String, Int)] = [], generation: Int32 = -1, rack: String? = nil
        ) -> GroupSnapshot.Member {
            let partitions = owned.map { TopicPartition($0.0, PartitionID(index: $0.1)) }
            let memory = AssignmentMemory(
                topics: topics, partitions: generation < 0 ? nil : partitions, generation: generation)
            return .init(memberId: id, topics: topics, userData: Assignor.sticky.userData(for: memory), rack: rack)
        }
        let group = GroupSnapshot(
            members: [
                member("m5d6-4", ["tw1", "tu2", "td3", "tm4"], [("td3", 6), ("tm4", 0), ("tm4", 4)], generation: 3),
                member("mecd-3", ["tw1", "tu2", "tm4"], [("tu2", 2), ("tm4", 3), ("tw1", 1)], generation: 3),
                member("mb50-1", ["tw1", "td3"], [("td3", 4), ("tw1", 2), ("tw1", 5)], generation: 3, rack: "r0"),
                member("m886-2", ["tu2", "td3", "tm4"], rack: "r3"),
                member("m4bb-6", ["tw1", "td3"], [("tu2", 0), ("tu2", 1), ("tw1", 0)], generation: 2),
                member("mcc-107", ["tw1", "td3"], rack: "r1"),
                member(
                    "m637-0", ["tw1", "td3", "tm4"], [("td3", 2), ("td3", 5), ("tw1", 3)], generation: 3, rack: "r2"),
                member(
                    "m6e8-5", ["tw1", "tu2", "tm4"], [("tm4", 1), ("tm4", 2), ("tw1", 4)], generation: 3, rack: "r2"),
            ],
            topics: [
                "tw1": topic([["r1", "r0"], ["r1"], ["r0", "r1"], ["r0", "r2"], ["r2", "r0"], ["r0"]]),
                "tu2": topic([["r0"], ["r0"], ["r1"]]),
                "td3": topic([
                    ["r1"], ["r1"], ["r0", "r2"], ["r0", "r1"], ["r0", "r1"], ["r2", "r0"], ["r1", "r2"],
                ]),
                "tm4": topic([["r0"], ["r2"], ["r2"], ["r1"], ["r1"]]),
            ])
        let shares = Assignor.sticky.assign(group)
        for member in group.members {
            #expect((shares[member.memberId] ?? []).allSatisfy { member.topics.contains($0.topic) })
        }
        #expect(shares["m886-2"]?.map(\.description) == ["tu2-0", "tu2-1"])
        #expect(shares.values.reduce(0) { $0 + $1.count } == 21)
    }

    @Test func membersWithoutPartitionsAreThereToo() {
        for assignor in Assignor.allCases {
            #expect(assignor.assign(GroupSnapshot(members: [], topics: [:])).isEmpty)
            let members = [GroupSnapshot.Member(memberId: "a", topics: ["gone"]), .init(memberId: "b", topics: [])]
            let group = GroupSnapshot(members: members, topics: ["t": .init(partitionCount: 3)])
            #expect(assignor.assign(group) == ["a": [], "b": []], "\(assignor)")
        }
    }

    @Test func aStaticMemberKeepsItsPlaceUnderANewMemberId() {
        for assignor in [Assignor.range, .roundRobin] {
            func shares(_ id: String) -> [TopicPartition]? {
                assignor.assign(
                    GroupSnapshot(
                        members: [
                            .init(memberId: "m", topics: ["t"]),
                            .init(memberId: id, groupInstanceId: "i", topics: ["t"]),
                        ], topics: ["t": .init(partitionCount: 5)]))[id]
            }
            #expect(shares("a") == shares("z"))
        }
    }

    /// Whatever members want and claim: each partition that somebody wants is assigned once, to a member that wants it, and
    /// no member has two more than another that could have one of them.
    @Test func stickySharesAreWholeAndEven() {
        var chance = Chance(state: 1)
        for _ in 0..<400 {
            var group = Self.group(&chance)
            for assignor in [Assignor.sticky, .cooperativeSticky] {
                for generation in 1...3 {
                    let shares = assignor.assign(group)
                    if assignor == .sticky || generation == 3 { Self.expectWhole(shares, of: group) }
                    Self.remember(shares, in: &group, generation: Int32(generation), assignor)
                }
            }
        }
    }

    /// A group of which nothing has changed keeps what it has; of one that a member leaves, the others do.
    @Test func membersKeepWhatTheyHave() {
        var chance = Chance(state: 2)
        for _ in 0..<200 {
            for assignor in [Assignor.sticky, .cooperativeSticky] {
                var group = Self.group(&chance)
                for member in group.members.indices {
                    group.members[member].userData = nil
                    group.members[member].ownedPartitions = []
                    group.members[member].rack = nil
                    group.members[member].topics = group.topics.keys.sorted()
                }
                let first = assignor.assign(group)
                Self.remember(first, in: &group, generation: 1, assignor)
                #expect(assignor.assign(group) == first)
                guard group.members.count > 1 else { continue }
                group.members.removeLast()
                let second = assignor.assign(group)
                for member in group.members {
                    let kept = Set(second[member.memberId] ?? [])
                    #expect(kept.isSuperset(of: first[member.memberId] ?? []))
                }
            }
        }
    }

    /// What moves cooperatively has no owner in between.
    @Test func cooperativelyNothingMovesAtOnce() {
        var chance = Chance(state: 3)
        for _ in 0..<300 {
            var group = Self.group(&chance)
            Self.remember(Assignor.cooperativeSticky.assign(group), in: &group, generation: 1, .cooperativeSticky)
            if chance.below(2) == 0 { group.members.append(.init(memberId: "new", topics: group.topics.keys.sorted())) }
            if chance.below(2) == 0 { group.members.removeFirst() }
            for (member, share) in Assignor.cooperativeSticky.assign(group) {
                let others = group.members.filter { $0.memberId != member }.flatMap(\.ownedPartitions)
                #expect(Set(share).isDisjoint(with: others))
            }
        }
    }

    /// A group that goes on with a cooperative assignor comes to rest after two rebalances.
    @Test func whatIsTakenAwayIsGivenInTheNextRebalance() {
        let topics: [String: GroupSnapshot.Topic] = ["t": .init(partitionCount: 6)]
        var group = GroupSnapshot(
            members: ["a", "b"].map { .init(memberId: $0, topics: ["t"]) }, topics: topics)
        Self.remember(Assignor.cooperativeSticky.assign(group), in: &group, generation: 1, .cooperativeSticky)
        group.members.append(.init(memberId: "c", topics: ["t"]))
        let first = Assignor.cooperativeSticky.assign(group)
        #expect(first.mapValues(\.count) == ["a": 2, "b": 2, "c": 0])
        Self.remember(first, in: &group, generation: 2, .cooperativeSticky)
        let second = Assignor.cooperativeSticky.assign(group)
        #expect(second.mapValues(\.count) == ["a": 2, "b": 2, "c": 2])
        #expect(second["a"] == first["a"] && second["b"] == first["b"])
    }

    @Test func userDataIsThatOfJava() throws {
        let memory = AssignmentMemory(
            topics: ["t"], partitions: [TopicPartition("t", 1), TopicPartition("a", 0), TopicPartition("t", 0)],
            generation: 7)
        let sticky = try #require(Assignor.sticky.userData(for: memory))
        let expected: [UInt8] = [
            0, 0, 0, 2, 0, 1, 0x61, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0x74, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7,
        ]
        #expect(sticky.copy() == expected)
        let claim = StickyUserData.claim(sticky)
        #expect(claim.generation == 7 && claim.partitions.count == 3)
        // As members of old tell it, without the generation.
        let old = sticky[0..<expected.count - 4]
        #expect(StickyUserData.claim(old) == StickyClaim(partitions: claim.partitions, generation: nil))
        #expect(StickyUserData.claim(Bytes([1, 2, 3])) == StickyClaim(partitions: [], generation: -1))
        #expect(StickyUserData.claim(nil) == StickyClaim(partitions: [], generation: nil))
        // A count that promises more than there is takes no room.
        #expect(StickyUserData.claim(Bytes([0x7F, 255, 255, 255])) == StickyClaim(partitions: [], generation: -1))
        #expect(Assignor.sticky.userData(for: AssignmentMemory(topics: ["t"])) == nil)
        #expect(Assignor.cooperativeSticky.userData(for: memory)?.copy() == [0, 0, 0, 7])
        #expect(Assignor.range.userData(for: memory) == nil)
    }

    @Test func assignorsOfOnesOwnAreHeldToTheirPromise() throws {
        struct Own: GroupAssignor {
            var name = "own"
            var rebalanceProtocols: [RebalanceProtocol] = [.cooperative]
            func assign(_ group: GroupSnapshot) -> [String: [TopicPartition]] { [:] }
        }
        let p = TopicPartition("t", 0)
        let group = GroupSnapshot(
            members: [.init(memberId: "a", topics: ["t"], ownedPartitions: [p]), .init(memberId: "b", topics: ["t"])],
            topics: ["t": .init(partitionCount: 1)])
        try AssignmentCheck.check(["a": [p]], of: group, by: Own())
        try AssignmentCheck.check(["b": [p]], of: group, by: Own(rebalanceProtocols: [.eager]))
        for wrong in [["a": [p], "b": [p]], ["c": [p]], ["b": [p]]] {
            #expect(throws: KafkaError.self) { try AssignmentCheck.check(wrong, of: group, by: Own()) }
        }
        #expect(RebalanceProtocol.of([.cooperativeSticky]) == .cooperative)
        #expect(RebalanceProtocol.of([.cooperativeSticky, .range]) == .eager)
        #expect(RebalanceProtocol.of([.cooperativeSticky, Own()]) == .cooperative)
        var configuration = KafkaConsumer.Configuration(bootstrapServers: ["a:1"], group: "g", topics: ["t"])
        configuration.assignors = [.range, Own()]
        #expect(try configuration.assignor(named: "own") is Own)
        #expect(throws: KafkaError.self) { try configuration.assignor(named: "sticky") }
    }

    // MARK: - Groups

    struct Chance {
        var state: UInt64
        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
    }

    private static func group(_ chance: inout Chance) -> GroupSnapshot {
        var topics: [String: GroupSnapshot.Topic] = [:]
        for topic in 0...chance.below(4) {
            let count = chance.below(8)
            topics["t\(topic)"] = .init(
                partitionCount: count, racks: (0..<count).map { _ in ["r\(chance.below(3))"] })
        }
        let names = topics.keys.sorted()
        let isSame = chance.below(2) == 0
        let hasRacks = chance.below(2) == 0
        let members = (0...chance.below(6)).map { member in
            GroupSnapshot.Member(
                memberId: "m\(chance.below(100))-\(member)",
                topics: isSame ? names : wishes(&chance, names),
                rack: hasRacks ? "r\(chance.below(4))" : nil)
        }
        return GroupSnapshot(members: members, topics: topics)
    }

    /// Some of the topics, one at least: in Java a member that wants none may be given what others want.
    private static func wishes(_ chance: inout Chance, _ names: [String]) -> [String] {
        let some = names.filter { _ in chance.below(3) > 0 }
        return some.isEmpty ? Array(names.prefix(1)) : some
    }

    private static func remember(
        _ shares: [String: [TopicPartition]], in group: inout GroupSnapshot, generation: Int32, _ assignor: Assignor
    ) {
        for index in group.members.indices {
            let member = group.members[index]
            let share = shares[member.memberId] ?? []
            let memory = AssignmentMemory(topics: member.topics, partitions: share, generation: generation)
            group.members[index].userData = assignor == .sticky ? assignor.userData(for: memory) : nil
            group.members[index].ownedPartitions = assignor == .sticky ? [] : share
            group.members[index].generation = generation
        }
    }

    private static func expectWhole(_ shares: [String: [TopicPartition]], of group: GroupSnapshot) {
        let wanted = Set(group.members.flatMap(\.topics))
        let all = wanted.flatMap { name in
            (0..<(group.topics[name]?.partitionCount ?? 0)).map { TopicPartition(name, PartitionID(index: $0)) }
        }
        #expect(shares.values.joined().sorted() == all.sorted())
        for member in group.members {
            let share = shares[member.memberId] ?? []
            #expect(share.allSatisfy { member.topics.contains($0.topic) })
            for (other, theirs) in shares where theirs.count > share.count + 1 {
                #expect(
                    !theirs.contains { member.topics.contains($0.topic) }, "\(other) has more than \(member.memberId)")
            }
        }
    }
}
