import AppSupport
import Screens

/// A table in the columns of Kafka's own tools: where nobody looks on, every column has the width that Kafka's has, so that
/// a script cuts the same text; on a terminal it is a ``TextTable``, which fits.
package struct KafkaTable {
    /// A column, and how Kafka pads it.
    package struct Column {
        /// What stands above it.
        package var title: String
        /// The least width, counted in UTF-16 units as Java does; nil is as wide as the text, for the last column.
        package var width: Int?
        /// Whether it becomes as wide as its longest text; else longer texts push what follows to the right.
        package var grows = false
        package var isNumeric = false
        /// Whether it gives way on a narrow terminal.
        package var isCuttable = false

        package static func text(_ title: String, _ width: Int?, grows: Bool = false) -> Column {
            Column(title: title, width: width, grows: grows, isCuttable: grows)
        }

        package static func number(_ title: String, _ width: Int?) -> Column {
            Column(title: title, width: width, isNumeric: true)
        }
    }

    package var columns: [Column]
    /// What Kafka writes behind every column but the last.
    package var gap = " "
    /// What Kafka writes behind the last column of every row, the titles included.
    package var end = ""
    /// What Kafka writes behind the last column of every row but the titles.
    package var rowEnd = ""
    package var rows: [[String]] = []

    package init(_ columns: [Column], end: String = "", rowEnd: String = "") {
        self.columns = columns
        self.end = end
        self.rowEnd = rowEnd
    }

    /// A table of Kafka's newer tools: columns as wide as their widest text, with a tab behind each.
    package static func tabbed(_ titles: [String]) -> KafkaTable {
        var table = KafkaTable(titles.map { .text($0, $0.utf16.count, grows: true) }, end: "\t")
        table.gap = "\t"
        return table
    }

    /// Writes the table, behind an empty line where `spaced`.
    package func print(_ tool: Tool, spaced: Bool = true) {
        if spaced { tool.console.line("") }
        guard let width = tool.width else {
            lines.forEach(tool.console.line)
            return
        }
        var table = TextTable(
            columns.map { TextTable.Column($0.title, isNumeric: $0.isNumeric, isCuttable: $0.isCuttable) })
        rows.forEach { table.add($0) }
        table.lines(width: width) { tool.console.paint($0, .bold) }.forEach(tool.console.line)
    }

    /// Writes a table of one thing: on a terminal a line for each of its properties, which no table has room for.
    package func printOne(_ tool: Tool) {
        guard let width = tool.width, rows.count == 1 else { return print(tool, spaced: false) }
        details(width: width).forEach(tool.console.line)
    }

    /// The first row as names and values, whole: what is longer than the terminal is wide goes on below itself.
    package func details(width: Int) -> [String] {
        let names = columns.map { TextWidth.of($0.title) + 1 }
        let indent = (names.max() ?? 0) + 1
        return zip(columns, rows.first ?? []).flatMap { column, value in
            TextWidth.hanging(
                TextWidth.padded(column.title + ":", indent) + SafeText.line(value), width, indent: indent)
        }
    }

    /// The lines as Kafka's tools print them.
    package var lines: [String] {
        let widths = columns.indices.map { index -> Int in
            guard let width = columns[index].width else { return 0 }
            guard columns[index].grows else { return width }
            return rows.reduce(width) { max($0, $1[index].utf16.count) }
        }
        func line(_ row: [String]) -> String {
            zip(row, widths).map { text, width in
                text + String(repeating: " ", count: max(0, width - text.utf16.count))
            }.joined(separator: gap)
        }
        return [line(columns.map(\.title)) + end] + rows.map { line($0) + end + rowEnd }
    }
}
