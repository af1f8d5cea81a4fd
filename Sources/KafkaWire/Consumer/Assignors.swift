/// The assignors of Kafka's clients. All members of a group must compute the same from the same input, whatever their
/// language, so each follows the Java client's of Apache Kafka 4.3 to the letter.
public struct Assignor: GroupAssignor, Hashable, CaseIterable, RawRepresentable, CustomStringConvertible {
    private enum Kind: String, CaseIterable {
        case range
        case roundRobin = "roundrobin"
        case sticky
        case cooperativeSticky = "cooperative-sticky"
    }

    private let kind: Kind

    fileprivate static let ranges = Assignor(kind: .range)
    fileprivate static let turns = Assignor(kind: .roundRobin)
    fileprivate static let keeps = Assignor(kind: .sticky)
    fileprivate static let keepsCooperatively = Assignor(kind: .cooperativeSticky)

    private init(kind: Kind) { self.kind = kind }

    /// The assignor of that ``name``; nil where there is none.
    public init?(rawValue: String) {
        guard let kind = Kind(rawValue: rawValue) else { return nil }
        self.kind = kind
    }

    /// range, roundrobin, sticky, cooperative-sticky.
    public static var allCases: [Assignor] { Kind.allCases.map { Assignor(kind: $0) } }
    /// Kafka's name, such as `cooperative-sticky`.
    public var rawValue: String { kind.rawValue }
    /// The name that members offer in JoinGroup.
    public var name: String { rawValue }
    /// 1 for the sticky assignor, whose user data has a generation since KIP-341; 0 for the others.
    public var version: Int16 { kind == .sticky ? 1 : 0 }
    /// Kafka's name, such as `cooperative-sticky`.
    public var description: String { name }

    /// Eager; the cooperative sticky assignor can do both (KIP-429).
    public var rebalanceProtocols: [RebalanceProtocol] {
        kind == .cooperativeSticky ? [.cooperative, .eager] : [.eager]
    }

    /// What the sticky assignors remember of the last assignment; the others remember nothing.
    public func userData(for memory: AssignmentMemory) -> Bytes? {
        switch kind {
        case .range, .roundRobin: nil
        case .sticky: StickyUserData.bytes(memory)
        case .cooperativeSticky: CooperativeUserData.bytes(memory)
        }
    }

    /// What each member gets, by member id: topics in order of their names, partitions ascending. Every member is there, also
    /// one that gets nothing.
    public func assign(_ group: GroupSnapshot) -> [String: [TopicPartition]] {
        var shares = spread(group)
        let members = group.members.sorted(by: Self.precedes)
        if PlantedMistake.assignsTwice.isMade, let first = members.first, let last = members.last {
            shares[last.memberId] = shares[first.memberId]
        }
        return shares
    }

    private func spread(_ group: GroupSnapshot) -> [String: [TopicPartition]] {
        switch kind {
        case .range:
            RangeAssignment(group.members.sorted(by: Self.precedes), Self.topics(group)).shares.mapValues(Self.inOrder)
        case .roundRobin: Self.roundRobin(Self.topics(group), group.members.sorted(by: Self.precedes))
        case .sticky: Self.sticky(StickyGroup(group) { StickyUserData.claim($0.userData) }, cooperative: false)
        case .cooperativeSticky: Self.sticky(StickyGroup(group, CooperativeUserData.claim), cooperative: true)
        }
    }

    /// The topics that somebody wants and that have partitions, in order.
    private static func topics(_ group: GroupSnapshot) -> [(name: String, topic: GroupSnapshot.Topic)] {
        Set(group.members.flatMap(\.topics)).sorted(by: JavaOrder.precedes).compactMap { name in
            guard let topic = group.topics[name], topic.partitionCount > 0 else { return nil }
            return (name, topic)
        }
    }

    private static func inOrder(_ partitions: [TopicPartition]) -> [TopicPartition] {
        partitions.sorted {
            $0.topic == $1.topic ? $0.partition < $1.partition : JavaOrder.precedes($0.topic, $1.topic)
        }
    }

    /// The turn goes on from topic to topic; members that do not want a topic are passed over.
    private static func roundRobin(
        _ topics: [(name: String, topic: GroupSnapshot.Topic)], _ members: [GroupSnapshot.Member]
    ) -> [String: [TopicPartition]] {
        var shares = Dictionary(members.map { ($0.memberId, [TopicPartition]()) }) { first, _ in first }
        let wishes = members.map { Set($0.topics) }
        var turn = 0
        for (name, topic) in topics {
            for partition in 0..<topic.partitionCount {
                // Every topic here is wanted by somebody, so the search ends.
                while !wishes[turn].contains(name) { turn = (turn + 1) % members.count }
                shares[members[turn].memberId]?.append(TopicPartition(name, PartitionID(index: partition)))
                turn = (turn + 1) % members.count
            }
        }
        return shares
    }

    /// As even as can be, and each member keeps what it has had as far as that goes (KIP-54). Cooperatively, what is to move
    /// is first taken from its owner, and given away in the rebalance that follows (KIP-429).
    private static func sticky(_ group: StickyGroup, cooperative: Bool) -> [String: [TopicPartition]] {
        guard group.wantSame else {
            var shares = GeneralAssignment(group).shares
            guard cooperative else { return group.named(shares) }
            let lost = shares.indices.reduce(into: Set<GroupPlace>()) {
                $0.formUnion(group.present[$1].subtracting(shares[$1]))
            }
            for member in shares.indices {
                shares[member].removeAll { lost.contains($0) && !group.present[member].contains($0) }
            }
            return group.named(shares)
        }
        let assignment = ConstrainedAssignment(group)
        guard cooperative else { return group.named(assignment.shares) }
        return group.named(
            assignment.shares.enumerated().map { member, share in
                share.filter { assignment.moving[$0] != member }
            })
    }

    /// Static members come first, in order of their instance ids, so that a restart with a new member id moves no
    /// partition (KIP-345); the others follow in order of their member ids.
    private static func precedes(_ a: GroupSnapshot.Member, _ b: GroupSnapshot.Member) -> Bool {
        switch (a.groupInstanceId, b.groupInstanceId) {
        case (let x?, let y?): JavaOrder.precedes(x, y)
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): JavaOrder.precedes(a.memberId, b.memberId)
        }
    }
}

extension GroupAssignor where Self == Assignor {
    /// Topic by topic, each member gets a run of neighbouring partitions (`RangeAssignor`, Kafka's default).
    public static var range: Assignor { Assignor.ranges }
    /// All partitions of all topics are dealt out in turn (`RoundRobinAssignor`).
    public static var roundRobin: Assignor { Assignor.turns }
    /// As even as can be, and members keep as much as they can of what they had (`StickyAssignor`, KIP-54).
    public static var sticky: Assignor { Assignor.keeps }
    /// As ``sticky``, with cooperative rebalancing: members go on reading what they keep (`CooperativeStickyAssignor`,
    /// KIP-429).
    public static var cooperativeSticky: Assignor { Assignor.keepsCooperatively }
}
