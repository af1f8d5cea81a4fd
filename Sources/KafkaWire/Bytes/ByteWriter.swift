/// A growing raw buffer that messages and record batches are written into.
///
/// Integers are big-endian, varints as in ``ByteReader``. The buffer is not initialised before it is written, and one
/// capacity check covers a whole value: appending to `[UInt8]` was measured six times slower.
public struct ByteWriter: ~Copyable {
    private var pointer: UnsafeMutableRawPointer
    /// How many bytes were written.
    public private(set) var count: Int
    /// How many bytes there is memory for.
    private(set) var capacity: Int

    /// An empty writer with room for `capacity` bytes before it first grows.
    public init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        pointer = .allocate(byteCount: self.capacity, alignment: 16)
        count = 0
    }

    deinit { pointer.deallocate() }

    /// Makes room for `extra` further bytes.
    @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if capacity - count < extra { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        capacity = max(capacity * 2, count + extra)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: pointer, byteCount: count)
        pointer.deallocate()
        pointer = larger
    }

    /// Appends a big-endian integer.
    @inline(__always)
    public mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        unchecked(value)
    }

    /// Appends a big-endian integer where ``reserve(_:)`` has made room.
    @inline(__always)
    package mutating func unchecked<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        pointer.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self)
        count += MemoryLayout<T>.size
    }

    /// Appends an unsigned varint (1 to 5 bytes).
    @inline(__always)
    public mutating func unsignedVarint(_ value: UInt32) {
        reserve(5)
        uncheckedVarint(UInt64(value))
    }

    /// Appends a zig-zag varint (1 to 5 bytes).
    @inline(__always)
    public mutating func varint(_ value: Int32) { unsignedVarint(UInt32(bitPattern: (value << 1) ^ (value >> 31))) }

    /// Appends a zig-zag varint (1 to 10 bytes).
    @inline(__always)
    public mutating func varlong(_ value: Int64) {
        reserve(10)
        uncheckedVarlong(value)
    }

    @inline(__always)
    package mutating func uncheckedVarlong(_ value: Int64) {
        uncheckedVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inline(__always)
    package mutating func uncheckedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends raw bytes.
    @inline(__always)
    public mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        uncheckedRaw(bytes)
    }

    @inline(__always)
    package mutating func uncheckedRaw(_ bytes: UnsafeRawBufferPointer) {
        if let from = bytes.baseAddress { (pointer + count).copyMemory(from: from, byteCount: bytes.count) }
        count += bytes.count
    }

    /// Appends the bytes of a slice.
    public mutating func raw(_ bytes: Bytes) { bytes.withUnsafeBytes { raw($0) } }

    /// Appends the UTF-8 bytes of `text`.
    public mutating func utf8(_ text: String) {
        var text = text
        text.withUTF8 { raw(UnsafeRawBufferPointer($0)) }
    }

    /// Overwrites an integer that was written at `offset`.
    package mutating func patch<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count, "only what was written can be patched")
        pointer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }

    /// Forgets everything after the first `count` bytes; the memory is kept for further writing.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a writer can only be cut back")
        self.count = count
    }

    /// Calls `body` with what was written; the pointer is valid only during the call.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// What was written, as an array of its own.
    public func array() -> [UInt8] { withUnsafeBytes { Array($0) } }
}
