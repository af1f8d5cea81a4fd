/// Reads well-formed records at full speed: a plain pointer, and instead of errors the answer that something is wrong.
/// Whoever gets that answer reads the record again with a ``ByteReader``, which says what.
struct RecordCursor {
    private let base: UnsafeRawPointer
    private let end: Int
    /// Where the next record begins.
    private(set) var at = 0
    private var isBroken = false

    init(_ base: UnsafeRawPointer, count: Int) {
        self.base = base
        end = count
    }

    /// The next record; nil, with ``at`` unchanged, where it is not well formed.
    @inline(__always)
    mutating func next() -> DecodedRecords.Entry? {
        let begin = at
        let length = varint()
        let start = at
        guard !isBroken, length >= 1, length <= end - start else { return fail(begin) }
        at += 1  // attributes, which have no meaning yet
        let timestampDelta = varlong()
        let offsetDelta = varint()
        let keyLength = varint()
        let keyStart = at
        guard skip(keyLength) else { return fail(begin) }
        let valueLength = varint()
        let valueStart = at
        guard skip(valueLength) else { return fail(begin) }
        let headerCount = varint()
        let headersStart = at
        guard !isBroken, headerCount >= 0, headerCount <= end - at else { return fail(begin) }
        for _ in 0..<headerCount {
            let nameLength = varint()
            guard nameLength >= 0, skip(nameLength), skip(varint()) else { return fail(begin) }
        }
        guard !isBroken, at - start == length else { return fail(begin) }
        return DecodedRecords.Entry(
            timestampDelta: Int64(timestampDelta), offsetDelta: Int32(truncatingIfNeeded: offsetDelta),
            keyStart: Int32(truncatingIfNeeded: keyStart), keyLength: Int32(truncatingIfNeeded: keyLength),
            valueStart: Int32(truncatingIfNeeded: valueStart), valueLength: Int32(truncatingIfNeeded: valueLength),
            headersStart: Int32(truncatingIfNeeded: headersStart), headerCount: Int32(truncatingIfNeeded: headerCount))
    }

    private mutating func fail(_ begin: Int) -> DecodedRecords.Entry? {
        at = begin
        return nil
    }

    /// Passes over a key, a value or a name; a length of -1 is null.
    @inline(__always)
    private mutating func skip(_ length: Int) -> Bool {
        if length > 0 {
            guard length <= end - at else { return false }
            at += length
        }
        return length >= -1
    }

    @inline(__always)
    private mutating func varint() -> Int { zigzag(unsigned(maximumBytes: 5, limit: UInt64(UInt32.max))) }

    /// Ten bytes, which only the largest numbers have, are left to the slow way.
    @inline(__always)
    private mutating func varlong() -> Int { zigzag(unsigned(maximumBytes: 9, limit: .max)) }

    @inline(__always)
    private func zigzag(_ raw: UInt64) -> Int { Int(bitPattern: UInt(raw >> 1)) ^ -Int(raw & 1) }

    /// One or two bytes, as nearly all numbers of a record have, are read here.
    @inline(__always)
    private mutating func unsigned(maximumBytes: Int, limit: UInt64) -> UInt64 {
        guard end - at >= 2 else { return longer(maximumBytes, limit) }
        let first = base.load(fromByteOffset: at, as: UInt8.self)
        if first < 0x80 {
            at += 1
            return UInt64(first)
        }
        let second = base.load(fromByteOffset: at + 1, as: UInt8.self)
        guard second < 0x80 else { return longer(maximumBytes, limit) }
        at += 2
        return UInt64(first & 0x7F) | UInt64(second) << 7
    }

    @inline(never)
    private mutating func longer(_ maximumBytes: Int, _ limit: UInt64) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<maximumBytes {
            guard at < end else { break }
            let byte = base.load(fromByteOffset: at, as: UInt8.self)
            at += 1
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 {
                if value > limit { break }
                return value
            }
        }
        isBroken = true
        return 0
    }
}
