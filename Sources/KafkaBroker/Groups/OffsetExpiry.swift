import KafkaWire

// When committed positions are forgotten (KIP-211).

extension GroupCoordinator.Group {
    /// Forgets the positions that nobody has needed for `retention`; those that a transaction is about to change stay.
    ///
    /// - A classic group without members: that long after the last one left.
    /// - A classic group whose consumers are settled, and a group under the newer protocol: that long after the commit, in
    ///   topics that nobody in it reads. While it rebalances, a classic group keeps everything, and so do groups that
    ///   share other things than topics.
    /// - Positions of somebody who was never in a group: that long after the commit.
    /// - A commit that brought its own time (OffsetCommit up to v4) counts by that.
    func expiredOffsets(retention: Duration, now: Instant) -> [TopicPartition] {
        let base: (GroupCoordinator.Committed) -> Instant
        if consumer != nil || classic.protocolType == nil {
            base = { $0.committedAt }
        } else if classic.state == .empty {
            let since = classic.emptySince
            base = { since ?? $0.committedAt }
        } else if classic.state == .stable, classic.topicsAreKnown {
            base = { $0.committedAt }
        } else {
            return []
        }
        let waiting = pending.values.reduce(into: Set<TopicPartition>()) { $0.formUnion($1.keys) }
        var reads: [String: Bool] = [:]
        return offsets.compactMap { key, committed in
            guard (committed.expiresAt ?? base(committed) + retention) <= now, !waiting.contains(key) else {
                return nil
            }
            if reads[key.topic] == nil { reads[key.topic] = mayRead(topic: key.topic) }
            return reads[key.topic] == true ? nil : key
        }
    }

    /// Whether members read `topic`, or may.
    func mayRead(topic: String) -> Bool { consumer?.mayRead(topic: topic) ?? classic.mayRead(topic: topic) }
}

extension ClassicGroup {
    /// Whether the members share topics, and all of them say which in a form that can be read.
    fileprivate var topicsAreKnown: Bool {
        protocolType == Self.consumerType
            && members.values.allSatisfy { member in
                (try? ConsumerProtocolSubscription.decodeVersioned(member.metadata(for: protocolName))) != nil
            }
    }
}

extension GroupCoordinator {
    /// How often positions are looked through (Kafka's `offsets.retention.check.interval.ms`), or sooner where they are
    /// not kept that long.
    static let longestExpiryInterval = Duration.seconds(600)

    /// Forgets what is too old, now and then.
    mutating func expireOffsets(now: Instant) {
        guard let due = nextExpiry else { return planNextExpiry(now: now) }
        guard due <= now else { return }
        nextExpiry = nil
        for (id, group) in groups where !group.offsets.isEmpty {
            let expired = group.expiredOffsets(retention: offsetsRetention, now: now)
            for key in expired { removeOffset(key, group: id) }
            if !expired.isEmpty, let group = groups[id], !group.hasOffsets, group.isEmpty { forget(group: id) }
        }
        planNextExpiry(now: now)
    }

    /// Plans the next look, unless there is nothing to look at.
    private mutating func planNextExpiry(now: Instant) {
        if groups.values.contains(where: \.hasOffsets) { nextExpiry = now + expiryInterval }
    }

    /// Plans the first look, since a position is about to be committed.
    mutating func planExpiry(now: Instant) { if nextExpiry == nil { nextExpiry = now + expiryInterval } }

    private var expiryInterval: Duration { min(Self.longestExpiryInterval, max(offsetsRetention, .milliseconds(10))) }
}
