/// A JSON value that keeps the order of its fields and the spelling of its numbers: for showing what was produced, not
/// what a parser makes of it. `{"id": 9007199254740993}` stays that number.
package indirect enum Document: Equatable, Sendable {
    case null
    case bool(Bool)
    /// The number as it is written.
    case number(String)
    case string(String)
    case array([Document])
    case object([Field])

    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: Document

        package init(name: String, value: Document) {
            self.name = name
            self.value = value
        }
    }

    /// The value that the bytes spell, or nil where they are no JSON. Half a surrogate pair is shown as what stands for
    /// text that is none (U+FFFD), but with `isStrict` is no JSON.
    package init?(_ bytes: [UInt8], isStrict: Bool = false) {
        var reader = DocumentReader(bytes, isStrict: isStrict)
        guard let value = reader.document() else { return nil }
        self = value
    }

    /// The value of a field; of several with that name the last one's; nil where there is none.
    package subscript(name: String) -> Document? {
        if case .object(let fields) = self { return fields.last { $0.name == name }?.value }
        return nil
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var number: Int64? { if case .number(let text) = self { Int64(text) } else { nil } }
    package var fields: [Field] { if case .object(let fields) = self { fields } else { [] } }
    package var elements: [Document] { if case .array(let elements) = self { elements } else { [] } }
    package var isContainer: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }
}

// MARK: - As text

extension Document {
    /// The value on one line.
    package var compact: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let text): text
        case .string(let text): JSONText.string(text)
        case .array(let elements): JSONText.array(elements.map(\.compact))
        case .object(let fields): JSONText.object(fields.map { ($0.name, $0.value.compact) })
        }
    }

    /// The value on several lines, two spaces deeper each time; it breaks off behind `limit` bytes, since deep nesting
    /// makes much space of little text.
    package func indented(limit: Int = .max) -> String {
        var out = ""
        write(to: &out, 1, limit)
        return out
    }

    private func write(to out: inout String, _ depth: Int, _ limit: Int) {
        let inner = "\n" + String(repeating: "  ", count: depth)
        let outer = "\n" + String(repeating: "  ", count: depth - 1)
        switch self {
        case .array(let elements) where elements.contains(where: \.isContainer):
            for (index, element) in elements.enumerated() where out.utf8.count <= limit {
                out += (index == 0 ? "[" : ",") + inner
                element.write(to: &out, depth + 1, limit)
            }
            out += outer + "]"
        case .object(let fields) where !fields.isEmpty:
            for (index, field) in fields.enumerated() where out.utf8.count <= limit {
                out += (index == 0 ? "{" : ",") + inner + JSONText.string(field.name) + ": "
                field.value.write(to: &out, depth + 1, limit)
            }
            out += outer + "}"
        default: out += compact
        }
    }
}

/// A recursive descent over JSON (RFC 8259).
private struct DocumentReader {
    /// Deeper nesting is not shown as JSON.
    private static let deepest = 100

    private let bytes: [UInt8]
    private let isStrict: Bool
    private var at = 0

    init(_ bytes: [UInt8], isStrict: Bool) {
        self.bytes = bytes
        self.isStrict = isStrict
    }

    mutating func document() -> Document? {
        guard let value = value(depth: 0) else { return nil }
        skipSpace()
        return at == bytes.count ? value : nil
    }

    private mutating func value(depth: Int) -> Document? {
        skipSpace()
        guard at < bytes.count, depth < Self.deepest else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "{"): return object(depth: depth + 1)
        case UInt8(ascii: "["): return array(depth: depth + 1)
        case UInt8(ascii: "\""): return string().map(Document.string)
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> Document? {
        at += 1
        var fields: [Document.Field] = []
        if takeAfterSpace("}") { return .object(fields) }
        repeat {
            skipSpace()
            guard let name = string(), takeAfterSpace(":"), let value = value(depth: depth) else { return nil }
            fields.append(.init(name: name, value: value))
        } while takeAfterSpace(",")
        return takeAfterSpace("}") ? .object(fields) : nil
    }

    private mutating func array(depth: Int) -> Document? {
        at += 1
        var elements: [Document] = []
        if takeAfterSpace("]") { return .array(elements) }
        repeat {
            guard let value = value(depth: depth) else { return nil }
            elements.append(value)
        } while takeAfterSpace(",")
        return takeAfterSpace("]") ? .array(elements) : nil
    }

    private mutating func number() -> Document? {
        let start = at
        _ = take("-")
        if !take("0") { guard digits() else { return nil } }
        if take(".") { guard digits() else { return nil } }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard digits() else { return nil }
        }
        return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
        return at > start
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
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(bytes[at - 1])
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            guard (0xD800..<0xE000).contains(first) else { return Unicode.Scalar(first) }
            // A surrogate on its own is no text.
            let instead: Unicode.Scalar? = isStrict ? nil : "\u{FFFD}"
            guard first < 0xDC00, take("\\u") else { return instead }
            guard let second = unit() else { return nil }
            guard (0xDC00..<0xE000).contains(second) else { return instead }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func unit() -> UInt32? {
        guard bytes.count - at >= 4 else { return nil }
        let digits = bytes[at..<at + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        at += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D {
            at += 1
        }
    }

    private mutating func takeAfterSpace(_ token: StaticString) -> Bool {
        skipSpace()
        return take(token)
    }

    private mutating func take(_ token: StaticString) -> Bool {
        let count = token.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        for index in 0..<count where bytes[at + index] != token.utf8Start[index] { return false }
        at += count
        return true
    }
}
