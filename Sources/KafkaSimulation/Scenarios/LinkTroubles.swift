import KafkaWire

/// What is wrong with links now, in the order in which it began: where two faults meet, the end of one leaves the other.
struct LinkTroubles {
    typealias Change = @Sendable (inout LinkConditions) -> Void

    /// A direction between two parties.
    struct Link: Hashable {
        var from: String
        var to: String
    }

    private var troubles: [(number: Int, links: Set<Link>, change: Change)] = []
    private var lastNumber = 0

    /// Begins something on those links, and gives the number by which it ends.
    mutating func begin(on links: Set<Link>, _ change: @escaping Change) -> Int {
        lastNumber += 1
        troubles.append((lastNumber, links, change))
        return lastNumber
    }

    /// Ends it, and gives its links.
    mutating func end(_ number: Int) -> Set<Link> {
        guard let place = troubles.firstIndex(where: { $0.number == number }) else { return [] }
        return troubles.remove(at: place).links
    }

    mutating func endAll() { troubles = [] }

    /// How it goes over a link.
    func conditions(_ link: Link, usual: LinkConditions) -> LinkConditions {
        var conditions = usual
        for trouble in troubles where trouble.links.contains(link) { trouble.change(&conditions) }
        return conditions
    }

    /// Whether nothing of the party's comes through to any of those, or the other way round.
    func isCutOff(_ party: String, from others: [String], usual: LinkConditions) -> Bool {
        others.allSatisfy { other in
            conditions(Link(from: party, to: other), usual: usual).isBlocked
                || conditions(Link(from: other, to: party), usual: usual).isBlocked
        }
    }
}
