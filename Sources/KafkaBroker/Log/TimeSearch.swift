import KafkaWire

/// An offset, and the timestamp of its record in milliseconds since 1970.
struct TimedOffset: Equatable {
    var offset: Offset
    var timestamp: Int64
}

/// The search for the first record whose timestamp is a given one or later. Batches say their highest times; those that
/// come into question are unpacked, one after another and in parts, for there may be many.
struct TimeSearch {
    /// What unpacks to more counts as one record with the batch's highest timestamp: a reader then begins at the batch's
    /// start, never too late. The same goes for a codec that this build cannot unpack.
    static let unpackingLimit = 16 << 20

    private let timestamp: Int64
    /// Behind which offset it goes on.
    private var next: Offset = 0

    init(_ timestamp: Int64) { self.timestamp = timestamp }

    /// The search for the first record with the highest timestamp of all (KIP-734); nil in an empty log.
    init?(highestIn log: PartitionLog) {
        guard let highest = log.segments.compactMap({ $0.maxTimestamp(from: log.startOffset) }).max() else {
            return nil
        }
        self.init(highest)
    }

    enum Progress: Equatable {
        case found(TimedOffset)
        case nothing
        /// It goes on with the next step.
        case unfinished
    }

    /// Gets on until `budget` is used up, and by one segment or batch at least.
    mutating func step(in log: PartitionLog, _ budget: inout WorkBudget) -> Progress {
        guard let first = log.segmentIndex(containing: max(next, log.startOffset)) else { return .nothing }
        var hasGotOn = false
        for segment in log.segments[first...] {
            if hasGotOn, budget.isUsedUp {
                next = segment.baseOffset
                return .unfinished
            }
            budget.spend(1)
            defer { hasGotOn = true }
            guard segment.maxTimestamp >= timestamp, !segment.entries.isEmpty else { continue }
            let start = segment.entryIndex(containing: max(next, log.startOffset))
            for (index, entry) in segment.entries.enumerated().dropFirst(start) where entry.maxTimestamp >= timestamp {
                if hasGotOn, budget.isUsedUp {
                    next = entry.baseOffset
                    return .unfinished
                }
                hasGotOn = true
                guard let batch = try? segment.batch(at: index) else { continue }
                if let found = look(in: batch, from: log.startOffset, &budget) { return .found(found) }
            }
            budget.spend(segment.entries.count >> 9)
        }
        return .nothing
    }

    /// The first record in `batch` that is late enough.
    private func look(in batch: RecordBatch, from start: Offset, _ budget: inout WorkBudget) -> TimedOffset? {
        budget.spend(unpacked: batch.bytes.count)
        guard batch.lastOffset >= start else { return nil }
        let whole = TimedOffset(offset: max(start, batch.baseOffset), timestamp: batch.maxTimestamp)
        if batch.attributes.isLogAppendTime || batch.recordCount == 1 {
            return batch.maxTimestamp >= timestamp ? whole : nil
        }
        guard let records = try? batch.records(limit: Self.unpackingLimit) else {
            budget.spend(unpacked: Self.unpackingLimit)
            return whole
        }
        budget.spend(unpacked: records.unpackedBytes)
        for record in records where record.offset >= start && record.timestamp >= timestamp {
            return TimedOffset(offset: record.offset, timestamp: record.timestamp)
        }
        return nil
    }
}
