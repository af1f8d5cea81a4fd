import CCRC32C

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of record batches.
///
/// The processor's instruction where there is one: it has a latency of three cycles and a throughput of one, so that
/// three runs are computed side by side and joined. Elsewhere sixteen tables (slicing by 16).
public enum CRC32C {
    /// The checksum of `bytes`.
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~(hasHardware ? hardware(~0, bytes) : portable(~0, bytes))
    }

    /// The checksum of `bytes`.
    public static func checksum(_ bytes: Bytes) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }

    static let hasHardware = kw_crc32c_has_hardware()

    // MARK: - The processor's instruction

    /// Lengths of one of the three runs, in bytes: long batches amortise the joining, short ones still profit.
    private static let longRun = 2048
    private static let shortRun = 128

    static func hardware(_ seed: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        var crc = UInt64(seed)
        var at = 0
        while bytes.count - at >= 3 * longRun { interleaved(&crc, base, &at, longRun, longShift) }
        while bytes.count - at >= 3 * shortRun { interleaved(&crc, base, &at, shortRun, shortShift) }
        while bytes.count - at >= 8 {
            crc = kw_crc32c_u64(crc, word(base, at))
            at += 8
        }
        var short = UInt32(truncatingIfNeeded: crc)
        while at < bytes.count {
            short = kw_crc32c_u8(short, base.load(fromByteOffset: at, as: UInt8.self))
            at += 1
        }
        return short
    }

    @inline(__always)
    private static func interleaved(
        _ crc: inout UInt64, _ base: UnsafeRawPointer, _ at: inout Int, _ run: Int, _ table: ZeroShift
    ) {
        var first = crc
        var second: UInt64 = 0
        var third: UInt64 = 0
        var from = base + at
        let end = from + run
        while from < end {
            first = kw_crc32c_u64(first, word(from, 0))
            second = kw_crc32c_u64(second, word(from, run))
            third = kw_crc32c_u64(third, word(from, 2 * run))
            from += 8
        }
        crc = UInt64(table.shift(UInt32(truncatingIfNeeded: first))) ^ second
        crc = UInt64(table.shift(UInt32(truncatingIfNeeded: crc))) ^ third
        at += 3 * run
    }

    @inline(__always)
    private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static let longShift = ZeroShift(bytes: longRun)
    private static let shortShift = ZeroShift(bytes: shortRun)

    /// What a checksum becomes when a given number of zero bytes follows: a linear map over GF(2), as four tables.
    private struct ZeroShift {
        private let table: [UInt32]

        init(bytes: Int) {
            var table = [UInt32](repeating: 0, count: 4 * 256)
            for byte in 0..<4 {
                for bit in 0..<8 {
                    var column: UInt32 = 1 << UInt32(8 * byte + bit)
                    for _ in 0..<bytes * 8 { column = column & 1 == 1 ? column >> 1 ^ polynomial : column >> 1 }
                    for value in 0..<256 where value >> bit & 1 == 1 { table[256 * byte + value] ^= column }
                }
            }
            self.table = table
        }

        @inline(__always)
        func shift(_ crc: UInt32) -> UInt32 {
            table[Int(crc & 0xFF)] ^ table[256 + Int(crc >> 8 & 0xFF)] ^ table[512 + Int(crc >> 16 & 0xFF)]
                ^ table[768 + Int(crc >> 24)]
        }
    }

    // MARK: - Tables

    /// 0x1EDC6F41, bits reversed.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// Entry `256 * k + b`: the checksum of the byte `b` with `k` zero bytes behind it.
    private static let slices: [UInt32] = {
        var table = [UInt32](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
            table[byte] = value
        }
        for index in 256..<table.count {
            let previous = table[index - 256]
            table[index] = previous >> 8 ^ table[Int(previous & 0xFF)]
        }
        return table
    }()

    package static func portable(_ seed: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        return slices.withUnsafeBufferPointer { table in
            var crc = seed
            var at = 0
            while bytes.count - at >= 16 {
                let low = word(base, at) ^ UInt64(crc)
                let high = word(base, at + 8)
                var next: UInt32 = 0
                for lane in 0..<8 {
                    next ^= table[(15 - lane) * 256 + Int(low >> UInt64(8 * lane) & 0xFF)]
                    next ^= table[(7 - lane) * 256 + Int(high >> UInt64(8 * lane) & 0xFF)]
                }
                crc = next
                at += 16
            }
            while at < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(base.load(fromByteOffset: at, as: UInt8.self))) & 0xFF)]
                at += 1
            }
            return crc
        }
    }
}
