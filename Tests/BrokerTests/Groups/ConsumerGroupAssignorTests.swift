import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What assignors promise, on many random groups, and some groups by hand.
@Suite(.turn) struct ConsumerGroupAssignorTests {
    private static func topic(_ number: Int) -> TopicID { TopicID(Uuid(high: 0, low: UInt64(number + 65))) }

    private static func task(_ members: [(String, [Int])], _ partitions: [Int]) -> AssignmentTask {
        let pools = members.map { Set($0.1.map(topic)) }
        return AssignmentTask(
            members: members.enumerated().map { .init(id: $1.0, instanceId: nil, pools: [$0], current: []) },
            pools: pools,
            partitions: Dictionary(uniqueKeysWithValues: partitions.enumerated().map { (topic($0), $1) }))
    }

    private static func texts(_ assignment: [String: Set<TopicIDPartition>]) -> [String: String] {
        assignment.mapValues { ConsumerGroupScript.text($0) }
    }

    @Test func rangesByHand() {
        let result = ConsumerGroupAssignor.range.assign(
            Self.task([("a", [0, 1]), ("b", [0, 1]), ("c", [0])], [5, 4]))
        #expect(Self.texts(result) == ["a": "A0 A1 B0 B1", "b": "A2 A3 B2 B3", "c": "A4"])
        var named = Self.task([("a", [0]), ("b", [0]), ("c", [0])], [3])
        named.members[2].instanceId = "x"
        #expect(Self.texts(ConsumerGroupAssignor.range.assign(named)) == ["c": "A0", "a": "A1", "b": "A2"])
    }

    @Test func sharesByHand() {
        var task = Self.task([("a", [0, 1]), ("b", [0, 1])], [3, 2])
        let first = ConsumerGroupAssignor.uniform.assign(task)
        #expect(first.values.map(\.count).sorted() == [2, 3])
        // A third one takes as little as possible from the others.
        for index in task.members.indices { task.members[index].current = first[task.members[index].id] ?? [] }
        task.members.append(.init(id: "c", instanceId: nil, pools: task.members[0].pools, current: []))
        let second = ConsumerGroupAssignor.uniform.assign(task)
        #expect(second.values.map(\.count).sorted() == [1, 2, 2])
        #expect(
            second["a"]?.isSubset(of: first["a"] ?? []) == true && second["b"]?.isSubset(of: first["b"] ?? []) == true)
        // Different subscriptions: who reads the second topic alone leaves the first one to the others.
        let mixed = ConsumerGroupAssignor.uniform.assign(
            Self.task([("a", [0]), ("b", [0, 1]), ("c", [1])], [2, 2]))
        #expect(mixed.values.map(\.count).max() == 2 && mixed.values.map(\.count).reduce(0, +) == 4)
        #expect(ConsumerGroupAssignor.uniform.assign(Self.task([], [3])).isEmpty)
        #expect(Self.texts(ConsumerGroupAssignor.uniform.assign(Self.task([("a", [])], [3]))) == ["a": "-"])
    }

    /// Every partition that somebody wants has one owner, who wants it; the loads are even; and a second run on its own
    /// result, or with one member less, moves nothing without need.
    @Test(arguments: ConsumerGroupAssignor.allCases, [true, false])
    func whatHoldsOfAllGroups(assignor: ConsumerGroupAssignor, isHomogeneous: Bool) {
        var random = RandomSource(seed: 17)
        for _ in 0..<400 {
            let topics = 1 + Int(random.next() % 5)
            let partitions = (0..<topics).map { _ in Int(random.next() % 12) }
            let all = Array(0..<topics)
            let members = (0..<1 + Int(random.next() % 7)).map { index in
                ("m\(index)", isHomogeneous ? all : all.filter { _ in random.next() % 2 == 0 })
            }
            var task = Self.task(members, partitions)
            let result = assignor.assign(task)
            check(result, task, assignor, isHomogeneous)
            for index in task.members.indices { task.members[index].current = result[task.members[index].id] ?? [] }
            #expect(assignor.assign(task) == result)
            guard assignor == .uniform, task.members.count > 1 else { continue }
            let gone = task.members.removeLast()
            let after = assignor.assign(task)
            check(after, task, assignor, isHomogeneous)
            guard isHomogeneous else { continue }
            // Only what the one who went had has moved.
            for member in task.members {
                #expect((after[member.id] ?? []).isSuperset(of: member.current), "\(gone.id)")
            }
        }
    }

    private func check(
        _ result: [String: Set<TopicIDPartition>], _ task: AssignmentTask, _ assignor: ConsumerGroupAssignor,
        _ isHomogeneous: Bool
    ) {
        #expect(Set(result.keys) == Set(task.members.map(\.id)))
        let wanted = task.members.flatMap(\.pools).reduce(into: Set<TopicID>()) { $0.formUnion(task.pools[$1]) }
        let given = result.values.flatMap { $0 }
        #expect(given.count == Set(given).count)
        #expect(given.count == wanted.reduce(0) { $0 + (task.partitions[$1] ?? 0) })
        for member in task.members {
            for partition in result[member.id] ?? [] { #expect(task.wants(member, partition.topic)) }
        }
        guard assignor == .uniform else { return }
        let loads = result.mapValues(\.count)
        if isHomogeneous { #expect((loads.values.max() ?? 0) - (loads.values.min() ?? 0) <= 1) }
        // No partition could move to somebody who has two less.
        for (id, partitions) in result {
            for partition in partitions {
                for reader in task.members where task.wants(reader, partition.topic) {
                    #expect((loads[id] ?? 0) - (loads[reader.id] ?? 0) <= 1)
                }
            }
        }
    }
}
