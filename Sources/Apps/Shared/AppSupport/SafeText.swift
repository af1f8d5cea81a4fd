import JSONLines

/// Text from outside, made so that it cannot steer a terminal: keys, values, names, errors. ``Console`` does that with
/// all text; whoever lays text out does it before, since what is shown in the place of a character takes more room.
public enum SafeText {
    /// Bytes as text on one line or several: what is no UTF-8 becomes `\xNN`, control characters too, but for line feeds
    /// and tabs.
    public static func text(_ bytes: some Sequence<UInt8>) -> String { shown(Array(bytes), keepsLines: true) }

    /// Text on one line or several.
    public static func text(_ text: String) -> String {
        if text.utf8.allSatisfy({ isPlain($0) || $0 == 0x0A || $0 == 0x09 }) { return text }
        return shown(Array(text.utf8), keepsLines: true)
    }

    /// Bytes as text on one line: line feeds and tabs are shown as `\n` and `\t`.
    public static func line(_ bytes: some Sequence<UInt8>) -> String { shown(Array(bytes), keepsLines: false) }

    /// Text on one line.
    public static func line(_ text: String) -> String {
        // Nearly all text is plain.
        if text.utf8.allSatisfy(isPlain) { return text }
        return shown(Array(text.utf8), keepsLines: false)
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) }

    private static func shown(_ bytes: [UInt8], keepsLines: Bool) -> String {
        var out = ""
        var at = 0
        while at < bytes.count {
            var rest = bytes[at...].makeIterator()
            var decoder = UTF8()
            guard case .scalarValue(let scalar) = decoder.decode(&rest) else {
                out += escaped(bytes[at])
                at += 1
                continue
            }
            append(scalar, to: &out, keepsLines: keepsLines)
            at += UTF8.width(scalar)
        }
        return out
    }

    private static func append(_ scalar: Unicode.Scalar, to out: inout String, keepsLines: Bool) {
        switch scalar {
        case "\n" where keepsLines, "\t" where keepsLines: out.unicodeScalars.append(scalar)
        case "\n": out += "\\n"
        case "\t": out += "\\t"
        case "\r": out += "\\r"
        case "\u{0}"..<"\u{20}", "\u{7F}": out += escaped(UInt8(scalar.value))
        case _ where JSONText.isSteering(scalar): out += "\\u{\(String(scalar.value, radix: 16))}"
        default: out.unicodeScalars.append(scalar)
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}
