import AppSupport
import KafkaWire

/// An explanation as lines of text, or as JSON.
struct ExplanationText {
    /// How many columns there are; nil where lines may have any length.
    private let width: Int?
    private let paint: (String, Console.Style) -> String
    private let explanation: Explanation
    /// How many bytes of a row are shown; none where the terminal is too narrow for them.
    private let shownBytes: Int
    private let offsetWidth: Int
    private let nameWidth: Int
    private let valueWidth: Int

    /// Lays out the rows for `width` columns; `paint` gives text a style, or leaves it as it is.
    init(_ explanation: Explanation, width: Int?, paint: @escaping (String, Console.Style) -> String) {
        self.explanation = explanation
        self.width = width
        self.paint = paint
        shownBytes = width.map { $0 < 60 ? 0 : $0 < 100 ? 4 : 8 } ?? 8
        let rows = explanation.rows
        offsetWidth = max(6, rows.map { "\($0.offset)".count }.max() ?? 0)
        let longest = rows.map { Self.indented($0).count }.max() ?? 0
        nameWidth = max(5, min(longest, (width ?? 150) * 2 / 5))
        // The notes line up behind values of ordinary length; a longer value pushes its own note to the right.
        valueWidth = min(24, rows.filter { $0.kind == .field }.map(\.value.count).max() ?? 0)
    }

    /// The title, a heading, and a line per row.
    var lines: [String] {
        let heading = line(offset: "offset", bytes: "bytes", name: "field", value: "value", note: "")
        return [styled(explanation.title, .bold), styled(heading, .dim)]
            + explanation.rows.map(line)
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

    /// One object with the title, the number of bytes, the rows, and the failure or null.
    static func json(_ explanation: Explanation, count: Int) -> String {
        let rows = explanation.rows.map { row in
            object([
                ("kind", string(row.kind.rawValue)), ("depth", "\(row.depth)"), ("offset", "\(row.offset)"),
                ("length", "\(row.bytes.count)"),
                ("hex", string(row.kind == .group || row.isSecret ? "" : "\(row.bytes)")),
                ("name", string(row.name)), ("path", string(row.path)), ("type", string(row.type)),
                ("value", string(row.value)), ("note", string(row.note)), ("unpacked", "\(row.isUnpacked)"),
                ("secret", "\(row.isSecret)"),
            ])
        }
        let failure = explanation.failure.map { error in
            object([
                ("message", string("\(error)")), ("offset", "\(error.offset)"), ("field", string(error.field)),
            ])
        }
        return object([
            ("title", string(explanation.title)), ("bytes", "\(count)"),
            ("rows", "[\n" + rows.joined(separator: ",\n") + "\n]"), ("failure", failure ?? "null"),
        ])
    }

    private static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\(string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
