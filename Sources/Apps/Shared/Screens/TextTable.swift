import AppSupport

/// A table as text: columns side by side, as wide as they must be, cut where the terminal is narrower.
///
/// ```
/// TOPIC   PARTITION  LEADER
/// orders          0       1
/// ```
package struct TextTable {
    /// A column.
    package struct Column: Sendable {
        /// What stands above it.
        package var title: String
        /// Whether its texts end at the same place: for numbers.
        package var isNumeric: Bool
        /// Whether it may be cut, with "…", where the table is too wide; the widest such column is cut first.
        package var isCuttable: Bool

        package init(_ title: String, isNumeric: Bool = false, isCuttable: Bool = false) {
            self.title = title
            self.isNumeric = isNumeric
            self.isCuttable = isCuttable
        }

        /// A column of numbers.
        package static func number(_ title: String) -> Column { Column(title, isNumeric: true) }
        /// A column of text.
        package static func text(_ title: String) -> Column { Column(title) }
        /// A column of text that gives way where there is no room.
        package static func wide(_ title: String) -> Column { Column(title, isCuttable: true) }
    }

    package var columns: [Column]
    /// As many texts in each as there are columns.
    package var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row. Control characters are shown, not sent to the terminal.
    package mutating func add(_ row: [String]) { rows.append(row.map { SafeText.line($0) }) }

    /// The table's lines, the titles first, for a terminal of that width; nil takes whatever it needs.
    package func lines(width: Int?, title: (String) -> String = { $0 }) -> [String] {
        let widths = self.widths(width)
        let head = line(columns.map(\.title), widths)
        return [title(head)] + rows.map { line($0, widths) }
    }

    private static let gap = 2
    /// No column is cut below that.
    private static let least = 8

    private func widths(_ limit: Int?) -> [Int] {
        var widths = columns.map { TextWidth.of($0.title) }
        for row in rows {
            for (index, text) in row.enumerated() { widths[index] = max(widths[index], TextWidth.of(text)) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - limit
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].isCuttable && widths[$0] > Self.least }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        var parts: [String] = []
        for (index, text) in row.enumerated() {
            let shown =
                TextWidth.of(text) > widths[index] ? TextWidth.cut(text, max(widths[index] - 1, 0)) + "…" : text
            parts.append(TextWidth.padded(shown, widths[index], toTheRight: columns[index].isNumeric))
        }
        var line = parts.joined(separator: String(repeating: " ", count: Self.gap))
        while line.last == " " { line.removeLast() }
        return line
    }
}
