import ChangeEvents
import JSONLines

/// What a plain, recursive JSON parser says of a change event, to hold the decoder's answer against.
enum EventReference {
    static func check(_ answer: ChangeEvent, _ event: [UInt8], hasOldKey: Bool) throws(Finding) {
        var parser = ReferenceJSON(event)
        let document = parser.document()
        if case .malformed(let flaw) = answer {
            try claim(0...event.count ~= flaw.offset, "\(flaw) lies behind the \(event.count) bytes of the event")
            guard isAboutForm(flaw.problem) else {
                return try claim(document != nil, "\(flaw): but it is no JSON at all")
            }
            return try claim(
                document == nil, "\(flaw): but it is sound JSON: \(String(decoding: event, as: UTF8.self))")
        }
        guard let document else {
            throw Finding("\(answer) in what is no JSON: \(String(decoding: event, as: UTF8.self))")
        }
        guard case .transaction(let transaction) = answer else { return }
        try claim(!hasOldKey, "a moved row is taken for a new one")
        let envelope = document.last("payload") ?? document
        // A row without its envelope, or one whose names are in another case.
        let isUnwrapped = envelope.last("op") == nil && envelope.last("after") == nil
        let row = isUnwrapped ? envelope : envelope.last("after")
        let folds = isUnwrapped || row?.last("id") == nil
        let columns: [(String, Int64?)] = [
            ("id", transaction.id), ("user_id", transaction.userID), ("merchant_id", transaction.merchantID),
        ]
        for (name, value) in columns {
            let written = (folds ? row?.lastInAnyCase(name) : row?.last(name)) ?? .word("null")
            let expected = value.map { ReferenceJSON.Value.number("\($0)") } ?? .word("null")
            try claim(
                written == expected || value == 0 && written == .number("-0"),
                "\(name) is \(expected), but the event says \(written)")
        }
        let operation: ReferenceJSON.Value = .string(Array((transaction.origin == .insert ? "c" : "r").utf8))
        let written = isUnwrapped ? envelope.lastInAnyCase("__op") : envelope.last("op")
        try claim(written == operation, "a new row without its operation")
    }

    /// Whether the problem is one of JSON's own rules, and not of what the event says.
    private static func isAboutForm(_ problem: Malformed.Problem) -> Bool {
        switch problem {
        case .empty, .tooLong, .truncated, .unexpectedByte, .trailingBytes, .tooDeep, .badString, .badEscape,
            .badNumber, .wireFormat:
            true
        case .notAnObject, .unknownOperation, .cloudEvent, .document, .unwrapped, .missing, .null, .wrongForm,
            .outOfRange:
            false
        }
    }
}

/// A parser of JSON (RFC 8259) that is written to be read, not to be fast: nothing in it is shared with the scanner.
struct ReferenceJSON {
    indirect enum Value: Equatable {
        case word(String)
        /// As it is written.
        case number(String)
        /// Without escapes, as UTF-8.
        case string([UInt8])
        case array([Value])
        case object([(name: [UInt8], value: Value)])

        /// The last member of that name.
        func last(_ name: String) -> Value? {
            guard case .object(let members) = self else { return nil }
            return members.last { $0.name == Array(name.utf8) }?.value
        }

        /// The last member of that name, whatever the case of its letters.
        func lastInAnyCase(_ name: String) -> Value? {
            guard case .object(let members) = self else { return nil }
            return members.last { String(decoding: $0.name, as: UTF8.self).lowercased() == name }?.value
        }

        static func == (a: Value, b: Value) -> Bool {
            switch (a, b) {
            case (.word(let x), .word(let y)), (.number(let x), .number(let y)): x == y
            case (.string(let x), .string(let y)): x == y
            case (.array(let x), .array(let y)): x == y
            case (.object(let x), .object(let y)):
                x.count == y.count && zip(x, y).allSatisfy { $0.name == $1.name && $0.value == $1.value }
            default: false
            }
        }
    }

    /// As deep as the scanner goes.
    private static let deepest = 64

    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one value that the bytes are; nil where they are not JSON.
    mutating func document() -> Value? {
        skipSpace()
        guard let value = value() else { return nil }
        skipSpace()
        return at == bytes.count ? value : nil
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard next == character.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { at += 1 }
    }

    private mutating func value() -> Value? {
        switch next {
        case UInt8(ascii: "{"): return nested { $0.object() }
        case UInt8(ascii: "["): return nested { $0.array() }
        case UInt8(ascii: "\""): return string().map(Value.string)
        case UInt8(ascii: "n"): return word("null")
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        default: return number()
        }
    }

    private mutating func nested(_ read: (inout ReferenceJSON) -> Value?) -> Value? {
        guard depth < Self.deepest else { return nil }
        depth += 1
        defer { depth -= 1 }
        at += 1
        skipSpace()
        return read(&self)
    }

    private mutating func word(_ text: String) -> Value? {
        guard bytes[at...].starts(with: text.utf8) else { return nil }
        at += text.utf8.count
        return .word(text)
    }

    private mutating func object() -> Value? {
        var members: [(name: [UInt8], value: Value)] = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\""), let name = string() else { return nil }
            skipSpace()
            guard take(":") else { return nil }
            skipSpace()
            guard let value = value() else { return nil }
            members.append((name: name, value: value))
            skipSpace()
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func array() -> Value? {
        var elements: [Value] = []
        if take("]") { return .array([]) }
        repeat {
            skipSpace()
            guard let value = value() else { return nil }
            elements.append(value)
            skipSpace()
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func digits() -> Bool {
        let from = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        return at > from
    }

    private mutating func number() -> Value? {
        let from = at
        _ = take("-")
        if !take("0"), !digits() { return nil }
        if take("."), !digits() { return nil }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() else { return nil }
        }
        return .number(String(decoding: bytes[from..<at], as: UTF8.self))
    }

    private mutating func string() -> [UInt8]? {
        at += 1
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self) == nil ? nil : text
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                text += String(scalar).utf8
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            guard 0xD800...0xDFFF ~= first else { return Unicode.Scalar(first) }
            guard first < 0xDC00, take("\\"), take("u"), let second = unit(), 0xDC00...0xDFFF ~= second else {
                return nil
            }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func unit() -> UInt32? {
        guard bytes.count - at >= 4 else { return nil }
        var value: UInt32 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }
}
