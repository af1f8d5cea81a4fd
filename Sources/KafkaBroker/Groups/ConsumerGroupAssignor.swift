import KafkaWire

/// What an assignor is told: who wants what and was to have what, and what there is.
struct AssignmentTask {
    struct Member {
        var id: String
        var instanceId: String?
        var topics: Set<TopicID>
        /// What it was to have so far.
        var current: Set<TopicIDPartition>
    }

    var members: [Member]
    /// The topics that somebody wants, and how many partitions they have.
    var partitions: [TopicID: Int]
}

/// Decides who reads what (`group.consumer.assignors`); the members vote for one.
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
            let first = task.members[0].topics
            return task.members.allSatisfy { $0.topics == first }
                ? Self.assignEvenly(task, first) : Self.assignByTopics(task)
        }
    }

    /// Every partition of the topic, in order.
    private static func partitions(of topic: TopicID, _ task: AssignmentTask) -> [TopicIDPartition] {
        (0..<(task.partitions[topic] ?? 0)).map { .init(topic: topic, partition: PartitionID(index: $0)) }
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
        var result = Dictionary(uniqueKeysWithValues: members.map { ($0.id, Set<TopicIDPartition>()) })
        for topic in task.partitions.keys {
            let readers = members.filter { $0.topics.contains(topic) }
            guard !readers.isEmpty else { continue }
            let all = partitions(of: topic, task)
            let (quota, extra) = all.count.quotientAndRemainder(dividingBy: readers.count)
            var next = 0
            for (index, reader) in readers.enumerated() {
                let count = quota + (index < extra ? 1 : 0)
                result[reader.id, default: []].formUnion(all[next..<next + count])
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
        let all = ordered(topics).flatMap { partitions(of: $0, task) }
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

    /// Members read different topics: what is free goes to whoever reads it and has least; then partitions move, topic
    /// by topic, from who has most to who has least, while that makes them more equal.
    private static func assignByTopics(_ task: AssignmentTask) -> [String: Set<TopicIDPartition>] {
        let members = task.members.sorted { $0.id < $1.id }
        var readers: [TopicID: [Int]] = [:]
        for (index, member) in members.enumerated() {
            for topic in member.topics { readers[topic, default: []].append(index) }
        }
        // Topics that few read come first: those that many read can make up for them.
        let topics = ordered(readers.keys).sorted { (readers[$0]?.count ?? 0) < (readers[$1]?.count ?? 0) }
        var owner: [TopicIDPartition: Int] = [:]
        var loads = [Int](repeating: 0, count: members.count)
        for (index, member) in members.enumerated() {
            for partition in member.current
            where member.topics.contains(partition.topic) && owner[partition] == nil
                && partition.partition.index < task.partitions[partition.topic] ?? 0
            {
                owner[partition] = index
                loads[index] += 1
            }
        }
        for topic in topics {
            for partition in partitions(of: topic, task) where owner[partition] == nil {
                guard let least = readers[topic]?.min(by: { loads[$0] < loads[$1] }) else { continue }
                owner[partition] = least
                loads[least] += 1
            }
        }
        balance(topics, readers, task, &owner, &loads)
        var result = Dictionary(uniqueKeysWithValues: members.map { ($0.id, Set<TopicIDPartition>()) })
        for (partition, index) in owner { result[members[index].id, default: []].insert(partition) }
        return result
    }

    /// Each move makes the sum of squares of the loads smaller, so this ends.
    private static func balance(
        _ topics: [TopicID], _ readers: [TopicID: [Int]], _ task: AssignmentTask,
        _ owner: inout [TopicIDPartition: Int], _ loads: inout [Int]
    ) {
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for topic in topics {
                let all = partitions(of: topic, task)
                while let fullest = all.max(by: { loads[owner[$0] ?? 0] < loads[owner[$1] ?? 0] }),
                    let from = owner[fullest], let to = readers[topic]?.min(by: { loads[$0] < loads[$1] }),
                    loads[from] - loads[to] > 1
                {
                    owner[fullest] = to
                    loads[from] -= 1
                    loads[to] += 1
                    hasMoved = true
                }
            }
        }
    }
}
