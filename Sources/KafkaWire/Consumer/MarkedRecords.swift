import DequeModule

/// Which records of one partition are done, of those that were given out: they may be finished in any order, and what can be
/// committed ends in front of the first that is not. A value.
///
/// ```
/// given    ────────────────────────────▶ upTo
/// done     ████████▌   ███   ██████
///                  ▲ position
/// ```
struct MarkedRecords: Equatable, Sendable {
    private struct Span: Equatable, Sendable {
        var end: Offset
        var leaderEpoch: LeaderEpoch
    }

    /// In front of it all is done.
    private(set) var position: CommittedOffset
    /// Behind it nothing was given out.
    private(set) var upTo: Offset
    /// What is done behind ``position``, apart from each other and in order.
    private var done: [Range<Offset>] = []
    /// What was given out and is not behind us yet: which epoch it is of.
    private var spans: Deque<Span> = []

    /// Nothing was given out; the first record comes at `start`.
    init(from start: Offset) {
        position = CommittedOffset(offset: start)
        upTo = start
    }

    /// How many places behind ``position`` were given out. More than there are records, where some are missing.
    var open: Int64 { upTo - position.offset }

    /// Records were given out, up to `end`. In `missing` there are no records: those of transactions that were aborted,
    /// those that compaction took away.
    mutating func gave(upTo end: Offset, leaderEpoch: LeaderEpoch, missing: [Range<Offset>] = []) {
        guard end > upTo else { return }
        upTo = end
        spans.append(Span(end: end, leaderEpoch: leaderEpoch))
        for range in missing { mark(range) }
    }

    /// The record is done. True where more can be committed than before.
    mutating func mark(_ offset: Offset) -> Bool { mark(offset..<offset.next) }

    /// These are done. What was not given out is left alone.
    @discardableResult
    mutating func mark(_ range: Range<Offset>) -> Bool {
        var low = max(range.lowerBound, position.offset)
        var high = min(range.upperBound, upTo)
        guard low < high else { return false }
        // The first that is not wholly in front of it, and the first that is wholly behind.
        let first = place { $0.upperBound < low }
        let end = place { $0.lowerBound <= high }
        if first < end {
            low = min(low, done[first].lowerBound)
            high = max(high, done[end - 1].upperBound)
        }
        done.replaceSubrange(first..<max(first, end), with: CollectionOfOne(low..<high))
        guard done[0].lowerBound <= position.offset else { return false }
        position.offset = done.removeFirst().upperBound
        // The epoch is that of the record in front.
        var passed: Offset?
        while let span = spans.first, span.end <= position.offset {
            position.leaderEpoch = span.leaderEpoch
            passed = span.end
            spans.removeFirst()
        }
        if passed != position.offset, let span = spans.first { position.leaderEpoch = span.leaderEpoch }
        return true
    }

    /// How many of the ranges, which are in order, are so.
    private func place(_ isSo: (Range<Offset>) -> Bool) -> Int {
        var (low, high) = (0, done.count)
        while low < high {
            let middle = (low + high) / 2
            if isSo(done[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
