/// Kafka Connect's decimals: an integer in big-endian two's complement of any length, in base 64, and a scale.
package enum Decimals {
    /// More digits than a database's numbers have.
    private static let longest = 256

    /// The number in plain figures, exact; nil where the text is no base 64 or the number is absurd.
    package static func text(base64: String, scale: Int) -> String? {
        guard let bytes = bytes(base64), let first = bytes.first, bytes.count <= longest, abs(scale) <= longest else {
            return nil
        }
        let isNegative = first & 0x80 != 0
        var magnitude = bytes
        if isNegative {
            var carry = true
            for index in magnitude.indices.reversed() {
                magnitude[index] = ~magnitude[index]
                if carry { (magnitude[index], carry) = magnitude[index].addingReportingOverflow(1) }
            }
        }
        var digits = decimal(magnitude)
        if scale < 0, digits != "0" { digits += String(repeating: "0", count: -scale) }
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return (isNegative ? "-" : "") + digits
    }

    /// A number in base 256 as decimal digits.
    private static func decimal(_ number: [UInt8]) -> String {
        var number = number
        var digits: [Character] = []
        while number.contains(where: { $0 != 0 }) {
            var remainder = 0
            for index in number.indices {
                let part = remainder << 8 | Int(number[index])
                number[index] = UInt8(part / 10)
                remainder = part % 10
            }
            digits.append(Character("\(remainder)"))
        }
        return digits.isEmpty ? "0" : String(digits.reversed())
    }

    private static func bytes(_ base64: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let text = Array(base64.utf8)
        guard text.count.isMultiple(of: 4), text.count <= longest * 4 / 3 + 4 else { return nil }
        let body = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count - body.count <= 2, text[body.count...].allSatisfy({ $0 == UInt8(ascii: "=") }) else {
            return nil
        }
        var out: [UInt8] = []
        var group: UInt32 = 0
        for (index, character) in body.enumerated() {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            group = group << 6 | UInt32(value)
            let bits = index % 4
            if bits > 0 { out.append(UInt8(truncatingIfNeeded: group >> UInt32([0, 4, 2, 0][bits]))) }
        }
        return out
    }
}
