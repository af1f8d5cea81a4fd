import AppSupport
import Screens

/// What the terminal shows: pure, as many lines as it has rows, none wider than it is.
package enum TopScreen {
    /// - Parameter clock: The time of day, as it is shown.
    package static func lines(_ state: TopState, clock: String) -> [ScreenLine] {
        let layout = TopLayout(state)
        let (width, height) = state.size
        var lines = head(state, layout, clock)
        var body: [ScreenLine]
        if state.showsHelp {
            body = Array(HelpView.lines.dropFirst(state.textTop))
        } else if let message = state.openMessage {
            body = Array(MessageView.lines(message, width: width).dropFirst(state.textTop))
        } else {
            switch state.detail {
            case .topic(let name)?: body = TopicView.lines(state, layout, name)
            case .group(let id)?: body = GroupView.lines(state, layout, id)
            case nil: body = ListView.lines(state, layout)
            }
        }
        body = Array(body.prefix(layout.bodyRows))
        body += [ScreenLine](repeating: ScreenLine(), count: layout.bodyRows - body.count)
        lines += body
        if layout.footRows > 1 { lines.append(status(state) ?? ScreenLine()) }
        lines.append(keys(state, width))
        return lines.prefix(height).map { $0.fitted(width) }
    }

    // MARK: - Head

    private static func head(_ state: TopState, _ layout: TopLayout, _ clock: String) -> [ScreenLine] {
        let width = state.size.columns
        var lines = [title(state, clock).fitted(width)]
        if layout.headRows > 2 { lines.append(figures(state)) }
        lines.append(tabs(state))
        return Array(lines.prefix(layout.headRows))
    }

    private static func title(_ state: TopState, _ clock: String) -> ScreenLine {
        var line = ScreenLine("kw top", TextStyle(colour: .cyan, isBold: true))
        if let snapshot = state.snapshot {
            line.add("  \(SafeText.line(snapshot.bootstrap))")
            line.add("  cluster \(SafeText.line(snapshot.id))", .dim)
            line.add("  controller \(snapshot.controller)", .dim)
        }
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
        let room = max(0, width - right.width - 1)
        return line.fitted(room).with(right: right, width: width)
    }

    private static func figures(_ state: TopState) -> ScreenLine {
        guard let snapshot = state.snapshot else { return ScreenLine(state.failure == nil ? "connecting…" : "", .dim) }
        let topics = state.unfiltered.topics
        let partitions = topics.reduce(0) { $0 + $1.partitions }
        let behind = topics.reduce(0) { $0 + $1.underReplicated }
        let leaderless = topics.reduce(0) { $0 + $1.leaderless }
        var line = ScreenLine()
        // Trouble first: what is cut off at the right must not be that.
        if leaderless > 0 { line.add("\(leaderless) leaderless  ", .alarm) }
        if behind > 0 { line.add("\(behind) under-replicated  ", .alarm) }
        line.add("in ", .dim)
        line.add("\(Quantity.rate(state.history.incoming))/s", .bold)
        if let bytes = state.history.bytes { line.add("  \(Quantity.byteRate(bytes))/s") }
        line.add("  out ", .dim)
        line.add("\(Quantity.rate(state.history.outgoing))/s", .bold)
        let lags = state.unfiltered.groups.compactMap(\.lag)
        line.add("  lag ", .dim)
        line.add(Quantity.count(lags.saturatedSum()), .bold)
        line.add(
            "  "
                + [
                    Quantity.counted(snapshot.brokers.count, "broker"),
                    Quantity.counted(snapshot.topics.count, "topic"),
                    Quantity.counted(partitions, "partition"), Quantity.counted(snapshot.groups.count, "group"),
                ].joined(separator: ", "), .dim)
        return line
    }

    private static func tabs(_ state: TopState) -> ScreenLine {
        var line = ScreenLine()
        switch state.detail {
        case nil:
            let counts = [state.brokerRows.count, state.topicRows.count, state.groupRows.count]
            for tab in TopState.Tab.allCases {
                let name = ["Brokers", "Topics", "Groups"][tab.rawValue]
                line.add(
                    " \(tab.rawValue + 1) \(name) \(counts[tab.rawValue]) ",
                    tab == state.tab ? TextStyle(isBold: true, isInverse: true) : .plain)
                line.add(" ")
            }
            if state.filter.isTyping {
                line.add(" /\(SafeText.line(state.filter.text))", .bold)
                line.add(" ", .inverse)
            } else if !state.filter.text.isEmpty {
                line.add(" /\(SafeText.line(state.filter.text))", .yellow)
            }
        case .topic(let name)?: line.add(" Topic \(SafeText.line(name)) ", TextStyle(isBold: true, isInverse: true))
        case .group(let id)?: line.add(" Group \(SafeText.line(id)) ", TextStyle(isBold: true, isInverse: true))
        }
        return line
    }

    // MARK: - Foot

    /// What there is to say; nil where there is nothing.
    static func status(_ state: TopState) -> ScreenLine? {
        if let failure = state.failure { return ScreenLine(SafeText.line(failure), .red) }
        if let trouble = state.tailTrouble, case .topic = state.detail {
            return ScreenLine(SafeText.line(trouble), .red)
        }
        if let trouble = state.snapshot?.troubles.first { return ScreenLine(SafeText.line(trouble), .yellow) }
        return nil
    }

    private static func keys(_ state: TopState, _ width: Int) -> ScreenLine {
        var keys: [(key: String, meaning: String)]
        if state.filter.isTyping {
            keys = [("Enter", "keep"), ("Esc", "no filter"), ("Bksp", "delete")]
        } else if state.showsHelp || state.openMessage != nil {
            keys = [("Esc", "back"), ("↑↓", "scroll"), ("PgUp PgDn", "page")]
        } else {
            switch state.detail {
            case nil:
                keys = [
                    ("q", "quit"), ("h", "help"), ("↑↓", "move"), ("Enter", "look"), ("Tab", "next"), ("s", "sort"),
                    ("r", "reverse"), ("/", "filter"), ("p", state.isPaused ? "go on" : "pause"), ("+-", "interval"),
                ]
                if state.tab == .brokers { keys.remove(at: 3) }
            case .topic:
                keys = [
                    ("q", "quit"), ("Esc", "back"), ("↑↓", "move"), ("Enter", "message"),
                    ("Tab", state.pane == .messages ? "partitions" : "messages"), ("End", "follow"), ("p", "pause"),
                    ("h", "help"),
                ]
            case .group:
                keys = [
                    ("q", "quit"), ("Esc", "back"), ("↑↓", "move"), ("p", "pause"), ("+-", "interval"), ("h", "help"),
                ]
            }
        }
        return KeyHints.line(keys, width: width)
    }
}

/// What the keys mean, in full.
enum HelpView {
    static let lines = KeyHints.page(
        [
            ("1 2 3, Tab", "brokers, topics, groups"), ("↑ ↓ j k", "move; PgUp PgDn Home End g G too"),
            ("Enter", "look into a topic, a group, a message"), ("Esc, Bksp", "back; in a list: filter off"),
            ("s", "sort by the next column"), ("r", "the other way round"), ("/", "filter by text"),
            ("p, space", "pause and go on"), ("+ -", "look less often, more often"),
            ("Ctrl-L", "draw anew and look now"), ("h ?", "this help"), ("q, Ctrl-C", "quit"),
        ],
        figures: [
            "RECORDS  offsets between start and end; compacted, deleted",
            "         ones and markers of transactions count too",
            "IN/S     records per second, over 15 s",
            "OUT/S    what groups commit per second",
            "BYTES/S  growth of the leaders' logs, as stored; slower",
            "LAG      end of the partitions less what was committed",
            "TREND    the lag of each look, the newest at the right",
            "RATE/S   what the group commits per second",
            "CAUGHT UP  from the trend of the last 20 s",
        ])
}
