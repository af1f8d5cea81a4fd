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
    mutating func expiredOffsets(retention: Duration, now: Instant) -> [TopicPartition] {
        let base: (GroupCoordinator.Committed) -> Instant
        if consumer != nil || classic.protocolType == nil {
            base = { $0.committedAt }
        } else if classic.state == .empty {
            let since = classic.emptySince
            base = { since ?? $0.committedAt }
        } else if classic.state == .stable, case .these(_, areAll: true) = classic.lookForTopics() {
            base = { $0.committedAt }
        } else {
            return []
        }
        var expired: [TopicPartition] = []
        for (topic, positions) in offsets.committed {
            let old = positions.filter { ($0.value.expiresAt ?? base($0.value) + retention) <= now }
            guard !old.isEmpty, !(consumer?.mayRead(topic: topic) ?? classic.lookForTopics().contains(topic)) else {
                continue
            }
            expired += old.keys.map { TopicPartition(topic, $0) }.filter { !offsets.isUnstable($0) }
        }
        return expired.sorted()
    }
}

extension GroupCoordinator {
    /// How often positions are looked through (Kafka's `offsets.retention.check.interval.ms`), or sooner where they are
    /// not kept that long.
    static let longestExpiryInterval = Duration.seconds(600)

    /// How many positions a turn looks at, or a few more; the next one goes on.
    static let expiryPart = 5000

    /// Forgets what is too old, now and then, and a part at a time.
    mutating func expireOffsets(now: Instant) {
        guard let due = nextExpiry else { return planNextExpiry(now: now) }
        guard due <= now else { return }
        if expiring.isEmpty { expiring = groups.filter { $0.value.offsets.count > 0 }.keys.sorted() }
        var looked = 0
        while looked < Self.expiryPart, let id = expiring.popLast() {
            looked += 1 + (groups[id]?.offsets.count ?? 0)
            guard let place = groups.index(forKey: id) else { continue }
            let expired = groups.values[place].expiredOffsets(retention: offsetsRetention, now: now)
            for key in expired { removeOffset(key, group: id) }
            if !expired.isEmpty, groups[id]?.idleSince != nil { forget(group: id) }
        }
        guard expiring.isEmpty else { return nextExpiry = now }
        nextExpiry = nil
        planNextExpiry(now: now)
    }

    /// Plans the next look, unless there is nothing to look at.
    private mutating func planNextExpiry(now: Instant) {
        if use.offsetBytes > 0 { nextExpiry = now + expiryInterval }
    }

    /// Plans the first look, since a position is about to be committed.
    mutating func planExpiry(now: Instant) { if nextExpiry == nil { nextExpiry = now + expiryInterval } }

    private var expiryInterval: Duration { min(Self.longestExpiryInterval, max(offsetsRetention, .milliseconds(10))) }
}
