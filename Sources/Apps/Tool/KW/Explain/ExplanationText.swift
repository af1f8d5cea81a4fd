import AppSupport
import KafkaWire
import Screens

/// An explanation as lines of text: offset, bytes, field, value, and a note, under each other and, where there is a
/// width, wrapped to it.
struct ExplanationText {
    /// How many columns there are; nil where lines may have any length.
    private let width: Int?
    private let paint: (String, Console.Style) -> String
    private let explanation: Explanation
    private let pieces: [RowSelection.Piece]
    private let showsBits: Bool
    /// How many bytes of a row are shown; none where the terminal is too narrow for them.
    private let shownBytes: Int
    private let indentation: Int
    /// The depth of the outermost row that is shown: an excerpt from deep inside begins at the left all the same.
    private let outermost: Int
    private let offsetWidth: Int
    private let nameWidth: Int
    private let valueWidth: Int

    /// What is shown beside a row's name, and how.
    private struct Styles {
        var place: Console.Style? = .dim
        var name: Console.Style?
        var value: Console.Style?
        var note: Console.Style?
    }

    /// A value may be megabytes long; on a terminal its beginning is enough.
    private static let longestValue = 6

    /// Lays out the rows for `width` columns; `paint` gives text a style, or leaves it as it is. `showsBits` puts the
    /// bits of varints and of sets under their rows.
    init(
        _ explanation: Explanation, width: Int?, selection: RowSelection = RowSelection(), showsBits: Bool = false,
        paint: @escaping (String, Console.Style) -> String
    ) {
        self.explanation = explanation
        self.width = width
        self.paint = paint
        self.showsBits = showsBits
        pieces = selection.pieces(explanation.rows)
        shownBytes = width.map { $0 < 72 ? 0 : $0 < 100 ? 4 : $0 < 160 ? 8 : 16 } ?? 8
        indentation = width.map { $0 < 80 ? 1 : 2 } ?? 2
        let rows = pieces.compactMap { piece in if case .row(let row) = piece { row } else { nil } }
        offsetWidth = max(6, rows.map { "\($0.offset)".count + ($0.isUnpacked ? 1 : 0) }.max() ?? 0)
        outermost = rows.map(\.depth).min() ?? 0
        let (step, outermost) = (indentation, outermost)
        let longest = rows.map { ($0.depth - outermost) * step + $0.name.count }.max() ?? 0
        nameWidth = max(5, min(longest, (width ?? 150) * 2 / 5))
        // The notes line up behind values of ordinary length; a longer value pushes its own note to the right.
        let values = rows.map { $0.kind == .field ? TextWidth.of($0.value) : $0.kind == .group ? $0.type.count : 1 }
        valueWidth = min(width.map { $0 < 72 ? 6 : $0 < 100 ? 14 : 24 } ?? 24, values.filter { $0 <= 24 }.max() ?? 5)
    }

    /// The title, a heading, the rows, and what is broken.
    var lines: [String] {
        let heading = lines(
            offset: "offset", bytes: "bytes", name: "field", value: "value", note: "", Styles(place: nil))
        let title = TextWidth.wrapped(explanation.title, width ?? .max).map { styled($0, .bold) }
        return title + heading.map { styled($0, .dim) } + pieces.flatMap(lines) + breakage
    }

    // MARK: - Rows

    private func lines(_ piece: RowSelection.Piece) -> [String] {
        switch piece {
        case .row(let row): return lines(row) + (showsBits ? bits(row) : [])
        case .elided(let count, let depth):
            let text = "… " + (count == 1 ? "1 row" : "\(count) rows")
            return [styled(String(repeating: " ", count: nameColumn + indent(depth)) + text, .dim)]
        }
    }

    private func lines(_ row: Explanation.Row) -> [String] {
        let offset = (row.isUnpacked ? "+" : "") + "\(row.offset)"
        let name = String(repeating: " ", count: indent(row.depth)) + row.name
        switch row.kind {
        case .field:
            return lines(
                offset: offset, bytes: digits(row), name: name, value: row.value, note: row.note,
                Styles(name: .cyan, value: .green, note: .dim))
        case .group:
            var size = row.bytes.count == 1 ? "1 byte" : "\(row.bytes.count) bytes"
            if !row.note.isEmpty { size += "; " + row.note }
            return lines(
                offset: offset, bytes: "", name: name, value: row.type, note: size, Styles(name: .bold, note: .dim))
        case .unread:
            let note = row.type.isEmpty ? row.note : "expected \(row.type): \(row.note)"
            return lines(
                offset: offset, bytes: digits(row), name: name, value: "?", note: note,
                Styles(name: .red, value: .red, note: .red))
        }
    }

    private func indent(_ depth: Int) -> Int { max(0, depth - outermost) * indentation }

    private var nameColumn: Int { offsetWidth + 2 + (shownBytes > 0 ? shownBytes * 2 + 3 : 0) }

    /// A row's first line, and those that it needs besides. Nothing is cut off: what does not fit beside the name goes
    /// under it.
    private func lines(
        offset: String, bytes: String, name: String, value: String, note: String, _ styles: Styles
    ) -> [String] {
        var left = TextWidth.padded(offset, offsetWidth, toTheRight: true)
        if shownBytes > 0 { left += "  " + TextWidth.padded(bytes, shownBytes * 2 + 1) }
        let place = styled(left, styles.place) + "  "
        let start = place + styled(TextWidth.padded(name, nameWidth), styles.name) + "  "
        let column = nameColumn + nameWidth + 2
        let (valueColumns, noteColumns) = (TextWidth.of(value), TextWidth.of(note))
        // A long name moves what is beside it.
        let firstColumn = nameColumn + max(nameWidth, TextWidth.of(name)) + 2
        func line(_ value: String, padded: Int, _ note: String) -> String {
            guard !note.isEmpty else { return styled(value, styles.value) }
            return styled(TextWidth.padded(value, padded), styles.value) + "  " + styled(note, styles.note)
        }
        guard let width else { return [Self.trimmed(start + line(value, padded: valueWidth, note))] }

        let used = max(valueColumns, valueWidth)
        for padded in [used, valueColumns] where firstColumn + padded + 2 + noteColumns <= width {
            return [Self.trimmed(start + line(value, padded: padded, note))]
        }
        let room = max(8, width - column)
        let margin = String(repeating: " ", count: column)
        guard firstColumn + valueColumns <= width else {
            let rest =
                TextWidth.wrapped(value, room, limit: Self.longestValue).map { styled($0, styles.value) }
                + wrappedNote(note, room, styles)
            if firstColumn > column { return [Self.trimmed(start)] + rest.map { margin + $0 } }
            return [start + rest[0]] + rest.dropFirst().map { margin + $0 }
        }
        // Beside the value, where there is room for a few words in a line; else under it.
        let beside = width - firstColumn - used - 2
        guard beside >= 24 else {
            return [Self.trimmed(start + styled(value, styles.value))]
                + wrappedNote(note, room, styles).map { margin + $0 }
        }
        let notes = TextWidth.wrapped(note, beside)
        let noteMargin = String(repeating: " ", count: firstColumn + used + 2)
        return [start + line(value, padded: used, notes[0])]
            + notes.dropFirst().map { noteMargin + styled($0, styles.note) }
    }

    /// A note under its value.
    private func wrappedNote(_ note: String, _ room: Int, _ styles: Styles) -> [String] {
        note.isEmpty ? [] : TextWidth.wrapped(note, room - 2).map { "  " + styled($0, styles.note) }
    }

    private func bits(_ row: Explanation.Row) -> [String] {
        let texts = row.bits.flatMap { bits in
            switch bits {
            case .varint(let varint): [varint.text]
            case .flags(let flags): flags.map(\.text)
            }
        }
        let column = nameColumn + indent(row.depth + 1)
        let margin = String(repeating: " ", count: column)
        return texts.flatMap { text in
            TextWidth.wrapped(text, width.map { max(8, $0 - column) } ?? .max).map { margin + styled($0, .yellow) }
        }
    }

    private func digits(_ row: Explanation.Row) -> String {
        guard !row.isSecret else { return shownBytes == 0 ? "" : "hidden" }
        return row.bytes.count <= shownBytes ? "\(row.bytes)" : "\(row.bytes[0..<shownBytes])…"
    }

    // MARK: - The break

    /// Where the bytes stop making sense: what was expected there, and what stands there.
    private var breakage: [String] {
        guard let broken = explanation.breakage else { return [] }
        var place = broken.row.path.isEmpty ? broken.row.name : broken.row.path
        if !broken.message.isEmpty { place += ", in \(broken.message)" }
        let unit = broken.row.isUnpacked ? "unpacked byte" : "byte"
        let title = "broken at \(unit) \(broken.offset): \(place)"
        var lines = [""] + TextWidth.hanging(title, width, indent: 4).map { styled($0, .red) }
        var parts = [(String, String)]()
        if !broken.expected.isEmpty { parts.append(("expected", broken.expected)) }
        parts.append(("found", broken.found))
        if let hint = broken.hint { parts.append(("perhaps", hint)) }
        for (name, text) in parts {
            for (index, line) in TextWidth.wrapped(text, width.map { max(8, $0 - 12) } ?? .max).enumerated() {
                lines.append(styled(index == 0 ? TextWidth.padded("  " + name, 12) : "            ", .bold) + line)
            }
        }
        return (lines + dump(broken.row)).map(Self.trimmed)
    }

    /// The first bytes of a row, in digits and as text.
    private func dump(_ row: Explanation.Row) -> [String] {
        guard !row.bytes.isEmpty else { return [] }
        guard !row.isSecret else { return ["  there     \(row.bytes.count) bytes, hidden"] }
        let perLine = width.map { $0 < 60 ? 4 : $0 < 80 ? 8 : 16 } ?? 16
        let shown = min(row.bytes.count, perLine * 4)
        var lines = stride(from: 0, to: shown, by: perLine).map { start in
            let part = row.bytes[start..<min(start + perLine, shown)].copy()
            let digits = part.map { Hex.encode([$0]) }.joined(separator: " ")
            let text = part.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
            return (start == 0 ? "  there     " : "            ") + TextWidth.padded(digits, perLine * 3 + 1) + text
        }
        if shown < row.bytes.count { lines.append("            and \(row.bytes.count - shown) more bytes") }
        return lines
    }

    private func styled(_ text: String, _ style: Console.Style?) -> String {
        guard let style, text.contains(where: { $0 != " " }) else { return text }
        return paint(text, style)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
}
