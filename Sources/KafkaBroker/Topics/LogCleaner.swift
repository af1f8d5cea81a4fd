import KafkaWire

/// Compaction (`cleanup.policy=compact`): of the records with one key the last is kept, each at its offset. The rules are
/// those of Kafka's `LogCleaner` and `Cleaner`.
///
/// - The segment that is written to is never cleaned, and neither is what lies behind the last stable offset or is
///   younger than `min.compaction.lag.ms`.
/// - A record without a value, a tombstone, is kept for `delete.retention.ms` after it was first cleaned (KIP-534).
/// - Records of aborted transactions go. A marker goes like a tombstone, once nothing of its transaction is left.
/// - The last batch of a producer stays, empty if need be: its sequence is still needed.
struct LogCleaner {
    /// How many bytes of keys are remembered at once; what lies behind is left for the next time.
    static let keyLimit = 64 << 20

    private let rules: CompactionRules
    /// The time, in milliseconds since 1970.
    private let now: Int64
    private let partition: Partition
    /// The last offset of each key in what was not cleaned before.
    private var last: [Bytes: Offset] = [:]
    private var keyBytes = 0
    /// Producers of whose current transaction something is left.
    private var kept: Set<ProducerID> = []

    /// Cleans a partition's log, if it is worth it. Gives the number of bytes removed; the log is as it was where an
    /// error is thrown.
    static func clean(_ partition: Partition, _ rules: CompactionRules, now: Int64) throws(StorageError) -> Int {
        var cleaner = LogCleaner(rules: rules, now: now, partition: partition)
        return try cleaner.clean()
    }

    private init(rules: CompactionRules, now: Int64, partition: Partition) {
        self.rules = rules
        self.now = now
        self.partition = partition
    }

    private mutating func clean() throws(StorageError) -> Int {
        let log = partition.log
        let stable = partition.lastStableOffset
        let limit = now.subtractingReportingOverflow(rules.minimumLag).partialValue
        var candidates = log.segments.dropLast().prefix { $0.endOffset <= stable && $0.maxTimestamp <= limit }[...]
        guard isWorthIt(candidates, cleanedBefore: log.cleanedOffset) else { return 0 }
        for (index, segment) in candidates.enumerated() where segment.endOffset > log.cleanedOffset {
            try remember(segment)
            if keyBytes > Self.keyLimit {
                candidates = candidates.prefix(index + 1)
                break
            }
        }
        guard let end = candidates.last?.endOffset else { return 0 }
        var made: [CleanedSegment] = []
        do throws(StorageError) {
            for segment in candidates {
                if made.last?.hasRoom(for: segment, log.rolling) != true {
                    made.append(CleanedSegment(try log.cleanedSegment(for: segment)))
                }
                for index in segment.entries.indices {
                    guard let batch = try cleaned(try segment.batch(at: index)) else { continue }
                    try made[made.count - 1].segment.append(cleaned: batch)
                }
                made[made.count - 1].end(segment)
            }
        } catch {
            for one in made { one.segment.file?.remove() }
            throw error
        }
        return try partition.log.replace(candidates.count, by: made, cleanedOffset: end)
    }

    /// Whether enough was written since the log was last cleaned, or long enough ago.
    private func isWorthIt(_ candidates: ArraySlice<LogSegment>, cleanedBefore: Offset) -> Bool {
        let dirty = candidates.filter { $0.endOffset > cleanedBefore }
        let size = candidates.reduce(0) { $0 + $1.size }
        let dirtySize = dirty.reduce(0) { $0 + $1.size }
        guard dirtySize > 0 else { return false }
        if Double(dirtySize) >= rules.dirtyRatio * Double(size) { return true }
        let latest = now.subtractingReportingOverflow(rules.maximumLag).partialValue
        return dirty.contains { ($0.entries.first?.maxTimestamp ?? .max) < latest }
    }

    /// Notes the keys of a segment that was not cleaned before.
    private mutating func remember(_ segment: LogSegment) throws(StorageError) {
        for index in segment.entries.indices {
            let batch = try segment.batch(at: index)
            guard !batch.attributes.isControl, !isAborted(batch) else { continue }
            for record in try records(of: batch) {
                guard let key = record.key else { continue }
                let copy = Bytes(key.copy())
                if last.updateValue(record.offset, forKey: copy) == nil { keyBytes += key.count + 64 }
            }
        }
    }

    /// What is left of a batch; nil where that is nothing.
    private mutating func cleaned(_ batch: RecordBatch) throws(StorageError) -> RecordBatch? {
        let isLast = partition.producers.isLastBatch(at: batch.baseOffset, of: batch.producerId)
        if batch.attributes.isControl {
            if kept.remove(batch.producerId) != nil { return batch }
            let isDue = batch.attributes.hasDeleteHorizon && batch.baseTimestamp <= now
            if isDue, !isLast { return nil }
            return batch.attributes.hasDeleteHorizon ? batch : try rewritten(batch, try records(of: batch), horizon)
        }
        let all = try records(of: batch)
        let isAborted = isAborted(batch)
        let isDue = batch.attributes.hasDeleteHorizon && batch.baseTimestamp <= now
        var holdsTombstones = false
        let left = all.filter { record in
            guard !isAborted, let key = record.key, record.offset >= last[key] ?? .zero else { return false }
            guard record.value == nil else { return true }
            holdsTombstones = true
            return !isDue
        }
        if !left.isEmpty, batch.attributes.isTransactional { kept.insert(batch.producerId) }
        if left.isEmpty, !isLast { return nil }
        let newHorizon = holdsTombstones && !batch.attributes.hasDeleteHorizon ? horizon : nil
        if left.count == all.count, newHorizon == nil { return batch }
        return try rewritten(batch, left, newHorizon)
    }

    /// When tombstones may go that are cleaned for the first time now.
    private var horizon: Int64 {
        let (horizon, isNever) = now.addingReportingOverflow(rules.deleteRetention)
        return isNever ? .max : horizon
    }

    private func isAborted(_ batch: RecordBatch) -> Bool {
        batch.attributes.isTransactional && partition.aborted.holds(batch.baseOffset, of: batch.producerId)
    }

    private func records(of batch: RecordBatch) throws(StorageError) -> [Record] {
        // What is damaged on the disk must not get a new checksum.
        do {
            try batch.verifyChecksum()
            return Array(try batch.records())
        } catch {
            throw StorageError("compact the batch at offset \(batch.baseOffset)", "\(error)")
        }
    }

    private func rewritten(_ batch: RecordBatch, _ records: [Record], _ horizon: Int64?) throws(StorageError)
        -> RecordBatch
    {
        do { return try batch.rewritten(records, deleteHorizon: horizon) } catch {
            throw StorageError("compact the batch at offset \(batch.baseOffset)", "\(error)")
        }
    }
}
