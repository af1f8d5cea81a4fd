import ToolKit

/// A table as Kafka's newer tools print it: columns as wide as their widest text, with a tab behind each.
struct PaddedTable {
    var titles: [String]
    var rows: [[String]] = []

    init(_ titles: [String]) { self.titles = titles }

    /// Writes it: for people in columns that fit the terminal, otherwise as Kafka's tools do.
    func write(to tool: Tool) {
        guard let width = tool.width else {
            let all = [titles] + rows
            let widths = titles.indices.map { column in all.map { $0[column].utf16.count }.max() ?? 0 }
            for row in all {
                tool.console.line(
                    zip(row, widths).map { text, width in
                        text + String(repeating: " ", count: width - text.utf16.count) + "\t"
                    }.joined())
            }
            return
        }
        var table = TextTable(titles.map { .wide($0) })
        for row in rows { table.add(row) }
        for line in table.lines(width: width, title: { tool.console.paint($0, .bold) }) { tool.console.line(line) }
    }
}
