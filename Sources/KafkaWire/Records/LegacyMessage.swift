/// The message formats before Kafka 0.11 (magic 0 and 1), which brokers up to 3.x may still send: messages one after
/// the other, each with its checksum; a packed set of them is the value of one message around it.
enum LegacyMessage {
    /// Where the fields stand (Kafka 0.10's documentation, "Message sets").
    enum Layout {
        static let size = 8
        static let crc = 12
        /// The checksum covers everything from here on.
        static let magic = 16
        static let attributes = 17
        static let timestamp = 18
        /// Offset and size, which the size does not count.
        static let overhead = 12
        /// Where key and value begin.
        static func body(_ magic: Int8) -> Int { magic == 0 ? 18 : 26 }
    }

    /// The records of `message`, which is whole: one, or those of the packed set in it.
    static func records(of message: RecordBatch, limit: Int) throws(WireError) -> DecodedRecords {
        guard let compression = message.attributes.compression else {
            throw WireError(
                .unsupportedCodec("number \(message.attributes.rawValue & 7)"), at: Layout.attributes,
                field: "attributes")
        }
        guard compression != .none else {
            var reader = ByteReader(message.bytes)
            let only = try entry(&reader, in: message)
            return DecodedRecords(message.bytes, [only.entry], of: message, baseOffset: message.baseOffset.rawValue)
        }
        return try unpacked(message, payload(of: message, compression, limit: limit))
    }

    /// The packed set, unpacked.
    static func payload(
        of message: RecordBatch, _ compression: Compression, limit: Int
    ) throws(WireError) -> Bytes {
        var reader = ByteReader(message.bytes)
        let outer = try entry(&reader, in: message).entry
        guard outer.valueLength >= 0 else {
            throw WireError(.unexpectedNull, at: Int(outer.valueStart), field: "value")
        }
        let start = Int(outer.valueStart)
        let packed = message.bytes[start..<start + Int(outer.valueLength)]
        do {
            #if Compression
                if compression == .lz4, message.magic == 0 {
                    let unpacked = try packed.withUnsafeBytes { (input) throws(WireError) in
                        try LZ4.decompress(input, limit: limit, isOld: true)
                    }
                    return Bytes(unpacked)
                }
            #endif
            return try compression.decompress(packed, limit: limit)
        } catch {
            throw error.moved(by: start)
        }
    }

    private static func unpacked(_ message: RecordBatch, _ payload: Bytes) throws(WireError) -> DecodedRecords {
        guard payload.count <= Int(Int32.max) else { throw WireError(.tooLarge(limit: Int(Int32.max))) }
        var reader = ByteReader(payload)
        var entries: [DecodedRecords.Entry] = []
        var offsets: [Int64] = []
        while reader.remaining > 0 {
            let inner = try entry(&reader, in: message)
            guard inner.attributes & 7 == 0 else {
                throw WireError(.malformed("a packed message inside a packed message"), at: reader.offset)
            }
            entries.append(inner.entry)
            offsets.append(inner.offset)
        }
        guard let last = offsets.last else {
            throw WireError(.malformed("a packed message set without messages"), at: 0)
        }
        // Offsets inside are relative since magic 1: the message around has the last one's (KIP-31).
        let difference = message.baseOffset.rawValue &- last
        let shift = message.magic == 1 && difference > 0 ? difference : 0
        let base = offsets[0] &+ shift
        for index in entries.indices {
            let offset = offsets[index] &+ shift
            guard let delta = Int32(exactly: offset &- base) else {
                throw WireError(.malformed("offset \(offset) in a message set that begins at \(base)"), at: 0)
            }
            entries[index].offsetDelta = delta
        }
        return DecodedRecords(payload, entries, of: message, baseOffset: base)
    }

    /// Reads the next message, which is of `outer`'s magic: its offset, its attributes, and where its parts stand.
    private static func entry(
        _ reader: inout ByteReader, in outer: RecordBatch
    ) throws(WireError) -> (offset: Int64, attributes: UInt8, entry: DecodedRecords.Entry) {
        let offset: Int64 = try reader.integer()
        let size = Int(try reader.integer(Int32.self))
        let start = reader.offset
        guard size >= 0, size <= reader.remaining else {
            throw WireError(.badLength(size, limit: reader.remaining), at: start - 4, field: "messageSize")
        }
        _ = try reader.integer(UInt32.self)
        let magic: Int8 = try reader.integer()
        guard magic == outer.magic else {
            throw WireError(
                .malformed("a message of magic \(magic) among those of magic \(outer.magic)"), at: start + 4)
        }
        let attributes: UInt8 = try reader.integer()
        let timestamp = magic == 0 ? -1 : try reader.integer(Int64.self)
        let (keyStart, keyLength) = try part(&reader, "key")
        let (valueStart, valueLength) = try part(&reader, "value")
        guard reader.offset - start == size else {
            let found = "a message of \(reader.offset - start) bytes where its size says \(size)"
            throw WireError(.malformed(found), at: start)
        }
        let entry = DecodedRecords.Entry(
            timestampDelta: timestamp &- outer.baseTimestamp, offsetDelta: 0, keyStart: keyStart, keyLength: keyLength,
            valueStart: valueStart, valueLength: valueLength, headersStart: 0, headerCount: 0)
        return (offset, attributes, entry)
    }

    private static func part(
        _ reader: inout ByteReader, _ field: String
    ) throws(WireError) -> (start: Int32, length: Int32) {
        let length: Int32 = try reader.integer()
        let start = Int32(truncatingIfNeeded: reader.offset)
        guard length >= -1 else {
            throw WireError(.badLength(Int(length), limit: reader.remaining), at: reader.offset, field: field)
        }
        if length > 0 { try reader.skip(Int(length)) }
        return (start, length)
    }
}
