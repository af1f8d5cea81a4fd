/// A man page being written. Text is escaped, so that no word of a help text becomes a request.
struct RoffText {
    private(set) var content = ""

    /// A line as it is.
    mutating func raw(_ line: String) { content += line + "\n" }

    /// A request with its arguments.
    mutating func request(_ name: String, _ arguments: [String]) {
        raw("." + name + arguments.map { " \"" + Self.escaped($0) + "\"" }.joined())
    }

    mutating func section(_ title: String) { request("SH", [title]) }

    /// Begins the entry of a list; `tag` is roff already, its text comes next.
    mutating func item(_ tag: String) {
        raw(".TP")
        raw(Self.protected(tag))
    }

    /// Text of the paragraph at hand.
    mutating func text(_ text: String) { if !text.isEmpty { raw(Self.protected(Self.escaped(text))) } }

    /// A paragraph; `start` is roff already.
    mutating func paragraph(_ start: String, _ text: String) {
        if content.last != "\n" { raw("") }
        if start.isEmpty { raw(".PP") }
        raw(Self.protected(start + Self.escaped(text)))
    }

    /// A longer text as a help text has it: paragraphs parted by empty lines, with indented lines shown as they are.
    mutating func discussion(_ text: String) {
        var isExample = false
        var isNewParagraph = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indented = line.hasPrefix("  ") && line.contains { $0 != " " }
            if isExample && !indented {
                raw(".EE")
                raw(".RE")
                isExample = false
                isNewParagraph = true
            }
            if line.allSatisfy({ $0 == " " }) {
                isNewParagraph = true
                continue
            }
            if indented && !isExample {
                raw(".PP")
                raw(".RS 4")
                raw(".EX")
                isExample = true
            } else if !indented, isNewParagraph {
                raw(".PP")
            }
            isNewParagraph = false
            raw(Self.protected(Self.escaped(String(indented ? line.dropFirst(2) : line))))
        }
        if isExample {
            raw(".EE")
            raw(".RE")
        }
    }

    /// Text as roff shows it: backslashes, dashes that stay dashes when they are copied, quotation marks, and no character
    /// that the page's encoding could change.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\e"
            case "-": out += "\\-"
            case "\"": out += "\\(dq"
            case "'": out += "\\(aq"
            case "`": out += "\\(ga"
            case "^": out += "\\(ha"
            case "~": out += "\\(ti"
            case "\n", "\t": out += " "
            case "\u{20}"..<"\u{7F}": out.unicodeScalars.append(scalar)
            default: out += "\\[u" + hexadecimal(scalar) + "]"
            }
        }
        return out
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// A line that does not begin as a request does.
    private static func protected(_ line: String) -> String {
        line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }
}
