/// Writes a record batch (magic 2): records are appended to one raw buffer, the header is filled in at the end.
package struct RecordBatchBuilder: ~Copyable {
    private var writer: ByteWriter
    private var baseTimestamp: Int64?
    private var maxTimestamp: Int64 = -1
    private var lastOffsetDelta: Int32 = 0
    /// How many records were appended.
    package private(set) var count: Int32 = 0

    /// An empty batch with room for `capacity` bytes before it first grows. Timestamps are written relative to
    /// `baseTimestamp`, by default that of the first record.
    package init(capacity: Int = 16384, baseTimestamp: Int64? = nil) {
        self.baseTimestamp = baseTimestamp
        writer = ByteWriter(capacity: capacity)
        writer.reserve(RecordBatch.Layout.headerSize)
        for _ in 0..<RecordBatch.Layout.headerSize { writer.unchecked(0 as UInt8) }
    }

    /// The bytes so far, header included, before compression.
    package var size: Int { writer.count }

    /// How many bytes there is memory for.
    var capacity: Int { writer.capacity }

    /// At most how many bytes a record takes up, its framing included.
    package static func upperBound(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader]
    ) -> Int {
        // Length 5, attributes 1, timestamp 10, offset 5, three lengths or counts of 5 each.
        headers.reduce(36 + (key?.count ?? 0) + (value?.count ?? 0)) {
            $0 + 10 + $1.key.utf8.count + ($1.value?.count ?? 0)
        }
    }

    /// Appends a record with a time in milliseconds since 1970. Its offset, relative to the batch's, is by default one
    /// more than that of the record before it.
    package mutating func append(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader] = [], timestamp: Int64,
        offsetDelta: Int32? = nil
    ) {
        let base = baseTimestamp ?? timestamp
        baseTimestamp = base
        maxTimestamp = max(maxTimestamp, timestamp)
        let delta = timestamp &- base
        let offset = offsetDelta ?? (count == 0 ? 0 : lastOffsetDelta &+ 1)
        lastOffsetDelta = offset
        var size = 1 + Self.varlongSize(delta) + Self.varlongSize(Int64(offset))
        size += Self.partSize(key?.count) + Self.partSize(value?.count) + Self.varlongSize(Int64(headers.count))
        for header in headers { size += Self.partSize(header.key.utf8.count) + Self.partSize(header.value?.count) }
        writer.reserve(size + 5)
        writer.uncheckedVarlong(Int64(size))
        writer.unchecked(0 as UInt8)
        writer.uncheckedVarlong(delta)
        writer.uncheckedVarlong(Int64(offset))
        part(key)
        part(value)
        writer.uncheckedVarlong(Int64(headers.count))
        for header in headers {
            var name = header.key
            name.withUTF8 { part(UnsafeRawBufferPointer($0)) }
            if let value = header.value { value.withUnsafeBytes { part($0) } } else { part(nil) }
        }
        count += 1
    }

    /// What the header says of the producer and of the records' times; the defaults are those of a plain producer.
    package struct Options: Sendable {
        package var compression = Compression.none
        /// One of ``Compression/levels``, or nil for the codec's own default.
        package var compressionLevel: Int?
        package var producerId: ProducerID = .none
        package var producerEpoch: ProducerEpoch = .none
        package var baseSequence: Int32 = -1
        /// Bits beside the codec's, such as those of transactional and control batches.
        package var marks = RecordBatch.Attributes(rawValue: 0)
        package var baseOffset: Offset = 0
        package var partitionLeaderEpoch: LeaderEpoch = .none
        /// Where another value than that of the last record is wanted.
        package var lastOffsetDelta: Int32?
        /// Where another value than the highest of the records is wanted.
        package var maxTimestamp: Int64?
        package init() {}
    }

    /// The finished batch. Throws where this build has no such codec.
    package mutating func finish(_ options: Options = Options()) throws(WireError) -> [UInt8] {
        try writeHeader(options)
        let crc = writer.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[RecordBatch.Layout.attributes...]))
        }
        writer.patch(crc, at: RecordBatch.Layout.crc)
        return writer.array()
    }

    /// The batch without a producer's stamp and without its checksum, both of which ``restamp`` writes; the builder is
    /// then as new, and keeps its memory.
    mutating func drain() throws(WireError) -> [UInt8] {
        try writeHeader(Options())
        let batch = writer.array()
        writer.truncate(to: RecordBatch.Layout.headerSize)
        baseTimestamp = nil
        maxTimestamp = -1
        lastOffsetDelta = 0
        count = 0
        return batch
    }

    private mutating func writeHeader(_ options: Options) throws(WireError) {
        if options.compression != .none {
            let header = RecordBatch.Layout.headerSize
            let packed = try writer.withUnsafeBytes { (all) throws(WireError) in
                try options.compression.compress(
                    UnsafeRawBufferPointer(rebasing: all[header...]), level: options.compressionLevel)
            }
            writer.truncate(to: header)
            packed.withUnsafeBytes { writer.raw($0) }
        }
        typealias Layout = RecordBatch.Layout
        writer.patch(options.baseOffset.rawValue, at: 0)
        writer.patch(Int32(truncatingIfNeeded: writer.count - Layout.overhead), at: Layout.length)
        writer.patch(options.partitionLeaderEpoch.rawValue, at: Layout.leaderEpoch)
        writer.patch(2 as Int8, at: Layout.magic)
        writer.patch(options.marks.rawValue & ~7 | UInt16(options.compression.rawValue), at: Layout.attributes)
        writer.patch(options.lastOffsetDelta ?? lastOffsetDelta, at: Layout.lastOffsetDelta)
        writer.patch(baseTimestamp ?? -1, at: Layout.baseTimestamp)
        writer.patch(options.maxTimestamp ?? maxTimestamp, at: Layout.maxTimestamp)
        writer.patch(options.producerId.rawValue, at: Layout.producerId)
        writer.patch(options.producerEpoch.rawValue, at: Layout.producerEpoch)
        writer.patch(options.baseSequence, at: Layout.baseSequence)
        writer.patch(count, at: Layout.count)
    }

    /// Gives the memory of a finished batch back.
    package mutating func release() { writer = ByteWriter(capacity: 16) }

    /// Writes another producer's id, epoch and sequence number into a finished batch.
    package static func restamp(
        _ batch: inout [UInt8], producerId: ProducerID, producerEpoch: ProducerEpoch, baseSequence: Int32
    ) {
        typealias Layout = RecordBatch.Layout
        precondition(batch.count >= Layout.headerSize, "a finished batch has a header")
        batch.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: producerId.rawValue.bigEndian, toByteOffset: Layout.producerId, as: Int64.self)
            bytes.storeBytes(of: producerEpoch.rawValue.bigEndian, toByteOffset: Layout.producerEpoch, as: Int16.self)
            bytes.storeBytes(of: baseSequence.bigEndian, toByteOffset: Layout.baseSequence, as: Int32.self)
            let crc = CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[Layout.attributes...]))
            bytes.storeBytes(of: crc.bigEndian, toByteOffset: Layout.crc, as: UInt32.self)
        }
    }

    @inline(__always)
    private mutating func part(_ bytes: UnsafeRawBufferPointer?) {
        guard let bytes else { return writer.uncheckedVarlong(-1) }
        writer.uncheckedVarlong(Int64(bytes.count))
        writer.uncheckedRaw(bytes)
    }

    @inline(__always)
    private static func partSize(_ count: Int?) -> Int { varlongSize(Int64(count ?? -1)) + (count ?? 0) }

    @inline(__always)
    private static func varlongSize(_ value: Int64) -> Int {
        let zigzag = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        return (70 - (zigzag | 1).leadingZeroBitCount) / 7
    }
}
