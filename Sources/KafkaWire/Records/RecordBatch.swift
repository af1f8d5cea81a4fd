/// A record batch (magic 2, KIP-98) as it stands in its topic's log: a header of 61 bytes and, behind it, the records,
/// packed or not. The bytes stay where they were received.
///
/// A message of the formats before Kafka 0.11 (magic 0 and 1) is read as a batch of one record or, where it is a packed
/// set of messages, of several. What those formats lack holds its default, -1 or false.
public struct RecordBatch: Sendable, Equatable {
    /// Where the header's fields stand (Kafka's documentation, "Record Batch").
    package enum Layout {
        static let length = 8
        package static let leaderEpoch = 12
        package static let magic = 16
        static let crc = 17
        package static let attributes = 21
        static let lastOffsetDelta = 23
        static let baseTimestamp = 27
        package static let maxTimestamp = 35
        static let producerId = 43
        static let producerEpoch = 51
        static let baseSequence = 53
        static let count = 57
        package static let headerSize = 61
        /// Base offset and length, which the length does not count.
        package static let overhead = 12
    }

    /// The whole batch.
    public let bytes: Bytes
    /// The batch's format: 2 since Kafka 0.11, 0 or 1 before.
    public let magic: Int8
    /// The offset of the first record when the batch was written; compaction may have removed that record. A packed set
    /// of magic 0 or 1 says only its last offset, which then stands here.
    public let baseOffset: Offset
    /// The epoch of the leader that appended the batch; -1 in a batch that no broker has seen yet.
    public let partitionLeaderEpoch: LeaderEpoch
    /// The checksum that the batch carries.
    public let crc: UInt32
    /// Codec, timestamp type, and the marks of transactional and control batches.
    public let attributes: Attributes
    /// The last record's offset, relative to ``baseOffset``.
    public let lastOffsetDelta: Int32
    /// What the records' timestamps are relative to, in milliseconds since 1970.
    public let baseTimestamp: Int64
    /// The highest timestamp, in milliseconds since 1970; -1 in magic 0, which has none.
    public let maxTimestamp: Int64
    /// The idempotent producer's id, or -1.
    public let producerId: ProducerID
    /// The idempotent producer's epoch, or -1.
    public let producerEpoch: ProducerEpoch
    /// The sequence number of the first record, or -1.
    public let baseSequence: Int32
    /// How many records there are; fewer than offsets after compaction. -1 in a packed set of magic 0 or 1, which does
    /// not say it.
    public let recordCount: Int32

    /// The two bytes of attributes.
    public struct Attributes: RawRepresentable, Sendable, Equatable {
        /// The bits, of which the lowest is bit 0.
        public var rawValue: UInt16
        /// Attributes with these bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The codec; nil for a number that no codec has.
        public var compression: Compression? { Compression(rawValue: UInt8(rawValue & 7)) }
        /// Whether the broker stamped the records when it appended them, and not the producer when it made them.
        public var isLogAppendTime: Bool { rawValue & 1 << 3 != 0 }
        /// Whether the records belong to a transaction.
        public var isTransactional: Bool { rawValue & Self.transactional.rawValue != 0 }
        /// The mark of a batch that belongs to a transaction.
        package static let transactional = Attributes(rawValue: 1 << 4)
        /// Whether the records are marks of the transaction coordinator, not data.
        public var isControl: Bool { rawValue & 1 << 5 != 0 }
        /// Whether ``RecordBatch/baseTimestamp`` holds the time at which tombstones may go (KIP-534).
        public var hasDeleteHorizon: Bool { rawValue & Self.deleteHorizonMark != 0 }
        package static let deleteHorizonMark: UInt16 = 1 << 6
    }

    /// The last offset that the batch takes up.
    public var lastOffset: Offset { baseOffset + Int64(lastOffsetDelta) }

    /// Reads the header of the batch at the beginning of `bytes`. Gives nil where the batch is cut off, as the last
    /// one of a fetch may be; throws where the bytes cannot be a batch.
    public init?(_ bytes: Bytes) throws(WireError) {
        guard bytes.count >= Layout.magic + 1 else { return nil }
        guard bytes[Layout.magic] == 2 else {
            guard let message = try Self(legacy: bytes) else { return nil }
            self = message
            return
        }
        var reader = ByteReader(bytes)
        try reader.skip(Layout.length)
        let length: Int32 = try reader.integer()
        guard length >= Layout.headerSize - Layout.overhead else {
            throw Self.error(.badLength(Int(length), limit: bytes.count - Layout.overhead), Layout.length)
        }
        guard bytes.count - Layout.overhead >= Int(length) else { return nil }
        try self.init(header: bytes[0..<Layout.overhead + Int(length)])
    }

    /// Reads the header of a batch of magic 2, of which ``bytes`` may hold no more than that.
    package init(header bytes: Bytes) throws(WireError) {
        self.bytes = bytes
        var reader = ByteReader(bytes)
        baseOffset = Offset(try reader.integer())
        try reader.skip(MemoryLayout<Int32>.size)
        partitionLeaderEpoch = LeaderEpoch(try reader.integer())
        magic = try reader.integer()
        crc = try reader.integer()
        attributes = Attributes(rawValue: try reader.integer())
        lastOffsetDelta = try reader.integer()
        baseTimestamp = try reader.integer()
        maxTimestamp = try reader.integer()
        producerId = ProducerID(try reader.integer())
        producerEpoch = ProducerEpoch(try reader.integer())
        baseSequence = try reader.integer()
        recordCount = try reader.integer()
        guard recordCount >= 0, lastOffsetDelta >= 0 else {
            throw Self.error(.malformed("\(recordCount) records and a last offset delta of \(lastOffsetDelta)"), 57)
        }
    }

    /// Reads a message of magic 0 or 1, of which at least the magic is there.
    private init?(legacy bytes: Bytes) throws(WireError) {
        typealias Layout = LegacyMessage.Layout
        var reader = ByteReader(bytes)
        baseOffset = Offset(try reader.integer())
        let size: Int32 = try reader.integer()
        crc = try reader.integer()
        magic = try reader.integer()
        guard magic == 0 || magic == 1 else {
            throw Self.error(.malformed("a batch of magic \(magic); there are 0, 1 and 2"), Layout.magic)
        }
        // Key and value have at least their lengths.
        guard Int(size) >= Layout.body(magic) + 8 - Layout.overhead else {
            throw Self.error(.badLength(Int(size), limit: bytes.count - Layout.overhead), Layout.size)
        }
        guard bytes.count - Layout.overhead >= Int(size) else { return nil }
        self.bytes = bytes[0..<Layout.overhead + Int(size)]
        // Magic 0 knows the codec alone, magic 1 also the timestamp's type (KIP-32).
        attributes = Attributes(rawValue: UInt16(try reader.integer(UInt8.self) & (magic == 0 ? 0x07 : 0x0F)))
        baseTimestamp = magic == 0 ? -1 : try reader.integer()
        maxTimestamp = baseTimestamp
        recordCount = attributes.compression == Compression.none ? 1 : -1
        partitionLeaderEpoch = .none
        lastOffsetDelta = 0
        producerId = .none
        producerEpoch = .none
        baseSequence = -1
    }

    /// Where the bytes begin that the checksum covers, to the batch's end.
    package var checksumStart: Int { magic == 2 ? Layout.attributes : LegacyMessage.Layout.magic }

    /// The checksum of what the batch holds: CRC-32C, or CRC-32 in magic 0 and 1.
    public var computedCRC: UInt32 {
        let covered = bytes[checksumStart..<bytes.count]
        return magic == 2 ? CRC32C.checksum(covered) : CRC32.checksum(covered)
    }

    /// Throws where the batch's checksum is not that of its bytes: it was damaged on its way or on disk.
    public func verifyChecksum() throws(WireError) {
        let found = computedCRC
        guard found == crc else {
            let at = magic == 2 ? Layout.crc : LegacyMessage.Layout.crc
            throw Self.error(.checksum(expected: crc, found: found), at)
        }
    }

    /// The records, unpacked to at most `limit` bytes. An error's offset counts in the batch, or, where what was packed is
    /// wrong, in the unpacked data.
    public func records(limit: Int = Compression.defaultLimit) throws(WireError) -> DecodedRecords {
        do throws(WireError) {
            if magic != 2 { return try LegacyMessage.records(of: self, limit: limit) }
            guard let compression = attributes.compression else {
                throw WireError(
                    .unsupportedCodec("number \(attributes.rawValue & 7)"), at: Layout.attributes, field: "attributes")
            }
            let packed = bytes[Layout.headerSize..<bytes.count]
            let payload: Bytes
            do { payload = try compression.decompress(packed, limit: limit) } catch {
                throw error.moved(by: Layout.headerSize)
            }
            do { return try DecodedRecords(payload, of: self) } catch {
                throw compression == .none ? error.moved(by: Layout.headerSize) : error
            }
        } catch {
            var located = error
            located.message = "RecordBatch at offset \(baseOffset)"
            located.version = Int16(magic)
            if located.field.isEmpty { located.field = "records" }
            throw located
        }
    }

    private static func error(_ reason: WireError.Reason, _ at: Int) -> WireError {
        WireError(reason, at: at, message: "RecordBatch")
    }
}

extension WireError {
    /// The same error, counted from `distance` bytes before; one without a place is at the beginning of what was read.
    func moved(by distance: Int) -> WireError {
        var moved = self
        moved.offset = max(offset, 0) + distance
        return moved
    }
}

extension Records {
    /// The batches, in order. A batch that is cut off at the end is left out; bytes that are no batch throw.
    public func batches() throws(WireError) -> [RecordBatch] {
        var found: [RecordBatch] = []
        var rest = bytes
        while let batch = try RecordBatch(rest) {
            found.append(batch)
            rest = rest[batch.bytes.count..<rest.count]
        }
        return found
    }
}
