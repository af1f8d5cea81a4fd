/// JSON (RFC 8259) as tokens, key sets and servers' errors have it: read whole, within bounds.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What is no JSON, or more of it than is read.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// Where, in bytes from the start.
        package var offset: Int
        /// What stands there; none of the text, which may be secret.
        package var reason: String

        package var description: String { "no JSON: \(reason) at byte \(offset)" }
    }

    /// Reads a text; twice the same name in an object is an error, since readers disagree about which of them counts.
    package init(_ text: [UInt8], maximumDepth: Int = 32, maximumSize: Int = 1 << 20) throws(Failure) {
        guard text.count <= maximumSize else {
            throw Failure(offset: 0, reason: "\(text.count) bytes, more than the \(maximumSize) that are read,")
        }
        var reader = JSONReader(text)
        self = try reader.value(depth: maximumDepth)
        try reader.end()
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
    package var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
    package var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The member of an object with that name.
    package subscript(name: String) -> JSONValue? { members?[name] }

    /// A text as JSON has it, with its quotes.
    package static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

/// Goes through a text once; its depth of calls is bounded, and what it makes is in proportion to the text.
private struct JSONReader {
    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    private func failure(_ reason: String) -> JSONValue.Failure { JSONValue.Failure(offset: position, reason: reason) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSONValue.Failure) {
        guard take(character) else { throw failure("\(character) is missing") }
    }

    mutating func end() throws(JSONValue.Failure) {
        skipSpace()
        guard next == nil else { throw failure("something stands behind the value") }
    }

    mutating func value(depth: Int) throws(JSONValue.Failure) -> JSONValue {
        guard depth > 0 else { throw failure("values stand too deep within each other") }
        skipSpace()
        defer { skipSpace() }
        switch next ?? 0 {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw failure("there is no value")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONValue.Failure) -> JSONValue {
        guard text[position...].starts(with: word.utf8) else { throw failure("there is no value") }
        position += word.utf8.count
        return value
    }

    private mutating func members(depth: Int) throws(JSONValue.Failure) -> [String: JSONValue] {
        try expect("{")
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return members }
        repeat {
            skipSpace()
            let start = position
            let name = try string()
            skipSpace()
            try expect(":")
            guard members.updateValue(try value(depth: depth - 1), forKey: name) == nil else {
                throw JSONValue.Failure(offset: start, reason: "a name stands twice in an object")
            }
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func elements(depth: Int) throws(JSONValue.Failure) -> [JSONValue] {
        try expect("[")
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth - 1)) } while take(",")
        try expect("]")
        return elements
    }

    private mutating func digits() throws(JSONValue.Failure) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw failure("a digit is missing") }
    }

    private mutating func number() throws(JSONValue.Failure) -> Double {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        guard let number = Double(String(decoding: text[start..<position], as: UTF8.self)), number.isFinite else {
            throw JSONValue.Failure(offset: start, reason: "a number is too large")
        }
        return number
    }

    private mutating func string() throws(JSONValue.Failure) -> String {
        let start = position
        try expect("\"")
        var out: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else {
                    throw JSONValue.Failure(offset: start, reason: "a text is no UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): out.append(contentsOf: try escaped())
            case ..<0x20: throw failure("a control character stands in a text")
            default: out.append(byte)
            }
        }
        throw JSONValue.Failure(offset: start, reason: "a text does not end")
    }

    private mutating func escaped() throws(JSONValue.Failure) -> [UInt8] {
        let byte = next ?? 0
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var code = try unit()
            if code & 0xFC00 == 0xD800, text[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try unit()
                guard low & 0xFC00 == 0xDC00 else { throw failure("half a pair of surrogates") }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a pair of surrogates") }
            return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            position = min(position, text.count)
            throw failure("an escape that JSON does not have")
        }
    }

    private mutating func unit() throws(JSONValue.Failure) -> UInt32 {
        guard text.count - position >= 4 else { throw failure("a hexadecimal digit is missing") }
        var code: UInt32 = 0
        for byte in text[position..<position + 4] {
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
            default: throw failure("a hexadecimal digit is missing")
            }
        }
        position += 4
        return code
    }
}
