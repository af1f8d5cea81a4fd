/// How the leader of a classic consumer group spreads partitions over the members. All members of a group must compute
/// the same from the same input, whatever their language, so each assignor follows the Java client's to the letter.
public enum Assignor: String, CaseIterable, Sendable {
    /// Topic by topic, each member gets a run of neighbouring partitions (`RangeAssignor`, Kafka's default).
    case range
    /// All partitions of all topics are dealt out in turn (`RoundRobinAssignor`).
    case roundRobin = "roundrobin"

    /// The name that members offer in JoinGroup.
    public var name: String { rawValue }

    /// A member of the group, as its subscription describes it.
    public struct Member: Hashable, Sendable {
        /// The id that the coordinator gave.
        public var memberId: String
        /// The `group.instance.id` of a static member (KIP-345), or nil.
        public var groupInstanceId: String?
        /// The topics that it wants; their order does not matter.
        public var topics: [String]

        /// A member with its wishes.
        public init(memberId: String, groupInstanceId: String? = nil, topics: [String]) {
            self.memberId = memberId
            self.groupInstanceId = groupInstanceId
            self.topics = topics
        }
    }

    /// What each member gets, by member id: topics in order of their names, partitions ascending. Every member is
    /// there, also one that gets nothing. Topics that are missing in `partitionCounts` or have no partitions are
    /// passed over.
    public func assign(
        partitionCounts: [String: Int32], members: [Member]
    ) -> [String: [ConsumerProtocolAssignment.TopicPartition]] {
        var shares: [String: [String: [PartitionID]]] = [:]
        for member in members { shares[member.memberId] = [:] }
        let sorted = members.sorted(by: Self.precedes)
        let wanted = Set(members.flatMap(\.topics)).sorted(by: Self.precedes)
        let topics = wanted.compactMap { name in partitionCounts[name].map { Topic(name: name, count: $0) } }
        switch self {
        case .range: Self.range(topics.filter { $0.count > 0 }, sorted, &shares)
        case .roundRobin: Self.roundRobin(topics.filter { $0.count > 0 }, sorted, &shares)
        }
        if PlantedMistake.assignsTwice.isMade, let first = sorted.first, let last = sorted.last {
            shares[last.memberId] = shares[first.memberId]
        }
        return shares.mapValues { topics in
            topics.sorted { Self.precedes($0.key, $1.key) }.map { name, partitions in
                .with {
                    $0.topic = name
                    $0.partitions = partitions
                }
            }
        }
    }

    private struct Topic {
        var name: String
        var count: Int32
    }

    /// The first members get one partition more where the count does not divide evenly.
    private static func range(_ topics: [Topic], _ members: [Member], _ shares: inout [String: [String: [PartitionID]]])
    {
        for topic in topics {
            let takers = members.filter { $0.topics.contains(topic.name) }
            let (each, extra) = Int(topic.count).quotientAndRemainder(dividingBy: takers.count)
            var next: Int32 = 0
            for (index, member) in takers.enumerated() {
                let share = Int32(each + (index < extra ? 1 : 0))
                if share > 0 { shares[member.memberId]?[topic.name] = (next..<next + share).map { PartitionID($0) } }
                next += share
            }
        }
    }

    /// The turn goes on from topic to topic; members that do not want a topic are passed over.
    private static func roundRobin(
        _ topics: [Topic], _ members: [Member], _ shares: inout [String: [String: [PartitionID]]]
    ) {
        let wishes = members.map { Set($0.topics) }
        var turn = 0
        for topic in topics {
            for partition in 0..<topic.count {
                // Every topic here is wanted by somebody, so the search ends.
                while !wishes[turn].contains(topic.name) { turn = (turn + 1) % members.count }
                shares[members[turn].memberId]?[topic.name, default: []].append(PartitionID(partition))
                turn = (turn + 1) % members.count
            }
        }
    }

    /// Static members come first, in order of their instance ids, so that a restart with a new member id moves no
    /// partition (KIP-345); the others follow in order of their member ids.
    private static func precedes(_ a: Member, _ b: Member) -> Bool {
        switch (a.groupInstanceId, b.groupInstanceId) {
        case (let x?, let y?): precedes(x, y)
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): precedes(a.memberId, b.memberId)
        }
    }

    /// Java compares strings by UTF-16 units, which differs from Swift's order outside ASCII.
    private static func precedes(_ a: String, _ b: String) -> Bool { a.utf16.lexicographicallyPrecedes(b.utf16) }
}
