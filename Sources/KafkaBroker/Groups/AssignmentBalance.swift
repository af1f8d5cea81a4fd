import HeapModule
import KafkaWire

/// Gives partitions to members that read different topics: what is free goes to whoever reads it and has least; then
/// partitions move, topic by topic, from who has most to who has least, while that makes them more equal.
///
/// Who has least is known for each set of topics that members read (`AssignmentTask.pools`), so that a partition costs no
/// look at all members. What stands in a heap may be out of date: a load that is not the member's any more is dropped
/// when it comes up.
struct AssignmentBalance {
    /// How much a member had when that was noted.
    private struct Load: Comparable {
        var count: Int
        var member: Int
        var pool = 0

        static func < (a: Load, b: Load) -> Bool { (a.count, a.member) < (b.count, b.member) }
    }

    /// How much balancing may cost, in partitions looked at; what it has not reached then stays as it is.
    private static let balancingLimit = 5_000_000

    private let members: [AssignmentTask.Member]
    private let pools: [TopicID: [Int]]
    private let topics: [TopicID]
    private let partitions: [TopicID: Int]
    private var loads: [Int]
    private var least: [Heap<Load>]
    /// The member that has each partition; nil of nobody.
    private var owners: [TopicID: [Int?]] = [:]

    /// `topics` in the order in which equals among them are handled.
    init(_ task: AssignmentTask, topics: [TopicID]) {
        let members = task.members.sorted { $0.id < $1.id }
        let pools = task.poolsOfTopic
        var sizes = [Int](repeating: 0, count: task.pools.count)
        loads = [Int](repeating: 0, count: members.count)
        for (index, member) in members.enumerated() {
            for pool in member.pools { sizes[pool] += 1 }
            for partition in member.current where task.wants(member, partition.topic) {
                let count = task.partitions[partition.topic] ?? 0
                guard partition.partition >= 0, partition.partition.index < count else { continue }
                if owners[partition.topic] == nil { owners[partition.topic] = Array(repeating: nil, count: count) }
                guard owners[partition.topic]?[partition.partition.index] == nil else { continue }
                owners[partition.topic]?[partition.partition.index] = index
                loads[index] += 1
            }
        }
        // Topics that few read come first: those that many read can make up for them.
        let readers = pools.mapValues { $0.reduce(0) { $0 + sizes[$1] } }
        self.topics =
            topics.enumerated().filter { (readers[$1] ?? 0) > 0 }
            .sorted { (readers[$0.element] ?? 0, $0.offset) < (readers[$1.element] ?? 0, $1.offset) }.map(\.element)
        var loadsOfPool = [[Load]](repeating: [], count: task.pools.count)
        for (index, member) in members.enumerated() {
            for pool in member.pools { loadsOfPool[pool].append(Load(count: loads[index], member: index, pool: pool)) }
        }
        least = loadsOfPool.map { Heap($0) }
        self.members = members
        self.pools = pools
        partitions = task.partitions
    }

    mutating func assign() -> [String: Set<TopicIDPartition>] {
        for topic in topics { give(topic) }
        let size = loads.count + partitions.values.reduce(0, +) + pools.values.reduce(0) { $0 + $1.count }
        var rounds = max(4, Self.balancingLimit / max(1, size))
        var hasMoved = true
        while hasMoved, rounds > 0 {
            rounds -= 1
            hasMoved = false
            for topic in topics where balance(topic) { hasMoved = true }
        }
        var result = Dictionary(uniqueKeysWithValues: members.map { ($0.id, Set<TopicIDPartition>()) })
        for (topic, owners) in owners {
            for (index, owner) in owners.enumerated() {
                guard let owner else { continue }
                result[members[owner].id, default: []].insert(.init(topic: topic, partition: PartitionID(index: index)))
            }
        }
        return result
    }

    /// Notes that a member has so many partitions more.
    private mutating func change(_ member: Int, by count: Int) {
        loads[member] += count
        for pool in members[member].pools { least[pool].insert(Load(count: loads[member], member: member, pool: pool)) }
    }

    /// Who of a pool has least.
    private mutating func least(of pool: Int) -> Load? {
        while let first = least[pool].min, loads[first.member] != first.count { least[pool].removeMin() }
        return least[pool].min
    }

    /// Who has least of those in the heap's pools. Each pool has an entry there that is no higher than its least.
    private mutating func least(in candidates: inout Heap<Load>) -> Int? {
        while let first = candidates.min {
            let current = least(of: first.pool)
            if current == first { return first.member }
            candidates.removeMin()
            if let current { candidates.insert(current) }
        }
        return nil
    }

    private mutating func candidates(for topic: TopicID) -> Heap<Load> {
        var all: [Load] = []
        for pool in pools[topic] ?? [] { if let first = least(of: pool) { all.append(first) } }
        return Heap(all)
    }

    /// Gives what is free of a topic to those who have least.
    private mutating func give(_ topic: TopicID) {
        let count = partitions[topic] ?? 0
        var owners = self.owners[topic] ?? Array(repeating: nil, count: count)
        var candidates = candidates(for: topic)
        for index in 0..<count where owners[index] == nil {
            guard let member = least(in: &candidates) else { break }
            owners[index] = member
            change(member, by: 1)
        }
        self.owners[topic] = owners
    }

    /// Moves partitions of a topic while that makes loads more equal; says whether any did. Each move makes the sum of
    /// squares of the loads smaller, so this ends.
    private mutating func balance(_ topic: TopicID) -> Bool {
        guard var owners = owners[topic] else { return false }
        var held: [Int: [Int]] = [:]
        for (index, owner) in owners.enumerated() { if let owner { held[owner, default: []].append(index) } }
        var fullest = Heap(held.keys.map { Load(count: loads[$0], member: $0) })
        var candidates = candidates(for: topic)
        let pools = Set(pools[topic] ?? [])
        var hasMoved = false
        while let from = fullest.popMax() {
            guard loads[from.member] == from.count, let moving = held[from.member]?.last else { continue }
            guard let to = least(in: &candidates), from.count - loads[to] > 1 else { break }
            held[from.member]?.removeLast()
            held[to, default: []].append(moving)
            owners[moving] = to
            change(from.member, by: -1)
            change(to, by: 1)
            for member in [from.member, to] { fullest.insert(Load(count: loads[member], member: member)) }
            for pool in members[from.member].pools where pools.contains(pool) {
                candidates.insert(Load(count: loads[from.member], member: from.member, pool: pool))
            }
            hasMoved = true
        }
        self.owners[topic] = owners
        return hasMoved
    }
}
