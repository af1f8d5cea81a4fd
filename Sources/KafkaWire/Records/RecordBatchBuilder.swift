/// Writes a record batch (magic 2): records are appended to one raw buffer, the header is filled in at the end.
package struct RecordBatchBuilder: ~Copyable {
    private var writer: ByteWriter
    /// Nil where the first record's is taken.
    private let givenBaseTimestamp: Int64?
    private var baseTimestamp: Int64
    private var maxTimestamp: Int64 = -1
    private var nextOffsetDelta: Int32 = 0
    /// How many records were appended.
    package private(set) var count: Int32 = 0

    /// An empty batch with room for `capacity` bytes before it first grows. Timestamps are written relative to
    /// `baseTimestamp`, by default that of the first record.
    package init(capacity: Int = 16384, baseTimestamp: Int64? = nil) {
        givenBaseTimestamp = baseTimestamp
        self.baseTimestamp = baseTimestamp ?? -1
        writer = ByteWriter(capacity: capacity)
        writer.zeros(RecordBatch.Layout.headerSize)
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

    /// Appends a record with a time in milliseconds since 1970. Its offset is one more than that of the record before.
    package mutating func append(key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, timestamp: Int64) {
        let place = place(timestamp, nextOffsetDelta)
        let keySize = key?.count ?? 0
        let valueSize = value?.count ?? 0
        let content = keySize &+ valueSize
        // Nearly all records are so small that no number in them has more than two bytes: the length, too, whose place
        // is left free until it is known. It has two bytes from 64 on.
        guard content < 0x1F00, place.timestamp | place.offset < 0x4000 else { return appendAny(key, value, [], place) }
        let isLong = content >= 58 || content >= 54 && content &+ Self.framing(key, value, place) >= 64
        writer.appending(content &+ 12) { at in
            let begin = at
            at += isLong ? 2 : 1
            let start = at
            Self.byte(0, &at)
            Self.smallNumber(place.timestamp, &at)
            Self.smallNumber(place.offset, &at)
            Self.smallPart(key, keySize, &at)
            Self.smallPart(value, valueSize, &at)
            Self.byte(0, &at)
            let length = UInt64(truncatingIfNeeded: at - start) << 1
            if isLong {
                begin.storeBytes(of: Self.pair(length), as: UInt16.self)
            } else {
                begin.storeBytes(of: UInt8(truncatingIfNeeded: length), as: UInt8.self)
            }
        }
    }

    /// How many bytes a record has besides key and value, its length left out.
    @inline(never)
    private static func framing(
        _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?, _ place: Place
    ) -> Int {
        2 + size(place.timestamp) + size(place.offset) + size(length(key)) + size(length(value))
    }

    /// Appends a record with headers, or at an offset of its own, relative to the batch's.
    package mutating func append(
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader], timestamp: Int64,
        offsetDelta: Int32? = nil
    ) {
        guard !headers.isEmpty || offsetDelta != nil else {
            return append(key: key, value: value, timestamp: timestamp)
        }
        appendAny(key, value, headers, place(timestamp, offsetDelta ?? nextOffsetDelta))
    }

    /// A record's deltas, as zig-zag writes them.
    private typealias Place = (timestamp: UInt64, offset: UInt64)

    @inline(__always)
    private mutating func place(_ timestamp: Int64, _ offset: Int32) -> Place {
        if count == 0 { baseTimestamp = givenBaseTimestamp ?? timestamp }
        if timestamp > maxTimestamp { maxTimestamp = timestamp }
        nextOffsetDelta = offset &+ 1
        count &+= 1
        return (Self.zigzag(timestamp &- baseTimestamp), Self.zigzag(Int64(offset)))
    }

    @inline(never)
    private mutating func appendAny(
        _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?, _ headers: [RecordHeader], _ place: Place
    ) {
        var size = 1 + Self.size(place.timestamp) + Self.size(place.offset)
        size += Self.partSize(key?.count) + Self.partSize(value?.count) + Self.size(Self.zigzag(Int64(headers.count)))
        for header in headers { size += Self.partSize(header.key.utf8.count) + Self.partSize(header.value?.count) }
        writer.appending(size + 5) { at in
            Self.number(Self.zigzag(Int64(size)), &at)
            Self.byte(0, &at)
            Self.number(place.timestamp, &at)
            Self.number(place.offset, &at)
            Self.part(key, &at)
            Self.part(value, &at)
            Self.number(Self.zigzag(Int64(headers.count)), &at)
            for header in headers {
                var name = header.key
                name.withUTF8 { Self.part(UnsafeRawBufferPointer($0), &at) }
                if let value = header.value {
                    value.withUnsafeBytes { Self.part($0, &at) }
                } else {
                    Self.part(nil, &at)
                }
            }
        }
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
        baseTimestamp = givenBaseTimestamp ?? -1
        maxTimestamp = -1
        nextOffsetDelta = 0
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
        writer.patch(options.lastOffsetDelta ?? (count == 0 ? 0 : nextOffsetDelta &- 1), at: Layout.lastOffsetDelta)
        writer.patch(baseTimestamp, at: Layout.baseTimestamp)
        writer.patch(options.maxTimestamp ?? maxTimestamp, at: Layout.maxTimestamp)
        writer.patch(options.producerId.rawValue, at: Layout.producerId)
        writer.patch(options.producerEpoch.rawValue, at: Layout.producerEpoch)
        writer.patch(options.baseSequence, at: Layout.baseSequence)
        writer.patch(count, at: Layout.count)
    }

    /// Gives the memory of a finished batch back.
    package mutating func release() { writer = ByteWriter(capacity: 16) }

    /// Writes another producer's id, epoch and sequence number into a finished batch, and that it is part of a transaction.
    package static func restamp(
        _ batch: inout [UInt8], producerId: ProducerID, producerEpoch: ProducerEpoch, baseSequence: Int32,
        isTransactional: Bool = false
    ) {
        typealias Layout = RecordBatch.Layout
        precondition(batch.count >= Layout.headerSize, "a finished batch has a header")
        batch.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: producerId.rawValue.bigEndian, toByteOffset: Layout.producerId, as: Int64.self)
            bytes.storeBytes(of: producerEpoch.rawValue.bigEndian, toByteOffset: Layout.producerEpoch, as: Int16.self)
            bytes.storeBytes(of: baseSequence.bigEndian, toByteOffset: Layout.baseSequence, as: Int32.self)
            if isTransactional {
                bytes[Layout.attributes + 1] |= UInt8(truncatingIfNeeded: RecordBatch.Attributes.transactional.rawValue)
            }
            let crc = CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[Layout.attributes...]))
            bytes.storeBytes(of: crc.bigEndian, toByteOffset: Layout.crc, as: UInt32.self)
        }
    }

    // MARK: - A record's parts, written where there is room for them

    @inline(__always)
    private static func byte(_ value: UInt8, _ at: inout UnsafeMutableRawPointer) {
        at.storeBytes(of: value, as: UInt8.self)
        at += 1
    }

    /// A varint below 0x4000.
    @inline(__always)
    private static func smallNumber(_ value: UInt64, _ at: inout UnsafeMutableRawPointer) {
        if value < 0x80 { return byte(UInt8(truncatingIfNeeded: value), &at) }
        at.storeBytes(of: pair(value), as: UInt16.self)
        at += 2
    }

    /// The two bytes of a varint from 0x80 on and below 0x4000: with the bits from the seventh on added once more they
    /// stand one higher.
    @inline(__always)
    private static func pair(_ value: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: value &+ (value & 0x3F80) &+ 0x80).littleEndian
    }

    @inline(__always)
    private static func smallPart(
        _ bytes: UnsafeRawBufferPointer?, _ size: Int, _ at: inout UnsafeMutableRawPointer
    ) {
        guard let bytes else { return byte(1, &at) }
        smallNumber(UInt64(truncatingIfNeeded: size) << 1, &at)
        guard let from = bytes.baseAddress else { return }
        at.copyMemory(from: from, byteCount: size)
        at += size
    }

    /// A varint.
    @inline(__always)
    private static func number(_ value: UInt64, _ at: inout UnsafeMutableRawPointer) {
        if value < 0x4000 { smallNumber(value, &at) } else { at = longNumber(value, at) }
    }

    @inline(never)
    private static func longNumber(_ value: UInt64, _ begin: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        var at = begin
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80, &at)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest), &at)
        return at
    }

    /// A part's length as zig-zag writes it, -1 for null.
    @inline(__always)
    private static func length(_ bytes: UnsafeRawBufferPointer?) -> UInt64 { zigzag(Int64(bytes?.count ?? -1)) }

    @inline(__always)
    private static func part(_ bytes: UnsafeRawBufferPointer?, _ at: inout UnsafeMutableRawPointer) {
        number(length(bytes), &at)
        guard let bytes, let from = bytes.baseAddress else { return }
        at.copyMemory(from: from, byteCount: bytes.count)
        at += bytes.count
    }

    @inline(__always)
    private static func partSize(_ count: Int?) -> Int { size(zigzag(Int64(count ?? -1))) + (count ?? 0) }

    /// How many bytes ``number(_:_:)`` writes: seven bits in each.
    @inline(__always)
    private static func size(_ value: UInt64) -> Int { (70 - (value | 1).leadingZeroBitCount) / 7 }

    @inline(__always)
    private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
}
