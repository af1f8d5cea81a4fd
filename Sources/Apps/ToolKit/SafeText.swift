import KafkaWire

/// Text from outside, made so that it cannot steer a terminal: keys, values, names.
package enum SafeText {
    /// Bytes as text on one line or several: what is no UTF-8 becomes `\xNN`, control characters too, but for line feeds
    /// and tabs.
    package static func text(_ bytes: some Sequence<UInt8>) -> String { shown(Array(bytes), keepsLines: true) }

    /// Bytes as text on one line: line feeds and tabs are shown as `\n` and `\t`.
    package static func line(_ bytes: some Sequence<UInt8>) -> String { shown(Array(bytes), keepsLines: false) }

    /// Text on one line.
    package static func line(_ text: String) -> String {
        // Nearly all text is plain.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return shown(Array(text.utf8), keepsLines: false)
    }

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
        default:
            // C1 controls steer terminals too; marks that turn the direction of text hide what follows.
            let isSteering =
                (0x80..<0xA0).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
            if isSteering {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}
