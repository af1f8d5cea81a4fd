import KafkaWire

/// A log as `kafka-dump-log` prints it: a line for each batch, and below it one for each record.
package struct DumpText: Sendable {
    /// How keys and values are shown.
    package enum Decoder: Sendable, Equatable {
        case text
        /// Whole numbers of four or eight bytes (Kafka's `IntegerDecoder` and `LongDecoder`).
        case integer
        case long
        case offsets
        case transactions
        case metadata

        /// Kafka's class, with or without its package.
        package init?(class name: String) {
            switch name.split(separator: ".").last ?? "" {
            case "StringDecoder", "DefaultDecoder": self = .text
            case "IntegerDecoder": self = .integer
            case "LongDecoder": self = .long
            default: return nil
            }
        }

        func text(_ bytes: Bytes) -> String {
            func number(_ size: Int) -> Int64? {
                guard bytes.count == size else { return nil }
                return bytes.withUnsafeBytes { $0.reduce(Int64(0)) { $0 << 8 | Int64($1) } }
            }
            switch self {
            case .integer: return number(4).map { "\(Int32(truncatingIfNeeded: $0))" } ?? "not 4 bytes: \(bytes.text)"
            case .long: return number(8).map { "\($0)" } ?? "not 8 bytes: \(bytes.text)"
            case .text, .offsets, .transactions, .metadata: return bytes.text
            }
        }
    }

    package var keyDecoder = Decoder.text
    package var valueDecoder = Decoder.text
    /// Whether records' contents are printed.
    package var printsContents = false
    /// Whether what is said of records beside their contents is left out.
    package var skipsMetadata = false

    package init() {}

    // MARK: - Batches

    /// The line of a batch that begins at byte `position` of its file.
    package static func line(_ batch: RecordBatch, at position: Int64) -> String {
        var line: String
        if batch.magic >= 2 {
            let horizon =
                batch.attributes.hasDeleteHorizon ? "OptionalLong[\(batch.baseTimestamp)]" : "OptionalLong.empty"
            line = "baseOffset: \(batch.baseOffset) lastOffset: \(batch.lastOffset) count: \(batch.recordCount)"
            line += " baseSequence: \(batch.baseSequence)"
            line += " lastSequence: \(sequence(batch.baseSequence, batch.lastOffsetDelta))"
            line += " producerId: \(batch.producerId) producerEpoch: \(batch.producerEpoch)"
            line += " partitionLeaderEpoch: \(batch.partitionLeaderEpoch)"
            line += " isTransactional: \(batch.attributes.isTransactional) isControl: \(batch.attributes.isControl)"
            line += " deleteHorizonMs: \(horizon)"
        } else {
            line = "offset: \(batch.lastOffset)"
        }
        line += " position: \(position) \(timeType(batch)): \(batch.maxTimestamp) size: \(batch.bytes.count)"
        line += " magic: \(batch.magic) compresscodec: \(batch.attributes.compression?.name ?? "unknown")"
        return line + " crc: \(batch.crc) isvalid: \(batch.computedCRC == batch.crc)"
    }

    private static func timeType(_ batch: RecordBatch) -> String {
        if batch.magic == 0 { return "NoTimestampType" }
        return batch.attributes.isLogAppendTime ? "LogAppendTime" : "CreateTime"
    }

    /// The sequence number of the record so far behind the first; they begin again at 0 behind the highest (KIP-98).
    private static func sequence(_ base: Int32, _ delta: Int32) -> Int32 {
        guard base >= 0 else { return base }
        return delta > Int32.max - base ? delta - (Int32.max - base) - 1 : base + delta
    }

    // MARK: - Records

    /// The lines of a batch's records. Throws where they cannot be unpacked.
    package func lines(of batch: RecordBatch, limit: Int = 1 << 30) throws(WireError) -> [(
        offset: Offset, text: String
    )] {
        try batch.records(limit: limit).map { ($0.offset, line($0, of: batch)) }
    }

    private func line(_ record: Record, of batch: RecordBatch) -> String {
        var line = skipsMetadata ? "" : Self.facts(of: record, in: batch)
        guard printsContents, !batch.attributes.isControl else { return line }
        var prefix = skipsMetadata ? "| " : " "
        let (key, payload) = contents(record)
        if let key {
            line += "\(prefix)key: \(key)"
            prefix = " "
        }
        if let payload { line += "\(prefix)payload: \(payload)" }
        return line
    }

    private func contents(_ record: Record) -> (key: String?, payload: String?) {
        let decoded: InternalRecord
        switch valueDecoder {
        case .offsets: decoded = .offsets(record)
        case .transactions: decoded = .transactions(record)
        case .metadata: decoded = .metadata(record)
        case .text, .integer, .long: return (record.key.map(keyDecoder.text), record.value.map(valueDecoder.text))
        }
        return (decoded.key, decoded.payload)
    }

    private static func facts(of record: Record, in batch: RecordBatch) -> String {
        var line = "| offset: \(record.offset) \(timeType(batch)): \(record.timestamp)"
        line += " keySize: \(record.key?.count ?? -1) valueSize: \(record.value?.count ?? -1)"
        if batch.magic >= 2 {
            let delta = Int32(clamping: record.offset - batch.baseOffset)
            line += " sequence: \(sequence(batch.baseSequence, delta))"
            line += " headerKeys: [\(record.headers.map(\.key).joined(separator: ","))]"
        }
        return batch.attributes.isControl ? line + control(record) : line
    }

    /// What a control record says.
    private static func control(_ record: Record) -> String {
        guard let key = record.key, let type = try? ControlRecordTypeSchema.decodeVersioned(key).type else {
            return " controlType: UNKNOWN(-1)"
        }
        switch type {
        case 0, 1:
            let epoch = record.value.flatMap { try? EndTxnMarker.decodeVersioned($0).coordinatorEpoch } ?? -1
            return " endTxnMarker: \(type == 1 ? "COMMIT" : "ABORT") coordinatorEpoch: \(epoch)"
        case 2:
            guard let value = record.value, let change = try? LeaderChangeMessage.decodeVersioned(value) else {
                return " LeaderChange: unreadable"
            }
            let version = min(
                max(change.version, LeaderChangeMessage.versions.lowerBound), LeaderChangeMessage.versions.upperBound)
            guard let values = try? change.values(version: version, flexible: LeaderChangeMessage.flexible) else {
                return " LeaderChange: unreadable"
            }
            return " LeaderChange: \(WireJSON.text(values))"
        default: return " controlType: UNKNOWN(\(type))"
        }
    }

    // MARK: - Indexes

    /// An entry of a file of kind `.index`, `.timeindex` or `.txnindex`, whose name says that it begins at `base`; nil where the
    /// bytes are none.
    package static func entry(_ bytes: [UInt8], of kind: IndexKind, base: Int64) -> String? {
        guard bytes.count == kind.entrySize else { return nil }
        func number(_ at: Int, _ size: Int) -> Int64 {
            let value = bytes[at..<at + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return size == 8 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))
        }
        switch kind {
        case .offsets: return "offset: \(base.addingSaturated(number(0, 4))) position: \(number(4, 4))"
        case .times: return "timestamp: \(number(0, 8)) offset: \(base.addingSaturated(number(8, 4)))"
        case .aborted:
            let version = Int16(truncatingIfNeeded: number(0, 4) >> 16)
            return "version: \(version) producerId: \(number(2, 8)) firstOffset: \(number(10, 8)) "
                + "lastOffset: \(number(18, 8)) lastStableOffset: \(number(26, 8))"
        }
    }
}

/// The kinds of indexes beside a segment.
package enum IndexKind: String, Sendable {
    case offsets = "index"
    case times = "timeindex"
    case aborted = "txnindex"

    package var entrySize: Int {
        switch self {
        case .offsets: 8
        case .times: 12
        case .aborted: 34
        }
    }
}
