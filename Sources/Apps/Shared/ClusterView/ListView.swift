import AppSupport
import KafkaWire
import Screens

/// The lists: brokers, topics, groups.
package enum ListView {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    static func lines(_ state: TopState, _ layout: TopLayout) -> [ScreenLine] {
        guard state.snapshot != nil else { return [] }
        let cursor = state.cursors[state.tab] ?? ListCursor()
        let rows = cursor.shown(layout.listRows, of: state.count(state.tab))
        let (table, cells) = table(state, rows)
        var lines = table.lines(cells, width: state.size.columns, selected: cursor.selected - cursor.first)
        if rows.isEmpty {
            let what = ["brokers", "topics", "groups"][state.tab.rawValue]
            lines.append(
                ScreenLine(
                    state.filter.text.isEmpty
                        ? "no \(what) yet" : "no \(what) match \"\(SafeText.line(state.filter.text))\"; Esc shows all",
                    .dim)
            )
        }
        return lines
    }

    /// The sort orders that `s` goes through: those of the columns that are shown.
    static func sorts(_ state: TopState) -> [Int] {
        let cursor = state.cursors[state.tab] ?? ListCursor()
        let (table, cells) = table(state, cursor.shown(TopLayout(state).listRows, of: state.count(state.tab)))
        return table.sorts(cells, width: state.size.columns)
    }

    private static func table(_ state: TopState, _ rows: Range<Int>) -> (ScreenTable, [[Cell]]) {
        let isReversed = state.isReversed[state.tab] ?? false
        switch state.tab {
        case .brokers:
            let table = ScreenTable(
                columns: brokerColumns, sort: state.brokerSort.rawValue,
                isDescending: isReversed != (state.brokerSort != .id))
            return (table, rows.map { cellsOf(state.brokerRows[$0]) })
        case .topics:
            let table = ScreenTable(
                columns: topicColumns, sort: state.topicSort.rawValue,
                isDescending: isReversed != (state.topicSort != .name))
            return (table, rows.map { cellsOf(state.topicRows[$0]) })
        case .groups:
            let table = ScreenTable(
                columns: groupColumns(state.size.columns), sort: state.groupSort.rawValue,
                isDescending: isReversed != ![.name, .state].contains(state.groupSort))
            return (table, rows.map { cellsOf(state.groupRows[$0], isWide: state.size.columns >= wideGroups) })
        }
    }

    // MARK: - Brokers

    private static let brokerColumns: [Column] = [
        Column(title: "ID", rank: 0, least: 3, sort: BrokerRow.Sort.id.rawValue),
        Column(title: "ADDRESS", rank: 1, least: 12, isNumeric: false, isFlexible: true),
        Column(title: "RACK", rank: 6, least: 4, isNumeric: false),
        Column(title: "LEADS", rank: 2, least: 6, sort: BrokerRow.Sort.leads.rawValue),
        Column(title: "REPLICAS", rank: 3, least: 8, sort: BrokerRow.Sort.replicas.rawValue),
        Column(title: "OUT OF SYNC", rank: 5, least: 11),
        Column(title: "SIZE", rank: 4, least: 8, sort: BrokerRow.Sort.size.rawValue),
        Column(title: "FREE", rank: 7, least: 8),
        Column(title: "IN/S", rank: 3, least: 8, sort: BrokerRow.Sort.incoming.rawValue),
    ]

    private static func cellsOf(_ row: BrokerRow) -> [Cell] {
        [
            Cell("\(row.id)", row.isController ? .bold : .plain),
            Cell(SafeText.line(row.address) + (row.isController ? " (controller)" : "")),
            Cell(row.rack.map { SafeText.line($0) } ?? "–"), Cell(Quantity.count(Int64(row.leads))),
            Cell(Quantity.count(Int64(row.replicas))),
            Cell(Quantity.count(Int64(row.outOfSync)), row.outOfSync > 0 ? .alarm : .plain),
            Cell(Quantity.bytes(row.size)), Cell(Quantity.bytes(row.free)), Cell(Quantity.rate(row.incoming)),
        ]
    }

    // MARK: - Topics

    private static let topicColumns: [Column] = [
        Column(
            title: "TOPIC", rank: 0, least: 14, isNumeric: false, isFlexible: true, sort: TopicRow.Sort.name.rawValue),
        Column(title: "STATE", rank: 2, least: 5, isNumeric: false, sort: TopicRow.Sort.health.rawValue),
        Column(title: "PARTS", rank: 4, least: 5, sort: TopicRow.Sort.partitions.rawValue),
        Column(title: "REPL", rank: 6, least: 4),
        Column(title: "RECORDS", rank: 3, least: 9, sort: TopicRow.Sort.records.rawValue),
        Column(title: "SIZE", rank: 5, least: 7, sort: TopicRow.Sort.size.rawValue),
        Column(title: "IN/S", rank: 1, least: 7, sort: TopicRow.Sort.incoming.rawValue),
        Column(title: "LAST LOOKS", rank: 8, least: sparks, isNumeric: false),
        Column(title: "BYTES/S", rank: 7, least: 7),
        Column(title: "OUT/S", rank: 2, least: 7, sort: TopicRow.Sort.outgoing.rawValue),
    ]

    private static let sparks = 10

    private static func cellsOf(_ row: TopicRow) -> [Cell] {
        var state = Cell("ok", .green)
        if row.leaderless > 0 {
            state = Cell("\(row.leaderless) leaderless", .alarm)
        } else if row.underReplicated > 0 {
            state = Cell("\(row.underReplicated) under-repl.", .alarm)
        }
        return [
            Cell(SafeText.line(row.id), row.isInternal ? .dim : .plain), state,
            Cell(Quantity.count(Int64(row.partitions))), Cell("\(row.replicas)"), Cell(Quantity.count(row.records)),
            Cell(Quantity.bytes(row.size)), Cell(Quantity.rate(row.incoming), isMoving(row.incoming) ? .bold : .plain),
            Cell(Quantity.sparkline(row.steps, width: sparks), .cyan), Cell(Quantity.byteRate(row.bytes)),
            Cell(Quantity.rate(row.outgoing)),
        ]
    }

    private static func isMoving(_ rate: Double?) -> Bool { rate ?? 0 >= 0.05 }

    // MARK: - Groups

    /// From here on there is room for forecasts in full sentences.
    private static let wideGroups = 130

    private static func groupColumns(_ width: Int) -> [Column] {
        [
            Column(
                title: "GROUP", rank: 0, least: 10, isNumeric: false, isFlexible: true,
                sort: GroupRow.Sort.name.rawValue),
            Column(title: "STATE", rank: 4, least: 6, isNumeric: false, sort: GroupRow.Sort.state.rawValue),
            Column(title: "TYPE", rank: 8, least: 8, isNumeric: false),
            Column(title: "MEMBERS", rank: 5, least: 7, sort: GroupRow.Sort.members.rawValue),
            Column(title: "TOPICS", rank: 9, least: 6, isNumeric: false),
            Column(title: "LAG", rank: 0, least: 9, sort: GroupRow.Sort.lag.rawValue),
            Column(title: "TREND", rank: 3, least: sparks + 2, isNumeric: false),
            Column(title: "RATE/S", rank: 2, least: 8, sort: GroupRow.Sort.consumed.rawValue),
            Column(title: "CAUGHT UP", rank: 1, least: 15, isNumeric: false, sort: GroupRow.Sort.forecast.rawValue),
        ]
    }

    private static func cellsOf(_ row: GroupRow, isWide: Bool) -> [Cell] {
        let topics = row.topics.map { SafeText.line($0) }.joined(separator: ",")
        let (arrow, style) = trend(row)
        return [
            Cell(SafeText.line(row.id)),
            Cell(SafeText.line(row.state.isEmpty ? "–" : row.state), stateStyle(row.state)),
            Cell(SafeText.line(row.type.isEmpty ? "–" : row.type)), Cell("\(row.members)"),
            Cell(TextWidth.of(topics) > 24 ? TextWidth.cut(topics, 23) + "…" : topics),
            Cell(Quantity.count(row.lag), style),
            Cell("\(arrow) " + Quantity.sparkline(row.lags, width: sparks), style),
            Cell(Quantity.rate(row.consumed)),
            Cell(isWide ? row.forecast.words : row.forecast.shortWords, forecastStyle(row.forecast)),
        ]
    }

    /// How a group's state stands out.
    package static func stateStyle(_ state: String) -> TextStyle {
        switch state {
        case "Stable": .green
        case "Empty": .dim
        case "Dead": .red
        default: .yellow
        }
    }

    /// How a forecast stands out.
    package static func forecastStyle(_ forecast: Forecast) -> TextStyle {
        switch forecast {
        case .unknown: .dim
        case .caughtUp, .keepsPace: .green
        case .catchesUp: .yellow
        case .fallsBehind, .standsStill: .red
        }
    }

    /// An arrow, and whether it is good.
    package static func trend(_ row: GroupRow) -> (String, TextStyle) {
        guard let slope = row.slope, row.lag ?? 0 > 0 || slope != 0 else { return (" ", .plain) }
        switch row.forecast {
        case .fallsBehind: return ("↑", .red)
        case .catchesUp: return ("↓", .yellow)
        case .standsStill: return ("→", .red)
        case .keepsPace: return ("→", .plain)
        case .caughtUp, .unknown: return (" ", .plain)
        }
    }
}
