/// What a rule remembers, as bytes: whole numbers one behind the other, the small ones short (zigzag varints, as in Kafka's
/// records).
public enum StateBytes {
    /// The longest number, in bytes.
    private static let longest = 10

    /// Appends a number.
    public static func append(_ value: Int64, to bytes: inout [UInt8]) {
        append(count: 1, to: &bytes) { _ in value }
    }

    /// Appends `count` numbers, each as `number` gives it for its index.
    @inline(__always)
    public static func append(count: Int, to bytes: inout [UInt8], _ number: (Int) -> Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count * longest) { room in
            var end = 0
            for index in 0..<count {
                let value = number(index)
                var rest = UInt64(bitPattern: value &<< 1 ^ value &>> 63)
                while rest >= 0x80 {
                    room[end] = UInt8(truncatingIfNeeded: rest) | 0x80
                    rest >>= 7
                    end &+= 1
                }
                room[end] = UInt8(truncatingIfNeeded: rest)
                end &+= 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: room[..<end]))
        }
    }

    /// Takes the first number off; nil where there is none, or one of more than 64 bits.
    public static func take(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        var at = 0
        guard let value = bytes.withUnsafeBytes({ number($0, &at) }) else { return nil }
        bytes = bytes.dropFirst(at)
        return value
    }

    /// Hands out all numbers that there are; nil where the bytes end within one, or there are more than `limit`.
    @inline(__always)
    public static func withNumbers<R>(
        _ bytes: ArraySlice<UInt8>, limit: Int, _ body: (UnsafeBufferPointer<Int64>?) -> R
    ) -> R {
        bytes.withUnsafeBytes { bytes in
            // A number takes a byte at least.
            withUnsafeTemporaryAllocation(of: Int64.self, capacity: min(limit, bytes.count)) { room in
                var (count, at) = (0, 0)
                while at < bytes.count {
                    guard count < limit, let number = number(bytes, &at) else { return body(nil) }
                    room[count] = number
                    count &+= 1
                }
                return body(UnsafeBufferPointer(rebasing: room[..<count]))
            }
        }
    }

    /// All numbers there are; nil where the bytes end within one, or there are more than `limit`.
    public static func numbers(_ bytes: ArraySlice<UInt8>, limit: Int) -> [Int64]? {
        withNumbers(bytes, limit: limit) { $0.map(Array.init) }
    }

    @inline(__always)
    private static func number(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Int64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.count, shift < 70 {
            let byte = bytes[at]
            guard shift < 63 || byte < 2 else { return nil }
            at &+= 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift &+= 7
        }
        return nil
    }
}
