/// Writes ASCII into a buffer that its owner made large enough for everything it writes.
struct TextWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    @inline(__always)
    mutating func text(_ text: StaticString) {
        bytes(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func bytes(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { self.bytes($0) } }

    @inline(__always)
    private mutating func bytes(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= buffer.count - count, "the generator's buffer is too small")
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
        count += bytes.count
    }

    mutating func number(_ number: Int64) {
        if number < 0 { byte(UInt8(ascii: "-")) }
        var rest = number.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, rest >= bound {
            digits += 1
            bound &*= 10
        }
        if digits == 19, rest >= 10_000_000_000_000_000_000 { digits = 20 }
        precondition(digits <= buffer.count - count, "the generator's buffer is too small")
        var place = count + digits
        count = place
        // Two digits a division: the numbers are long, and there are a dozen in an event.
        while rest >= 100 {
            place -= 2
            let pair = Int(truncatingIfNeeded: rest % 100)
            rest /= 100
            buffer[place] = Self.pairs.utf8Start[2 * pair]
            buffer[place + 1] = Self.pairs.utf8Start[2 * pair + 1]
        }
        if rest >= 10 { buffer[place - 2] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / 10) }
        buffer[place - 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657\
        585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    /// The shortest big-endian two's complement form of a number in base64, as Connect writes decimals.
    mutating func base64(_ number: Int64) {
        var bytes = 8
        while bytes > 1, number >> Int64(8 * bytes - 9) == (number < 0 ? -1 : 0) { bytes -= 1 }
        var left = bytes
        while left > 0 {
            let here = min(left, 3)
            var group: UInt32 = 0
            for index in 0..<here {
                group |=
                    UInt32(UInt8(truncatingIfNeeded: number >> Int64(8 * (left - 1 - index)))) << UInt32(16 - 8 * index)
            }
            for digit in 0..<4 { byte(digit <= here ? Self.digit(group >> UInt32(18 - 6 * digit) & 0x3F) : 0x3D) }
            left -= here
        }
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return alphabet.utf8Start[Int(value & 0x3F)]
    }

    private mutating func byte(_ byte: UInt8) {
        precondition(count < buffer.count, "the generator's buffer is too small")
        buffer[count] = byte
        count += 1
    }
}
