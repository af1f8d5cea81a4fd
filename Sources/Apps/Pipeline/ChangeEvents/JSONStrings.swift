#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Strings: finding their end, checking their bytes, undoing their escapes.
extension JSONScanner {
    /// Reads the string at the cursor, which is at its opening quote.
    @inline(__always)
    mutating func string() throws(Malformed) -> JSONToken {
        let from = cursor + 1
        var at = from
        while end - at >= 8 {
            let place = EightBytes(at: at).firstEndOfPlainText
            at += place
            guard place < 8 else { continue }
            guard at.load(as: UInt8.self) == UInt8(ascii: "\"") else { break }
            cursor = at + 1
            return JSONToken(.string, from - start, at - from)
        }
        return try stringSlowly(from: from, at: at)
    }

    /// The rest of a string that holds an escape or is not ASCII, or that lies within the value's last eight bytes.
    @inline(never)
    private mutating func stringSlowly(
        from: UnsafeRawPointer, at first: UnsafeRawPointer
    ) throws(Malformed) -> JSONToken {
        cursor = first
        var kind = JSONToken.Kind.string
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                let token = JSONToken(kind, from - start, cursor - from)
                cursor += 1
                return token
            case UInt8(ascii: "\\"):
                kind = .escapedString
                _ = try escape()
            case 0..<0x20: throw flaw(.badString)
            case 0x80...: try utf8Sequence(first: byte)
            default: cursor += 1
            }
        }
    }

    /// Moves over one multi-byte sequence: the ranges of Unicode's table 3-7 (no overlong forms, no surrogates).
    private mutating func utf8Sequence(first: UInt8) throws(Malformed) {
        let second: ClosedRange<UInt8>
        let more: Int
        switch first {
        case 0xC2...0xDF: (second, more) = (0x80...0xBF, 0)
        case 0xE0: (second, more) = (0xA0...0xBF, 1)
        case 0xED: (second, more) = (0x80...0x9F, 1)
        case 0xE1...0xEF: (second, more) = (0x80...0xBF, 1)
        case 0xF0: (second, more) = (0x90...0xBF, 2)
        case 0xF1...0xF3: (second, more) = (0x80...0xBF, 2)
        case 0xF4: (second, more) = (0x80...0x8F, 2)
        default: throw flaw(.badString)
        }
        cursor += 1
        guard second.contains(try peek()) else { throw flaw(.badString) }
        cursor += 1
        for _ in 0..<more {
            guard try peek() & 0xC0 == 0x80 else { throw flaw(.badString) }
            cursor += 1
        }
    }

    /// Moves over one escape, a surrogate pair included, and gives what it stands for.
    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
        cursor += 1
        let byte = try peek()
        let plain: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = Unicode.Scalar(byte)
        case UInt8(ascii: "b"): plain = "\u{8}"
        case UInt8(ascii: "f"): plain = "\u{C}"
        case UInt8(ascii: "n"): plain = "\n"
        case UInt8(ascii: "r"): plain = "\r"
        case UInt8(ascii: "t"): plain = "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw flaw(.badEscape)
        }
        cursor += 1
        return plain
    }

    private mutating func unicodeEscape() throws(Malformed) -> Unicode.Scalar {
        let unit = try fourHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, try peek() == UInt8(ascii: "\\") else { throw flaw(.badEscape) }
        cursor += 1
        guard try peek() == UInt8(ascii: "u") else { throw flaw(.badEscape) }
        let low = try fourHexDigits()
        guard 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw flaw(.badEscape) }
        return scalar
    }

    /// Reads the digits after `\u`; the cursor is at the `u`.
    private mutating func fourHexDigits() throws(Malformed) -> UInt32 {
        cursor += 1
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch try peek() {
            case let byte where 0x30...0x39 ~= byte: digit = byte - 0x30
            case let byte where 0x41...0x46 ~= byte: digit = byte - 0x41 + 10
            case let byte where 0x61...0x66 ~= byte: digit = byte - 0x61 + 10
            default: throw flaw(.badEscape)
            }
            value = value << 4 | UInt32(digit)
            cursor += 1
        }
        return value
    }

    // MARK: Texts of tokens

    /// Whether a string token reads `text`, whatever of it is written as escapes.
    @inline(__always)
    func token(_ token: JSONToken, is text: StaticString) -> Bool {
        if token.kind == .string {
            let count = text.utf8CodeUnitCount
            return Int(token.count) == count && memcmp(start + Int(token.offset), text.utf8Start, count) == 0
        }
        return token.kind == .escapedString && unescaped(token).elementsEqual(UnsafeBufferPointer(of: text))
    }

    /// A string token's text: the value's own bytes, or without its escapes a copy.
    @inline(__always)
    func withText<Result>(_ token: JSONToken, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if token.kind == .escapedString { return unescaped(token).withUnsafeBytes(body) }
        return body(UnsafeRawBufferPointer(start: start + Int(token.offset), count: Int(token.count)))
    }

    @inline(never)
    private func unescaped(_ token: JSONToken) -> [UInt8] {
        var reader = self
        reader.cursor = start + Int(token.offset)
        let stop = reader.cursor + Int(token.count)
        var text: [UInt8] = []
        text.reserveCapacity(Int(token.count))
        while reader.cursor < stop {
            let byte = reader.cursor.load(as: UInt8.self)
            if byte == UInt8(ascii: "\\"), let scalar = try? reader.escape() {
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                text.append(byte)
                reader.cursor += 1
            }
        }
        return text
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate init(of text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
