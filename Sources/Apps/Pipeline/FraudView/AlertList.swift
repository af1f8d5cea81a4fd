import AppSupport
import ClusterView
import Detectors
import Screens

/// The list of alerts, the newest first.
enum AlertList {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    private static let columns: [Column] = [
        Column(title: "TIME", rank: 3, least: 12, isNumeric: false, sort: AlertSort.time.rawValue),
        Column(title: "RULE", rank: 0, least: 8, isNumeric: false, sort: AlertSort.rule.rawValue),
        Column(title: "USER", rank: 0, least: 6, sort: AlertSort.user.rawValue),
        Column(title: "MERCHANT", rank: 2, least: 8, sort: AlertSort.merchant.rawValue),
        Column(title: "AMOUNT", rank: 1, least: 9, sort: AlertSort.amount.rawValue),
        Column(title: "FINDING", rank: 4, least: 10, isNumeric: false, isFlexible: true),
        Column(title: "LATENCY", rank: 5, least: 8, sort: AlertSort.latency.rawValue),
        Column(title: "SOURCE", rank: 6, least: 8, isNumeric: false),
    ]

    static func lines(_ state: WatchState, _ layout: WatchLayout) -> [ScreenLine] {
        let cursor = state.cursors[.alerts] ?? ListCursor()
        let (table, cells) = table(state, layout)
        var lines = table.lines(cells, width: state.size.columns, selected: cursor.selected - cursor.first)
        if cells.isEmpty {
            let isAll = state.filter.text.isEmpty && state.pick == nil
            lines.append(ScreenLine(isAll ? "no alerts yet" : "no alerts match; Esc shows all", .dim))
        }
        return lines
    }

    /// The sort orders that `s` goes through: those of the columns that are shown.
    static func sorts(_ state: WatchState) -> [Int] {
        let (table, cells) = table(state, WatchLayout(state))
        return table.sorts(cells, width: state.size.columns)
    }

    private static func table(_ state: WatchState, _ layout: WatchLayout) -> (ScreenTable, [[Cell]]) {
        let cursor = state.cursors[.alerts] ?? ListCursor()
        let shown = cursor.shown(layout.listRows, of: state.alertRows.count)
        let sort = AlertSort(rawValue: state.sorts[.alerts] ?? 0) ?? .time
        let table = ScreenTable(
            columns: columns, sort: sort.rawValue,
            isDescending: (state.isReversed[.alerts] ?? false) != [.time, .amount, .latency].contains(sort))
        return (table, state.alertRows[shown].map { cells($0) })
    }

    private static func cells(_ alert: SeenAlert) -> [Cell] {
        [
            Cell(AlertWords.time(alert.recordedAt), .dim), Cell(alert.rule, AlertWords.style(alert.rule)),
            Cell("\(alert.user)", .bold), Cell(alert.merchant.map { "\($0)" } ?? "–"), Cell(alert.amount),
            Cell(alert.finding), Cell(AlertWords.latency(alert.sinceRecord)), Cell(AlertWords.place(alert.place), .dim),
        ]
    }
}

/// Parts of an alert in few words.
enum AlertWords {
    /// The time of day of milliseconds since 1970.
    static func time(_ milliseconds: Int64) -> String {
        let text = MessageView.moment(milliseconds)
        return text.count == 23 ? String(text.dropFirst(11)) : text
    }

    /// A length of time in milliseconds.
    static func latency(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "–" }
        return milliseconds.magnitude < 10_000
            ? "\(milliseconds) ms"
            : (milliseconds < 0 ? "-" : "") + Quantity.span(.milliseconds(milliseconds.magnitude))
    }

    static func place(_ place: RecordPlace?) -> String { place.map { "\($0.partition)@\($0.offset)" } ?? "–" }

    /// Rules are told apart by their colours.
    static func style(_ rule: String) -> TextStyle {
        switch rule {
        case "anomaly": .yellow
        case "velocity": .red
        case "probe": .cyan
        default: .plain
        }
    }
}
