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

    /// A string between its quotation marks.
    package static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            // U+007F and what stands behind it may stand in JSON as they are, but would disturb a terminal.
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// A string, or null.
    package static func string(_ text: String?) -> String { text.map { string($0) } ?? "null" }
}
