import AppSupport
import Screens

/// The lists of rules, users and merchants.
enum TallyList {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    static func lines(_ state: WatchState, _ layout: WatchLayout) -> [ScreenLine] {
        let cursor = state.cursors[state.tab] ?? ListCursor()
        let (table, cells) = table(state, layout)
        var lines = table.lines(cells, width: state.size.columns, selected: cursor.selected - cursor.first)
        if cells.isEmpty {
            lines.append(ScreenLine(state.filter.text.isEmpty ? "no alerts yet" : "none match; Esc shows all", .dim))
        }
        return lines
    }

    /// The sort orders that `s` goes through: those of the columns that are shown.
    static func sorts(_ state: WatchState) -> [Int] {
        let (table, cells) = table(state, WatchLayout(state))
        return table.sorts(cells, width: state.size.columns)
    }

    private static func table(_ state: WatchState, _ layout: WatchLayout) -> (ScreenTable, [[Cell]]) {
        let cursor = state.cursors[state.tab] ?? ListCursor()
        let shown = cursor.shown(layout.listRows, of: state.tallyRows.count)
        let sort = TallyRow.Sort(rawValue: state.sorts[state.tab] ?? 0) ?? .count
        let table = ScreenTable(
            columns: columns(state.tab), sort: sort.rawValue,
            isDescending: (state.isReversed[state.tab] ?? false) != (sort != .name))
        let largest = state.tallyRows.map(\.tally.count).max() ?? 0
        return (table, state.tallyRows[shown].map { cells($0, largest: largest, isRule: state.tab == .rules) })
    }

    private static func columns(_ tab: WatchState.Tab) -> [Column] {
        [
            Column(
                title: tab == .rules ? "RULE" : tab == .users ? "USER" : "MERCHANT", rank: 0, least: 9,
                isNumeric: tab != .rules, sort: TallyRow.Sort.name.rawValue),
            Column(title: "ALERTS", rank: 0, least: 7, sort: TallyRow.Sort.count.rawValue),
            Column(title: "SHARE", rank: 5, least: bar, isNumeric: false),
            Column(title: "MINUTE", rank: 2, least: 6, sort: TallyRow.Sort.lastMinute.rawValue),
            Column(title: "AMOUNTS", rank: 3, least: 12, sort: TallyRow.Sort.total.rawValue),
            Column(title: "LARGEST", rank: 4, least: 10, sort: TallyRow.Sort.largest.rawValue),
            Column(title: "LAST SEEN", rank: 1, least: 12, isNumeric: false, sort: TallyRow.Sort.lastSeen.rawValue),
        ]
    }

    private static let bar = 12

    private static func cells(_ row: TallyRow, largest: Int, isRule: Bool) -> [Cell] {
        [
            Cell(row.id, isRule ? AlertWords.style(row.id) : .bold), Cell(Quantity.count(Int64(row.tally.count))),
            Cell(Quantity.bar(Double(row.tally.count), of: Double(largest), width: bar), .cyan),
            Cell(Quantity.count(Int64(row.lastMinute)), row.lastMinute > 0 ? .bold : .plain),
            Cell(money(row.tally.total)), Cell(money(row.tally.largest)),
            Cell(AlertWords.time(row.tally.lastSeen), .dim),
        ]
    }

    /// An amount with two decimals; large ones are rounded.
    static func money(_ amount: Double) -> String {
        guard amount.isFinite else { return "–" }
        return amount.magnitude < 1e9
            ? Figures.fixed(amount, decimals: 2) : Quantity.count(Int64(exactly: amount.rounded()) ?? .max)
    }
}
