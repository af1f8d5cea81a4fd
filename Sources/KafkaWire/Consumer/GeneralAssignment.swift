/// The sticky assignment of a group whose members want different topics: each keeps what it has had, what is left goes to
/// those who have least, and then partitions are moved as long as that makes the shares more even.
/// `GeneralAssignmentBuilder` in Apache Kafka 4.3; but no partition is moved to a member that does not want its topic.
struct GeneralAssignment {
    private let group: StickyGroup
    private(set) var shares: [[GroupPlace]]
    private var owners: [GroupPlace: Int] = [:]
    /// The members that take part in moving, those with the smallest share first.
    private var bySize: [Int] = []
    private var takesPart: [Bool]
    /// The members that want each topic.
    private let takers: [[Int]]
    private var movements = PartitionMovements()
    /// Moves that are left: even where moves went in a circle, they would end.
    private var movesLeft: Int

    init(_ group: StickyGroup) {
        self.group = group
        shares = group.owned
        takesPart = group.ids.map { _ in true }
        var takers = [[Int]](repeating: [], count: group.topics.count)
        for member in group.order { for topic in group.wishes[member] { takers[topic].append(member) } }
        self.takers = takers
        let (limit, isTooMuch) = group.counts.reduce(0, +).multipliedReportingOverflow(by: max(group.ids.count, 4))
        movesLeft = isTooMuch ? .max : limit
        guard !group.ids.isEmpty else { return }

        let gaveUp = keep()
        let all = group.places(of: group.topics.indices.sorted { (takers[$0].count, $0) < (takers[$1].count, $1) })
        var open = all.filter { owners[$0] == nil }
        bySize = group.ids.indices.sorted { (shares[$0].count, $0) < (shares[$1].count, $1) }
        balance(all: all, open: &open, gaveUp: gaveUp)
    }

    // MARK: - What members keep

    /// Takes away what members no longer want, or are too far from. Says whether there was such a thing.
    private mutating func keep() -> Bool {
        var gaveUp = false
        for member in shares.indices {
            let kept = shares[member].filter {
                group.wants(member, $0.topic) && !group.racks.isFar(member, from: $0)
            }
            gaveUp = gaveUp || kept.count < shares[member].count
            shares[member] = kept
            for place in kept { owners[place] = member }
        }
        return gaveUp
    }

    // MARK: - What is left

    private mutating func balance(all: [GroupPlace], open: inout [GroupPlace], gaveUp: Bool) {
        let isNew = bySize.last.map { shares[$0].isEmpty } ?? true
        let far = group.racks.isUsed ? open.filter { !assign($0, nearby: true) } : open
        for place in far { _ = assign(place, nearby: false) }

        let movable = Set(group.topics.indices.filter { takers[$0].count >= 2 })
        let all = all.filter { movable.contains($0.topic) }
        open.removeAll { !movable.contains($0.topic) }
        for member in group.ids.indices where !mayMove(member, movable) { takesPart[member] = false }
        bySize.removeAll { !takesPart[$0] }

        let before = (shares, owners)
        let scoreBefore = score
        if !gaveUp { _ = move(open) }
        let hasMoved = move(all)
        if !isNew, hasMoved, score >= scoreBefore { (shares, owners) = before }
    }

    private mutating func assign(_ place: GroupPlace, nearby: Bool) -> Bool {
        let taker = bySize.first {
            group.wants($0, place.topic) && !(nearby && group.racks.isFar($0, from: place))
        }
        guard let taker else { return false }
        resize(taker) { $0.shares[taker].append(place) }
        owners[place] = taker
        return true
    }

    /// Whether a member may get more than it has, or has what another may get.
    private func mayMove(_ member: Int, _ movable: Set<Int>) -> Bool {
        shares[member].count < most(of: member) || shares[member].contains { movable.contains($0.topic) }
    }

    private func most(of member: Int) -> Int { group.wishes[member].reduce(0) { $0 + group.counts[$1] } }

    // MARK: - Moves

    /// Moves these partitions as long as that makes the shares more even. Says whether one was moved.
    private mutating func move(_ places: [GroupPlace]) -> Bool {
        var hasMoved = false
        var goesOn = true
        while goesOn {
            goesOn = false
            for place in places {
                guard movesLeft > 0, !isBalanced else { break }
                guard let owner = owners[place] else { continue }
                if let previous = group.previous[place], takesPart[previous], group.wants(previous, place.topic),
                    shares[owner].count > shares[previous].count + 1
                {
                    move(place, to: previous)
                } else if takers[place.topic].contains(where: { shares[owner].count > shares[$0].count + 1 }),
                    let least = bySize.first(where: { group.wants($0, place.topic) })
                {
                    move(place, to: least)
                } else {
                    continue
                }
                (goesOn, hasMoved) = (true, true)
            }
        }
        return hasMoved
    }

    private mutating func move(_ wanted: GroupPlace, to member: Int) {
        guard let from = owners[wanted] else { return }
        movesLeft -= 1
        let place = movements.actual(wanted, from: from, to: member, hash: group.hash)
        guard let owner = owners[place] else { return }
        movements.move(place, from: owner, to: member)
        resize(owner) { state in
            if let index = state.shares[owner].firstIndex(of: place) { state.shares[owner].remove(at: index) }
        }
        resize(member) { $0.shares[member].append(place) }
        owners[place] = member
    }

    /// Whether no member could get a partition from one that has at least two more.
    private var isBalanced: Bool {
        guard let first = bySize.first, let last = bySize.last else { return true }
        if shares[first].count >= shares[last].count - 1 { return true }
        for member in bySize where shares[member].count != most(of: member) {
            for topic in group.wishes[member] {
                for index in 0..<group.counts[topic] {
                    guard let owner = owners[GroupPlace(topic: topic, index: index)], owner != member else { continue }
                    if shares[member].count + 1 < shares[owner].count { return false }
                }
            }
        }
        return true
    }

    /// How uneven the shares are: the sum of the differences of all pairs of members.
    private var score: Int {
        let sizes = shares.indices.filter { takesPart[$0] }.map { shares[$0].count }.sorted()
        var (score, sum) = (0, 0)
        for (count, size) in sizes.enumerated() {
            let (grown, isTooMuch) = size.multipliedReportingOverflow(by: count)
            score = isTooMuch ? .max : score.addingReportingOverflow(grown - sum).partialValue
            sum += size
        }
        return score
    }

    /// Changes the share of a member, and its place among the others.
    private mutating func resize(_ member: Int, _ change: (inout Self) -> Void) {
        let isListed = takesPart[member]
        if isListed {
            let place = position(of: member)
            if bySize.indices.contains(place), bySize[place] == member { bySize.remove(at: place) }
        }
        change(&self)
        if isListed { bySize.insert(member, at: position(of: member)) }
    }

    /// Where the member stands, or belongs, in the order of sizes.
    private func position(of member: Int) -> Int {
        let wanted = (shares[member].count, member)
        var (low, high) = (0, bySize.count)
        while low < high {
            let middle = low + (high - low) / 2
            if (shares[bySize[middle]].count, bySize[middle]) < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Which partitions were moved from whom to whom: instead of moving one there and another of the same topic back, the first
/// stays. `PartitionMovements` in Apache Kafka's `AbstractStickyAssignor`.
struct PartitionMovements {
    private struct Pair: Hashable {
        var from: Int
        var to: Int
    }

    /// Partitions in the order in which they came, and how many there were at most: what the order of a set in Java
    /// depends on.
    private struct Moved {
        var places: [GroupPlace] = []
        var peak = 0

        mutating func add(_ place: GroupPlace) {
            places.append(place)
            peak = max(peak, places.count)
        }
    }

    private var moves: [GroupPlace: Pair] = [:]
    private var byTopic: [Int: [Pair: Moved]] = [:]

    mutating func move(_ place: GroupPlace, from: Int, to member: Int) {
        guard let before = remove(place) else { return add(place, Pair(from: from, to: member)) }
        // Back where it was is not moved.
        if before.from != member { add(place, Pair(from: before.from, to: member)) }
    }

    private mutating func add(_ place: GroupPlace, _ pair: Pair) {
        moves[place] = pair
        byTopic[place.topic, default: [:]][pair, default: Moved()].add(place)
    }

    private mutating func remove(_ place: GroupPlace) -> Pair? {
        guard let pair = moves.removeValue(forKey: place) else { return nil }
        byTopic[place.topic]?[pair]?.places.removeAll { $0 == place }
        if byTopic[place.topic]?[pair]?.places.isEmpty ?? true { byTopic[place.topic]?[pair] = nil }
        return pair
    }

    /// The partition to move in place of `place`.
    func actual(_ place: GroupPlace, from: Int, to member: Int, hash: (GroupPlace) -> Int32) -> GroupPlace {
        let from = moves[place]?.from ?? from
        guard let back = byTopic[place.topic]?[Pair(from: member, to: from)],
            let first = JavaOrder.hashMap(back.places.map(hash), peak: back.peak).first
        else { return place }
        return back.places[first]
    }
}
