/// How the records of a batch are packed: bits 0 to 2 of the batch's attributes.
public enum Compression: UInt8, Sendable, CaseIterable {
    /// Not packed.
    case none = 0
    /// gzip (RFC 1952).
    case gzip = 1
    /// Snappy, in blocks with the header of snappy-java's streams.
    case snappy = 2
    /// LZ4 in its frame format.
    case lz4 = 3
    /// Zstandard (RFC 8878, KIP-110).
    case zstd = 4

    /// The name in `compression.type`.
    public var name: String { "\(self)" }

    /// The levels that can be asked for, from fast to small (KIP-390: `compression.gzip.level`,
    /// `compression.lz4.level`, `compression.zstd.level`); nil for codecs that have none.
    ///
    /// Without a level, each codec takes its own default: gzip 6, zstd 3, and lz4 its fast compressor. Java also takes
    /// lz4's level 9, its default, to mean the fast compressor; here every lz4 level from 3 on asks for the thorough one
    /// (lz4hc), and those above 12 mean 12.
    public var levels: ClosedRange<Int>? {
        switch self {
        case .none, .snappy: nil
        case .gzip: 1...9
        case .lz4: 1...17
        case .zstd: -131_072...22
        }
    }

    /// How far one batch may unpack by default: 64 MiB. A batch is as large as its producer's `batch.size`, 1 MiB and
    /// less as a rule; what is far beyond that is a bomb or a mistake.
    public static let defaultLimit = 64 << 20

    /// Packs `bytes`; a level outside of ``levels`` counts as the nearest one. Throws where this build has no such
    /// codec.
    package func compress(_ bytes: UnsafeRawBufferPointer, level: Int? = nil) throws(WireError) -> [UInt8] {
        if self == .none { return Array(bytes) }
        #if Compression
            let level = level.flatMap { wanted in
                levels.map { Int32(truncatingIfNeeded: min(max(wanted, $0.lowerBound), $0.upperBound)) }
            }
            switch self {
            case .none: return Array(bytes)
            case .gzip: return try Gzip.compress(bytes, level: level)
            case .snappy: return try Snappy.compress(bytes)
            case .lz4: return try LZ4.compress(bytes, level: level)
            case .zstd: return try Zstd.compress(bytes, level: level)
            }
        #else
            throw notBuilt
        #endif
    }

    /// Unpacks `bytes` to at most `limit` bytes, and takes no more memory than that, whatever the bytes say of their
    /// length. Throws where they are damaged or unpack to more, or where this build has no such codec.
    package func decompress(_ bytes: Bytes, limit: Int = defaultLimit) throws(WireError) -> Bytes {
        if self == .none { return bytes }
        #if Compression
            let unpacked = try bytes.withUnsafeBytes { (input) throws(WireError) -> [UInt8] in
                switch self {
                case .none: Array(input)
                case .gzip: try Gzip.decompress(input, limit: limit)
                case .snappy: try Snappy.decompress(input, limit: limit)
                case .lz4: try LZ4.decompress(input, limit: limit)
                case .zstd: try Zstd.decompress(input, limit: limit)
                }
            }
            return Bytes(unpacked)
        #else
            throw notBuilt
        #endif
    }

    #if !Compression
        private var notBuilt: WireError {
            WireError(.unsupportedCodec("\(name) (the package trait Compression is off)"))
        }
    #endif
}

extension [UInt8] {
    /// The same bytes without memory that more than doubles them: records live as long as somebody holds one.
    func trimmed() -> [UInt8] { capacity > 2 * count + 1024 ? withUnsafeBytes { Array($0) } : self }
}
