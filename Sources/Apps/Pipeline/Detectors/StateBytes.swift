/// What a rule remembers, as bytes: whole numbers one behind the other, the small ones short (zigzag varints, as in Kafka's
/// records).
public enum StateBytes {
    /// Appends a number.
    public static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: value &<< 1 ^ value &>> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Takes the first number off; nil where there is none, or one of more than 64 bits.
    public static func take(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = bytes.popFirst(), shift < 63 || byte < 2 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        }
        return nil
    }

    /// All numbers there are; nil where the bytes end within one, or there are more than `limit`.
    public static func numbers(_ bytes: ArraySlice<UInt8>, limit: Int) -> [Int64]? {
        var (rest, numbers) = (bytes, [Int64]())
        while !rest.isEmpty {
            guard numbers.count < limit, let number = take(&rest) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
