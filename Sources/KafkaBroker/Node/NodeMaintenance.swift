import KafkaWire

/// When a node does what is not asked for by a request.
struct MaintenanceSchedule {
    /// How often logs are looked through for what is too old (`log.retention.check.interval.ms`).
    static let retentionInterval = Duration.seconds(300)

    /// How often logs are looked at for whether they should be compacted (`log.cleaner.backoff.ms`).
    static let compactionInterval = Duration.seconds(15)

    private var retention: Instant
    private var compaction: Instant
    private var flush: Instant?
    private let flushInterval: Duration?

    init(now: Instant, flush policy: BrokerConfiguration.FlushPolicy) {
        retention = now + Self.retentionInterval
        compaction = now + Self.compactionInterval
        if case .interval(let interval) = policy {
            flushInterval = max(interval, .milliseconds(1))
        } else {
            flushInterval = nil
        }
        flush = flushInterval.map { now + $0 }
    }

    /// When one of the questions below is answered with yes next.
    var nextDeadline: Instant? { min(retention, compaction, flush ?? retention) }

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

    /// Whether files are to be made safe; asked once per interval.
    mutating func isFlushDue(_ now: Instant) -> Bool {
        guard let due = flush, let flushInterval, now >= due else { return false }
        flush = now + flushInterval
        return true
    }
}

extension BrokerNode {
    /// Does what is due at `now`: removes records that are too old, makes files safe, writes outgrown logs anew.
    func maintain(now: Instant) {
        let timestamp = time.timestamp()
        if maintenance.isRetentionDue(now) {
            for topic in topics.sorted { removeExpired(in: topic, timestamp) }
        }
        if maintenance.isCompactionDue(now) {
            for topic in topics.sorted { compact(topic, timestamp) }
        }
        guard let storage else { return }
        do throws(StorageError) {
            try storage.tidy(transactions, groups, WallClock(now: now, timestamp: timestamp))
            if maintenance.isFlushDue(now) { try storage.directory.pool.sync() }
        } catch {
            configuration.logger.error("The data directory cannot be kept in order: \(error)")
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
