import KafkaWire

/// What a table of members has to know of each.
protocol TabledMember: Equatable {
    /// Its place in the order of joining.
    var order: Int { get }
    /// When something is due with it.
    var deadline: Instant? { get }
    /// How much memory it takes, roughly; asked with every change.
    var bytes: Int { get }
}

/// The members of a group by id. Who is the oldest, whose time runs out first, and how much memory all take is kept with
/// every change, so that no request walks through all members for that.
struct MemberTable<Member: TabledMember>: Equatable {
    private var byId: [String: Member] = [:]
    private var places = RankedKeys<String, Int>()
    private var deadlines = RankedKeys<String, Instant>()
    /// How much memory the members take, roughly.
    private(set) var bytes = 0

    var isEmpty: Bool { byId.isEmpty }
    var count: Int { byId.count }
    var keys: [String: Member].Keys { byId.keys }
    var values: [String: Member].Values { byId.values }

    /// The member that joined first.
    var oldest: String? { places.first?.key }
    /// When something is due next.
    var nextDeadline: Instant? { deadlines.first?.rank }
    /// The members in the order in which they joined.
    var ordered: [Member] { byId.values.sorted { $0.order < $1.order } }

    subscript(id: String) -> Member? {
        get { byId[id] }
        _modify {
            let before = byId[id]?.bytes ?? 0
            defer {
                bytes += (byId[id]?.bytes ?? 0) - before
                places[id] = byId[id]?.order
                deadlines[id] = byId[id]?.deadline
            }
            yield &byId[id]
        }
    }

    mutating func remove(_ id: String) -> Member? {
        let member = self[id]
        self[id] = nil
        return member
    }

    /// The members of which something is due at `now`, in the order in which they joined. They are to be removed, or
    /// changed: nothing is due of them any more.
    mutating func takeDue(_ now: Instant) -> [String] {
        deadlines.take(upTo: now).sorted { (places[$0] ?? 0) < (places[$1] ?? 0) }
    }

    /// What does not hold of the table though it always should.
    var objections: [String] {
        var found: [String] = []
        let held = byId.values.reduce(0) { $0 + $1.bytes }
        if held != bytes { found.append("\(bytes) bytes are counted of members that take \(held)") }
        if nextDeadline != byId.values.compactMap(\.deadline).min() { found.append("a deadline is overlooked") }
        if oldest.flatMap({ byId[$0]?.order }) != byId.values.map(\.order).min() {
            found.append("the oldest member is another one")
        }
        return found
    }
}
