import KafkaWire

/// A clock that stands still until it is told otherwise, for a broker whose time a test decides; see
/// ``KafkaBroker/advance(by:)``.
///
/// Everything that the broker waits for follows it: a fetch without records is not answered, and the first join of a new
/// group waits for others (``BrokerConfiguration/initialRebalanceDelay``; `.zero` is at once), until it is moved.
/// What clients wait for follows their own clocks.
public final class ManualClock: Sendable {
    private struct State {
        /// Since the clock was made; what deadlines are held against.
        var elapsed = Instant(nanoseconds: 0)
        let start: Int64
    }

    private let state: Locked<State>

    /// A clock that shows `start`, in milliseconds since 1970: by default the first moment of 2026 (UTC), the same in
    /// every run.
    public init(startingAt start: Int64 = 1_767_225_600_000) { state = Locked(State(start: start)) }

    /// The time that it shows, in milliseconds since 1970: what records and markers are stamped with.
    public var milliseconds: Int64 {
        state.withLock { $0.start &+ $0.elapsed.nanoseconds / 1_000_000 }
    }

    /// The same time, as deadlines are held against it.
    var now: Instant { state.withLock { $0.elapsed } }

    /// Moves it on; never back.
    func move(to instant: Instant) { state.withLock { $0.elapsed = max($0.elapsed, instant) } }
}
