/// Reads well-formed records at full speed: a plain pointer, and instead of errors the answer that something is wrong.
/// Whoever gets that answer reads the record again with a ``ByteReader``, which says what.
///
/// A record is read here only where at least ``margin`` bytes follow it: then every number that begins inside of it
/// can be loaded as eight bytes, and one check of the record's length covers them all.
struct RecordCursor {
    /// What must be left behind a record. The one or two at the end of a batch are the ``ByteReader``'s.
    static let margin = 16

    private let base: UnsafeRawPointer
    private let end: Int
    /// Where the next record begins.
    private(set) var at = 0

    init(_ base: UnsafeRawPointer, count: Int) {
        self.base = base
        end = count
    }

    /// The next record; nil, with ``at`` unchanged, where it is not well formed, has a timestamp of nine or ten bytes,
    /// or is too near to the end.
    @inline(__always)
    mutating func next() -> DecodedRecords.Entry? {
        guard let (entry, limit) = short(at) ?? long(at) else { return nil }
        at = limit
        return entry
    }

    private typealias Found = (entry: DecodedRecords.Entry, limit: Int)

    // MARK: - Records as nearly all are

    /// The record at `begin`, if no number of it has more than two bytes and it has no headers.
    @inline(__always)
    private func short(_ begin: Int) -> Found? {
        guard end &- begin >= Self.margin, let length = small(begin), length.raw & 1 == 0 else { return nil }
        let start = begin &+ length.size
        let limit = start &+ Int(length.raw >> 1)
        // Attributes, which have no meaning yet, two deltas, two lengths and a count: a byte each at least. The first
        // four numbers have nine bytes at most: `valueStart` is the first that can lie beyond `limit`, by three bytes.
        guard limit &- start >= 6, limit <= end &- Self.margin, let timestamp = small(start &+ 1),
            let offset = small(start &+ 1 &+ timestamp.size),
            let key = small(start &+ 1 &+ timestamp.size &+ offset.size)
        else { return nil }
        let keyStart = start &+ 1 &+ timestamp.size &+ offset.size &+ key.size
        guard let keyLength = part(key.raw), limit &- keyStart >= keyLength.size else { return nil }
        let keyEnd = keyStart &+ keyLength.size
        guard let value = small(keyEnd), let valueLength = part(value.raw) else { return nil }
        let valueStart = keyEnd &+ value.size
        let valueEnd = valueStart &+ valueLength.size
        guard valueEnd &+ 1 == limit, base.load(fromByteOffset: valueEnd, as: UInt8.self) == 0 else { return nil }
        let entry = DecodedRecords.Entry(
            timestampDelta: Int64(Self.zigzag(timestamp.raw)),
            offsetDelta: Int32(truncatingIfNeeded: Self.zigzag(offset.raw)),
            keyStart: Int32(truncatingIfNeeded: keyStart), keyLength: keyLength.value,
            valueStart: Int32(truncatingIfNeeded: valueStart), valueLength: valueLength.value,
            headersStart: Int32(truncatingIfNeeded: limit), headerCount: 0)
        return (entry, limit)
    }

    /// A number of one or two bytes, before zig-zag.
    @inline(__always)
    private func small(_ place: Int) -> (raw: UInt32, size: Int)? {
        let word = UInt32(UInt16(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt16.self)))
        if word & 0x80 == 0 { return (word & 0x7F, 1) }
        return word & 0x8000 == 0 ? (word & 0x7F | word >> 1 & 0x3F80, 2) : nil
    }

    /// A length and how many bytes follow it: none where it is -1, which is null.
    @inline(__always)
    private func part(_ raw: UInt32) -> (value: Int32, size: Int)? {
        if raw & 1 == 0 { return (Int32(bitPattern: raw >> 1), Int(raw >> 1)) }
        return raw == 1 ? (-1, 0) : nil
    }

    // MARK: - All others

    /// The record at `begin`, whatever its numbers have of bytes, and with its headers passed over.
    @inline(never)
    private func long(_ begin: Int) -> Found? {
        guard end &- begin >= Self.margin else { return nil }
        let length = number(begin)
        let start = begin &+ length.size
        guard length.value >= 6, length.value <= end &- Self.margin &- start else { return nil }
        let limit = start &+ length.value
        // The timestamp has eight bytes at most, so that the offset begins before `limit + 4`.
        let timestamp = number(start &+ 1, bits: 56)
        guard timestamp.size <= 8 else { return nil }
        let offset = number(start &+ 1 &+ timestamp.size)
        let keyLength = start &+ 1 &+ timestamp.size &+ offset.size
        guard keyLength < limit else { return nil }
        let key = number(keyLength)
        let keyStart = keyLength &+ key.size
        guard let keyEnd = skip(key.value, from: keyStart, limit) else { return nil }
        let value = number(keyEnd)
        let valueStart = keyEnd &+ value.size
        guard let valueEnd = skip(value.value, from: valueStart, limit) else { return nil }
        let headers = number(valueEnd)
        let headersStart = valueEnd &+ headers.size
        guard skipHeaders(headers.value, from: headersStart, limit) == limit else { return nil }
        let entry = DecodedRecords.Entry(
            timestampDelta: Int64(timestamp.value), offsetDelta: Int32(truncatingIfNeeded: offset.value),
            keyStart: Int32(truncatingIfNeeded: keyStart), keyLength: Int32(truncatingIfNeeded: key.value),
            valueStart: Int32(truncatingIfNeeded: valueStart), valueLength: Int32(truncatingIfNeeded: value.value),
            headersStart: Int32(truncatingIfNeeded: headersStart), headerCount: Int32(truncatingIfNeeded: headers.value)
        )
        return (entry, limit)
    }

    /// Where a key, a value or a name ends that begins at `start`; a length of -1 is null.
    @inline(__always)
    private func skip(_ length: Int, from start: Int, _ limit: Int) -> Int? {
        guard length >= -1, start <= limit else { return nil }
        guard length > 0 else { return start }
        return length <= limit &- start ? start &+ length : nil
    }

    @inline(__always)
    private func skipHeaders(_ count: Int, from start: Int, _ limit: Int) -> Int? {
        guard count >= 0, start <= limit else { return nil }
        var at = start
        for _ in 0..<count {
            let name = number(at)
            guard name.value >= 0, let nameEnd = skip(name.value, from: at &+ name.size, limit) else { return nil }
            let value = number(nameEnd)
            guard let valueEnd = skip(value.value, from: nameEnd &+ value.size, limit) else { return nil }
            at = valueEnd
        }
        return at
    }

    /// The number at `place`, behind which eight bytes are there. Where it is none, its size is beyond any batch.
    @inline(__always)
    private func number(_ place: Int, bits: Int = 32) -> (value: Int, size: Int) {
        let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        if word & 0x80 == 0 { return (Self.zigzag(word & 0x7F), 1) }
        let size = (~word & 0x8080_8080_8080_8080).trailingZeroBitCount / 8 + 1
        guard size < bits / 7 + 2 else { return (0, .max / 2) }
        var value: UInt64 = 0
        for index in 0..<size { value |= (word >> UInt64(8 * index) & 0x7F) << UInt64(7 * index) }
        return value >> UInt64(bits) == 0 ? (Self.zigzag(value), size) : (0, .max / 2)
    }

    @inline(__always)
    private static func zigzag(_ raw: UInt64) -> Int { Int(bitPattern: UInt(raw >> 1)) ^ (0 &- Int(raw & 1)) }

    @inline(__always)
    private static func zigzag(_ raw: UInt32) -> Int { zigzag(UInt64(raw)) }
}
