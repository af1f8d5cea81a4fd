/// What happens to a consumer, in the order in which it happens.
public enum ConsumerEvent: Sendable {
    /// Records came.
    case batch(ConsumerBatch)
    /// The group has given this member these partitions beside those that it has already; it begins at these offsets. This
    /// is the place to rebuild what is known of their past. What could not be looked up at once, since a partition has no
    /// leader for one, is told of in a further event as soon as it can. A consumer of whole topics without a group is told
    /// so of the partitions that are new, and one of given partitions of those that were added. Nothing, where the group has no partition for a member that joins.
    case assigned([TopicPartition: Offset])
    /// There was no record behind this offset when it was asked for, and the application has had all in front; told where
    /// the configuration wants it (``KafkaConsumer/Configuration/tellsEnds``), once for each end.
    case reachedEnd(TopicPartition, at: Offset)
    /// The partition cannot be read on at `from`: the log does not have that offset any more, or not yet, or has other
    /// records there (``KafkaError/Code/logTruncated``). As ``KafkaConsumer/Configuration/offsetReset`` says, it is read on
    /// at `to`, and that is committed. All that was fetched in front has been given out.
    case reset(TopicPartition, from: Offset, to: Offset, because: KafkaError)
    /// The group takes these partitions away when the next event is asked for, for which it waits; until then positions in
    /// them can be committed. The other partitions stay (KIP-429), or, in a group that rebalances eagerly, these are all.
    case revoked(RevokedPartitions)
    /// Another member may have these partitions already, or they are gone, or the application has given them up itself
    /// (``KafkaConsumer/unassign(_:)``): nothing can be committed for them any more, and what is known of them is out of date.
    case lost([TopicPartition])
    /// Something does not work at present; the consumer goes on trying. Told once, until it works again.
    case trouble(KafkaError)
    /// What did not work works again.
    case recovered

    init(_ news: Announcements.News, _ engine: ConsumerEngine) {
        self =
            switch news {
            case .assigned(let offsets): .assigned(offsets)
            case .revoked(let partitions, true): .lost(partitions)
            case .revoked(let partitions, false): .revoked(RevokedPartitions(partitions: partitions, engine: engine))
            case .reachedEnd(let partition, let offset): .reachedEnd(partition, at: offset)
            case .reset(let partition, let from, let to, let error):
                .reset(partition, from: from, to: to, because: error)
            case .trouble(let error): .trouble(error)
            case .recovered: .recovered
            }
    }
}

/// Partitions that the group takes away, and that are this member's until the application asks for the next event.
public struct RevokedPartitions: Sendable {
    /// Which, in order.
    public let partitions: [TopicPartition]
    let engine: ConsumerEngine

    /// Commits how far the application has come with these partitions: who gets them goes on there. Not needed for batches
    /// that were committed, or where the consumer commits by itself.
    ///
    /// - Throws: Where a position is of another partition, or the group has gone on meanwhile.
    public func commit(_ offsets: [TopicPartition: CommittedOffset]) async throws(KafkaError) {
        if let other = offsets.keys.filter({ !partitions.contains($0) }).min() {
            throw KafkaError(
                .invalidRequest, "could not commit for \(other): it is not among the partitions that are taken away",
                api: .offsetCommit, topic: other.topic, partition: other.partition, isRetriable: false)
        }
        try await engine.commit(offsets)
    }
}

extension KafkaConsumer {
    /// A rebalance that waits for the application: it is told at once, also while the application works on a batch.
    public struct PendingRevocation: Sendable, Hashable {
        /// The partitions that are taken away.
        public var partitions: [TopicPartition]
        /// Whether others may have them already. Where not, the group waits for the application to ask for the next event.
        public var isLost: Bool
    }

    /// The rebalance that waits for the application to ask for the next event, or nil. One that works on something long asks
    /// from time to time; ``Configuration/onRevocation`` tells it.
    public var pendingRevocation: PendingRevocation? { get async { await engine.pendingRevocation } }

    /// What a consumer that is closed does with its membership (KIP-1092).
    public enum CloseOperation: Sendable, Hashable {
        /// A member leaves, a static one (`group.instance.id`) stays until its session ends.
        case usual
        /// It leaves, also where it is static: its partitions go to others at once.
        case leaveGroup
        /// It stays until its session ends: a program that is back before joins anew as another member, or, where it is
        /// static, as the same.
        case remainInGroup
    }
}
