import AppSupport
import JSONLines
import KafkaWire

/// An explanation as lines of text, or as JSON.
struct ExplanationText {
    /// How many columns there are; nil where lines may have any length.
    private let width: Int?
    private let paint: (String, Console.Style) -> String
    private let title: String
    private let pieces: [RowSelection.Piece]
    /// How many bytes of a row are shown; none where the terminal is too narrow for them.
    private let shownBytes: Int
    private let offsetWidth: Int
    private let nameWidth: Int
    private let valueWidth: Int

    /// Lays out the rows for `width` columns; `paint` gives text a style, or leaves it as it is.
    init(
        _ explanation: Explanation, width: Int?, selection: RowSelection = RowSelection(),
        paint: @escaping (String, Console.Style) -> String
    ) {
        title = explanation.title
        pieces = selection.pieces(explanation.rows)
        self.width = width
        self.paint = paint
        shownBytes = width.map { $0 < 60 ? 0 : $0 < 100 ? 4 : 8 } ?? 8
        let rows = pieces.compactMap { piece in if case .row(let row) = piece { row } else { nil } }
        offsetWidth = max(6, rows.map { "\($0.offset)".count }.max() ?? 0)
        let longest = rows.map { Self.indented($0).count }.max() ?? 0
        nameWidth = max(5, min(longest, (width ?? 150) * 2 / 5))
        // The notes line up behind values of ordinary length; a longer value pushes its own note to the right.
        valueWidth = min(24, rows.filter { $0.kind == .field }.map(\.value.count).max() ?? 0)
    }

    /// The title, a heading, and a line per row.
    var lines: [String] {
        let heading = line(offset: "offset", bytes: "bytes", name: "field", value: "value", note: "")
        return [styled(title, .bold), styled(heading, .dim)] + pieces.map(line)
    }

    private func line(_ piece: RowSelection.Piece) -> String {
        switch piece {
        case .row(let row): return line(row)
        case .elided(let count, let depth):
            let indent = offsetWidth + 2 + (shownBytes > 0 ? shownBytes * 2 + 3 : 0) + depth * 2
            let text = String(repeating: " ", count: indent) + "… " + (count == 1 ? "1 row" : "\(count) rows")
            return styled(width.map { Self.cut(text, $0) } ?? text, .dim)
        }
    }

    private func line(_ row: Explanation.Row) -> String {
        let offset = (row.isUnpacked ? "+" : "") + "\(row.offset)"
        let name = Self.indented(row)
        switch row.kind {
        case .field:
            return line(
                offset: offset, bytes: digits(row), name: name, value: row.value, note: row.note,
                styles: (.cyan, .green, .dim))
        case .group:
            var size = row.bytes.count == 1 ? "1 byte" : "\(row.bytes.count) bytes"
            if !row.note.isEmpty { size += "; " + row.note }
            return line(
                offset: offset, bytes: "", name: name, value: row.type, note: size, styles: (.bold, nil, .dim))
        case .unread:
            return line(
                offset: offset, bytes: digits(row), name: name, value: "?", note: expected(row),
                styles: (.red, .red, .red))
        }
    }

    private func expected(_ row: Explanation.Row) -> String {
        row.type.isEmpty ? row.note : "expected \(row.type), \(row.note)"
    }

    private func line(
        offset: String, bytes: String, name: String, value: String, note: String,
        styles: (name: Console.Style?, value: Console.Style?, note: Console.Style?) = (nil, nil, nil)
    ) -> String {
        var left = Self.padded(offset, offsetWidth, toTheRight: true)
        if shownBytes > 0 { left += "  " + Self.padded(bytes, shownBytes * 2 + 1) }
        let title = Self.padded(Self.cut(name, nameWidth), nameWidth)
        var room = width.map { max(8, $0 - left.count - nameWidth - 4) } ?? .max
        let shown = Self.cut(value, room)
        room -= max(shown.count, valueWidth) + 2
        let remark = note.isEmpty || room < 4 ? "" : Self.cut(note, room)
        let text = remark.isEmpty ? shown : Self.padded(shown, valueWidth)
        let parts = [
            styled(left, .dim), styled(title, styles.name), styled(text, styles.value),
            styled(remark, styles.note),
        ]
        var joined = parts.filter { !$0.isEmpty }.joined(separator: "  ")
        while joined.last == " " { joined.removeLast() }
        return joined
    }

    private func styled(_ text: String, _ style: Console.Style?) -> String {
        guard let style, !text.isEmpty else { return text }
        return paint(text, style)
    }

    private func digits(_ row: Explanation.Row) -> String {
        guard !row.isSecret else { return "hidden" }
        return row.bytes.count <= shownBytes ? "\(row.bytes)" : "\(row.bytes[0..<shownBytes])…"
    }

    private static func indented(_ row: Explanation.Row) -> String {
        String(repeating: "  ", count: row.depth) + row.name
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : String(text.prefix(max(width - 1, 0))) + "…"
    }

    private static func padded(_ text: String, _ width: Int, toTheRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return toTheRight ? space + text : text + space
    }

    // MARK: - JSON

    /// One object on one line: what `frame` says of itself, the title, the number of bytes, the rows that are shown,
    /// and the failure or null.
    static func json(
        _ explanation: Explanation, count: Int, selection: RowSelection = RowSelection(),
        frame: [(String, String)] = []
    ) -> String {
        let rows = selection.pieces(explanation.rows).compactMap { piece in
            if case .row(let row) = piece { json(row) } else { nil }
        }
        let failure = explanation.failure.map { error in
            JSONText.object([
                ("message", JSONText.string("\(error)")), ("offset", "\(error.offset)"),
                ("field", JSONText.string(error.field)),
            ])
        }
        return JSONText.object(
            frame + [
                ("title", JSONText.string(explanation.title)), ("bytes", "\(count)"),
                ("rows", JSONText.array(rows)), ("failure", failure ?? "null"),
            ])
    }

    private static func json(_ row: Explanation.Row) -> String {
        JSONText.object([
            ("kind", JSONText.string(row.kind.rawValue)), ("depth", "\(row.depth)"), ("offset", "\(row.offset)"),
            ("length", "\(row.bytes.count)"),
            ("hex", JSONText.string(row.kind == .group || row.isSecret ? "" : "\(row.bytes)")),
            ("name", JSONText.string(row.name)), ("path", JSONText.string(row.path)),
            ("type", JSONText.string(row.type)), ("value", JSONText.string(row.value)),
            ("note", JSONText.string(row.note)), ("unpacked", "\(row.isUnpacked)"), ("secret", "\(row.isSecret)"),
        ])
    }
}
