/// The sticky assignment of a group whose members all want the same topics: each keeps what it has had, up to the share that
/// it is due, and what is left is dealt out. `ConstrainedAssignmentBuilder` in Apache Kafka 4.3.
struct ConstrainedAssignment {
    private let group: StickyGroup
    /// Every member gets as many partitions, and some one more.
    private let least: Int
    private let most: Int
    /// How many members are to get one more.
    private let wantedWithMore: Int
    private var withMore = 0

    private(set) var shares: [[GroupPlace]]
    /// What members had before and perhaps do not keep.
    private var given: [GroupPlace: Int] = [:]
    /// The partitions that have another owner now than before.
    private(set) var moving: [GroupPlace: Int] = [:]
    /// Members with less than the least.
    private var unfilled: [Int] = []
    /// Members with the least that may get one more.
    private var extensible: [Int] = []

    init(_ group: StickyGroup) {
        self.group = group
        let total = group.counts.reduce(0, +)
        let members = max(group.ids.count, 1)
        (least, wantedWithMore) = total.quotientAndRemainder(dividingBy: members)
        most = least + (wantedWithMore > 0 ? 1 : 0)
        shares = group.ids.map { _ in [] }
        guard !group.ids.isEmpty else { return }

        keep()
        let kept = Set(shares.joined())
        var open = group.places(of: group.topics.indices).filter { !kept.contains($0) }
        unfilled.sort()
        extensible.sort()
        open = group.racks.sorted(open)
        if group.racks.isUsed { open = dealNearby(open) }
        deal(open)
    }

    private var isEnoughWithMore: Bool { withMore >= wantedWithMore }

    private mutating func keep() {
        for member in group.order {
            var owned: [GroupPlace] = []
            for place in group.owned[member].sorted(by: { ($0.index, $0.topic) < ($1.index, $1.topic) }) {
                if group.racks.isFar(member, from: place) {
                    given[place] = member
                } else if !group.contested.contains(place) {
                    owned.append(place)
                }
            }
            if owned.count < least {
                shares[member] = owned
                unfilled.append(member)
                continue
            }
            let getsMore = owned.count >= most && !isEnoughWithMore
            if getsMore {
                withMore += 1
                if isEnoughWithMore { extensible = [] }
            }
            let share = getsMore ? most : least
            shares[member] = Array(owned.prefix(share))
            for place in owned.dropFirst(share) { given[place] = member }
            if !getsMore, !isEnoughWithMore { extensible.append(member) }
        }
    }

    /// Deals out what has a replica in a member's rack. Gives what is left.
    private mutating func dealNearby(_ open: [GroupPlace]) -> [GroupPlace] {
        var rest: [GroupPlace] = []
        var turn = 0
        for place in open {
            if let index = group.racks.next(near: place, among: unfilled, from: turn) {
                let member = unfilled[index]
                turn = index
                let count = shares[member].count + 1
                if count >= least {
                    unfilled.remove(at: index)
                    if count < most, !isEnoughWithMore { extensible.append(member) }
                } else {
                    turn += 1
                }
                turn = unfilled.isEmpty ? 0 : turn % unfilled.count
                assign(place, to: member)
            } else if let index = group.racks.next(near: place, among: extensible, from: 0) {
                let member = extensible[index]
                if shares[member].count + 1 == most {
                    extensible.remove(at: index)
                    withMore += 1
                    if isEnoughWithMore { extensible = [] }
                }
                assign(place, to: member)
            } else {
                rest.append(place)
            }
        }
        return rest
    }

    private mutating func deal(_ open: [GroupPlace]) {
        var turn = 0
        // One after the other gets its least; then one after the other one more.
        var more = extensible[...]
        for place in open {
            let member: Int
            if unfilled.isEmpty {
                // The counts add up: there is always one.
                guard let next = more.popFirst() else { return }
                member = next
            } else {
                if turn >= unfilled.count { turn = 0 }
                member = unfilled[turn]
                turn += 1
            }
            assign(place, to: member)
            if shares[member].count == least, turn > 0 {
                turn -= 1
                unfilled.remove(at: turn)
                more.append(member)
            }
        }
    }

    private mutating func assign(_ place: GroupPlace, to member: Int) {
        shares[member].append(place)
        if given[place].map({ $0 != member }) ?? false || group.contested.contains(place) { moving[place] = member }
    }
}
