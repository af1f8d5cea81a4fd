import KafkaWire

/// A log of the broker's own state, in the form and folder of a topic's partition: what is written is read back at the
/// next start, in order. When much of it is out of date, it is written anew from what is in force.
final class StateLog {
    /// A key and a value; without a value, what had the key is gone.
    struct Entry: Equatable {
        var key: [UInt8]?
        var value: [UInt8]?
    }

    private let folder: LogFolder
    private var log: PartitionLog
    private var recovery: LogRecovery
    /// The size from which the log is written anew.
    private var limit: Int
    private let floor: Int
    /// Is told of batches that cannot be read, where the log is read without them.
    var skips: ((StorageError) -> Void)?

    /// Looks at the log in `folder`, which is used from ``settle()`` on; it is written anew from `floor` bytes on, and
    /// then when it has grown fourfold.
    init(_ folder: LogFolder, floor: Int = 4 << 20) throws(StorageError) {
        self.folder = folder
        recovery = try LogRecovery(folder, verifies: true)
        log = PartitionLog(folder: folder)
        self.floor = floor
        limit = floor
    }

    /// Why it is not known what the log says, as far as that was acknowledged; nil where nothing but its torn end is
    /// damaged. A state of which a part is left out is another state: an older commit, a topic that was deleted.
    var objection: StorageError? {
        if recovery.isExpectedExactly, let missing = recovery.missing {
            return StorageError("read \(folder.folder.path)", missing)
        }
        // Behind what was written for certain, nothing was acknowledged.
        let endIsKnown = recovery.isExpectedExactly && recovery.expected != nil
        let damage = recovery.damages.first { !$0.isLast || !$0.isTorn && !endIsKnown }
        return damage.map { StorageError("read \($0.file.path) at byte \($0.range.lowerBound)", $0.reason) }
    }

    /// What is missing at the log's end, which a machine that lost power may have taken.
    var missing: String? { recovery.missing.map { "\(folder.folder.path): \($0)" } }

    /// Takes what is damaged out of the log, and goes on with what is left. Gives what was taken out.
    func settle() throws(StorageError) -> [LogRecovery.Cut] {
        try recovery.settle()
        log = PartitionLog(
            rolling: SegmentRolling(bytes: 64 << 20), folder: folder, segments: recovery.segments, startOffset: 0)
        // What stands in front was written anew before it.
        let end = recovery.expected?.end ?? 0
        if end > log.endOffset { try log.goOn(at: end) }
        if !log.segments.isEmpty || recovery.expected != nil { log.noteBounds() }
        return recovery.cuts
    }

    /// Whether the log should be written anew.
    var isOutgrown: Bool { log.size > limit }

    /// Every batch, from the oldest on. Where `body` cannot read one, that is an error, or ``skips`` is told.
    func forEachBatch(_ body: (RecordBatch) throws(StorageError) -> Void) throws(StorageError) {
        for segment in log.segments {
            for index in segment.entries.indices {
                do throws(StorageError) { try body(try segment.batch(at: index)) } catch {
                    guard let skips else { throw error }
                    skips(error)
                }
            }
        }
    }

    /// The records of a batch in the log called `name`.
    static func records(of batch: RecordBatch, in name: String) throws(StorageError) -> DecodedRecords {
        do { return try batch.records() } catch {
            throw StorageError("read \(name) at offset \(batch.baseOffset)", "\(error)", StorageError.wayOn)
        }
    }

    /// How large a batch grows at most, up to one entry more: a batch is written and read as a whole.
    static let batchLimit = 4 << 20

    /// Appends entries as one batch: all of them are read back, or none, unless they have more than 4 MiB together.
    /// `producer` is set where they belong to a transaction. `timestamp` is in milliseconds since 1970.
    func append(_ entries: [Entry], producer: ProducerIdentity? = nil, timestamp: Int64) throws(StorageError) {
        var rest = entries[...]
        while !rest.isEmpty { try append(next: &rest, producer, timestamp) }
    }

    /// Takes as many entries as one batch holds.
    private func append(next rest: inout ArraySlice<Entry>, _ producer: ProducerIdentity?, _ timestamp: Int64)
        throws(StorageError)
    {
        var builder = RecordBatchBuilder(capacity: 1024)
        while builder.size < Self.batchLimit, let entry = rest.popFirst() {
            Self.withBytes(entry.key) { key in
                Self.withBytes(entry.value) { builder.append(key: key, value: $0, timestamp: timestamp) }
            }
        }
        var options = RecordBatchBuilder.Options()
        if let producer {
            options.marks = RecordBatch.Attributes(rawValue: 1 << 4)
            options.producerId = producer.id
            options.producerEpoch = producer.epoch
            options.baseSequence = 0
        }
        let bytes = try StorageError.encoding("write a batch of state") { () throws(WireError) in
            try builder.finish(options)
        }
        let batch = try StorageError.encoding("write a batch of state") { () throws(WireError) in
            try RecordBatch(Bytes(bytes))
        }
        if let batch { try append(batch) }
    }

    /// Appends a batch as it is, such as the marker of a transaction.
    func append(_ batch: RecordBatch) throws(StorageError) { _ = try log.append(batch, leaderEpoch: 0) }

    /// Makes what was appended safe against a loss of power.
    func sync() throws(StorageError) { try log.sync() }

    /// Writes the log anew: `write` appends what is in force, and then what stood before is removed. A crash on the way
    /// leaves both, which says the same.
    func rewrite(_ write: (StateLog) throws(StorageError) -> Void) throws(StorageError) {
        let start = try beginRewriting()
        try write(self)
        try endRewriting(from: start)
    }

    /// The log is to be written anew in parts, between which it goes on: what is in force is appended from here on.
    func beginRewriting() throws(StorageError) -> Offset {
        try log.roll()
        return log.endOffset
    }

    /// Everything that is in force stands behind `start`: what stood before is removed.
    func endRewriting(from start: Offset) throws(StorageError) {
        try log.sync()
        _ = log.deleteRecords(before: start)
        limit = max(floor, log.size * 4)
    }

    private static func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { body($0) }
    }
}

extension StorageError {
    /// What `encode` gives. What came over the wire can be written: a text is as long in one version as in any other.
    /// Should something not fit all the same, then that is an error, and not the broker's end.
    static func encoding<T>(_ action: @autoclosure () -> String, _ encode: () throws(WireError) -> T)
        throws(StorageError) -> T
    {
        do { return try encode() } catch { throw StorageError(action(), "\(error)") }
    }
}
