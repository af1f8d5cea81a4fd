/// Any JSON value (RFC 8259). Golden vectors and captures are read with it, so it is small rather than fast, and needs
/// no Foundation.
package enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The value that `text` spells, or nil where it is no JSON.
    package init?(_ text: some StringProtocol) {
        var parser = JSONParser(text)
        guard let value = parser.document() else { return nil }
        self = value
    }

    /// The value of a field; null where there is none.
    package subscript(key: String) -> JSON {
        if case .object(let fields) = self { return fields[key] ?? .null }
        return .null
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var number: Int64? { if case .int(let number) = self { number } else { nil } }
    package var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    package var fields: [String: JSON] { if case .object(let fields) = self { fields } else { [:] } }
}

/// A recursive descent over the bytes of a text.
private struct JSONParser {
    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    mutating func document() -> JSON? {
        guard let value = value() else { return nil }
        skipSpace()
        return at == bytes.count ? value : nil
    }

    private mutating func value() -> JSON? {
        skipSpace()
        guard at < bytes.count, depth < 100 else { return nil }
        depth += 1
        defer { depth -= 1 }
        switch bytes[at] {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return array()
        case UInt8(ascii: "\""): return string().map(JSON.string)
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object() -> JSON? {
        var fields: [String: JSON] = [:]
        guard take("{") else { return nil }
        if takeAfterSpace("}") { return .object(fields) }
        while true {
            skipSpace()
            guard let name = string(), takeAfterSpace(":"), let value = value() else { return nil }
            fields[name] = value
            if takeAfterSpace(",") { continue }
            return takeAfterSpace("}") ? .object(fields) : nil
        }
    }

    private mutating func array() -> JSON? {
        var elements: [JSON] = []
        guard take("[") else { return nil }
        if takeAfterSpace("]") { return .array(elements) }
        while true {
            guard let value = value() else { return nil }
            elements.append(value)
            if takeAfterSpace(",") { continue }
            return takeAfterSpace("]") ? .array(elements) : nil
        }
    }

    private mutating func number() -> JSON? {
        let start = at
        while at < bytes.count, "+-.0123456789eE".utf8.contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        return Int64(text).map(JSON.int) ?? Double(text).map(JSON.double)
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var out: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escaped() else { return nil }
                out += Array(String(scalar).utf8)
            case 0..<0x20: return nil
            default: out.append(byte)
            }
        }
        return nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        guard at < bytes.count else { return nil }
        at += 1
        switch bytes[at - 1] {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
            guard take("\\u"), let second = unit(), (0xDC00..<0xE000).contains(second) else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        case let other: return Unicode.Scalar(other)
        }
    }

    private mutating func unit() -> UInt32? {
        guard bytes.count - at >= 4 else { return nil }
        at += 4
        return UInt32(String(decoding: bytes[at - 4..<at], as: UTF8.self), radix: 16)
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func takeAfterSpace(_ token: StaticString) -> Bool {
        skipSpace()
        return take(token)
    }

    private mutating func take(_ token: StaticString) -> Bool {
        token.withUTF8Buffer { wanted in
            guard bytes.count - at >= wanted.count, bytes[at..<at + wanted.count].elementsEqual(wanted) else {
                return false
            }
            at += wanted.count
            return true
        }
    }
}
