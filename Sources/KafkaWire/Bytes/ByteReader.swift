/// A cursor over received bytes. Every read checks its bounds and either advances or throws; nothing traps.
///
/// Integers are big-endian, varints are LEB128 as in Protocol Buffers (Kafka protocol guide, "Protocol Primitive
/// Types"); signed varints are zig-zag encoded.
public struct ByteReader: Sendable {
    @usableFromInline let storage: [UInt8]
    /// The first byte of the readable part; offsets in errors count from here.
    @usableFromInline let base: Int
    @usableFromInline var cursor: Int
    @usableFromInline let end: Int

    /// Reads `bytes` from their beginning.
    @inlinable
    public init(_ bytes: Bytes) {
        storage = bytes.storage
        base = bytes.start
        cursor = bytes.start
        end = bytes.start + bytes.count
    }

    /// How many bytes were read.
    @inlinable public var offset: Int { cursor - base }
    /// How many bytes are left.
    @inlinable public var remaining: Int { end - cursor }

    /// Reads a big-endian integer.
    @inlinable
    @inline(__always)
    public mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type = T.self) throws(WireError) -> T {
        guard end - cursor >= MemoryLayout<T>.size else { throw short(MemoryLayout<T>.size) }
        let at = cursor
        cursor += MemoryLayout<T>.size
        return T(bigEndian: storage.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: T.self) })
    }

    /// Reads an unsigned varint of at most 32 bits (5 bytes).
    @inlinable
    @inline(__always)
    public mutating func unsignedVarint() throws(WireError) -> UInt32 {
        if cursor < end {
            let first = storage[cursor]
            if first < 0x80 {
                cursor += 1
                return UInt32(first)
            }
        }
        let wide = try longVarint(maximumBytes: 5)
        guard let value = UInt32(exactly: wide) else {
            throw WireError(.malformed("a varint of 5 bytes that does not fit 32 bits"), at: offset)
        }
        return value
    }

    /// Reads a zig-zag varint of at most 32 bits.
    @inlinable
    @inline(__always)
    public mutating func varint() throws(WireError) -> Int32 {
        let raw = try unsignedVarint()
        return Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1)
    }

    /// Reads a zig-zag varint of at most 64 bits (10 bytes).
    @inlinable
    @inline(__always)
    public mutating func varlong() throws(WireError) -> Int64 {
        let raw = try longVarint(maximumBytes: 10)
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    @usableFromInline
    mutating func longVarint(maximumBytes: Int) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = cursor
        while at < end {
            let byte = storage[at]
            at += 1
            guard shift < 63 || byte <= 1 else {
                throw WireError(.malformed("a varint that does not fit 64 bits"), at: offset)
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                cursor = at
                return value
            }
            shift += 7
            guard at - cursor < maximumBytes else {
                throw WireError(.malformed("a varint of more than \(maximumBytes) bytes"), at: offset)
            }
        }
        throw short(end - cursor + 1)
    }

    /// Takes the next `count` bytes as a slice that shares the storage.
    @inlinable
    public mutating func slice(_ count: Int) throws(WireError) -> Bytes {
        guard count >= 0, count <= end - cursor else { throw short(count) }
        let slice = Bytes(storage: storage, start: cursor, count: count)
        cursor += count
        return slice
    }

    /// Reads the next `count` bytes as UTF-8 text. Bytes that are no UTF-8 are refused: they could not be written
    /// back unchanged.
    public mutating func text(_ count: Int) throws(WireError) -> String {
        let at = offset
        let bytes = try slice(count)
        guard let text = bytes.withUnsafeBytes({ String(validating: $0.bindMemory(to: UInt8.self), as: UTF8.self) })
        else { throw WireError(.malformed("a string of \(count) bytes that is not UTF-8"), at: at) }
        return text
    }

    /// Passes over `count` bytes.
    @inlinable
    @inline(__always)
    public mutating func skip(_ count: Int) throws(WireError) {
        guard count >= 0, count <= end - cursor else { throw short(count) }
        cursor += count
    }

    @usableFromInline
    func short(_ wanted: Int) -> WireError {
        WireError(.truncated(needed: wanted, available: end - cursor), at: offset)
    }
}
