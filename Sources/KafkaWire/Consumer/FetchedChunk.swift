/// Records of one partition as they were fetched: headers are read, records are not.
struct FetchedChunk: Equatable, Sendable {
    var source: TopicPartition
    var batches: [RecordBatch]
    /// The offset that was asked for.
    var firstOffset: Offset
    /// The offset behind the last batch.
    var nextOffset: Offset
    var highWatermark: Offset
    var bytes: Int
    /// The leader epoch of the last batch, also where that is not for the application.
    var leaderEpoch = LeaderEpoch.none
    /// Whether there was nothing behind ``nextOffset``.
    var reachesEnd = false
    /// The records of the first batch, where those in front of ``firstOffset`` were given out already.
    var unpacked: UnpackedBatch?

    /// The batches in front of number `index`, which are sound, and those from it on.
    func divided(at index: Int) -> (FetchedChunk, FetchedChunk) {
        var (front, rest) = (self, self)
        front.reachesEnd = false
        front.batches = Array(batches[..<index])
        rest.batches = Array(batches[index...])
        rest.unpacked = nil
        // Not where the next batch says to begin: packed sets of old say their last offset there.
        front.nextOffset = max(firstOffset, front.batches.last.map { $0.lastOffset.next } ?? firstOffset)
        rest.firstOffset = front.nextOffset
        rest.bytes = min(bytes, rest.batches.reduce(0) { $0 + $1.bytes.count })
        front.bytes = bytes - rest.bytes
        return (front, rest)
    }

    /// What stands in front of record `next` of batch number `index`, which is unpacked, and the rest.
    func divided(at index: Int, in records: DecodedRecords, before next: Int) -> (FetchedChunk, FetchedChunk) {
        var (front, rest) = (self, self)
        front.reachesEnd = false
        front.batches = Array(batches[...index])
        rest.batches = Array(batches[index...])
        rest.unpacked = UnpackedBatch(records: records, first: next)
        front.nextOffset = max(firstOffset, records.offset(at: next))
        rest.firstOffset = front.nextOffset
        rest.bytes = min(bytes, rest.batches.reduce(0) { $0 + $1.bytes.count })
        front.bytes = bytes - rest.bytes
        return (front, rest)
    }

    /// The batches in front of number `index`, and those from it on, of which the first may be damaged.
    func split(at index: Int) -> (FetchedChunk, FetchedChunk) {
        var (front, rest) = (self, self)
        front.reachesEnd = false
        front.batches = Array(batches[..<index])
        rest.batches = Array(batches[index...])
        if index > 0 { rest.unpacked = nil }
        front.nextOffset = rest.batches.first?.baseOffset ?? nextOffset
        rest.firstOffset = max(front.nextOffset, firstOffset)
        return (front, rest)
    }
}

/// A batch that was unpacked, and of which only a part was given out yet (`max.poll.records`): it is not unpacked again for
/// each part.
struct UnpackedBatch: Equatable, Sendable {
    var records: DecodedRecords
    /// The first record that was not given out.
    var first: Int

    static func == (a: UnpackedBatch, b: UnpackedBatch) -> Bool {
        a.first == b.first && a.records.count == b.records.count
    }
}
