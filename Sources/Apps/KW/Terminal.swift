#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where standard output goes: how wide it is, and whether it shows colours.
struct Terminal {
    /// How many columns a line may have; nil where the output is not a terminal, and lines may be of any length.
    let width: Int?
    /// Whether colours are welcome: only on a terminal, and not where `NO_COLOR` is set (no-color.org) or the terminal
    /// is dumb.
    let hasColours: Bool

    /// The standard output of this process.
    static func standardOutput() -> Terminal {
        guard isatty(STDOUT_FILENO) == 1 else { return Terminal(width: nil, hasColours: false) }
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let isPlain = variable("NO_COLOR").map { !$0.isEmpty } ?? false
        return Terminal(
            width: known ? Int(size.ws_col) : 80, hasColours: !isPlain && variable("TERM") != "dumb")
    }

    /// Whether standard input is a person at a keyboard.
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// A way of writing text.
    enum Style: String {
        case plain = ""
        case faint = "2"
        case strong = "1"
        case name = "36"
        case value = "32"
        case wrong = "31"
    }

    /// `text` in a style, where there are colours.
    func styled(_ text: String, _ style: Style) -> String {
        hasColours && style != .plain && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Writes a line to standard error.
    static func complain(_ text: String) {
        let line = Array((text + "\n").utf8)
        var rest = line[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
