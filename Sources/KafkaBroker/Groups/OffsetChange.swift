import KafkaWire

/// A change of what groups have committed, for whoever keeps it over a restart.
enum OffsetChange: Equatable {
    /// A position holds.
    case committed(group: String, key: TopicPartition, GroupCoordinator.Committed)
    /// A position will hold when the producer's transaction is committed.
    case pending(group: String, key: TopicPartition, GroupCoordinator.Committed, producer: ProducerIdentity)
    /// The producer's transaction has ended, and with it what is pending.
    case ended(producer: ProducerIdentity, commit: Bool)
    /// A position is gone.
    case removed(group: String, key: TopicPartition)
}
