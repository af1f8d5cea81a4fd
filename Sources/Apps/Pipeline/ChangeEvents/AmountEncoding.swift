/// How a `decimal` column is written in events without a schema, which do not say it themselves.
///
/// Events with a schema say it, and this setting is then not asked.
public enum AmountEncoding: Equatable, Sendable {
    /// Told by the value itself:
    /// - a JSON number is the decimal that is written (`decimal.handling.mode=double`);
    /// - a string with a point or a leading minus is a decimal number (`=string`): neither sign is in base64's alphabet;
    /// - an object is Debezium's VariableScaleDecimal, which says its scale (`=precise`, of a column without one);
    /// - every other string is base64 with this scale (`=precise`, Debezium's default), **also one of digits only**:
    ///   `"12345678"` is base64 for six bytes. That is safe for a column with decimals, which Debezium always writes
    ///   with a point (`"5.00"`). For a column without any, as text, ask for `.string`.
    ///
    /// The words that stand for what is no number are none in any of these (`NaN`, `Infinity`): the JSON converter writes a
    /// double's as strings, and one of them is base64 by its letters.
    case automatic(scale: Int)
    /// Base64 of a big-endian two's complement integer, with the column's scale.
    case base64(scale: Int)
    /// A JSON number.
    case double
    /// A string with a decimal number.
    case string
}

extension Amount {
    /// The amount that a column's text stands for; nil where it is none in that encoding.
    public init?(_ text: String, encoding: AmountEncoding) {
        var text = text
        let reading = text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            return switch encoding {
            case .automatic(let scale): AmountReading(stringByValue: bytes, scale: scale)
            case .base64(let scale): AmountReading(unnamedBase64: bytes, scale: scale)
            case .double, .string: AmountReading(decimal: bytes)
            }
        }
        guard case .amount(let amount) = reading else { return nil }
        self = amount
    }
}

/// How one event writes its amount: from its schema, or from the setting.
enum AmountForm: Equatable {
    case unspecified
    /// Connect's Decimal, as the schema says: base64, or a number with `decimal.format=NUMERIC` (KIP-481).
    case decimal(scale: Int)
    /// Debezium's VariableScaleDecimal: an object that says the scale itself.
    case variableScale
    /// Base64, as the setting says.
    case base64(scale: Int)
    case number
    case text
    case byValue(scale: Int)
    /// The schema gives the column a type that is no amount.
    case unsupported

    init(_ encoding: AmountEncoding) {
        switch encoding {
        case .automatic(let scale): self = .byValue(scale: scale)
        case .base64(let scale): self = .base64(scale: scale)
        case .double: self = .number
        case .string: self = .text
        }
    }
}

/// Outcome of reading an amount's text.
enum AmountReading {
    case amount(Amount)
    case wrongForm
    case outOfRange

    init(_ unscaled: Int64, scale: Int) {
        if let amount = Amount(unscaled: unscaled, scale: scale) { self = .amount(amount) } else { self = .outOfRange }
    }

    /// A string whose encoding the value itself must tell: the rule of `AmountEncoding.automatic`.
    init(stringByValue text: UnsafeRawBufferPointer, scale: Int) {
        let isDecimal = text.first == UInt8(ascii: "-") || text.contains(UInt8(ascii: "."))
        if isDecimal { self.init(decimal: text) } else { self.init(unnamedBase64: text, scale: scale) }
    }

    /// Base64 in an event that does not say that it is.
    init(unnamedBase64 text: UnsafeRawBufferPointer, scale: Int) {
        if Self.isInfinity(text) { self = .wrongForm } else { self.init(base64: text, scale: scale) }
    }

    /// Whether the text is the one word for what is no number that base64 has, too: the others (`NaN`, `NAN`,
    /// `POSITIVE_INFINITY`) have a length or a sign that it does not. As base64 it would be 3.7 × 10^11 in hundredths and
    /// beyond, in upper case or lower.
    private static func isInfinity(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 8, text[0] | 0x20 == UInt8(ascii: "i") else { return false }
        return zip(text, "infinity".utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    /// Base64 (RFC 4648, padded, no stray bits) of a big-endian two's complement integer that fits an `Int64`.
    init(base64 text: UnsafeRawBufferPointer, scale: Int) {
        guard text.count >= 4, text.count % 4 == 0 else {
            self = .wrongForm
            return
        }
        var padding = text[text.count - 1] == UInt8(ascii: "=") ? 1 : 0
        if padding == 1, text[text.count - 2] == UInt8(ascii: "=") { padding = 2 }
        var value: Int64 = 0
        var isTooWide = false
        var invalid: UInt8 = 0
        var at = 0
        while at < text.count {
            var group: UInt32 = 0
            let digits = at + 4 == text.count ? 4 - padding : 4
            for index in 0..<digits {
                let digit = Self.base64Value(text[at + index])
                invalid |= digit
                group |= UInt32(digit & 0x3F) << UInt32(18 - 6 * index)
            }
            let bytes = digits - 1
            if bytes < 3, group << UInt32(8 + 8 * bytes) != 0 { invalid = 0xFF }  // stray bits
            if at == 0 { value = group & 0x80_0000 == 0 ? 0 : -1 }
            for index in 0..<bytes {
                let shifted = value << 8
                isTooWide = isTooWide || shifted >> 8 != value
                value = shifted | Int64((group >> UInt32(16 - 8 * index)) & 0xFF)
            }
            at += 4
        }
        if invalid & 0x40 != 0 {
            self = .wrongForm
        } else if isTooWide {
            self = .outOfRange
        } else {
            self.init(value, scale: scale)
        }
    }

    /// A digit's value, or a number with bit 6 set. A table: the digits of amounts are random, branches on them are
    /// mispredicted. Each value is stored as the character `0` plus the value; `~` marks what is no digit.
    @inline(__always)
    private static func base64Value(_ character: UInt8) -> UInt8 {
        let table: StaticString = """
            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~n~~~odefghijklm~~~~~~~0123456789:;<=>?@ABCDEFGHI~~~~~~\
            JKLMNOPQRSTUVWXYZ[\\]^_`abc~~~~~
            """
        guard character < 128 else { return 0x40 }
        let value = table.utf8Start[Int(character)] &- UInt8(ascii: "0")
        return value < 64 ? value : 0x40
    }

    /// A decimal number, plain or with an exponent, taken exactly.
    init(decimal text: UnsafeRawBufferPointer) {
        var at = 0
        var isNegative = false
        if let sign = text.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            at = 1
        }
        var value: Int64 = 0  // kept negative, whose range is the larger one
        var isTooWide = false
        var zeros = 0  // zeros read but not yet multiplied in: those at the end need not fit
        var digits = 0
        var fraction: Int?
        while at < text.count {
            let digit = text[at] &- UInt8(ascii: "0")
            if digit < 10 {
                digits += 1
                if fraction != nil { fraction = digits }
                if digit == 0 {
                    zeros += 1
                } else {
                    isTooWide = !Self.append(digit, after: zeros, to: &value) || isTooWide
                    zeros = 0
                }
            } else if text[at] == UInt8(ascii: "."), fraction == nil, digits > 0 {
                fraction = 0
                digits = 0
            } else {
                break
            }
            at += 1
        }
        guard digits > 0, let exponent = Self.exponent(text, from: at) else {
            self = .wrongForm
            return
        }
        if value == 0 {
            self = .amount(.zero)
            return
        }
        let (magnitude, overflow) = isNegative ? (value, false) : value.multipliedReportingOverflow(by: -1)
        guard !isTooWide, !overflow else {
            self = .outOfRange
            return
        }
        self.init(magnitude, scale: (fraction ?? 0) - zeros - exponent)
    }

    private static func append(_ digit: UInt8, after zeros: Int, to value: inout Int64) -> Bool {
        if value != 0 {
            for _ in 0...zeros {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                guard !overflow else { return false }
                value = product
            }
        }
        let (sum, overflow) = value.subtractingReportingOverflow(Int64(digit))
        value = sum
        return !overflow
    }

    /// The exponent at `from`, 0 when the text ends there, nil for anything else.
    private static func exponent(_ text: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard from < text.count else { return 0 }
        guard text[from] | 0x20 == UInt8(ascii: "e"), from + 1 < text.count else { return nil }
        let sign = text[from + 1]
        var at = from + (sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? 2 : 1)
        guard at < text.count else { return nil }
        var value = 0
        while at < text.count {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = min(value * 10 + Int(digit), 1_000_000)  // far beyond every scale; it stays out of range
            at += 1
        }
        return sign == UInt8(ascii: "-") ? -value : value
    }
}
