/// JSON as text (RFC 8259), with fields in the order in which they are given: for a program's lines, which people read
/// too.
package enum JSONText {
    /// An object; the values are JSON already.
    package static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\(string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    /// An array on one line; the elements are JSON already.
    package static func array(_ elements: some Sequence<String>) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }

    /// A string between its quotation marks. What would steer a terminal may stand in JSON as it is, from U+007F on, but
    /// lines of JSON are looked at as well.
    package static func string(_ text: String) -> String {
        // Nearly all text is plain.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }) { return "\"\(text)\"" }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where isSteering(scalar): out += escaped(scalar)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// A character as JSON can always spell it.
    package static func escaped(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    /// Whether a character does something to a terminal instead of being shown on it: controls (C0, DEL, C1), marks that
    /// turn the direction of text or part lines, and what is not seen at all. Joiners (U+200C, U+200D) stay: words of many
    /// languages, and emoji, need them.
    package static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F: false
        case 0..<0xA0, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
        case 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
        default: false
        }
    }

    /// A string, or null.
    package static func string(_ text: String?) -> String { text.map { string($0) } ?? "null" }
}
