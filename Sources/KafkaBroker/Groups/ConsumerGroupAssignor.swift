import KafkaWire

/// What an assignor is told: who wants what and was to have what, and what there is.
struct AssignmentTask {
    struct Member {
        var id: String
        var instanceId: String?
        /// The sets of topics that it reads, by their places in ``AssignmentTask/pools``.
        var pools: [Int]
        /// What it was to have so far.
        var current: Set<TopicIDPartition>
    }

    var members: [Member]
    /// Different sets of topics. Many members read the same ones, and are then handled together.
    var pools: [Set<TopicID>]
    /// The topics that somebody wants, and how many partitions they have.
    var partitions: [TopicID: Int]

    func wants(_ member: Member, _ topic: TopicID) -> Bool { member.pools.contains { pools[$0].contains(topic) } }

    /// The topics that all members read, where they all read the same.
    fileprivate var common: Set<TopicID>? {
        let different = Set(members.map(\.pools))
        guard different.count <= 16 else { return nil }
        let topics = different.map { $0.reduce(into: Set<TopicID>()) { $0.formUnion(pools[$1]) } }
        return topics.allSatisfy { $0 == topics.first } ? topics.first : nil
    }

    /// Every partition of the topic, in order.
    fileprivate func all(of topic: TopicID) -> [TopicIDPartition] {
        (0..<(partitions[topic] ?? 0)).map { .init(topic: topic, partition: PartitionID(index: $0)) }
    }

    /// For each topic the pools that it is in.
    var poolsOfTopic: [TopicID: [Int]] {
        var all: [TopicID: [Int]] = [:]
        for (pool, topics) in pools.enumerated() { for topic in topics { all[topic, default: []].append(pool) } }
        return all
    }
}

/// Decides who reads what (`group.consumer.assignors`); the members vote for one.
///
/// The work grows with the members, the partitions and the topics that are named, and not with their products.
enum ConsumerGroupAssignor: String, CaseIterable {
    /// As equal as possible, and as much as possible stays where it was.
    case uniform
    /// Each topic's partitions in ranges, in the same order of members for each: of topics with as many partitions and
    /// the same readers, a member gets the same numbers, as joining them needs it.
    case range

    func assign(_ task: AssignmentTask) -> [String: Set<TopicIDPartition>] {
        guard !task.members.isEmpty else { return [:] }
        switch self {
        case .range: return Self.assignRanges(task)
        case .uniform:
            if let common = task.common { return Self.assignEvenly(task, common) }
            var balance = AssignmentBalance(task, topics: Self.ordered(task.partitions.keys))
            return balance.assign()
        }
    }

    private static func ordered(_ topics: some Sequence<TopicID>) -> [TopicID] {
        topics.sorted { ($0.rawValue.high, $0.rawValue.low) < ($1.rawValue.high, $1.rawValue.low) }
    }

    // MARK: - range

    private static func assignRanges(_ task: AssignmentTask) -> [String: Set<TopicIDPartition>] {
        // Static members first, by their own names: they keep their places when they come back under other ids.
        let members = task.members.sorted { one, other in
            switch (one.instanceId, other.instanceId) {
            case (let a?, let b?): a < b
            case (.some, nil): true
            case (nil, .some): false
            case (nil, nil): one.id < other.id
            }
        }
        var readersOfPool = [[Int]](repeating: [], count: task.pools.count)
        for (index, member) in members.enumerated() { for pool in member.pools { readersOfPool[pool].append(index) } }
        var result = Dictionary(uniqueKeysWithValues: members.map { ($0.id, Set<TopicIDPartition>()) })
        for (topic, pools) in task.poolsOfTopic {
            let all = task.all(of: topic)
            // Who comes behind the last partition gets nothing, and need not be looked at.
            let readers = pools.flatMap { readersOfPool[$0].prefix(all.count + 1) }.sorted().once().prefix(
                all.count + 1)
            guard !readers.isEmpty, !all.isEmpty else { continue }
            let (quota, extra) = all.count.quotientAndRemainder(dividingBy: readers.count)
            var next = 0
            for (index, reader) in readers.enumerated() where next < all.count {
                let count = quota + (index < extra ? 1 : 0)
                result[members[reader].id, default: []].formUnion(all[next..<next + count])
                next += count
            }
        }
        return result
    }

    // MARK: - uniform

    /// All members read the same topics: everybody gets its share of all partitions, and what it has counts first.
    private static func assignEvenly(_ task: AssignmentTask, _ topics: Set<TopicID>) -> [String: Set<TopicIDPartition>]
    {
        let members = task.members.sorted { $0.id < $1.id }
        let all = ordered(topics).flatMap { task.all(of: $0) }
        var isFree = Set(all)
        var (quota, extra) = all.count.quotientAndRemainder(dividingBy: members.count)
        var result: [String: Set<TopicIDPartition>] = [:]
        // Those with more than their share keep one more than the others, while there are such places.
        for member in members {
            let had = member.current.filter { isFree.contains($0) }.sorted()
            let hasExtra = had.count > quota && extra > 0
            if hasExtra { extra -= 1 }
            let kept = Set(had.prefix(quota + (hasExtra ? 1 : 0)))
            isFree.subtract(kept)
            result[member.id] = kept
        }
        var rest = all.filter { isFree.contains($0) }[...]
        for member in members {
            let count = result[member.id]?.count ?? 0
            var missing = max(0, quota - count)
            if count <= quota, extra > 0 {
                missing += 1
                extra -= 1
            }
            result[member.id, default: []].formUnion(rest.prefix(missing))
            rest = rest.dropFirst(missing)
        }
        return result
    }
}
