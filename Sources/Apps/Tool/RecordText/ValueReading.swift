import AppSupport
import KafkaWire
import ToolKit

/// How the bytes of a key, value or header become text: as one of Kafka's deserializers
/// (`org.apache.kafka.common.serialization`), printed as Java prints what it gives.
package enum ValueReading: Sendable, Equatable {
    /// The bytes as they are.
    case bytes
    /// UTF-8; what is none becomes U+FFFD.
    case string
    case short
    case integer
    case long
    case float
    case double
    case boolean
    case uuid
    /// Printable ASCII as it is, all else as `\xNN` (Kafka's class `Bytes`).
    case escaped

    /// The reading of a deserializer by its class, with or without its package. Throws a sentence for one that has no
    /// meaning here.
    package init(deserializer name: String) throws(RenderFailure) {
        let package = "org.apache.kafka.common.serialization."
        switch name.hasPrefix(package) ? String(name.dropFirst(package.count)) : name {
        case "StringDeserializer": self = .string
        // Java would print the array's address.
        case "ByteArrayDeserializer", "ByteBufferDeserializer": self = .bytes
        case "ShortDeserializer": self = .short
        case "IntegerDeserializer": self = .integer
        case "LongDeserializer": self = .long
        case "FloatDeserializer": self = .float
        case "DoubleDeserializer": self = .double
        case "BooleanDeserializer": self = .boolean
        case "UUIDDeserializer": self = .uuid
        case "BytesDeserializer": self = .escaped
        default:
            throw RenderFailure(
                "there is no deserializer \(SafeText.line(name)) here; choose String, Integer, Long, Short, Double, Float, "
                    + "Boolean, UUID or Bytes, as in \(package)StringDeserializer")
        }
    }

    /// Appends what the bytes mean; `isSafe` for a terminal, which they must not steer.
    func append(_ bytes: Bytes, to out: inout [UInt8], isSafe: Bool) throws(RenderFailure) {
        switch self {
        case .bytes where !isSafe: out.append(bytes)
        case .bytes,
            .string where isSafe:
            bytes.withUnsafeBytes { out.append(text: SafeText.text($0)) }
        case .string:
            let isPlain = bytes.withUnsafeBytes { $0.allSatisfy { $0 < 0x80 } }
            if isPlain { out.append(bytes) } else { out.append(text: bytes.text) }
        case .short: out.append(decimal: Int64(Int16(truncatingIfNeeded: try number(bytes, 2, "Short"))))
        case .integer: out.append(decimal: Int64(Int32(truncatingIfNeeded: try number(bytes, 4, "Integer"))))
        case .long: out.append(decimal: Int64(bitPattern: try number(bytes, 8, "Long")))
        case .float:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: try number(bytes, 4, "Float")))
            out.append(text: Self.java("\(value)", value.magnitude >= 1e-3 && value.magnitude < 1e7))
        case .double:
            let value = Double(bitPattern: try number(bytes, 8, "Double"))
            out.append(text: Self.java("\(value)", value.magnitude >= 1e-3 && value.magnitude < 1e7))
        case .boolean:
            let value = try number(bytes, 1, "Boolean")
            guard value <= 1 else { throw RenderFailure("a Boolean is the byte 0 or 1, not \(value)") }
            out.append(text: value == 1 ? "true" : "false")
        case .uuid:
            let text = bytes.text.lowercased()
            guard Self.isUUID(text) else { throw RenderFailure("\(SafeText.line(bytes.text)) is no UUID") }
            out.append(text: text)
        case .escaped:
            for byte in bytes.copy() {
                if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                    out.append(byte)
                } else {
                    let digits = String(byte, radix: 16, uppercase: true)
                    out.append(text: "\\x" + (digits.count == 1 ? "0" : "") + digits)
                }
            }
        }
    }

    /// A number of so many bytes, the highest first.
    private func number(_ bytes: Bytes, _ size: Int, _ kind: String) throws(RenderFailure) -> UInt64 {
        guard bytes.count == size else {
            throw RenderFailure("of \(kind) the size is \(size), and not \(bytes.count) as here")
        }
        return bytes.withUnsafeBytes { $0.reduce(0) { $0 << 8 | UInt64($1) } }
    }

    private static func isUUID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    /// A floating-point number as Java writes it: with an exponent from 10 million on and below a thousandth, always
    /// with a decimal. The digits are Swift's, which are the fewest that read back the same, as Java's since JDK 19.
    static func java(_ swift: String, _ isPlain: Bool) -> String {
        switch swift {
        case "nan", "-nan": return "NaN"
        case "inf": return "Infinity"
        case "-inf": return "-Infinity"
        default: break
        }
        let sign = swift.hasPrefix("-") ? "-" : ""
        let parts = swift.dropFirst(sign.count).split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let (whole, fraction) = (String(mantissa[0]), mantissa.count > 1 ? String(mantissa[1]) : "")
        var digits = Array(whole + fraction)
        // The place of the point, counted from the first digit.
        var point = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.count > 1, digits[0] == "0" {
            digits.removeFirst()
            point -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        if digits == ["0"] { return sign + "0.0" }
        func text(_ part: some Sequence<Character>) -> String {
            let text = String(part)
            return text.isEmpty ? "0" : text
        }
        guard isPlain else { return sign + "\(digits[0])." + text(digits.dropFirst()) + "E\(point - 1)" }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + String(digits) }
        digits += Array(repeating: "0", count: max(0, point - digits.count))
        return sign + text(digits[..<point]) + "." + text(digits[point...])
    }
}
