/// The records of a batch: one buffer, and for each record where its parts stand. Keys and values are not copied.
public struct DecodedRecords: Sendable, RandomAccessCollection {
    /// The records' bytes, unpacked.
    @usableFromInline let payload: Bytes
    @usableFromInline let entries: [Entry]
    @usableFromInline let baseOffset: Int64
    @usableFromInline let baseTimestamp: Int64
    /// Set where the broker's time of appending replaces the records' own.
    @usableFromInline let appendTimestamp: Int64?

    /// Where a record's parts stand in the payload; a length of -1 is null.
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var timestampDelta: Int64
        @usableFromInline var offsetDelta: Int32
        @usableFromInline var keyStart: Int32
        @usableFromInline var keyLength: Int32
        @usableFromInline var valueStart: Int32
        @usableFromInline var valueLength: Int32
        @usableFromInline var headersStart: Int32
        @usableFromInline var headerCount: Int32
    }

    init(_ payload: Bytes, of batch: RecordBatch) throws(WireError) {
        self.payload = payload
        baseOffset = batch.baseOffset.rawValue
        baseTimestamp = batch.baseTimestamp
        appendTimestamp = batch.attributes.isLogAppendTime ? batch.maxTimestamp : nil
        guard payload.count <= Int(Int32.max) else { throw WireError(.tooLarge(limit: Int(Int32.max))) }
        let count = Int(batch.recordCount)
        // A record has at least seven bytes, so that a false count cannot make this allocate beyond the payload.
        let capacity = Swift.min(count, payload.count / 7 + 1)
        var consumed = 0
        var entries = payload.withUnsafeBytes { bytes in
            [Entry](unsafeUninitializedCapacity: capacity) { entries, found in
                guard let base = bytes.baseAddress, let place = entries.baseAddress else { return }
                var cursor = RecordCursor(base, count: bytes.count)
                var index = 0
                while index < capacity, let entry = cursor.next() {
                    (place + index).initialize(to: entry)
                    index += 1
                }
                found = index
                consumed = cursor.at
            }
        }
        if entries.count < count || consumed < payload.count {
            // Something is wrong, or unusual: the slow way reads on, and says what.
            var reader = ByteReader(payload)
            try reader.skip(consumed)
            for _ in entries.count..<count { entries.append(try Self.entry(&reader)) }
            guard reader.remaining == 0 else { throw WireError(.trailing(reader.remaining), at: reader.offset) }
        }
        self.entries = entries
    }

    /// Records of the formats before Kafka 0.11.
    init(_ payload: Bytes, _ entries: [Entry], of message: RecordBatch, baseOffset: Int64) {
        self.payload = payload
        self.entries = entries
        self.baseOffset = baseOffset
        baseTimestamp = message.baseTimestamp
        appendTimestamp = message.attributes.isLogAppendTime ? message.maxTimestamp : nil
    }

    @inline(__always)
    private static func entry(_ reader: inout ByteReader) throws(WireError) -> Entry {
        let length = Int(try reader.varint())
        let start = reader.offset
        guard length >= 0, length <= reader.remaining else {
            throw WireError(.badLength(length, limit: reader.remaining), at: start, field: "length")
        }
        _ = try reader.integer(Int8.self)
        let timestampDelta = try reader.varlong()
        let offsetDelta = try reader.varint()
        let (keyStart, keyLength) = try part(&reader)
        let (valueStart, valueLength) = try part(&reader)
        let headerCount = try reader.varint()
        let headersStart = Int32(truncatingIfNeeded: reader.offset)
        guard headerCount >= 0, Int(headerCount) <= reader.remaining else {
            throw WireError(.badLength(Int(headerCount), limit: reader.remaining), at: reader.offset, field: "headers")
        }
        for _ in 0..<headerCount {
            let (_, nameLength) = try part(&reader)
            guard nameLength >= 0 else { throw WireError(.unexpectedNull, at: reader.offset, field: "headerKey") }
            _ = try part(&reader)
        }
        guard reader.offset - start == length else {
            let found = "a record of \(reader.offset - start) bytes where its length says \(length)"
            throw WireError(.malformed(found), at: start)
        }
        return Entry(
            timestampDelta: timestampDelta, offsetDelta: offsetDelta, keyStart: keyStart, keyLength: keyLength,
            valueStart: valueStart, valueLength: valueLength, headersStart: headersStart, headerCount: headerCount)
    }

    /// A length and as many bytes, which are passed over.
    @inline(__always)
    private static func part(_ reader: inout ByteReader) throws(WireError) -> (start: Int32, length: Int32) {
        let length = try reader.varint()
        let start = Int32(truncatingIfNeeded: reader.offset)
        if length > 0 {
            try reader.skip(Int(length))
        } else if length < -1 {
            throw WireError(.badLength(Int(length), limit: reader.remaining), at: reader.offset)
        }
        return (start, length)
    }

    /// How many bytes the records take unpacked.
    package var unpackedBytes: Int { payload.count }

    /// 0.
    @inlinable public var startIndex: Int { 0 }
    /// The number of records.
    @inlinable public var endIndex: Int { entries.count }

    /// The record at `index`, which counts from 0.
    @inlinable
    public subscript(index: Int) -> Record {
        let entry = entries[index]
        return Record(
            payload: payload, entry: entry, isAppendTime: appendTimestamp != nil,
            offset: Offset(baseOffset &+ Int64(entry.offsetDelta)),
            timestamp: appendTimestamp ?? baseTimestamp &+ entry.timestampDelta)
    }

    /// The offset of the record at `index`.
    @inlinable
    public func offset(at index: Int) -> Offset { Offset(baseOffset &+ Int64(entries[index].offsetDelta)) }

    /// Calls `body` with the bytes of every value from index `from` on, and in front of index `to`, as far as there are such,
    /// without making a ``Record`` for each: the fastest way through a batch. `body` gets nil for a null value (a tombstone);
    /// pointers are valid during the call.
    @inlinable
    public func forEachValue<E: Error>(
        from: Int = 0, to: Int = .max, _ body: (_ index: Int, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
    ) throws(E) {
        try payload.withUnsafeBytes { (bytes) throws(E) in
            let first = Swift.max(from, 0)
            for index in first..<Swift.max(first, Swift.min(to, entries.count)) {
                let entry = entries[index]
                guard entry.valueLength >= 0 else {
                    try body(index, nil)
                    continue
                }
                let start = Int(entry.valueStart)
                try body(index, UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.valueLength)]))
            }
        }
    }
}

/// A record: a key, a value, headers, an offset and a time.
public struct Record: Sendable {
    @usableFromInline let payload: Bytes
    @usableFromInline let entry: DecodedRecords.Entry
    /// Whether ``timestamp`` is when the broker appended the record (`message.timestamp.type` LogAppendTime), and not when
    /// the producer made it.
    public let isAppendTime: Bool
    /// The record's place in its partition.
    public let offset: Offset
    /// When the record was made, or appended, in milliseconds since 1970.
    public let timestamp: Int64

    /// The time relative to the batch's base, as the producer wrote it; a broker's own time leaves it as it is.
    package var timestampDelta: Int64 { entry.timestampDelta }

    /// The key, or nil for null.
    @inlinable public var key: Bytes? { part(entry.keyStart, entry.keyLength) }
    /// The value, or nil for null (a tombstone).
    @inlinable public var value: Bytes? { part(entry.valueStart, entry.valueLength) }

    /// The headers (KIP-82), in their order; a name may occur more than once.
    public var headers: [RecordHeader] {
        guard entry.headerCount > 0 else { return [] }
        // The lengths were checked when the batch was decoded; were they wrong, the list would end early.
        var reader = ByteReader(payload[Int(entry.headersStart)..<payload.count])
        var headers: [RecordHeader] = []
        for _ in 0..<entry.headerCount {
            guard let nameLength = try? reader.varint(), let name = try? reader.slice(Int(nameLength)),
                let valueLength = try? reader.varint()
            else { break }
            headers.append(
                RecordHeader(name.text, valueLength < 0 ? nil : try? reader.slice(Int(valueLength))))
        }
        return headers
    }

    /// Whether there is a header of that name. Looks without making anything of the other headers.
    public func hasHeader(_ name: String) -> Bool {
        guard entry.headerCount > 0 else { return false }
        var reader = ByteReader(payload[Int(entry.headersStart)..<payload.count])
        for _ in 0..<entry.headerCount {
            guard let nameLength = try? reader.varint(), let found = try? reader.slice(Int(nameLength)),
                let valueLength = try? reader.varint(), (try? reader.skip(max(0, Int(valueLength)))) != nil
            else { return false }
            if found.count == name.utf8.count, found.withUnsafeBytes({ $0.elementsEqual(name.utf8) }) { return true }
        }
        return false
    }

    @inlinable
    init(payload: Bytes, entry: DecodedRecords.Entry, isAppendTime: Bool, offset: Offset, timestamp: Int64) {
        self.payload = payload
        self.entry = entry
        self.isAppendTime = isAppendTime
        self.offset = offset
        self.timestamp = timestamp
    }

    @inlinable
    func part(_ start: Int32, _ length: Int32) -> Bytes? {
        length < 0 ? nil : payload[Int(start)..<Int(start) + Int(length)]
    }
}

/// A named value that travels with a record (KIP-82).
public struct RecordHeader: Sendable, Equatable {
    /// The name; not null, not unique.
    public var key: String
    /// The value, or nil for null.
    public var value: Bytes?

    /// A header.
    public init(_ key: String, _ value: Bytes?) {
        self.key = key
        self.value = value
    }
}
