/// A table on the screen: columns that give way, the least important first, where the terminal is narrow.
package struct ScreenTable: Sendable {
    /// A column.
    package struct Column: Sendable {
        /// What stands above it.
        package var title: String
        /// What is 0 always stays; of the others those with the highest go first.
        package var rank: Int
        /// So wide at least, so that it does not move with every number.
        package var least: Int
        package var isNumeric: Bool
        /// Takes what room is left, and is cut where there is none.
        package var isFlexible: Bool
        /// The sort order that it stands for.
        package var sort: Int?

        package init(
            title: String, rank: Int, least: Int, isNumeric: Bool = true, isFlexible: Bool = false, sort: Int? = nil
        ) {
            self.title = title
            self.rank = rank
            self.least = least
            self.isNumeric = isNumeric
            self.isFlexible = isFlexible
            self.sort = sort
        }
    }

    /// What stands in a column of a row.
    package struct Cell: Sendable {
        package var text: String
        package var style: TextStyle

        package init(_ text: String, _ style: TextStyle = .plain) {
            self.text = text
            self.style = style
        }
    }

    package var columns: [Column]
    /// The sort order in force, and whether its largest come first.
    package var sort: Int?
    package var isDescending: Bool

    package init(columns: [Column], sort: Int? = nil, isDescending: Bool = false) {
        self.columns = columns
        self.sort = sort
        self.isDescending = isDescending
    }

    private static let gap = 2

    /// The titles, and a line for each row; `selected` counts among these rows.
    package func lines(_ rows: [[Cell]], width: Int, selected: Int?) -> [ScreenLine] {
        var widths = widths(rows)
        let shown = shown(widths, width)
        func least(_ index: Int) -> Int { Self.least(columns[index], widths[index], width) }
        let taken = taken(shown, widths, width)
        // What is left goes to the flexible columns, up to what they need; the first takes what nobody needs.
        var room = max(0, width - taken)
        let flexible = shown.filter { columns[$0].isFlexible }
        for index in flexible {
            let least = least(index)
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

    /// The sort orders of the columns that there is room for: what one cannot see is nothing to sort by.
    package func sorts(_ rows: [[Cell]], width: Int) -> [Int] {
        shown(widths(rows), width).compactMap { columns[$0].sort }
    }

    private func widths(_ rows: [[Cell]]) -> [Int] {
        // With room for the arrow wherever it may stand: what is shown does not depend on the order.
        var widths = columns.map { max($0.least, TextWidth.of($0.title) + ($0.sort == nil ? 0 : 1)) }
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], TextWidth.of(cell.text)) }
        }
        return widths
    }

    /// The columns that there is room for. What the rows are sorted by stays, whatever other rows come into view by it.
    private func shown(_ widths: [Int], _ width: Int) -> [Int] {
        var shown = Array(columns.indices)
        func rank(_ index: Int) -> Int { sort != nil && columns[index].sort == sort ? 0 : columns[index].rank }
        while taken(shown, widths, width) > width, let least = shown.max(by: { rank($0) < rank($1) }), rank(least) > 0 {
            shown.removeAll { $0 == least }
        }
        return shown
    }

    /// The least that a flexible column takes: a name that can be read is worth more than the least important columns.
    private static func least(_ column: Column, _ wanted: Int, _ width: Int) -> Int {
        min(wanted, max(column.least, width * 3 / 10))
    }

    private func taken(_ shown: [Int], _ widths: [Int], _ width: Int) -> Int {
        shown.reduce(-Self.gap) { sum, index in
            let column = columns[index]
            return sum + Self.gap + (column.isFlexible ? Self.least(column, widths[index], width) : widths[index])
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
