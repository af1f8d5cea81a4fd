/// Topic by topic, each member gets a run of neighbouring partitions; where racks differ, first those that have a replica in
/// its rack (KIP-881), and of topics with as many partitions and the same members the same numbers. `RangeAssignor` in
/// Apache Kafka 4.3.
struct RangeAssignment {
    private(set) var shares: [String: [TopicPartition]] = [:]

    /// What is open of one topic.
    private struct Topic {
        let name: String
        /// The members that want it, in their order, and their racks.
        let members: [GroupSnapshot.Member]
        let racks: [Set<String>]
        let count: Int
        let matters: Bool
        var open: [Int]
        var given: [String: Int] = [:]
        private let each: Int
        private var extra: Int

        init(_ name: String, _ topic: GroupSnapshot.Topic, _ members: [GroupSnapshot.Member]) {
            self.name = name
            self.members = members
            count = max(0, topic.partitionCount)
            open = Array(0..<count)
            (each, extra) = count.quotientAndRemainder(dividingBy: max(members.count, 1))
            let own = Set(members.compactMap { $0.rack == "" ? nil : $0.rack })
            racks = own.isEmpty ? [] : (0..<count).map { Set(topic.racks(of: $0)) }
            matters = RackMatch.matter(own, racks)
        }

        /// How many more the member may get.
        func room(for member: String) -> Int { max(0, each + (extra > 0 ? 1 : 0) - given[member, default: 0]) }

        func matches(_ member: GroupSnapshot.Member, _ partition: Int) -> Bool {
            guard let rack = member.rack, rack != "" else { return true }
            return racks.indices.contains(partition) && racks[partition].contains(rack)
        }

        mutating func give(_ partitions: [Int], to member: String) {
            given[member, default: 0] += partitions.count
            if given[member, default: 0] > each { extra -= 1 }
            let taken = Set(partitions)
            open.removeAll { taken.contains($0) }
        }
    }

    /// Topics of the same members with as many partitions.
    private struct Alike: Hashable {
        var members: [String]
        var racks: [String?]
        var count: Int
    }

    init(_ members: [GroupSnapshot.Member], _ topics: [(name: String, topic: GroupSnapshot.Topic)]) {
        for member in members { shares[member.memberId] = [] }
        let wishes = members.map { Set($0.topics) }
        var open = topics.map { name, topic in
            Topic(name, topic, zip(members, wishes).filter { $1.contains(name) }.map(\.0))
        }
        if open.contains(where: \.matters) { matchRacks(&open) }
        for index in open.indices { deal(&open[index]) { _, _ in true } }
    }

    private mutating func matchRacks(_ topics: inout [Topic]) {
        let alike = Dictionary(grouping: topics.indices) { index in
            let members = topics[index].members
            return Alike(
                members: members.map(\.memberId), racks: members.map { $0.rack == "" ? nil : $0.rack },
                count: topics[index].racks.count)
        }
        // The groups have nothing to do with each other; yet their order is that of their first topics.
        for indices in alike.values.sorted(by: { ($0.first ?? 0) < ($1.first ?? 0) }) {
            if indices.count > 1 {
                matchTogether(&topics, indices)
            } else if let index = indices.first, topics[index].matters {
                let topic = topics[index]
                deal(&topics[index], topic.matches)
            }
        }
    }

    /// The same numbers of all these topics to the same member.
    private mutating func matchTogether(_ topics: inout [Topic], _ indices: [Int]) {
        guard let first = indices.first else { return }
        var remaining = topics[first].members
        for partition in topics[first].racks.indices {
            let member = remaining.first { member in
                indices.allSatisfy {
                    topics[$0].matches(member, partition) && topics[$0].room(for: member.memberId) > 0
                }
            }
            guard let id = member?.memberId else { continue }
            for index in indices { give([partition], &topics[index], to: id) }
            if !indices.contains(where: { topics[$0].room(for: id) > 0 }) {
                remaining.removeAll { $0.memberId == id }
                if remaining.isEmpty { return }
            }
        }
    }

    private mutating func deal(_ topic: inout Topic, _ may: (GroupSnapshot.Member, Int) -> Bool) {
        for member in topic.members {
            if topic.open.isEmpty { return }
            let taken = topic.open.filter { may(member, $0) }.prefix(topic.room(for: member.memberId))
            if !taken.isEmpty { give(Array(taken), &topic, to: member.memberId) }
        }
    }

    private mutating func give(_ partitions: [Int], _ topic: inout Topic, to member: String) {
        topic.give(partitions, to: member)
        shares[member]?.append(contentsOf: partitions.map { TopicPartition(topic.name, PartitionID(index: $0)) })
    }
}
