import ToolKit

/// A table on the screen: columns that give way, the least important first, where the terminal is narrow.
struct ScreenTable {
    struct Column {
        var title: String
        /// What is 0 always stays; of the others those with the highest go first.
        var rank: Int
        /// So wide at least, so that it does not move with every number.
        var least: Int
        var isNumeric = true
        /// Takes what room is left, and is cut where there is none.
        var isFlexible = false
        /// The sort order that it stands for.
        var sort: Int?
    }

    struct Cell {
        var text: String
        var style: TextStyle

        init(_ text: String, _ style: TextStyle = .plain) {
            self.text = text
            self.style = style
        }
    }

    var columns: [Column]
    /// The sort order in force, and whether its largest come first.
    var sort: Int?
    var isDescending = false

    private static let gap = 2
    /// The titles, and a line for each row; `selected` counts among these rows.
    func lines(_ rows: [[Cell]], width: Int, selected: Int?) -> [ScreenLine] {
        var widths = columns.map { max($0.least, TextWidth.of(title($0))) }
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], TextWidth.of(cell.text)) }
        }
        var shown = Array(columns.indices)
        // A name that can be read is worth more than the least important columns.
        func least(_ index: Int, share: Int) -> Int { min(widths[index], max(columns[index].least, share)) }
        func taken() -> Int {
            shown.reduce(-Self.gap) { sum, index in
                sum + Self.gap + (columns[index].isFlexible ? least(index, share: width * 3 / 10) : widths[index])
            }
        }
        while taken() > width, let least = shown.max(by: { columns[$0].rank < columns[$1].rank }),
            columns[least].rank > 0
        {
            shown.removeAll { $0 == least }
        }
        // What is left goes to the flexible columns, up to what they need; the first takes what nobody needs.
        var room = max(0, width - taken())
        let flexible = shown.filter { columns[$0].isFlexible }
        for index in flexible {
            let least = least(index, share: width * 3 / 10)
            let wanted = widths[index] - least
            let more = min(wanted, room)
            room -= more
            widths[index] = least + more
        }
        if let first = flexible.first { widths[first] += min(room, 40) }
        let head = line(shown, widths) { Cell(title(columns[$0]), .dim) }
        return [head.fitted(width)]
            + rows.enumerated().map { number, row in
                let line = line(shown, widths) { row[$0] }
                return number == selected ? line.selected(width) : line.fitted(width)
            }
    }

    private func title(_ column: Column) -> String {
        guard let sort, column.sort == sort else { return column.title }
        return column.title + (isDescending ? "▼" : "▲")
    }

    private func line(_ shown: [Int], _ widths: [Int], _ cell: (Int) -> Cell) -> ScreenLine {
        var line = ScreenLine()
        for (place, index) in shown.enumerated() {
            if place > 0 { line.add(String(repeating: " ", count: Self.gap)) }
            let cell = cell(index)
            let text =
                TextWidth.of(cell.text) > widths[index]
                ? TextWidth.cut(cell.text, max(0, widths[index] - 1)) + "…" : cell.text
            line.add(
                TextWidth.padded(text, widths[index], toTheRight: columns[index].isNumeric), cell.style)
        }
        return line
    }
}
