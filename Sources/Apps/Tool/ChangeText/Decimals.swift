import JSONLines

/// Kafka Connect's decimals: an integer in big-endian two's complement of any length, in base 64, and a scale.
package enum Decimals {
    /// More digits than a database's numbers have.
    private static let longest = 256

    /// The number in plain figures, exact; nil where the text is no base 64 or the number is absurd.
    package static func text(base64: String, scale: Int) -> String? {
        guard let bytes = Base64Text.bytes(base64, limit: longest), let first = bytes.first, bytes.count <= longest,
            (-longest...longest).contains(scale)
        else {
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
}
