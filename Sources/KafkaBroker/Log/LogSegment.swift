import KafkaWire

/// A contiguous run of record batches of one partition, with an index entry for each batch.
///
/// The batches stand back to back as they go over the wire, so that a fetch is a slice of `bytes`. A fetch is answered
/// from one segment only, as in Kafka, where a segment is a file.
struct LogSegment {
    /// What is known of a batch without reading it.
    struct Entry: Equatable {
        /// The first offset.
        var baseOffset: Offset
        /// Where the batch begins in the segment's bytes.
        var position: Int
        /// The highest timestamp, in milliseconds since 1970.
        var maxTimestamp: Int64
    }

    /// How many bytes the partition had received before this segment.
    let startPosition: Int
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []
    private(set) var endOffset: Offset
    private(set) var maxTimestamp = Int64.min

    init(baseOffset: Offset, startPosition: Int, capacity: Int) {
        endOffset = baseOffset
        self.startPosition = startPosition
        bytes.reserveCapacity(capacity)
    }

    var baseOffset: Offset { entries.first?.baseOffset ?? endOffset }
    var size: Int { bytes.count }

    /// Appends a batch whose offsets begin at `endOffset`, and stamps base offset and leader epoch into it: neither is
    /// covered by the checksum (Kafka's documentation, "Record Batch").
    mutating func append(_ batch: RecordBatch, leaderEpoch: LeaderEpoch) {
        let position = bytes.count
        batch.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) }
        let base = endOffset
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: base.rawValue.bigEndian, toByteOffset: position, as: Int64.self)
            let epochAt = position + RecordBatch.Layout.leaderEpoch
            raw.storeBytes(of: leaderEpoch.rawValue.bigEndian, toByteOffset: epochAt, as: Int32.self)
        }
        entries.append(Entry(baseOffset: base, position: position, maxTimestamp: batch.maxTimestamp))
        endOffset = base + Int64(batch.lastOffsetDelta) + 1
        maxTimestamp = max(maxTimestamp, batch.maxTimestamp)
    }

    /// The place in `entries` of the batch that contains `offset`, or of the first one behind it.
    func entryIndex(containing offset: Offset) -> Int {
        // The first entry that begins behind `offset`; the one before it contains `offset`.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].baseOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// The highest timestamp of the batches that end at `offset` or behind it.
    func maxTimestamp(from offset: Offset) -> Int64? {
        if offset <= baseOffset { return maxTimestamp }
        return offset < endOffset ? entries[entryIndex(containing: offset)...].map(\.maxTimestamp).max() : nil
    }

    /// Where the batch at `index` ends in `bytes`.
    func endPosition(_ index: Int) -> Int {
        index + 1 < entries.count ? entries[index + 1].position : bytes.count
    }

    /// Whole batches from that of `offset` on, of at most `maxBytes` together, that begin before `limit`; the first one
    /// always, where `atLeastOneBatch` is set.
    func read(from offset: Offset, before limit: Offset, maxBytes: Int, atLeastOneBatch: Bool) -> LogSlice {
        let nothing = LogSlice(bytes: Bytes(), endOffset: offset)
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
            guard atLeastOneBatch else { return nothing }
            low = first + 1
        }
        return LogSlice(
            bytes: Bytes(bytes)[start..<endPosition(low - 1)],
            endOffset: low < entries.count ? entries[low].baseOffset : endOffset)
    }

    /// The batch at `index`.
    func batch(at index: Int) -> RecordBatch? {
        let slice = Bytes(bytes)[entries[index].position..<endPosition(index)]
        return try? RecordBatch(slice)
    }
}

/// Batches that were read, and the offset behind the last of them.
struct LogSlice {
    var bytes: Bytes
    var endOffset: Offset
}
