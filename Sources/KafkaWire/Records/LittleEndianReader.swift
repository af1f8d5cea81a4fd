/// A cursor over the frames of lz4 and zstd, whose numbers, unlike Kafka's, are little-endian. Every read checks its
/// bounds.
struct LittleEndianReader {
    private let bytes: UnsafeRawBufferPointer
    /// How many bytes were read.
    private(set) var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// How many bytes are left.
    var remaining: Int { bytes.count - at }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(WireError) -> T {
        let from = at
        try skip(MemoryLayout<T>.size)
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: from, as: T.self))
    }

    mutating func skip(_ count: Int) throws(WireError) {
        guard count <= remaining else { throw WireError(.truncated(needed: count, available: remaining), at: at) }
        at += count
    }
}
