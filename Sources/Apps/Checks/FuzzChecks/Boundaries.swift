import KafkaWire

/// The values at which something happens: ends of ranges, the neighbours of both, marks with a meaning, lengths around
/// limits.
enum Boundaries {
    /// Of a type's own range, of the narrower ones that it may be put into, and of times in other units.
    static func integers<N: FixedWidthInteger & SignedInteger>(_: N.Type = N.self) -> [N] {
        let ends: [N] = [.min, .min + 1, .min / 2, .min / 2 - 1, -2, -1, 0, 1, .max / 2, .max / 2 + 1, .max - 1, .max]
        let others: [Int64] = [
            Int64(Int8.min), Int64(Int8.max), Int64(Int16.min), Int64(Int16.max), Int64(Int32.min), Int64(Int32.max),
            Int64(Int32.min) - 1, Int64(Int32.max) + 1, Int64(UInt32.max), 1 << 53, .max / 1000, .max / 1_000_000,
            .min / 1000, -6, 1_700_000_000_000, 253_402_300_800_000, -62_135_596_800_001,
        ]
        return ends + others.map { N(clamping: $0) }
    }

    /// The integers as they travel, in two, four and eight bytes.
    static let words: [[UInt8]] =
        integers(Int16.self).map(bytes) + integers(Int32.self).map(bytes) + integers(Int64.self).map(bytes)

    private static func bytes<N: FixedWidthInteger>(_ number: N) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    static let doubles: [Double] = [
        0, -0.0, 1, -1, 1e9, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        .leastNonzeroMagnitude, .leastNormalMagnitude, 9.223372036854775807e18, -9.223372036854775808e18, 0.1,
        9_007_199_254_740_992,
    ]

    /// One beside each limit of names, ids and strings.
    static let lengths = [
        1, 248, 249, 250, 254, 255, 256, 4095, 4096, 4097, 32_766, 32_767, 32_768, 40_000, 65_534, 65_535, 65_536,
    ]

    /// Names that mean something to a broker, a path or a terminal.
    static let names = [
        "", ".", "..", "...", "__consumer_offsets", "__transaction_state", "__cluster_metadata", "__share_group_state",
        "../t", "t/../u", "t-0", "t.1-stray", "meta.properties", "a b", "a\u{0}b", "é", "\u{202E}t", "\u{1B}[2J",
        "\u{1F600}", "t\n", "%00", "\u{FEFF}", "-1", "0", "null", "<default>", "*",
    ]
}
