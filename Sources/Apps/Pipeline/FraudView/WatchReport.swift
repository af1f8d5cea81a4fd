import AppSupport
import ClusterView
import JSONLines
import KafkaWire
import Screens

/// The view as text that is printed once: tables for people, one JSON document for programs.
package struct WatchReport {
    private let state: WatchState
    private let ledger: FraudLedger
    /// How many users, merchants and alerts are told.
    private static let most = 20

    package init(_ state: WatchState) {
        self.state = state
        ledger = state.seen
    }

    // MARK: - Tables

    /// - Parameter title: Makes the titles stand out.
    package func lines(width: Int?, title: (String) -> String = { $0 }) -> [String] {
        let (plan, history) = (state.plan, state.history)
        var lines = [
            "\(SafeText.line(plan.topic)) at \(SafeText.line(state.snapshot?.bootstrap ?? "")): "
                + "\(Quantity.rate(history.incoming(plan.topic)))/s in, "
                + "\(Figures.counted(ledger.eventsRead, "change event")) looked at",
            "\(SafeText.line(plan.alertsTopic)): \(Figures.counted(ledger.total, "alert")) seen, "
                + "\(Quantity.rate(state.alertRate))/s",
            "from an event's record to its alert: \(PipelineView.words(state.sinceRecord))",
            "from an event's own time to its alert: \(PipelineView.words(state.sinceEvent))",
        ]
        let tallies = [
            tallies("RULE", WatchRows.rules(ledger, now: state.now)),
            tallies("USER", WatchRows.users(ledger, now: state.now)),
            tallies("MERCHANT", WatchRows.merchants(ledger, now: state.now)),
        ]
        for table in [lags] + tallies + [alerts] where !table.rows.isEmpty {
            lines.append("")
            lines += table.lines(width: width, title: title)
        }
        return lines
    }

    private var lags: TextTable {
        var table = TextTable([
            .wide("GROUP"), .text("PARTITION"), .number("LAG"), .text("TREND"), .number("OUT/S"), .wide("CAUGHT UP"),
        ])
        for row in state.lags.rows {
            switch row {
            case .group(let id, nil): table.add([id, "all", "–", "", "–", "not there yet"])
            case .group(let id, let group?):
                table.add([
                    id, "all", Quantity.count(group.lag), Quantity.sparkline(group.lags, width: 8),
                    Quantity.rate(group.consumed), group.forecast.words,
                ])
            case .partition(let one):
                table.add([
                    "", "\(one.number)", Quantity.count(one.lag), Quantity.sparkline(one.lags, width: 8),
                    Quantity.rate(one.consumed), "",
                ])
            }
        }
        return table
    }

    /// The rows with most alerts.
    private func top(_ rows: [TallyRow]) -> [TallyRow] {
        let ordered = rows.enumerated().sorted { a, b in
            (b.element.tally.count, a.offset) < (a.element.tally.count, b.offset)
        }
        return ordered.prefix(Self.most).map(\.element)
    }

    private func tallies(_ name: String, _ rows: [TallyRow]) -> TextTable {
        var table = TextTable([
            .wide(name), .number("ALERTS"), .number("MINUTE"), .number("AMOUNTS"), .number("LARGEST"),
            .text("LAST SEEN"),
        ])
        for row in top(rows) {
            table.add([
                row.id, Quantity.count(Int64(row.tally.count)), "\(row.lastMinute)", TallyList.money(row.tally.total),
                TallyList.money(row.tally.largest), AlertWords.time(row.tally.lastSeen),
            ])
        }
        return table
    }

    private var alerts: TextTable {
        var table = TextTable([
            .text("TIME"), .text("RULE"), .number("USER"), .number("MERCHANT"), .number("AMOUNT"), .wide("FINDING"),
            .number("LATENCY"), .text("SOURCE"),
        ])
        for alert in ledger.alerts.suffix(Self.most).reversed() {
            table.add([
                AlertWords.time(alert.recordedAt), alert.rule, "\(alert.user)", alert.merchant.map { "\($0)" } ?? "–",
                alert.amount, alert.finding, AlertWords.latency(alert.sinceRecord), AlertWords.place(alert.place),
            ])
        }
        return table
    }

    // MARK: - JSON

    /// One document: what is not known is null.
    package var json: String {
        let plan = state.plan
        return JSONText.object([
            ("topic", JSONText.string(plan.topic)), ("alertsTopic", JSONText.string(plan.alertsTopic)),
            ("eventsInPerSecond", number(state.history.incoming(plan.topic))), ("eventsRead", "\(ledger.eventsRead)"),
            ("eventsPassedOver", "\(ledger.eventsSkipped)"), ("alertsSeen", "\(ledger.total)"),
            ("alertsPerSecond", number(state.alertRate)), ("noAlerts", "\(ledger.malformed)"),
            ("recordToAlertMs", json(state.sinceRecord)),
            ("eventToAlertMs", json(state.sinceEvent)), ("groups", groups),
            ("rules", JSONText.array(top(WatchRows.rules(ledger, now: state.now)).map(json))),
            ("users", JSONText.array(top(WatchRows.users(ledger, now: state.now)).map(json))),
            ("merchants", JSONText.array(top(WatchRows.merchants(ledger, now: state.now)).map(json))),
            ("alerts", JSONText.array(ledger.alerts.suffix(Self.most).reversed().map(json))),
            ("remarks", JSONText.array(state.sentences.map { JSONText.string($0.text) })),
        ])
    }

    private var groups: String {
        var partitions: [String: [String]] = [:]
        for case .partition(let one) in state.lags.rows {
            partitions[one.group, default: []].append(
                JSONText.object([
                    ("partition", "\(one.number)"), ("lag", number(one.lag)),
                    ("committedOffset", number(one.committed)),
                    ("endOffset", number(one.end)), ("recordsPerSecond", number(one.consumed)),
                ]))
        }
        var groups: [String] = []
        for case .group(let id, let row) in state.lags.rows {
            groups.append(
                JSONText.object([
                    ("groupId", JSONText.string(id)), ("state", JSONText.string(row?.state)), ("lag", number(row?.lag)),
                    ("recordsPerSecond", number(row?.consumed)), ("forecast", JSONText.string(row?.forecast.name)),
                    ("partitions", JSONText.array(partitions[id] ?? [])),
                ]))
        }
        return JSONText.array(groups)
    }

    private func json(_ summary: LatencySummary?) -> String {
        guard let summary else { return "null" }
        return JSONText.object([
            ("count", "\(summary.count)"), ("median", number(summary.median)), ("p90", number(summary.p90)),
            ("p99", number(summary.p99)), ("largest", number(summary.largest)),
        ])
    }

    private func json(_ row: TallyRow) -> String {
        JSONText.object([
            ("name", JSONText.string(row.id)), ("alerts", "\(row.tally.count)"), ("lastMinute", "\(row.lastMinute)"),
            ("amounts", number(row.tally.total)), ("largest", number(row.tally.largest)),
            ("lastSeenMs", "\(row.tally.lastSeen)"),
        ])
    }

    private func json(_ alert: SeenAlert) -> String {
        JSONText.object([
            ("timeMs", "\(alert.recordedAt)"), ("rule", JSONText.string(alert.rule)), ("user", "\(alert.user)"),
            ("merchant", number(alert.merchant)), ("amount", JSONText.string(alert.amount)),
            ("finding", JSONText.string(alert.finding)), ("transaction", number(alert.transaction)),
            ("latencyMs", number(alert.sinceRecord)), ("partition", number(alert.place.map { Int64($0.partition) })),
            ("offset", number(alert.place?.offset)),
        ])
    }

    private func number(_ value: Int64?) -> String { value.map { "\($0)" } ?? "null" }

    private func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "null" }
        return "\((value * 1000).rounded() / 1000)"
    }
}
