import AppSupport

/// How text stands out on a terminal.
package struct TextStyle: Sendable, Equatable {
    package enum Colour: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case cyan = 36
    }

    package var colour: Colour?
    package var isBold = false
    package var isDim = false
    package var isInverse = false

    package static let plain = TextStyle()
    package static let bold = TextStyle(isBold: true)
    package static let dim = TextStyle(isDim: true)
    package static let red = TextStyle(colour: .red)
    package static let alarm = TextStyle(colour: .red, isBold: true)
    package static let green = TextStyle(colour: .green)
    package static let yellow = TextStyle(colour: .yellow)
    package static let cyan = TextStyle(colour: .cyan)
    package static let inverse = TextStyle(isInverse: true)

    package init(colour: Colour? = nil, isBold: Bool = false, isDim: Bool = false, isInverse: Bool = false) {
        self.colour = colour
        self.isBold = isBold
        self.isDim = isDim
        self.isInverse = isInverse
    }

    /// The sequence that switches it on (ECMA-48, SGR); empty for plain text. Without colours, what is bold, dim or inverse
    /// stays so.
    fileprivate func sequence(hasColours: Bool) -> String {
        var codes: [String] = []
        if isBold { codes.append("1") }
        if isDim { codes.append("2") }
        if isInverse { codes.append("7") }
        if hasColours, let colour { codes.append("\(colour.rawValue)") }
        return codes.isEmpty ? "" : "\u{1B}[\(codes.joined(separator: ";"))m"
    }
}

/// A line of the screen: texts with styles, in which nothing but the styles steers the terminal.
package struct ScreenLine: Sendable, Equatable {
    package struct Span: Sendable, Equatable {
        package var text: String
        package var style: TextStyle
    }

    package private(set) var spans: [Span] = []

    package init() {}
    package init(_ text: String, _ style: TextStyle = .plain) { add(text, style) }

    package mutating func add(_ text: String, _ style: TextStyle = .plain) {
        guard !text.isEmpty else { return }
        spans.append(Span(text: SafeText.line(text), style: style))
    }

    package mutating func add(_ line: ScreenLine) { spans += line.spans }

    /// The text without styles.
    package var text: String { spans.map(\.text).joined() }
    /// The columns that it takes.
    package var width: Int { spans.reduce(0) { $0 + TextWidth.of($1.text) } }

    /// The line in at most `width` columns; one that is cut ends in "…".
    package func fitted(_ width: Int) -> ScreenLine {
        guard self.width > width else { return self }
        var line = ScreenLine()
        var left = max(0, width - 1)
        for span in spans {
            let columns = TextWidth.of(span.text)
            guard columns > left else {
                line.add(span.text, span.style)
                left -= columns
                continue
            }
            line.add(TextWidth.cut(span.text, left), span.style)
            if width > 0 { line.add("…", span.style) }
            break
        }
        return line
    }

    /// The line with `other` at the right end of `width` columns; where both do not fit, `other` is left out.
    package func with(right other: ScreenLine, width: Int) -> ScreenLine {
        let space = width - self.width - other.width
        guard space >= 1 else { return fitted(width) }
        var line = self
        line.add(String(repeating: " ", count: space))
        line.add(other)
        return line
    }

    /// The whole width inverse: the selected line.
    package func selected(_ width: Int) -> ScreenLine {
        var line = fitted(width)
        let space = width - line.width
        if space > 0 { line.add(String(repeating: " ", count: space)) }
        for index in line.spans.indices {
            line.spans[index].style.isInverse = true
            line.spans[index].style.isDim = false
        }
        return line
    }

    /// What a terminal gets.
    package func terminalText(hasColours: Bool) -> String {
        var text = ""
        for span in spans {
            let sequence = span.style.sequence(hasColours: hasColours)
            text += sequence.isEmpty ? span.text : sequence + span.text + "\u{1B}[0m"
        }
        return text
    }
}

/// What changes from one frame to the next, as one piece of output: a terminal that gets it shows no half of it.
package struct FrameWriter: Sendable {
    private var shown: [ScreenLine] = []
    private let hasColours: Bool

    package init(hasColours: Bool) { self.hasColours = hasColours }

    /// The whole next frame is written: the terminal has another size, or shows something else.
    package mutating func forget() { shown = [] }

    /// The bytes that make the terminal show these lines; empty where it does. The lines are as many as the terminal has,
    /// and fit into its width.
    package mutating func output(_ lines: [ScreenLine]) -> String {
        let isWhole = shown.count != lines.count
        var text = ""
        for (row, line) in lines.enumerated() where isWhole || shown[row] != line {
            // The rest of the line is erased before it is written: behind a full line that would take its last column.
            text += "\u{1B}[\(row + 1);1H\u{1B}[2K" + line.terminalText(hasColours: hasColours)
        }
        shown = lines
        guard !text.isEmpty else { return "" }
        // Terminals that know synchronized output (private mode 2026) show it at once; others pass over it.
        return "\u{1B}[?2026h" + (isWhole ? "\u{1B}[2J" : "") + text + "\u{1B}[?2026l"
    }
}
