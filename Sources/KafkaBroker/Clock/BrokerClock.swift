import KafkaWire

/// Where a broker has its time from.
public enum BrokerClock: Sendable {
    /// The system's clocks.
    case system
    /// A clock that ``KafkaBroker/advance(by:)`` moves, and nothing else.
    case manual(ManualClock)

    /// The clock that deadlines are held against.
    var now: @Sendable () -> Instant {
        switch self {
        case .system: return { .now }
        case .manual(let clock): return { clock.now }
        }
    }

    /// The time of day that records and the markers of transactions carry, in milliseconds since 1970.
    var timestamp: @Sendable () -> Int64 {
        switch self {
        case .system: return { Instant.wallMilliseconds }
        case .manual(let clock): return { clock.milliseconds }
        }
    }
}
