import KafkaWire

/// What is found in a partition's folder when a broker starts: the segments with their batches, and what they say of
/// producers and transactions. Nothing but the batches is needed for that, so no other file can disagree with them.
///
/// What is damaged is taken out, and only that: the good batches behind it stay, at their offsets, as if compaction had
/// left a gap. What is taken out is kept in a file of its own beside the segment. First everything is looked at, and
/// then ``settle()`` changes the files: whoever cannot go on with what is there leaves them as they are.
struct LogRecovery {
    typealias Cut = BrokerLogCut

    private(set) var segments: [LogSegment] = []
    private(set) var producers = ProducerStates()
    private(set) var aborted = AbortedTransactions()
    /// The leader epochs and their first offsets (KIP-101), as the batches tell them.
    private(set) var epochs: [LeaderEpochs.Entry] = []
    /// What was taken out, once the files are changed.
    private(set) var cuts: [Cut] = []
    private(set) var damages: [LogDamage] = []
    /// What the log should hold, and whether that is so for certain.
    let expected: LogBounds.Bounds?
    let isExpectedExactly: Bool
    /// How many bytes the files hold, good or bad.
    private(set) var foundSize = 0

    private let folder: LogFolder
    /// Whether the checksums are looked at: after a clean stop they need not be, unless something else is strange.
    private let verifies: Bool
    private var isStrange = false

    /// Looks at what is in `folder`.
    init(_ folder: LogFolder, verifies: Bool) throws(StorageError) {
        self.init(of: folder, verifies: verifies)
        try read()
        guard isStrange else { return }
        self.init(of: folder, verifies: true)
        try read()
    }

    private init(of folder: LogFolder, verifies: Bool) {
        self.folder = folder
        self.verifies = verifies
        expected = folder.expected
        isExpectedExactly = folder.isExpectedExactly
    }

    /// Where the log ends.
    var endOffset: Offset { segments.last?.endOffset ?? 0 }

    // MARK: - Reading

    private mutating func read() throws(StorageError) {
        let files = try folder.segments()
        for (index, one) in files.enumerated() {
            foundSize += one.file.size
            guard one.base >= endOffset, one.base <= Offset(Int64.max - (1 << 33)) else {
                // Of a compaction that was interrupted: its result begins earlier and holds what this one does. Or
                // somebody has copied the file here.
                note(
                    LogDamage(
                        file: one.file, range: 0..<one.file.size,
                        reason: "the segment before it reaches to offset \(endOffset)"), before: 0)
                continue
            }
            if isExpectedExactly, let end = expected?.end, one.base > end {
                note(
                    LogDamage(
                        file: one.file, range: 0..<one.file.size,
                        reason: "it begins at offset \(one.base), and the log ended at \(end)"), before: 0)
                continue
            }
            var segment = LogSegment(
                baseOffset: one.base, startPosition: segments.last.map { $0.startPosition + $0.size } ?? 0,
                file: one.file)
            let limit =
                index + 1 < files.count ? files[index + 1].base : isExpectedExactly ? expected?.end : nil
            try read(&segment, one.file, limit: limit)
            if isStrange { return }
            segments.append(segment)
        }
        // An open transaction may be one that a damaged header seems to begin; nobody would read on behind it.
        if !verifies, endOffset != expected?.end ?? endOffset || producers.firstUnstableOffset != nil {
            return isStrange = true
        }
        placeDamages()
        // A fetch would wait for ever in a segment of which nothing is left. The last one says where the log goes on,
        // unless it never was one.
        let (last, isOnly) = (segments.last?.file, segments.count == 1)
        segments.removeAll { [damages] segment in
            segment.size == 0
                && (segment.file !== last || !isOnly && damages.contains { $0.file === segment.file })
        }
    }

    /// A batch that is good by itself, until it is known whether the next one fits behind it.
    private struct Held {
        var found: SegmentReader.Found
        /// Where the log ended before it.
        var end: Offset
        var hasLeapt: Bool { found.batch.baseOffset > end }
    }

    /// Reads a segment, behind which the next one begins at `limit`.
    private mutating func read(_ segment: inout LogSegment, _ file: DiskFile, limit: Offset?) throws(StorageError) {
        var reader = SegmentReader(file)
        let highest = segment.baseOffset + Int64(Int32.max)
        var held: Held?
        var end = segment.baseOffset
        var at = 0
        func damage(_ range: Range<Int>, _ reason: String, isTorn: Bool = false) -> LogDamage {
            LogDamage(file: file, range: range, reason: reason, isTorn: isTorn)
        }
        while at < file.size {
            switch try reader.batch(at: at, whole: verifies) {
            case .failure(let found):
                if !verifies { return isStrange = true }
                let next = try reader.next(after: at, offsets: end...max(end, highest))
                note(
                    damage(at..<next, found.reason, isTorn: found.isTorn && next == file.size),
                    before: segment.entries.count + (held == nil ? 0 : 1))
                at = next
            case .success(let found):
                let base = found.batch.baseOffset
                let range = at..<at + found.size
                at = range.upperBound
                if base < end || base > highest {
                    if !verifies { return isStrange = true }
                    // Of two that claim the same offsets, that one is wrong which had leapt ahead.
                    guard let leapt = held, leapt.hasLeapt, base >= leapt.end, base < end else {
                        note(
                            damage(range, "offset \(base) does not follow \(end - 1)"),
                            before: segment.entries.count + (held == nil ? 0 : 1))
                        continue
                    }
                    discard(leapt, before: base, of: segment, file)
                    held = nil
                    end = leapt.end
                }
                if let held { try keep(held, in: &segment, &reader, isCertain: base == end) }
                if isStrange { return }
                held = Held(found: found, end: end)
                end = found.batch.lastOffset + 1
            }
        }
        guard let held else { return }
        if let limit, held.hasLeapt, end > limit {
            if !verifies { return isStrange = true }
            return discard(held, before: limit, of: segment, file)
        }
        try keep(held, in: &segment, &reader, isCertain: false)
    }

    /// A batch is none of the log's after all, since the next one begins at `next`.
    private mutating func discard(_ held: Held, before next: Offset, of segment: LogSegment, _ file: DiskFile) {
        let count = segment.entries.count
        for index in damages.indices where damages[index].segment == segments.count && damages[index].entry > count {
            damages[index].entry -= 1
        }
        note(
            LogDamage(
                file: file, range: held.found.position..<held.found.position + held.found.size,
                reason: "offset \(held.found.batch.baseOffset) stands in front of \(next)"), before: count)
    }

    /// Takes a batch over. What was not read of it is read unless the next one stands exactly where this one's length
    /// and offsets say.
    private mutating func keep(
        _ held: Held, in segment: inout LogSegment, _ reader: inout SegmentReader, isCertain: Bool
    ) throws(StorageError) {
        let found = held.found
        var batch = found.batch
        let isMarked = batch.producerId >= 0 && batch.baseSequence < 0
        if !found.isWhole, !isCertain || batch.attributes.isControl || isMarked {
            guard let whole = try reader.whole(found) else { return isStrange = true }
            batch = whole
        }
        segment.note(
            .init(
                baseOffset: batch.baseOffset, endOffset: batch.lastOffset + 1, position: segment.size,
                maxTimestamp: batch.maxTimestamp), size: found.size)
        noteEpoch(of: batch)
        aborted.found(batch, &producers)
    }

    /// The checksum does not cover the epoch. Epochs do not fall: one that is higher than a later one was never any.
    private mutating func noteEpoch(of batch: RecordBatch) {
        guard batch.partitionLeaderEpoch >= 0 else { return }
        while let last = epochs.last, last.epoch > batch.partitionLeaderEpoch { epochs.removeLast() }
        guard batch.partitionLeaderEpoch > epochs.last?.epoch ?? .none else { return }
        epochs.append(.init(epoch: batch.partitionLeaderEpoch, start: batch.baseOffset))
    }

    private mutating func note(_ damage: LogDamage, before entry: Int) {
        var damage = damage
        damage.segment = segments.count
        damage.entry = entry
        if let last = damages.last, last.file === damage.file, last.range.upperBound == damage.range.lowerBound {
            damages[damages.count - 1].range = last.range.lowerBound..<damage.range.upperBound
            damages[damages.count - 1].isTorn = last.isTorn && damage.isTorn
        } else {
            damages.append(damage)
        }
    }

    /// Says of each damage at which offset the log goes on behind it.
    private mutating func placeDamages() {
        for index in damages.indices {
            let (first, entry) = (damages[index].segment, damages[index].entry)
            var next: Offset?
            for (number, segment) in segments.enumerated().dropFirst(first) where next == nil {
                next = segment.entries.dropFirst(number == first ? entry : 0).first?.baseOffset
            }
            damages[index].isLast = next == nil
            damages[index].next = next ?? endOffset
        }
    }

    // MARK: - What is missing

    /// What is not there though it should be, as part of a sentence; nil where nothing is.
    var missing: String? {
        guard let expected else { return nil }
        if endOffset < expected.end {
            return "it ends at offset \(endOffset), and ended at \(expected.end) when it was last written to"
        }
        guard foundSize < expected.size else { return nil }
        return "its files have \(foundSize) bytes, and had \(expected.size) when it was last written to"
    }

    // MARK: - Changing the files

    /// Takes what is damaged out of the files.
    mutating func settle() throws(StorageError) {
        var rest = damages[...]
        while let first = rest.first {
            let ofFile = rest.prefix { $0.file === first.file }
            rest = rest.dropFirst(ofFile.count)
            try settle(ofFile.sorted { $0.range.lowerBound < $1.range.lowerBound }, of: first.file)
        }
        damages = []
    }

    private mutating func settle(_ damages: [LogDamage], of file: DiskFile) throws(StorageError) {
        let path = file.path
        let kept = try folder.cutPath(of: file)
        let index = segments.firstIndex { $0.file === file }
        if let index, segments[index].size > 0 || index == segments.count - 1 {
            let aside = folder.newFile(at: kept)
            for damage in damages { try aside.append(contentsOf: file, damage.range) }
            try aside.sync()
            if damages.count == 1, damages[0].range.upperBound == file.size {
                try file.truncate(to: damages[0].range.lowerBound)
                // A further loss of power would bring it back, in front of what is written from now on.
                try file.sync()
            } else {
                let whole = try folder.cleanedSegment(at: segments[index].baseOffset)
                var at = 0
                for range in damages.map(\.range) + [file.size..<file.size] {
                    try whole.append(contentsOf: file, at..<range.lowerBound)
                    at = range.upperBound
                }
                try whole.sync()
                file.forget()
                try folder.put(whole, at: segments[index].baseOffset)
                segments[index].move(to: whole)
            }
        } else {
            try file.rename(to: kept)
        }
        cuts += damages.map {
            Cut(
                file: path, offset: $0.next, bytes: $0.range.count, reason: $0.reason, keptAs: kept, isEnd: $0.isLast)
        }
    }
}

/// A stretch of a segment's file that is no part of the log.
struct LogDamage {
    let file: DiskFile
    var range: Range<Int>
    let reason: String
    /// Whether it may be nothing but a batch whose end was never written.
    var isTorn = false
    /// Between which segments and batches it stands.
    fileprivate(set) var segment = 0
    fileprivate(set) var entry = 0
    /// The offset at which the log goes on.
    fileprivate(set) var next: Offset = 0
    /// Whether nothing good stands behind it.
    fileprivate(set) var isLast = false
}
