import AppSupport
import ClusterView
import KafkaWire
import Screens

/// The pipeline: rates, latency, and all lags in one picture.
enum PipelineView {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    static let factRows = 5
    private static let sparks = 12
    private static let bar = 16

    static func lines(_ state: WatchState, _ layout: WatchLayout) -> [ScreenLine] {
        let width = state.size.columns
        let cursor = state.cursors[.pipeline] ?? ListCursor()
        let shown = cursor.shown(layout.listRows, of: state.lags.rows.count)
        let table = ScreenTable(columns: [
            Column(title: "GROUP / PARTITION", rank: 0, least: 17, isNumeric: false, isFlexible: true),
            Column(title: "LAG", rank: 0, least: 8), Column(title: "", rank: 2, least: bar, isNumeric: false),
            Column(title: "TREND", rank: 3, least: sparks, isNumeric: false),
            Column(title: "IN/S", rank: 5, least: 8), Column(title: "OUT/S", rank: 4, least: 8),
            Column(title: "CAUGHT UP", rank: 1, least: 12, isNumeric: false),
        ])
        let rows = state.lags.rows[shown].map { cells($0, state, isWide: width >= 130) }
        let lines = facts(state).prefix(layout.factRows).map { $0.fitted(width) }
        return lines + table.lines(rows, width: width, selected: cursor.selected - cursor.first)
    }

    private static func facts(_ state: WatchState) -> [ScreenLine] {
        let (history, plan) = (state.history, state.plan)
        let width = max(8, min(40, (state.size.columns - 40) / 2))
        var events = ScreenLine("change events  ", .dim)
        events.add("in \(Quantity.rate(history.incoming(plan.topic)))/s ", .bold)
        events.add(Quantity.sparkline(history.incomingSteps(plan.topic), width: width), .cyan)
        events.add("  looked at \(Quantity.count(Int64(state.seen.eventsRead)))", .dim)
        var alerts = ScreenLine("alerts         ", .dim)
        alerts.add("\(Quantity.rate(state.alertRate))/s ", .bold)
        alerts.add(Quantity.sparkline(state.alertSteps, width: width), .cyan)
        alerts.add("  seen \(Quantity.count(Int64(state.seen.total)))", .dim)
        func latency(_ name: String, _ summary: LatencySummary?) -> ScreenLine {
            var line = ScreenLine(name, .dim)
            guard let summary else {
                line.add("no alerts in the last minute", .dim)
                return line
            }
            for (title, value) in [
                ("median", summary.median), ("p90", summary.p90), ("p99", summary.p99), ("most", summary.largest),
            ] {
                line.add("\(title) ", .dim)
                line.add(milliseconds(value) + "  ", .bold)
            }
            line.add("of \(Quantity.count(Int64(summary.count))) in the last minute", .dim)
            return line
        }
        return [
            events, alerts, latency("record → alert ", state.sinceRecord),
            latency("event → alert  ", state.sinceEvent), ScreenLine(),
        ]
    }

    private static func cells(_ row: LagPicture.Row, _ state: WatchState, isWide: Bool) -> [Cell] {
        switch row {
        case .group(let id, nil):
            return [Cell(id, .bold)] + [Cell](repeating: Cell(""), count: 5) + [Cell("not there yet", .dim)]
        case .group(let id, let group?):
            let (arrow, style) = ListView.trend(group)
            return [
                Cell(id, .bold), Cell(Quantity.count(group.lag), style),
                Cell("\(arrow) \(group.state)", ListView.stateStyle(group.state)),
                Cell(Quantity.sparkline(group.lags, width: sparks), style),
                Cell(Quantity.rate(state.history.incoming(group: id))), Cell(Quantity.rate(group.consumed), .bold),
                Cell(
                    isWide ? group.forecast.words : group.forecast.shortWords, ListView.forecastStyle(group.forecast)),
            ]
        case .partition(let partition):
            return [
                Cell("  partition \(partition.number)"), Cell(Quantity.count(partition.lag)),
                Cell(
                    Quantity.bar(Double(partition.lag ?? 0), of: Double(state.lags.largest), width: bar), .yellow),
                Cell(Quantity.sparkline(partition.lags, width: sparks), .cyan),
                Cell(Quantity.rate(partition.incoming)), Cell(Quantity.rate(partition.consumed)), Cell(""),
            ]
        }
    }

    /// Median, p90 and p99 in few words.
    static func words(_ summary: LatencySummary?) -> String {
        guard let summary else { return "–" }
        return "\(milliseconds(summary.median)), p90 \(milliseconds(summary.p90)), p99 \(milliseconds(summary.p99))"
    }

    static func milliseconds(_ number: Double) -> String {
        AlertWords.latency(Int64(exactly: number.rounded()) ?? .max)
    }
}
