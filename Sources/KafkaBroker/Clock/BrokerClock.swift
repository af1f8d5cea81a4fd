import KafkaWire

/// Where a broker has its time from.
public enum BrokerClock: Sendable {
    /// The clocks of its loop, which are the system's.
    case system
    /// A clock that ``KafkaBroker/advance(by:)`` moves, and nothing else.
    case manual(ManualClock)

    /// The time of a broker on that loop. Without one the system's clocks stand still, for who has only the state of a
    /// broker.
    func time(on loop: (any EventLoop)?) -> BrokerTime {
        switch (self, loop) {
        case (.system, let loop?):
            return BrokerTime {
                loop.now
            } timestamp: {
                loop.wallMilliseconds
            }
        case (.system, nil): return Self.manual(ManualClock()).time(on: nil)
        case (.manual(let clock), _):
            return BrokerTime {
                clock.now
            } timestamp: {
                clock.milliseconds
            }
        }
    }
}

/// The time as a broker is told it.
struct BrokerTime: Sendable {
    /// The clock that deadlines are held against.
    let now: @Sendable () -> Instant
    /// The time of day that records and the markers of transactions carry, in milliseconds since 1970.
    let timestamp: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Instant, timestamp: @escaping @Sendable () -> Int64) {
        self.now = now
        self.timestamp = timestamp
    }
}
