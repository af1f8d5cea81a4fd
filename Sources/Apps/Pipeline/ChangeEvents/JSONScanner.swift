/// Reads JSON where it lies: tokens are offsets into the value, nothing is copied.
///
/// It checks everything it passes over (RFC 8259: structure, escapes, control characters, numbers; UTF-8 of strings;
/// nesting), so that skipping a field says as much about the document as reading it.
struct JSONScanner {
    /// The deepest nesting of objects and arrays. The containers still open are bits of one word.
    static let deepest = 64

    let start: UnsafeRawPointer
    let end: UnsafeRawPointer
    var cursor: UnsafeRawPointer

    /// A scanner over bytes that outlive it; nil for no bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return nil }
        start = base
        end = base + bytes.count
        cursor = base
    }

    var offset: Int { cursor - start }

    @inline(never)
    func flaw(_ problem: Malformed.Problem) -> Malformed { Malformed(problem, at: offset) }

    /// The byte at the cursor.
    @inline(__always)
    func peek() throws(Malformed) -> UInt8 {
        guard cursor < end else { throw flaw(.truncated) }
        return cursor.load(as: UInt8.self)
    }

    @inline(__always)
    mutating func skipSpace() {
        // The JSON converter writes none; one comparison finds that out.
        guard cursor < end, cursor.load(as: UInt8.self) <= 0x20 else { return }
        skipSpaceSlowly()
    }

    @inline(never)
    private mutating func skipSpaceSlowly() {
        while cursor < end {
            switch cursor.load(as: UInt8.self) {
            case 0x20, 0x09, 0x0A, 0x0D: cursor += 1
            default: return
            }
        }
    }

    // MARK: Objects

    /// Enters the object at the cursor. True when it has members; the cursor is then at the first key.
    @inline(__always)
    mutating func enterObject() throws(Malformed) -> Bool {
        cursor += 1
        skipSpace()
        guard try peek() == UInt8(ascii: "}") else { return true }
        cursor += 1
        return false
    }

    /// Reads a key and its colon; the cursor is then at the value.
    @inline(__always)
    mutating func key() throws(Malformed) -> JSONToken {
        guard try peek() == UInt8(ascii: "\"") else { throw flaw(.unexpectedByte) }
        let key = try string()
        skipSpace()
        guard try peek() == UInt8(ascii: ":") else { throw flaw(.unexpectedByte) }
        cursor += 1
        skipSpace()
        return key
    }

    /// After a member's value: true when another key follows, false when the object ends here.
    @inline(__always)
    mutating func another(closing: UInt8) throws(Malformed) -> Bool {
        skipSpace()
        let byte = try peek()
        if byte == UInt8(ascii: ",") {
            cursor += 1
            skipSpace()
            return true
        }
        guard byte == closing else { throw flaw(.unexpectedByte) }
        cursor += 1
        return false
    }

    // MARK: Values

    /// Reads or skips any value; `depth` containers are open around it.
    @inline(__always)
    mutating func value(depth: Int) throws(Malformed) -> JSONToken {
        let byte = try peek()
        if byte == UInt8(ascii: "\"") { return try string() }
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            let from = cursor
            try container(depth: depth)
            return JSONToken(byte == UInt8(ascii: "{") ? .object : .array, from - start, cursor - from)
        }
        return try numberOrWord(byte)
    }

    @inline(__always)
    private mutating func numberOrWord(_ byte: UInt8) throws(Malformed) -> JSONToken {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try number()
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "t"): return try word("true", .boolean)
        case UInt8(ascii: "f"): return try word("false", .boolean)
        default: throw flaw(.unexpectedByte)
        }
    }

    @inline(__always)
    private mutating func word(_ text: StaticString, _ kind: JSONToken.Kind) throws(Malformed) -> JSONToken {
        let from = cursor
        for index in 0..<text.utf8CodeUnitCount {
            guard try peek() == text.utf8Start[index] else { throw flaw(.unexpectedByte) }
            cursor += 1
        }
        return JSONToken(kind, from - start, cursor - from)
    }

    /// Skips the object or array at the cursor without recursion.
    private mutating func container(depth outer: Int) throws(Malformed) {
        var objects: UInt64 = 0  // the open containers, innermost in the lowest bit: 1 is an object
        var depth = 0
        repeat {
            let byte = try peek()
            var isClosed = false
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard outer + depth < Self.deepest else { throw flaw(.tooDeep) }
                let isObject = byte == UInt8(ascii: "{")
                objects = objects << 1 | (isObject ? 1 : 0)
                depth += 1
                cursor += 1
                skipSpace()
                if try peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    cursor += 1
                    isClosed = true
                } else {
                    if isObject { _ = try key() }
                    continue
                }
            } else if byte == UInt8(ascii: "\"") {
                _ = try string()
            } else {
                _ = try numberOrWord(byte)
            }
            while true {
                if isClosed {
                    objects >>= 1
                    depth -= 1
                    if depth == 0 { return }
                }
                let isObject = objects & 1 == 1
                if try another(closing: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { _ = try key() }
                    break
                }
                isClosed = true
            }
        } while true
    }

    // MARK: Numbers

    @inline(__always)
    mutating func number() throws(Malformed) -> JSONToken {
        let from = cursor
        var kind = JSONToken.Kind.integer
        if cursor.load(as: UInt8.self) == UInt8(ascii: "-") { cursor += 1 }
        let first = cursor
        skipDigits()
        let digits = cursor - first
        guard digits > 0 else { throw flaw(cursor < end ? .badNumber : .truncated) }
        if digits > 1, first.load(as: UInt8.self) == UInt8(ascii: "0") { throw flaw(.badNumber) }
        if cursor < end {
            let next = cursor.load(as: UInt8.self)
            if next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
                try fractionAndExponent()
                kind = .decimal
            }
        }
        return JSONToken(kind, from - start, cursor - from)
    }

    private mutating func fractionAndExponent() throws(Malformed) {
        if cursor.load(as: UInt8.self) == UInt8(ascii: ".") {
            cursor += 1
            try digits()
        }
        guard cursor < end, cursor.load(as: UInt8.self) | 0x20 == UInt8(ascii: "e") else { return }
        cursor += 1
        let sign = try peek()
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { cursor += 1 }
        try digits()
    }

    private mutating func digits() throws(Malformed) {
        let from = cursor
        skipDigits()
        guard cursor > from else { throw flaw(cursor < end ? .badNumber : .truncated) }
    }

    /// Moves over digits, eight at a time where eight bytes are left.
    @inline(__always)
    private mutating func skipDigits() {
        while end - cursor >= 8 {
            let others = EightBytes(at: cursor).firstOtherThanDigit
            cursor += others
            if others < 8 { return }
        }
        while cursor < end, cursor.load(as: UInt8.self) &- 48 < 10 { cursor += 1 }
    }
}

/// Eight bytes of text as one word, searched without a loop. In each answer the lowest flagged byte is exact; a borrow
/// or carry can only make false flags above it.
///
/// Plain words, not `SIMD16`: keys and values are mostly shorter than nine bytes, and Swift 6.3 takes a mask's lanes
/// apart one by one (measured: 74,000 events a second with it).
struct EightBytes {
    private let word: UInt64

    /// Loads eight bytes, which must be there.
    @inline(__always)
    init(at place: UnsafeRawPointer) { word = UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)) }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The first quote, backslash, control character or byte beyond ASCII; 8 for none.
    @inline(__always)
    var firstEndOfPlainText: Int {
        let quotes = word ^ (Self.ones &* 0x22)
        let backslashes = word ^ (Self.ones &* 0x5C)
        let flags =
            ((quotes &- Self.ones) & ~quotes) | ((backslashes &- Self.ones) & ~backslashes)
            | ((word &- Self.ones &* 0x20) & ~word) | word
        return (flags & Self.tops).trailingZeroBitCount >> 3
    }

    /// The first byte that is no decimal digit; 8 for none.
    @inline(__always)
    var firstOtherThanDigit: Int {
        let digits = word ^ (Self.ones &* 0x30)
        return (((digits &+ Self.ones &* 0x76) | digits) & Self.tops).trailingZeroBitCount >> 3
    }
}

/// A value's place in the document.
struct JSONToken {
    enum Kind: UInt8 {
        case absent
        case null
        case boolean
        /// A number without fraction and exponent.
        case integer
        /// A number with one of them.
        case decimal
        case string
        /// A string with at least one escape.
        case escapedString
        case object
        case array
    }

    var kind: Kind
    /// From the start of the value to the first byte (of a string: after its quote).
    var offset: Int32
    /// In bytes (of a string: without its quotes).
    var count: Int32

    static let absent = JSONToken(.absent, 0, 0)

    @inline(__always)
    init(_ kind: Kind, _ offset: Int, _ count: Int) {
        self.kind = kind
        self.offset = Int32(truncatingIfNeeded: offset)  // the decoder refuses values of 2 GiB before scanning
        self.count = Int32(truncatingIfNeeded: count)
    }

    var isString: Bool { kind == .string || kind == .escapedString }
}
