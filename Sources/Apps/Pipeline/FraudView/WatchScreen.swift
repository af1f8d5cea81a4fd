import AppSupport
import ClusterView
import KafkaWire
import Screens

/// What the terminal shows: pure, as many lines as it has rows, none wider than it is.
package enum WatchScreen {
    /// - Parameter clock: The time of day, as it is shown.
    package static func lines(_ state: WatchState, clock: String) -> [ScreenLine] {
        let layout = WatchLayout(state)
        let (width, height) = state.size
        var lines = head(state, layout, clock)
        var body: [ScreenLine]
        if state.showsHelp {
            body = Array(WatchHelp.lines.dropFirst(state.textTop))
        } else if state.opened != nil {
            body = Array(AlertView.lines(state, width: width).dropFirst(state.textTop))
        } else {
            switch state.tab {
            case .alerts: body = AlertList.lines(state, layout)
            case .rules, .users, .merchants: body = TallyList.lines(state, layout)
            case .pipeline: body = PipelineView.lines(state, layout)
            }
        }
        body = Array(body.prefix(layout.bodyRows))
        body += [ScreenLine](repeating: ScreenLine(), count: layout.bodyRows - body.count)
        lines += body
        if layout.footRows > 1 { lines.append(status(state) ?? ScreenLine()) }
        lines.append(KeyHints.line(keys(state), width: width))
        return lines.prefix(height).map { $0.fitted(width) }
    }

    // MARK: - Head

    private static func head(_ state: WatchState, _ layout: WatchLayout, _ clock: String) -> [ScreenLine] {
        var lines = [title(state, clock).fitted(state.size.columns)]
        if layout.headRows > 2 { lines.append(figures(state)) }
        lines.append(tabs(state))
        return Array(lines.prefix(layout.headRows))
    }

    private static func title(_ state: WatchState, _ clock: String) -> ScreenLine {
        var line = ScreenLine("demo watch", TextStyle(colour: .cyan, isBold: true))
        if let snapshot = state.snapshot { line.add("  \(snapshot.bootstrap)") }
        line.add("  \(state.plan.topic) → \(state.plan.alertsTopic)", .dim)
        var right = ScreenLine()
        if state.isPaused {
            right.add("PAUSED", TextStyle(colour: .yellow, isBold: true))
        } else if state.failure != nil {
            right.add("NO ANSWER", .alarm)
        } else {
            right.add("every \(Quantity.span(state.interval))", .dim)
        }
        right.add("  \(clock)")
        let width = state.size.columns
        return line.fitted(max(0, width - right.width - 1)).with(right: right, width: width)
    }

    private static func figures(_ state: WatchState) -> ScreenLine {
        guard state.snapshot != nil else { return ScreenLine(state.failure == nil ? "connecting…" : "", .dim) }
        var line = ScreenLine("alerts ", .dim)
        line.add(Quantity.count(Int64(state.seen.total)), .bold)
        line.add("  \(Quantity.rate(state.alertRate))/s")
        line.add("  events in ", .dim)
        line.add("\(Quantity.rate(state.history.incoming(state.plan.topic)))/s", .bold)
        line.add("  lag ", .dim)
        line.add(Quantity.count(state.lag), .bold)
        line.add("  event to alert ", .dim)
        line.add(PipelineView.words(state.sinceRecord))
        return line
    }

    private static func tabs(_ state: WatchState) -> ScreenLine {
        var line = ScreenLine()
        if let opened = state.opened {
            return ScreenLine(
                " Alert \(opened.alert.rule), user \(opened.alert.user) ", TextStyle(isBold: true, isInverse: true))
        }
        let ledger = state.seen
        let names = [
            "Alerts \(ledger.alerts.count)", "Rules \(ledger.rules.count)", "Users \(ledger.users.count)",
            "Merchants \(ledger.merchants.count)", "Pipeline",
        ]
        for (tab, name) in zip(WatchState.Tab.allCases, names) {
            line.add(
                " \(tab.rawValue + 1) \(name) ",
                tab == state.tab ? TextStyle(isBold: true, isInverse: true) : .plain)
        }
        if state.tab == .alerts, let pick = state.pick { line.add(" only \(words(pick))", .yellow) }
        if state.filter.isTyping {
            line.add(" /\(state.filter.text)", .bold)
            line.add(" ", .inverse)
        } else if !state.filter.text.isEmpty {
            line.add(" /\(state.filter.text)", .yellow)
        }
        return line
    }

    private static func words(_ pick: WatchState.Pick) -> String {
        switch pick {
        case .rule(let rule): "rule \(rule)"
        case .user(let user): "user \(user)"
        case .merchant(let merchant): "merchant \(merchant)"
        }
    }

    // MARK: - Foot

    /// What there is to say; nil where there is nothing.
    static func status(_ state: WatchState) -> ScreenLine? {
        let sentences = state.sentences
        guard let first = sentences.first else { return nil }
        let others = sentences.count > 1 ? "  (and \(sentences.count - 1) more)" : ""
        return ScreenLine(first.text + others, first.isError ? .red : .yellow)
    }

    private static func keys(_ state: WatchState) -> [(key: String, meaning: String)] {
        if state.filter.isTyping { return [("Enter", "keep"), ("Esc", "no filter"), ("Bksp", "delete")] }
        if state.showsHelp || state.opened != nil {
            return [("Esc", "back"), ("↑↓", "scroll"), ("PgUp PgDn", "page"), ("q", "quit")]
        }
        var keys = [("q", "quit"), ("h", "help"), ("↑↓", "move")]
        switch state.tab {
        case .alerts: keys.append(("Enter", "look"))
        case .rules, .users, .merchants: keys.append(("Enter", "its alerts"))
        case .pipeline: break
        }
        keys.append(("Tab", "next"))
        if state.tab != .pipeline { keys += [("s", "sort"), ("r", "reverse"), ("/", "filter")] }
        return keys + [("p", state.isPaused ? "go on" : "pause"), ("+-", "interval")]
    }
}

extension WatchState {
    /// What does not work, is waited for, or was left out: each a sentence, the most important first.
    package var sentences: [(text: String, isError: Bool)] {
        var all: [(text: String, isError: Bool)] = []
        if let failure { all.append((failure, true)) }
        if let eventsTrouble { all.append((eventsTrouble, true)) }
        if let alertsTrouble { all.append((alertsTrouble, true)) }
        if let snapshot {
            for topic in [plan.topic, plan.alertsTopic] where snapshot.topic(topic) == nil {
                all.append(("there is no topic \(topic) yet; it is waited for", false))
            }
            all += snapshot.troubles.map { ($0, true) }
        }
        let ledger = seen
        if let last = ledger.lastFlaw {
            let number = ledger.malformed
            all.append(
                (
                    "\(Quantity.counted(number, "record")) of \(plan.alertsTopic) "
                        + "\(number == 1 ? "is no alert" : "are no alerts"), the last at \(last.place): "
                        + last.flaw.rawValue, false
                ))
        }
        if ledger.eventsSkipped > 0 {
            all.append(
                (
                    "\(Quantity.count(ledger.eventsSkipped)) change events were passed over: more came than can be looked at",
                    false
                ))
        }
        if ledger.alertsSkipped > 0 {
            all.append(
                ("\(Quantity.count(ledger.alertsSkipped)) alerts were passed over: more came than can be shown", false))
        }
        return all
    }

    /// The lag of all groups that are watched; nil where none is known.
    package var lag: Int64? {
        let known = lags.rows.compactMap { row in
            if case .group(_, let group?) = row { group.lag } else { nil }
        }
        return known.isEmpty ? nil : known.saturatedSum()
    }
}

/// What the keys mean, in full.
enum WatchHelp {
    static let lines = KeyHints.page(
        [
            ("1 to 5, Tab", "alerts, rules, users, merchants, pipeline"),
            ("↑ ↓ j k", "move; PgUp PgDn Home End g G too"),
            ("Enter", "an alert with its user's last transactions;"),
            ("", "of a rule, a user, a merchant: its alerts"),
            ("Esc, Bksp", "back; in a list: filter off"), ("s", "sort by the next column"),
            ("r", "the other way round"), ("/", "filter by text"), ("p, space", "pause and go on"),
            ("+ -", "look less often, more often"), ("Ctrl-L", "draw anew and look now"), ("h ?", "this help"),
            ("q, Ctrl-C", "quit"),
        ],
        figures: [
            "EVENT TO ALERT  from the event's record to the alert's,",
            "                over the last minute",
            "LATENCY   the same, of one alert",
            "MERCHANT  comes with the event, which is looked up",
            "MINUTE    alerts within the last minute",
            "LAG       end of the partition less what was committed",
            "TREND     the lag of each look, the newest at the right",
            "CAUGHT UP  from the trend of the last 20 s",
            "Kept are 1,000 alerts, tallies of 5,000 users and 2,000",
            "merchants, 20 transactions of each of 20,000 users.",
        ])
}
