/// What a run has done, in 64 bits: all bytes that were sent, with connection and time, all log records, all numbers that
/// were drawn. Two runs with one digest were the same run. No protection against anybody who wants them to be.
public struct RunDigest: Hashable, Sendable, CustomStringConvertible {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var count: UInt64 = 0

    /// The digest of a run that has not done anything.
    public init() {}

    /// Adds a number.
    public mutating func add(_ value: UInt64) {
        let (high, low) = (state ^ value).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        state = high ^ low ^ value &* 0xA076_1D64_78BD_642F
        count &+= 1
    }

    /// Adds bytes, and how many there are.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(bytes.count))
        var at = 0
        while at + 8 <= bytes.count {
            add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        var rest: UInt64 = 0
        for byte in bytes[at...] { rest = rest << 8 | UInt64(byte) }
        add(rest)
    }

    /// Adds a text.
    public mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(state ^ count &* 0xE703_7ED1_A0B4_28DB, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
