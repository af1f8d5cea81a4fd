import KafkaWire

/// When a node does what is not asked for by a request.
struct MaintenanceSchedule {
    /// How often logs are looked through for what is too old (`log.retention.check.interval.ms`).
    static let retentionInterval = Duration.seconds(300)

    /// How often logs are looked at for whether they should be compacted (`log.cleaner.backoff.ms`).
    static let compactionInterval = Duration.seconds(15)

    /// How often producers are looked at at most and at least (`producer.id.expiration.check.interval.ms`).
    static let expiryIntervals = Duration.seconds(1)...Duration.seconds(600)

    private var retention: Instant
    private var compaction: Instant
    private var expiry: Instant
    private var expiryInterval: Duration
    private var flush: Instant?
    private let flushInterval: Duration?
    private var tokens: Instant?
    private let tokenInterval: Duration?

    /// Tokens are not looked at without an interval.
    init(
        now: Instant, flush policy: BrokerConfiguration.FlushPolicy, producersExpireAfter time: Duration,
        tokensCheckedEvery tokenInterval: Duration? = nil
    ) {
        expiryInterval = Self.interval(time)
        expiry = now + expiryInterval
        retention = now + Self.retentionInterval
        compaction = now + Self.compactionInterval
        if case .interval(let interval) = policy {
            flushInterval = max(interval, .milliseconds(1))
        } else {
            flushInterval = nil
        }
        flush = flushInterval.map { now + $0 }
        self.tokenInterval = tokenInterval.map { max($0, .milliseconds(1)) }
        tokens = self.tokenInterval.map { now + $0 }
    }

    /// When one of the questions below is answered with yes next.
    var nextDeadline: Instant? { min(retention, compaction, expiry, min(flush ?? retention, tokens ?? retention)) }

    private static func interval(_ time: Duration) -> Duration {
        min(max(time, expiryIntervals.lowerBound), expiryIntervals.upperBound)
    }

    /// Producers expire after another time than before.
    mutating func set(producersExpireAfter time: Duration, now: Instant) {
        guard Self.interval(time) != expiryInterval else { return }
        expiryInterval = Self.interval(time)
        expiry = now + expiryInterval
    }

    /// Whether producers are to be looked at; asked once per interval.
    mutating func isExpiryDue(_ now: Instant) -> Bool {
        guard now >= expiry else { return false }
        expiry = now + expiryInterval
        return true
    }

    /// Whether logs are to be compacted; asked once per interval.
    mutating func isCompactionDue(_ now: Instant) -> Bool {
        guard now >= compaction else { return false }
        compaction = now + Self.compactionInterval
        return true
    }

    /// Whether logs are to be looked through; asked once per interval.
    mutating func isRetentionDue(_ now: Instant) -> Bool {
        guard now >= retention else { return false }
        retention = now + Self.retentionInterval
        return true
    }

    /// Whether delegation tokens are to be looked through; asked once per interval.
    mutating func areTokensDue(_ now: Instant) -> Bool {
        guard let due = tokens, let tokenInterval, now >= due else { return false }
        tokens = now + tokenInterval
        return true
    }

    /// Whether files are to be made safe; asked once per interval.
    mutating func isFlushDue(_ now: Instant) -> Bool {
        guard let due = flush, let flushInterval, now >= due else { return false }
        flush = now + flushInterval
        return true
    }
}

extension BrokerNode {
    /// Does what is due at `now`: removes records that are too old and tokens that are over, makes files safe, writes outgrown logs anew.
    func maintain(now: Instant) {
        let timestamp = time.timestamp()
        if maintenance.isRetentionDue(now) {
            for topic in topics.sorted { removeExpired(in: topic, timestamp) }
        }
        if maintenance.isCompactionDue(now) {
            for topic in topics.sorted { compact(topic, timestamp) }
        }
        if maintenance.isExpiryDue(now) { expireProducers(timestamp) }
        if maintenance.areTokensDue(now) { removeExpiredTokens(timestamp) }
        guard let storage else { return }
        do throws(StorageError) {
            try storage.tidy(transactions, groups, WallClock(now: now, timestamp: timestamp))
            if maintenance.isFlushDue(now) { try storage.directory.pool.sync() }
        } catch {
            configuration.logger.error("The data directory cannot be kept in order: \(error)")
        }
    }

    /// Partitions forget the producers that they have not heard of for too long.
    func expireProducers(_ timestamp: Int64) {
        let time = Milliseconds(configs.producerIdExpiration)
        let (limit, isBefore) = timestamp.subtractingReportingOverflow(Int64(time.rawValue))
        guard !isBefore else { return }
        for topic in topics.sorted {
            for partition in topic.partitions { partition.producers.forget(notUsedSince: limit) }
        }
    }

    private func compact(_ topic: Topic, _ timestamp: Int64) {
        guard let rules = topic.settings.compaction else { return }
        for partition in topic.partitions {
            do throws(StorageError) {
                try counted(partition) { () throws(StorageError) in
                    _ = try LogCleaner.clean(partition, rules, now: timestamp)
                }
            } catch {
                configuration.logger.error("\(topic.name)-\(partition.index) cannot be compacted: \(error)")
            }
        }
    }

    private func removeExpired(in topic: Topic, _ timestamp: Int64) {
        guard let retention = topic.settings.retentionMilliseconds else { return }
        for partition in topic.partitions {
            let oldest = timestamp.subtractingReportingOverflow(retention).partialValue
            guard counted(partition, { partition.log.removeExpired(before: oldest) }) > 0 else { continue }
            partition.aborted.remove(before: partition.log.startOffset)
        }
    }
}
