/// Which positions a leader has confirmed that cannot do so with each fetch: brokers that speak Fetch before version 12 do
/// not say where their log parts from what was read. They are asked once for each leader epoch (KIP-320). A value, for one
/// broker.
struct EpochChecks: Equatable, Sendable {
    /// The leader epoch under which the position was confirmed last.
    private var confirmed: [TopicPartition: LeaderEpoch] = [:]

    /// Whether the position has to be confirmed: what was read last is of an epoch before the leader's. What is of the
    /// leader's own epoch, the leader has written itself.
    func isDue(_ partition: TopicPartition, read: LeaderEpoch, leader: LeaderEpoch) -> Bool {
        read >= 0 && leader > read && confirmed[partition] != leader
    }

    mutating func confirm(_ partition: TopicPartition, under leader: LeaderEpoch) { confirmed[partition] = leader }

    /// What a leader's answer means for a position.
    enum Meaning: Equatable, Sendable {
        /// The log has what was read.
        case confirmed
        /// It has other records from here on.
        case parts(Offset)
        /// It has nothing of that epoch any more, nor of those before.
        case unknown
    }

    /// As Java's `SubscriptionState.maybeCompleteValidation`.
    static func meaning(epoch: LeaderEpoch, end: Offset, at position: Offset) -> Meaning {
        if epoch < 0 || end < 0 { return .unknown }
        return end < position ? .parts(end) : .confirmed
    }
}

/// What was said with one broker about fetching.
struct FetchDialogue: Equatable, Sendable {
    var session = FetchSession()
    var checks = EpochChecks()
}
