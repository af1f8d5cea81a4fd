import KafkaWire

/// What is found in a partition's folder when a broker starts: the segments with their batches, and what they say of
/// producers and transactions. Nothing but the batches is needed for that, so no other file can disagree with them.
///
/// Where a batch is torn or damaged, the log ends in front of it: what stands behind was never acknowledged, or cannot
/// be told from what was not. A torn batch is cut off; what holds whole batches is set aside under another name.
struct LogRecovery {
    typealias Cut = KafkaBroker.LogCut

    private(set) var segments: [LogSegment] = []
    private(set) var producers = ProducerStates()
    private(set) var aborted = AbortedTransactions()
    /// The leader epochs and their first offsets (KIP-101), as the batches tell them.
    private(set) var epochs: [LeaderEpochs.Entry] = []
    private(set) var cuts: [Cut] = []
    /// Whether the checksums are looked at: after a clean stop they need not be.
    private let verifies: Bool

    /// Reads what is in `folder`.
    init(_ folder: LogFolder, verifies: Bool) throws(StorageError) {
        self.verifies = verifies
        var position = 0
        for (base, file) in try folder.segments() {
            if let first = cuts.first {
                let path = file.path
                try file.rename(to: path + ".cut")
                cuts.append(
                    Cut(
                        file: path, offset: first.offset, bytes: file.size, reason: "it follows a damaged batch",
                        keptAs: file.path))
                continue
            }
            guard base >= segments.last?.endOffset ?? 0 else {
                // A compaction that was interrupted: its result begins earlier and holds what this one does.
                file.remove()
                continue
            }
            var segment = LogSegment(baseOffset: base, startPosition: position, file: file)
            try read(&segment, file)
            position += segment.size
            segments.append(segment)
        }
    }

    private mutating func read(_ segment: inout LogSegment, _ file: DiskFile) throws(StorageError) {
        var window = Window(file)
        while segment.size < file.size {
            let at = segment.size
            switch try window.batch(at: at, whole: verifies) {
            case .failure(let damage):
                return try setAside(
                    file, from: at, damage.reason, at: segment.endOffset, isTorn: damage.isTorn)
            case .success(let found):
                let batch = found.batch
                guard batch.baseOffset >= segment.endOffset else {
                    return try setAside(
                        file, from: at, "offset \(batch.baseOffset) stands behind \(segment.endOffset - 1)",
                        at: segment.endOffset)
                }
                segment.note(
                    .init(
                        baseOffset: batch.baseOffset, endOffset: batch.lastOffset + 1, position: at,
                        maxTimestamp: batch.maxTimestamp), size: found.size)
                note(batch, isWhole: found.isWhole, try found.isWhole ? batch : window.control(at: at, found))
            }
        }
    }

    /// Remembers what a batch says of its producer and leader. Of a control batch, `whole` holds the record.
    private mutating func note(_ batch: RecordBatch, isWhole: Bool, _ whole: RecordBatch) {
        if batch.partitionLeaderEpoch > epochs.last?.epoch ?? .none {
            epochs.append(.init(epoch: batch.partitionLeaderEpoch, start: batch.baseOffset))
        }
        if batch.attributes.isControl {
            guard let marker = TransactionMarker(whole) else { return }
            aborted.end(with: marker, at: batch.baseOffset, in: &producers)
        } else {
            producers.remember(batch, at: batch.baseOffset)
        }
    }

    private mutating func setAside(
        _ file: DiskFile, from position: Int, _ reason: String, at offset: Offset, isTorn: Bool = false
    ) throws(StorageError) {
        let path = file.path
        var cut = Cut(file: path, offset: offset, bytes: file.size - position, reason: reason)
        if !isTorn {
            try file.emptySibling(at: path + ".cut").append(contentsOf: file, from: position)
            cut.keptAs = path + ".cut"
        }
        try file.truncate(to: position)
        cuts.append(cut)
    }
}

/// Reads a segment's batches one after the other, with few calls to the system.
private struct Window {
    struct Damage: Error {
        var reason: String
        /// Whether it is nothing but a batch whose end is missing.
        var isTorn = false
    }

    struct Found {
        var batch: RecordBatch
        var size: Int
        /// Whether the batch's records were read, and not only its header.
        var isWhole: Bool
    }

    private let file: DiskFile
    private var bytes = Bytes()
    private var start = 0
    private static let headerSize = RecordBatch.Layout.headerSize

    init(_ file: DiskFile) { self.file = file }

    /// The batch at `position`: its header alone, or all of it, checked.
    mutating func batch(at position: Int, whole: Bool) throws(StorageError) -> Result<Found, Damage> {
        let rest = file.size - position
        guard rest >= Self.headerSize else {
            return .failure(Damage(reason: "the file ends inside a batch's header", isTorn: true))
        }
        let header = try take(position, Self.headerSize, ahead: whole ? 4 << 20 : 64 << 10)
        var reader = ByteReader(header)
        guard let _: Int64 = try? reader.integer(), let length: Int32 = try? reader.integer(),
            length >= Self.headerSize - RecordBatch.Layout.overhead
        else { return .failure(Damage(reason: "what stands there is no record batch")) }
        let size = Int(length) + RecordBatch.Layout.overhead
        guard header[RecordBatch.Layout.magic] == 2 else {
            return .failure(Damage(reason: "magic \(header[RecordBatch.Layout.magic]) is not 2"))
        }
        guard rest >= size else {
            return .failure(Damage(reason: "the file ends inside a batch of \(size) bytes", isTorn: true))
        }
        do {
            if whole {
                guard let batch = try RecordBatch(try take(position, size, ahead: 4 << 20)) else {
                    return .failure(Damage(reason: "what stands there is no record batch"))
                }
                try batch.verifyChecksum()
                return .success(Found(batch: batch, size: size, isWhole: true))
            }
            return .success(Found(batch: try RecordBatch(header: header), size: size, isWhole: false))
        } catch let error as StorageError {
            throw error
        } catch {
            return .failure(Damage(reason: "\(error)"))
        }
    }

    /// All of a batch whose header was read, if it is a control batch.
    mutating func control(at position: Int, _ found: Found) throws(StorageError) -> RecordBatch {
        guard found.batch.attributes.isControl else { return found.batch }
        return (try? RecordBatch(try take(position, found.size, ahead: 0))) ?? found.batch
    }

    private mutating func take(_ position: Int, _ count: Int, ahead: Int) throws(StorageError) -> Bytes {
        if position < start || position + count > start + bytes.count {
            bytes = Bytes(try file.read(position..<min(file.size, position + max(count, ahead))))
            start = position
        }
        return bytes[position - start..<position - start + count]
    }
}
