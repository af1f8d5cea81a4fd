/// A partition in a group whose topics are numbered in the order of their names.
struct GroupPlace: Hashable, Comparable {
    var topic: Int
    var index: Int

    static func < (a: GroupPlace, b: GroupPlace) -> Bool { (a.topic, a.index) < (b.topic, b.index) }
}

/// A group as the sticky assignors see it: members and topics are numbered in the order of their names, and what members
/// claim to have had is settled between them. It follows `AbstractStickyAssignor` in Apache Kafka 4.3, but that partitions
/// which are no more are claimed by nobody: there they would be assigned, and others twice.
struct StickyGroup {
    /// The members' ids.
    let ids: [String]
    /// The members in the order in which Java goes through them.
    let order: [Int]
    /// The topics that there are and that somebody wants.
    let topics: [String]
    /// How many partitions they have.
    let counts: [Int]
    /// The topics that each member wants.
    let wishes: [[Int]]
    private let wished: [Set<Int>]
    /// Whether all members want the same topics.
    let wantSame: Bool
    /// What each member has had, and no other of the same or a later generation.
    let owned: [[GroupPlace]]
    /// Partitions that several members have had in the same generation.
    let contested: Set<GroupPlace>
    /// What members have had in an earlier generation than the last: the member that had it most recently.
    let previous: [GroupPlace: Int]
    /// What each member says that it has at present.
    let present: [Set<GroupPlace>]
    let racks: RackMatch
    private let hashes: [Int32]

    init(_ group: GroupSnapshot, _ claim: (GroupSnapshot.Member) -> StickyClaim) {
        var known: Set<String> = []
        // The order in which the map was filled is the coordinator's.
        let named = group.members.filter { known.insert($0.memberId).inserted }
        let members = named.sorted { JavaOrder.precedes($0.memberId, $1.memberId) }
        ids = members.map(\.memberId)
        let ranks = Dictionary(ids.enumerated().map { ($1, $0) }) { first, _ in first }
        order = JavaOrder.hashMap(named.map { JavaOrder.hash($0.memberId) }).compactMap { ranks[named[$0].memberId] }

        let wanted = Set(members.flatMap(\.topics)).filter { group.topics[$0].map { $0.partitionCount > 0 } ?? false }
        topics = wanted.sorted(by: JavaOrder.precedes)
        counts = topics.map { group.topics[$0]?.partitionCount ?? 0 }
        hashes = topics.map(JavaOrder.hash)
        let numbers = Dictionary(topics.enumerated().map { ($1, $0) }) { first, _ in first }
        wished = members.map { Set($0.topics.compactMap { numbers[$0] }) }
        wishes = wished.map { $0.sorted() }

        let (counts, topics) = (counts, topics)
        func place(_ partition: TopicPartition) -> GroupPlace? {
            guard let topic = numbers[partition.topic], partition.partition.rawValue >= 0 else { return nil }
            let place = GroupPlace(topic: topic, index: partition.partition.index)
            return place.index < counts[topic] ? place : nil
        }
        let claims = members.map(claim)
        let places = claims.map { $0.partitions.compactMap(place) }
        let settled = Self.settle(members, claims, places, order)
        (wantSame, owned, contested) = (settled.wantSame, settled.owned, settled.contested)
        previous = Self.previous(claims, places, order)
        present = members.map { Set($0.ownedPartitions.compactMap(place)) }
        racks = RackMatch(members.map(\.rack), topics.map { group.topics[$0] ?? .init(partitionCount: 0) })
    }

    func wants(_ member: Int, _ topic: Int) -> Bool { wished[member].contains(topic) }

    func hash(_ place: GroupPlace) -> Int32 {
        JavaOrder.hash(topic: hashes[place.topic], partition: Int32(clamping: place.index))
    }

    /// All partitions, of these topics one after the other.
    func places(of topics: some Sequence<Int>) -> [GroupPlace] {
        topics.flatMap { topic in (0..<counts[topic]).map { GroupPlace(topic: topic, index: $0) } }
    }

    /// What each member gets, in order.
    func named(_ shares: [[GroupPlace]]) -> [String: [TopicPartition]] {
        var named: [String: [TopicPartition]] = [:]
        for (id, share) in zip(ids, shares) {
            named[id] = share.sorted().map { TopicPartition(topics[$0.topic], PartitionID(index: $0.index)) }
        }
        return named
    }

    // MARK: - Claims

    /// Settles who has had which partition: of two members the one that had it in the later generation, and neither where
    /// both had it in the same.
    private static func settle(
        _ members: [GroupSnapshot.Member], _ claims: [StickyClaim], _ places: [[GroupPlace]], _ order: [Int]
    ) -> (wantSame: Bool, owned: [[GroupPlace]], contested: Set<GroupPlace>) {
        var wantSame = true
        var topics: Set<String> = []
        var owned = [[GroupPlace]](repeating: [], count: members.count)
        var contested: Set<GroupPlace> = []
        var owners: [GroupPlace: Int] = [:]
        for member in order {
            // As in Java, who wants nothing does not count where all before it want nothing either.
            let wishes = members[member].topics
            if topics.isEmpty {
                topics = Set(wishes)
            } else if wishes.count != topics.count || !wishes.allSatisfy(topics.contains) {
                wantSame = false
            }
            let generation = claims[member].generation ?? -1
            for place in places[member] {
                guard let other = owners[place] else {
                    owned[member].append(place)
                    owners[place] = member
                    continue
                }
                let otherGeneration = max(members[other].generation, -1)
                guard generation >= otherGeneration else { continue }
                if generation > otherGeneration { owned[member].append(place) } else { contested.insert(place) }
                if let index = owned[other].firstIndex(of: place) { owned[other].remove(at: index) }
                owners[place] = member
            }
        }
        return (wantSame, owned, contested)
    }

    private static func previous(_ claims: [StickyClaim], _ places: [[GroupPlace]], _ order: [Int]) -> [GroupPlace: Int]
    {
        let last = claims.map { $0.generation ?? -1 }.max() ?? -1
        var found: [GroupPlace: (member: Int, generation: Int32)] = [:]
        for member in order {
            let generation = claims[member].generation ?? -1
            guard generation < last else { continue }
            for place in places[member] where generation > found[place]?.generation ?? .min {
                found[place] = (member, generation)
            }
        }
        return found.mapValues(\.member)
    }
}

/// Which partitions have a replica in a member's rack (KIP-881); matters only where that differs between partitions.
struct RackMatch {
    /// The rack of each member; all nil where racks do not matter.
    let members: [String?]
    /// The racks of each partition, by topic; empty where racks do not matter.
    private let partitions: [[Set<String>]]
    /// How many members are in a rack of the partition; empty where no member has a rack.
    private let nearby: [[Int]]

    init(_ racks: [String?], _ topics: [GroupSnapshot.Topic]) {
        let racks = racks.map { $0 == "" ? nil : $0 }
        let own = racks.reduce(into: [String: Int]()) { counts, rack in
            if let rack { counts[rack, default: 0] += 1 }
        }
        guard !own.isEmpty else {
            (members, partitions, nearby) = (racks, [], [])
            return
        }
        let found = topics.map { topic in (0..<max(0, topic.partitionCount)).map { Set(topic.racks(of: $0)) } }
        nearby = found.map { $0.map { racks in racks.reduce(0) { $0 + (own[$1] ?? 0) } } }
        let isUsed = Self.matter(Set(own.keys), found.joined())
        members = isUsed ? racks : racks.map { _ in nil }
        partitions = isUsed ? found : []
    }

    /// Whether members and partitions have racks in common, and not all partitions are in all racks.
    static func matter(_ own: Set<String>, _ partitions: some Sequence<Set<String>>) -> Bool {
        var all: Set<String> = []
        for racks in partitions { all.formUnion(racks) }
        return !own.isDisjoint(with: all) && !partitions.allSatisfy { $0 == all }
    }

    var isUsed: Bool { !partitions.isEmpty && members.contains { $0 != nil } }

    /// Whether the partition has a replica in that member's rack; nil where either has none.
    private func isNear(_ member: Int, _ place: GroupPlace) -> Bool? {
        guard let rack = members[member], partitions.indices.contains(place.topic) else { return nil }
        return partitions[place.topic][place.index].contains(rack)
    }

    func isNear(_ member: Int, to place: GroupPlace) -> Bool { isNear(member, place) ?? false }

    func isFar(_ member: Int, from place: GroupPlace) -> Bool { isNear(member, place).map { !$0 } ?? false }

    /// Those that few members are near to come first.
    func sorted(_ places: [GroupPlace]) -> [GroupPlace] {
        guard !nearby.isEmpty else { return places }
        return places.enumerated().map { (near: nearby[$1.topic][$1.index], number: $0, place: $1) }
            .sorted { ($0.near, $0.number) < ($1.near, $1.number) }.map(\.place)
    }

    /// The next of `members`, from number `first` on and round, that is near to the partition.
    func next(near place: GroupPlace, among members: [Int], from first: Int) -> Int? {
        for step in members.indices {
            let index = (first + step) % members.count
            if isNear(members[index], to: place) { return index }
        }
        return nil
    }
}
