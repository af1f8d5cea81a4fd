/// What a client does when no broker that it knows tells it of the cluster any more (`metadata.recovery.strategy`, KIP-899,
/// KIP-1102).
public enum MetadataRecovery: Sendable, Equatable {
    /// It asks those that it knows for ever, and takes a broker's word REBOOTSTRAP_REQUIRED for a failure.
    case none
    /// It forgets them, and begins with the bootstrap servers anew: when a broker says so (REBOOTSTRAP_REQUIRED), when an
    /// address turns out to be another cluster's, and when for so long
    /// (`metadata.recovery.rebootstrap.trigger.ms`) none of them has answered.
    case rebootstrap(after: Duration)
}

/// Since when a client asks for the cluster's brokers in vain. A value.
struct MetadataAttempts: Equatable, Sendable {
    private let recovery: MetadataRecovery
    private var start: Instant?

    init(_ recovery: MetadataRecovery) { self.recovery = recovery }

    var isRecovering: Bool { recovery != .none }

    /// Somebody is asked now. True where it is time to begin with the bootstrap servers anew; from then on it is counted
    /// anew.
    mutating func asks(now: Instant) -> Bool {
        guard let start else {
            start = now
            return false
        }
        guard case .rebootstrap(let limit) = recovery, start + limit < now else { return false }
        self.start = now
        return true
    }

    /// Somebody has told of the cluster.
    mutating func worked() { start = nil }
}
