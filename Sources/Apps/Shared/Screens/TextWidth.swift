/// How many columns text takes on a terminal, which is not the number of its characters: Chinese, Japanese and Korean
/// characters and emoji take two, combining marks none (Unicode's Standard Annex 11, and what terminals do).
package enum TextWidth {
    /// The columns of `text`.
    package static func of(_ text: String) -> Int {
        // Nearly all text is ASCII, of which every byte is a column.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The columns of a character. What is put together of several emoji counts with all of them: some terminals
    /// show it as one, others do not, and a line that turns out shorter does no harm.
    package static func of(_ character: Character) -> Int {
        // A variation selector asks for the coloured form, which is wide.
        if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        return character.unicodeScalars.reduce(0) { $0 + of($1) }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        // A flag is two letters, each of which takes one.
        case 0x1F1E6...0x1F1FF: return 1
        // The second and third part of a Korean syllable stand with the first.
        case 0x1160...0x11FF: return 0
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// The blocks whose characters are wide or full-width.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    /// `text` with spaces up to `width` columns; longer text stays as it is.
    package static func padded(_ text: String, _ width: Int, toTheRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - of(text)))
        return toTheRight ? space + text : text + space
    }

    /// `text` in lines of at most `width` columns, broken at spaces where there are any. More than `limit` lines end
    /// in "…".
    package static func wrapped(_ text: String, _ width: Int, limit: Int = .max) -> [String] {
        let width = max(width, 2)
        guard of(text) > width else { return [text] }
        var lines: [String] = []
        var line = ""
        var columns = 0
        // Where the line can be broken: behind its last space.
        var lastSpace: (end: String.Index, columns: Int)?
        for character in text {
            let size = of(character)
            if columns + size > width {
                if character == " " {
                    lines.append(line)
                    (line, columns, lastSpace) = ("", 0, nil)
                    continue
                }
                // A break that leaves most of the line empty is worse than one within a word.
                if let space = lastSpace, space.columns > width / 4 {
                    let rest = String(line[space.end...])
                    lines.append(trimmed(String(line[..<space.end])))
                    (line, columns, lastSpace) = (rest, of(rest), nil)
                } else {
                    lines.append(line)
                    (line, columns, lastSpace) = ("", 0, nil)
                }
                if lines.count > limit { break }
            }
            line.append(character)
            columns += size
            if character == " " { lastSpace = (line.endIndex, columns) }
        }
        if !line.isEmpty { lines.append(line) }
        guard lines.count > limit else { return lines }
        lines.removeLast(lines.count - limit)
        lines[limit - 1] = cut(lines[limit - 1], width - 1) + "…"
        return lines
    }

    /// `text` wrapped to `width` columns, where there is a width, with the lines behind the first indented.
    package static func hanging(_ text: String, _ width: Int?, indent: Int) -> [String] {
        guard let width, of(text) > width else { return [text] }
        let margin = String(repeating: " ", count: indent)
        let lines = wrapped(text, width - indent)
        return lines.prefix(1) + lines.dropFirst().map { margin + $0 }
    }

    /// The beginning of `text` that has at most `width` columns.
    package static func cut(_ text: String, _ width: Int) -> String {
        var columns = 0
        var end = text.startIndex
        for index in text.indices {
            columns += of(text[index])
            if columns > width { break }
            end = text.index(after: index)
        }
        return String(text[..<end])
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
}
