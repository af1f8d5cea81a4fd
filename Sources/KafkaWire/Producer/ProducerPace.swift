/// How many requests of a producer are on their way to each broker, and when leaders are looked up. A value.
struct ProducerPace: Equatable, Sendable {
    /// How many may be on their way to one broker.
    let limit: Int
    /// After how long what is known of the topics is old.
    let maximumAge: Duration
    private var requests: [BrokerID: Int] = [:]
    private var lastLook: Instant
    /// How long to wait until the next: the longer, the more often there was none.
    private var pause: Duration
    private var looks = 1

    init(limit: Int, maximumAge: Duration, now: Instant, pause: (_ looks: Int) -> Duration) {
        self.limit = limit
        self.maximumAge = maximumAge
        lastLook = now
        self.pause = pause(1)
    }

    // MARK: - Requests

    func isFree(_ broker: BrokerID) -> Bool { requests[broker, default: 0] < limit }
    mutating func sent(to broker: BrokerID) { requests[broker, default: 0] += 1 }
    mutating func answered(by broker: BrokerID) { requests[broker, default: 1] -= 1 }

    // MARK: - Leaders

    /// Whether to look for leaders now that one is missing; if not, when.
    mutating func look(now: Instant, pause: (_ looks: Int) -> Duration) -> Instant? {
        let earliest = lastLook + self.pause
        guard now > earliest else { return earliest + .milliseconds(1) }
        lastLook = now
        looks += 1
        self.pause = pause(looks)
        return nil
    }

    /// From when on leaders should be looked up though none is missing.
    var oldAt: Instant { max(lastLook + maximumAge, lastLook + pause) + .milliseconds(1) }
    func isOld(now: Instant) -> Bool { now >= oldAt }

    /// A batch has arrived: the next look may follow soon.
    mutating func worked() { looks = 0 }
}
