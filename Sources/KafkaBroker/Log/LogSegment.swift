import KafkaWire

/// A contiguous run of record batches of one partition, with an index entry for each batch.
///
/// The batches stand back to back as they go over the wire, in memory or in a file of Kafka's form, so that a fetch is
/// a slice of them. A fetch is answered from one segment only, as in Kafka.
struct LogSegment {
    /// What is known of a batch without reading it.
    struct Entry: Equatable {
        /// The first offset.
        var baseOffset: Offset
        /// The offset behind the last one. Compaction leaves gaps: the next batch may begin later.
        var endOffset: Offset
        /// Where the batch begins in the segment's bytes.
        var position: Int
        /// The highest timestamp, in milliseconds since 1970.
        var maxTimestamp: Int64
    }

    /// Where the batches are.
    private enum Store {
        case memory([UInt8])
        case file(DiskFile)
    }

    /// How many bytes the partition had received before this segment.
    let startPosition: Int
    /// The offset that the segment begins with: its file's name. Compaction may have removed that record.
    let baseOffset: Offset
    private var store: Store
    private(set) var size = 0
    private(set) var entries: [Entry] = []
    private(set) var endOffset: Offset
    private(set) var maxTimestamp = Int64.min

    /// An empty segment in memory, with room for `capacity` bytes.
    init(baseOffset: Offset, startPosition: Int, capacity: Int) {
        self.baseOffset = baseOffset
        endOffset = baseOffset
        self.startPosition = startPosition
        var bytes: [UInt8] = []
        bytes.reserveCapacity(capacity)
        store = .memory(bytes)
    }

    /// A segment in a file, whose batches are told with ``note(_:size:)``.
    init(baseOffset: Offset, startPosition: Int, file: DiskFile) {
        self.baseOffset = baseOffset
        endOffset = baseOffset
        self.startPosition = startPosition
        store = .file(file)
    }

    /// The segment's file, if it is on disk.
    var file: DiskFile? {
        guard case .file(let file) = store else { return nil }
        return file
    }

    /// The segment's bytes are in another file now.
    mutating func move(to file: DiskFile) { store = .file(file) }

    /// Appends what compaction has left of a batch, which keeps its offsets and its epoch.
    mutating func append(cleaned batch: RecordBatch) throws(StorageError) {
        switch store {
        case .memory(var bytes):
            store = .memory([])
            batch.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) }
            store = .memory(bytes)
        case .file(let file): try file.append(batch.bytes)
        }
        note(
            Entry(
                baseOffset: batch.baseOffset, endOffset: batch.lastOffset + 1, position: size,
                maxTimestamp: batch.maxTimestamp), size: batch.bytes.count)
    }

    /// Says where the segment ends, which may be behind its last batch: others that stood there were removed.
    mutating func end(at offset: Offset) { endOffset = offset }

    /// Appends a batch whose offsets begin at `endOffset`, and stamps base offset and leader epoch into it: neither is
    /// covered by the checksum (Kafka's documentation, "Record Batch"). Throws where it cannot be written; nothing is
    /// left of it then.
    mutating func append(_ batch: RecordBatch, leaderEpoch: LeaderEpoch) throws(StorageError) {
        let base = endOffset
        switch store {
        case .memory(var bytes):
            store = .memory([])
            let position = bytes.count
            batch.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) }
            bytes.withUnsafeMutableBytes {
                Self.stamp(.init(rebasing: $0[position...]), base, leaderEpoch)
            }
            store = .memory(bytes)
        case .file(let file):
            try batch.bytes.withUnsafeBytes { (bytes) throws(StorageError) in
                var head: (UInt64, UInt64) = (0, 0)
                try withUnsafeMutableBytes(of: &head) { (head) throws(StorageError) in
                    head.copyBytes(from: bytes.prefix(head.count))
                    Self.stamp(head, base, leaderEpoch)
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[head.count...])
                    try file.append(UnsafeRawBufferPointer(head), rest)
                }
            }
        }
        note(
            Entry(
                baseOffset: base, endOffset: base + Int64(batch.lastOffsetDelta) + 1, position: size,
                maxTimestamp: batch.maxTimestamp), size: batch.bytes.count)
    }

    private static func stamp(_ head: UnsafeMutableRawBufferPointer, _ base: Offset, _ leaderEpoch: LeaderEpoch) {
        head.storeBytes(of: base.rawValue.bigEndian, as: Int64.self)
        head.storeBytes(
            of: leaderEpoch.rawValue.bigEndian, toByteOffset: RecordBatch.Layout.leaderEpoch, as: Int32.self)
    }

    /// Removes the batches from the one at `index` on; an empty segment has none.
    mutating func truncate(from index: Int) throws(StorageError) {
        guard index < entries.count else { return }
        (size, endOffset) = (entries[index].position, entries[index].baseOffset)
        entries.removeSubrange(index...)
        maxTimestamp = entries.map(\.maxTimestamp).max() ?? .min
        switch store {
        case .memory(var bytes):
            store = .memory([])
            bytes.removeLast(bytes.count - size)
            store = .memory(bytes)
        case .file(let file): try file.truncate(to: size)
        }
    }

    /// Notes a batch of `size` bytes that stands behind those known so far.
    mutating func note(_ entry: Entry, size: Int) {
        entries.append(entry)
        endOffset = entry.endOffset
        self.size += size
        maxTimestamp = max(maxTimestamp, entry.maxTimestamp)
    }

    /// The place in `entries` of the batch that contains `offset`, or of the first one behind it.
    func entryIndex(containing offset: Offset) -> Int {
        var low = 0
        var high = entries.count - 1
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].endOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The highest timestamp of the batches that end at `offset` or behind it.
    func maxTimestamp(from offset: Offset) -> Int64? {
        if offset <= baseOffset { return maxTimestamp }
        return offset < endOffset ? entries[entryIndex(containing: offset)...].map(\.maxTimestamp).max() : nil
    }

    /// Where the batch at `index` ends in the segment's bytes.
    func endPosition(_ index: Int) -> Int {
        index + 1 < entries.count ? entries[index + 1].position : size
    }

    /// Whole batches from that of `offset` on, of at most `maxBytes` together, that begin before `limit`; the first one
    /// always, where `atLeastOneBatch` is set. They share the segment's memory, unless it is still written to: the next
    /// batch would have to copy the whole segment if somebody held a part of it. Many from a file are not read yet.
    func read(
        from offset: Offset, before limit: Offset, maxBytes: Int, atLeastOneBatch: Bool, isWrittenTo: Bool = false
    ) throws(StorageError) -> LogSlice {
        let nothing = LogSlice(records: Records(Bytes()), endOffset: offset)
        guard !entries.isEmpty, offset < limit else { return nothing }
        let first = entryIndex(containing: offset)
        let start = entries[first].position
        // The last batch that ends within the limits.
        var low = first
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if endPosition(middle) - start <= maxBytes, entries[middle].baseOffset < limit {
                low = middle + 1
            } else {
                high = middle
            }
        }
        if low == first {
            guard atLeastOneBatch, entries[first].baseOffset < limit else { return nothing }
            low = first + 1
        }
        let range = start..<endPosition(low - 1)
        let records =
            switch store {
            case .memory(let bytes):
                Records(isWrittenTo ? Bytes(Bytes(bytes)[range].copy()) : Bytes(bytes)[range])
            case .file(let file): try file.records(range)
            }
        return LogSlice(records: records, endOffset: low < entries.count ? entries[low].baseOffset : endOffset)
    }

    /// The batch at `index`.
    func batch(at index: Int) throws(StorageError) -> RecordBatch {
        let range = entries[index].position..<endPosition(index)
        let bytes = try bytes(range)
        guard let batch = try? RecordBatch(bytes), batch.bytes.count == bytes.count else {
            throw StorageError("read offset \(entries[index].baseOffset)", "what stands there is no record batch")
        }
        return batch
    }

    private func bytes(_ range: Range<Int>) throws(StorageError) -> Bytes {
        switch store {
        case .memory(let bytes): Bytes(bytes)[range]
        case .file(let file): Bytes(try file.read(range))
        }
    }
}

/// Batches that were read, and the offset behind the last of them.
struct LogSlice {
    var records: Records
    var endOffset: Offset

    var bytes: Bytes { records.bytes }
}
