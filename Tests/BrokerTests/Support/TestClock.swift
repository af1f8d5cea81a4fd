import KafkaWire

/// A clock that a test moves.
final class TestClock: Sendable {
    private let time = Locked(Instant(nanoseconds: 0))

    var now: Instant { time.withLock { $0 } }

    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
