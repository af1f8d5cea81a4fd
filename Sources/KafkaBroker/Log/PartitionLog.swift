import KafkaWire

/// The records of a partition: batches in the order of their offsets, in memory, in segments.
///
/// A value: it is handed batches that were checked, and gives offsets and slices. The log on disk of a later issue
/// replaces the segments' bytes; what is asked of the log stays.
struct PartitionLog {
    /// The first offset that can still be read; it rises when retention removes segments, and when records are deleted.
    private(set) var startOffset: Offset = 0
    /// The offset that the next record gets. With one node it is the high watermark too.
    private(set) var endOffset: Offset = 0
    /// How many bytes the log holds.
    private(set) var size = 0
    private var segments: [LogSegment] = []
    /// The size after which a new segment begins.
    var segmentBytes: Int
    /// How many bytes were ever appended.
    private var position = 0

    /// An empty log that starts a new segment after about `segmentBytes`.
    init(segmentBytes: Int = 4 << 20) { self.segmentBytes = segmentBytes }

    /// Appends a checked batch; gives the offset of its first record.
    mutating func append(_ batch: RecordBatch, leaderEpoch: LeaderEpoch) -> Offset {
        let base = endOffset
        if segments.last.map({ $0.size + batch.bytes.count > segmentBytes }) ?? true {
            // A first segment grows as it fills; a partition that has filled one is busy, and gets its room at once.
            let capacity = segments.isEmpty ? 0 : max(segmentBytes, batch.bytes.count)
            segments.append(LogSegment(baseOffset: base, startPosition: position, capacity: capacity))
        }
        segments[segments.count - 1].append(batch, leaderEpoch: leaderEpoch)
        endOffset = segments[segments.count - 1].endOffset
        size += batch.bytes.count
        position += batch.bytes.count
        return base
    }

    /// Whether a fetch may begin at `offset`.
    func contains(_ offset: Offset) -> Bool { offset >= startOffset && offset <= endOffset }

    /// Whole batches from the one that contains `offset` on, of one segment, that begin before `limit`. The first batch
    /// comes even where it is larger than `maxBytes` if `atLeastOneBatch` is set: a consumer must be able to get past it
    /// (KIP-74).
    func read(from offset: Offset, before limit: Offset = .max, maxBytes: Int, atLeastOneBatch: Bool) -> LogSlice {
        guard contains(offset), offset < endOffset, let index = segmentIndex(containing: offset) else {
            return LogSlice(bytes: Bytes(), endOffset: offset)
        }
        return segments[index].read(from: offset, before: limit, maxBytes: maxBytes, atLeastOneBatch: atLeastOneBatch)
    }

    /// How many bytes stand in the log from the batch that contains `offset` on, up to the one that begins at `limit`.
    func available(from offset: Offset, before limit: Offset = .max) -> Int {
        guard contains(offset), offset < min(limit, endOffset) else { return 0 }
        return position(of: limit) - position(of: offset)
    }

    /// How many bytes had come before the batch that contains `offset`.
    private func position(of offset: Offset) -> Int {
        guard offset < endOffset, let index = segmentIndex(containing: offset) else { return position }
        let segment = segments[index]
        return segment.startPosition + segment.entries[segment.entryIndex(containing: offset)].position
    }

    /// Removes the oldest segments while what remains is at least `bytes`, as Kafka's `retention.bytes` does; the
    /// segment that is written to stays. Gives the number of bytes removed.
    @discardableResult
    mutating func removeOldest(keeping bytes: Int) -> Int {
        var count = 0
        var removed = 0
        while count < segments.count - 1, size - removed - segments[count].size >= bytes {
            removed += segments[count].size
            count += 1
        }
        drop(count)
        return removed
    }

    /// Removes the oldest segment, even if it is the only one. Gives the number of bytes removed.
    mutating func removeOldestSegment() -> Int {
        guard let first = segments.first else { return 0 }
        drop(1)
        return first.size
    }

    /// Raises the first offset that can be read to `offset`, which is not beyond the end, and removes the segments that
    /// lie before it. Gives the number of bytes removed.
    mutating func deleteRecords(before offset: Offset) -> Int {
        let before = size
        startOffset = max(startOffset, min(offset, endOffset))
        drop(segments.prefix { $0.endOffset <= startOffset }.count)
        return before - size
    }

    private mutating func drop(_ count: Int) {
        guard count > 0 else { return }
        size -= segments[..<count].reduce(0) { $0 + $1.size }
        segments.removeFirst(count)
        startOffset = max(startOffset, segments.first?.baseOffset ?? endOffset)
    }

    private func segmentIndex(containing offset: Offset) -> Int? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].endOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return low < segments.count ? low : nil
    }
}

extension PartitionLog {
    /// An offset, and the timestamp of its record in milliseconds since 1970.
    struct TimedOffset: Equatable {
        var offset: Offset
        var timestamp: Int64
    }

    /// The first record whose timestamp is `timestamp` or later.
    func firstOffset(at timestamp: Int64) -> TimedOffset? {
        for segment in segments where segment.maxTimestamp >= timestamp {
            for (index, entry) in segment.entries.enumerated() where entry.maxTimestamp >= timestamp {
                if let found = segment.batch(at: index).flatMap({ record(in: $0) { $0 >= timestamp } }) {
                    return found
                }
            }
        }
        return nil
    }

    /// The first record with the highest timestamp of all (KIP-734).
    func offsetOfMaxTimestamp() -> TimedOffset? {
        guard let highest = segments.compactMap({ $0.maxTimestamp(from: startOffset) }).max() else { return nil }
        return firstOffset(at: highest)
    }

    /// The first record in `batch` whose timestamp `matches`. A batch in a codec that this build cannot unpack counts
    /// as one record with the batch's highest timestamp: the consumer then begins at the batch's start, never too late.
    private func record(in batch: RecordBatch, where matches: (Int64) -> Bool) -> TimedOffset? {
        guard batch.lastOffset >= startOffset else { return nil }
        if batch.attributes.isLogAppendTime || batch.recordCount == 1 {
            return matches(batch.maxTimestamp)
                ? .init(offset: max(startOffset, batch.baseOffset), timestamp: batch.maxTimestamp) : nil
        }
        guard let records = try? batch.records() else {
            return .init(offset: max(startOffset, batch.baseOffset), timestamp: batch.maxTimestamp)
        }
        for record in records where record.offset >= startOffset && matches(record.timestamp) {
            return .init(offset: record.offset, timestamp: record.timestamp)
        }
        return nil
    }
}
