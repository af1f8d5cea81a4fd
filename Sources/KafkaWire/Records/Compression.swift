/// How the records of a batch are packed: bits 0 to 2 of the batch's attributes.
public enum Compression: UInt8, Sendable, CaseIterable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4

    /// The name in `compression.type`.
    public var name: String { "\(self)" }

    /// How far one batch may unpack by default: 64 MiB. A batch is as large as its producer's `batch.size`, 1 MiB and
    /// less as a rule; what is far beyond that is a bomb or a mistake.
    public static let defaultLimit = 64 << 20

    /// Packs `bytes`. Throws where this build has no such codec.
    package func compress(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
        switch self {
        case .none: return Array(bytes)
        case .gzip: return try Gzip.compress(bytes)
        case .snappy, .lz4, .zstd: throw WireError(.unsupportedCodec(name))
        }
    }

    /// Unpacks `bytes` to at most `limit` bytes. Throws where they are damaged or unpack to more, or where this build
    /// has no such codec.
    package func decompress(_ bytes: Bytes, limit: Int = defaultLimit) throws(WireError) -> Bytes {
        switch self {
        case .none: return bytes
        case .gzip: return Bytes(try Gzip.decompress(bytes, limit: limit))
        case .snappy, .lz4, .zstd: throw WireError(.unsupportedCodec(name))
        }
    }
}
