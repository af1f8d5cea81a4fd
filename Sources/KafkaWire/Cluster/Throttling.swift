/// Until when brokers want no requests (KIP-219). A value.
///
/// A broker that throttles a client holds back its connection: what is sent meanwhile is answered when that is over, perhaps
/// behind the time-out, and what is sent again then arrives twice. The connection to a group's coordinator is held back by
/// itself, as that of Java's consumers is: members whose heartbeats waited for a quota of records would lose their group.
struct Throttling: Equatable, Sendable {
    /// What is held back together.
    struct Place: Hashable, Sendable {
        var broker: BrokerAddress
        var isGroup: Bool
    }

    private var ends: [Place: Instant] = [:]

    var isEmpty: Bool { ends.isEmpty }

    /// The broker wants no further request for so long.
    mutating func told(_ place: Place, for time: Duration, now: Instant) {
        ends = ends.filter { $0.value > now }
        ends[place] = max(now + time, ends[place] ?? now)
    }

    /// Until when nothing may go there; nil where something may.
    func end(of place: Place, now: Instant) -> Instant? {
        guard !ends.isEmpty, let end = ends[place], end > now else { return nil }
        return end
    }
}
