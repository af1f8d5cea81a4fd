import KafkaWire

/// The records of a partition: batches in the order of their offsets, in segments, in memory or in files.
///
/// A value, but for the files: it is handed batches that were checked, and gives offsets and slices.
struct PartitionLog {
    /// The first offset that can still be read; it rises when retention removes segments, and when records are deleted.
    private(set) var startOffset: Offset = 0
    /// The offset that the next record gets. With one node it is the high watermark too.
    private(set) var endOffset: Offset = 0
    /// How many bytes the log holds.
    private(set) var size = 0
    private(set) var segments: [LogSegment] = []
    /// When a new segment begins.
    var rolling: SegmentRolling
    /// Where the segments' files are; nil where the log is in memory.
    let folder: LogFolder?
    /// How many bytes were ever appended.
    private var position = 0
    /// Up to which offset the log was compacted.
    private(set) var cleanedOffset: Offset = 0
    /// The highest timestamp of the first batch in the segment that is written to which has one: those before 1970 are
    /// none, as in Kafka.
    private var firstTimestamp: Int64?

    /// An empty log.
    init(rolling: SegmentRolling = SegmentRolling(), folder: LogFolder? = nil) {
        self.rolling = rolling
        self.folder = folder
    }

    /// A log with what was found in `folder`.
    init(rolling: SegmentRolling, folder: LogFolder, segments: [LogSegment], startOffset: Offset) {
        self.rolling = rolling
        self.folder = folder
        self.segments = segments
        endOffset = max(segments.last?.endOffset ?? 0, startOffset)
        self.startOffset = max(startOffset, segments.first?.baseOffset ?? startOffset)
        measure()
        drop(segments.prefix { $0.endOffset <= startOffset }.count)
    }

    /// Appends a checked batch; gives the offset of its first record. Throws where it cannot be written: the log is
    /// then as before.
    mutating func append(_ batch: RecordBatch, leaderEpoch: LeaderEpoch) throws(StorageError) -> Offset {
        let base = endOffset
        if segments.last.map({ $0.size > 0 && mustRoll($0, before: batch) }) ?? true {
            try roll(expecting: batch.bytes.count)
        }
        let last = segments.count - 1
        try segments[last].append(batch, leaderEpoch: leaderEpoch)
        if firstTimestamp == nil, batch.maxTimestamp >= 0 { firstTimestamp = batch.maxTimestamp }
        endOffset = segments[last].endOffset
        size += batch.bytes.count
        position += batch.bytes.count
        noteBounds(isSaved: false)
        return base
    }

    /// Keeps beside the log what it holds.
    func noteBounds(isSaved: Bool = true) {
        folder?.note(start: startOffset, end: endOffset, size: size, isSaved: isSaved)
    }

    /// Goes on at `offset`, behind the end: what stood in front of it is gone, and its offsets must not come again.
    mutating func goOn(at offset: Offset) throws(StorageError) {
        if let last = segments.last, last.size == 0 {
            last.file?.remove()
            segments.removeLast()
        }
        endOffset = offset
        try roll()
        startOffset = max(startOffset, segments.first?.baseOffset ?? offset)
    }

    private func mustRoll(_ segment: LogSegment, before batch: RecordBatch) -> Bool {
        segment.size + batch.bytes.count > rolling.bytes
            || endOffset + Int64(batch.lastOffsetDelta) - segment.baseOffset.rawValue > Offset(Int64(Int32.max))
            || isTimeUp(for: batch.maxTimestamp)
    }

    /// Whether a batch of that highest time lies too far behind the segment's first for the same segment.
    private func isTimeUp(for timestamp: Int64) -> Bool {
        guard let first = firstTimestamp, timestamp > first else { return false }
        return timestamp - first > rolling.milliseconds
    }

    /// Begins a new segment at the log's end, if the last one holds anything.
    mutating func roll(expecting bytes: Int = 0) throws(StorageError) {
        if let last = segments.last, last.size == 0 { return }
        if let folder {
            let file = try folder.segment(at: endOffset)
            segments.append(LogSegment(baseOffset: endOffset, startPosition: position, file: file))
        } else {
            // A first segment grows as it fills; a partition that has filled one is busy, and gets its room at once.
            let capacity = segments.isEmpty ? 0 : max(rolling.bytes, bytes)
            segments.append(LogSegment(baseOffset: endOffset, startPosition: position, capacity: capacity))
        }
        firstTimestamp = nil
    }

    /// Makes what was written safe against a loss of power.
    func sync() throws(StorageError) {
        for segment in segments.suffix(2) { try segment.file?.sync() }
    }

    /// Whether a fetch may begin at `offset`.
    func contains(_ offset: Offset) -> Bool { offset >= startOffset && offset <= endOffset }

    /// Whole batches from the one that contains `offset` on, of one segment, that begin before `limit`. The first batch
    /// comes even where it is larger than `maxBytes` if `atLeastOneBatch` is set: a consumer must be able to get past it
    /// (KIP-74).
    func read(from offset: Offset, before limit: Offset = .max, maxBytes: Int, atLeastOneBatch: Bool)
        throws(StorageError) -> LogSlice
    {
        guard contains(offset), offset < endOffset, let index = segmentIndex(containing: offset) else {
            return LogSlice(records: Records(Bytes()), endOffset: offset)
        }
        return try segments[index].read(
            from: offset, before: limit, maxBytes: maxBytes, atLeastOneBatch: atLeastOneBatch,
            isWrittenTo: index == segments.count - 1)
    }

    /// How many bytes stand in the log from the batch that contains `offset` on, up to the one that begins at `limit`.
    func available(from offset: Offset, before limit: Offset = .max) -> Int {
        guard contains(offset), offset < min(limit, endOffset) else { return 0 }
        return position(of: limit) - position(of: offset)
    }

    /// How many bytes the batch has that contains `offset`, or the first one behind it; 0 where none begins before `limit`.
    func firstBatchSize(from offset: Offset, before limit: Offset = .max) -> Int {
        guard contains(offset), offset < min(limit, endOffset), let index = segmentIndex(containing: offset),
            !segments[index].entries.isEmpty
        else { return 0 }
        let place = segments[index].entryIndex(containing: offset)
        let entry = segments[index].entries[place]
        return entry.baseOffset < limit ? segments[index].endPosition(place) - entry.position : 0
    }

    /// Whether what stands at `offset` is in an older segment than what begins, or will begin, at `limit`.
    func isInOlderSegment(_ offset: Offset, than limit: Offset = .max) -> Bool {
        guard contains(offset), offset < min(limit, endOffset), let index = segmentIndex(containing: offset) else {
            return false
        }
        let newest = limit < endOffset ? segmentIndex(containing: limit) : nil
        return index < newest ?? segments.count - 1
    }

    /// How many bytes had come before the batch that contains `offset`.
    private func position(of offset: Offset) -> Int {
        guard offset < endOffset, let index = segmentIndex(containing: offset) else { return position }
        let segment = segments[index]
        // The offsets in front of an empty segment may have been compacted away.
        guard !segment.entries.isEmpty else { return segment.startPosition }
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

    /// Removes the segments whose newest record is older than `timestamp`, in milliseconds since 1970, from the oldest
    /// on, as Kafka's `retention.ms` does; also the one that is written to. Gives the number of bytes removed.
    mutating func removeExpired(before timestamp: Int64) -> Int {
        let before = size
        drop(segments.prefix { $0.size > 0 && $0.maxTimestamp >= 0 && $0.maxTimestamp < timestamp }.count)
        return before - size
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
        noteBounds()
        drop(segments.prefix { $0.endOffset <= startOffset }.count)
        return before - size
    }

    /// Removes the batches from the one that contains `offset` on: a leader goes on that has not got them.
    mutating func truncate(from offset: Offset) throws(StorageError) {
        guard let index = segmentIndex(containing: max(offset, startOffset)) else { return }
        for segment in segments[(index + 1)...].reversed() { segment.file?.remove() }
        segments.removeSubrange((index + 1)...)
        // Also where the file cannot be cut now, which is then done before anything is appended to it.
        defer {
            endOffset = max(segments[index].endOffset, startOffset)
            // Records that were deleted in front of the end are not there either, and their offsets do not come again.
            segments[index].end(at: endOffset)
            cleanedOffset = min(cleanedOffset, endOffset)
            measure()
            noteBounds()
        }
        try segments[index].truncate(from: segments[index].entryIndex(containing: max(offset, startOffset)))
    }

    /// Takes from the segments what is otherwise counted along.
    private mutating func measure() {
        size = segments.reduce(0) { $0 + $1.size }
        position = segments.last.map { $0.startPosition + $0.size } ?? 0
        firstTimestamp = segments.last?.entries.first { $0.maxTimestamp >= 0 }?.maxTimestamp
    }

    /// An empty segment for what compaction leaves of `segment`, and maybe of those behind it.
    func cleanedSegment(for segment: LogSegment) throws(StorageError) -> LogSegment {
        let (base, position) = (segment.baseOffset, segment.startPosition)
        guard let folder else { return LogSegment(baseOffset: base, startPosition: position, capacity: 0) }
        return LogSegment(baseOffset: base, startPosition: position, file: try folder.cleanedSegment(at: base))
    }

    /// Puts cleaned segments in the place of the first `count`. Gives the number of bytes removed. After a crash on the
    /// way, old segments may still be there: those that a new one has taken in are removed then.
    mutating func replace(_ count: Int, by cleaned: [CleanedSegment], cleanedOffset: Offset) throws(StorageError) -> Int
    {
        for one in cleaned { try one.segment.file?.sync() }
        let before = segments[..<count].reduce(0) { $0 + $1.size }
        let after = cleaned.reduce(0) { $0 + $1.segment.size }
        if let folder {
            folder.note(start: startOffset, end: endOffset, size: size + min(0, after - before), isSaved: true)
            var old = segments[..<count]
            for one in cleaned {
                let replaced = old.prefix(one.count)
                old = old.dropFirst(one.count)
                let isEmpty = one.segment.size == 0
                if !isEmpty, let file = one.segment.file {
                    replaced.first?.file?.forget()
                    try folder.put(file, at: one.segment.baseOffset)
                }
                // The oldest first: a tombstone must not go before what it removes.
                for segment in replaced.dropFirst(isEmpty ? 0 : 1) { segment.file?.remove() }
            }
        }
        segments.replaceSubrange(..<count, with: cleaned.map(\.segment).filter { $0.size > 0 })
        size += after - before
        self.cleanedOffset = cleanedOffset
        noteBounds()
        return before - after
    }

    private mutating func drop(_ count: Int) {
        var count = count
        if folder != nil, count == segments.count, count > 0 {
            // The name of the last file is what tells, after a restart, where the log goes on.
            if segments.last?.size == 0 {
                count -= 1
            } else {
                do { try roll() } catch { count -= 1 }
            }
        }
        guard count > 0 else { return }
        let dropped = segments[..<count]
        size -= dropped.reduce(0) { $0 + $1.size }
        segments.removeFirst(count)
        startOffset = max(startOffset, segments.first?.baseOffset ?? endOffset)
        noteBounds()
        for segment in dropped { segment.file?.remove() }
    }

    /// The segment with the first batch that ends behind `offset`.
    func segmentIndex(containing offset: Offset) -> Int? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            // Not where the segment ends: compaction may have left nothing between its last batch and that.
            let end = segments[middle].entries.last?.endOffset ?? segments[middle].endOffset
            if end <= offset { low = middle + 1 } else { high = middle }
        }
        return low < segments.count ? low : nil
    }
}
