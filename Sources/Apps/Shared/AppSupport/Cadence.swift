// When the next thing is due. Values that are told what time it is, so that a table can test them.

/// Slots at a fixed distance: start, start + interval, start + 2 × interval, …
///
/// The slots do not move when one piece of work takes long, so nothing drifts; slots that went by meanwhile are
/// skipped, so nothing bursts.
public struct Cadence: Sendable {
    /// The first slot.
    public let start: ContinuousClock.Instant
    /// The distance of two slots; at least a microsecond.
    public let interval: Duration

    /// Slots from `start` on. An interval under a microsecond is taken for one.
    public init(start: ContinuousClock.Instant, interval: Duration) {
        self.start = start
        self.interval = max(interval, .microseconds(1))
    }

    /// The first slot after `now`, and how many slots lie between the last one and it that had no turn.
    ///
    /// - Parameter last: the slot whose work just ended.
    public func next(
        after last: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) -> (slot: ContinuousClock.Instant, skipped: Int) {
        let done = number(of: last)
        let passed = max(number(of: now), done)
        let next = passed + 1
        return (start.advanced(by: interval * next), Int(next - done - 1))
    }

    /// Which slot the moment falls into, counted from 0.
    private func number(of moment: ContinuousClock.Instant) -> Int64 {
        let passed = start.duration(to: moment)
        return passed <= .zero ? 0 : Cadence.nanoseconds(passed) / Cadence.nanoseconds(interval)
    }

    /// Whole nanoseconds; durations beyond 292 years stop there.
    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? .max : sum
    }
}

/// Keeps work at a rate: so many things per second, without catching up after a pause longer than a second.
public struct Pace<Moment: InstantProtocol<Duration>>: Sendable {
    /// Things per second.
    public let rate: Double
    private var origin: Moment
    private var done = 0

    /// A pace of `rate` things per second (more than 0) from `start` on.
    public init(rate: Double, start: Moment) {
        self.rate = max(rate, 0.000_001)
        origin = start
    }

    /// Takes note of `count` things done by `now`, and says how long to wait before the next ones; zero when late.
    public mutating func wait(after count: Int, now: Moment) -> Duration {
        done += count
        let due = origin.advanced(by: .seconds(Double(done) / rate))
        let early = now.duration(to: due)
        if early < .seconds(-1) {
            // An outage or a slow server: from here on at the agreed rate, not above it to make up.
            origin = now
            done = 0
        }
        return max(early, .zero)
    }
}
