import AppSupport
import KafkaWire
import Screens

/// One topic: its partitions, and its latest messages.
enum TopicView {
    private typealias Column = ScreenTable.Column
    private typealias Cell = ScreenTable.Cell

    static func lines(_ state: TopState, _ layout: TopLayout, _ name: String) -> [ScreenLine] {
        guard let topic = state.snapshot?.topic(name) else {
            return [ScreenLine("the topic is not there any more; Esc goes back", .yellow)]
        }
        let width = state.size.columns
        guard layout.showsBothPanes else {
            return state.pane == .partitions
                ? partitions(state, layout, topic) : messages(state, layout, width)
        }
        let isOnPartitions = state.pane == .partitions
        var title = ScreenLine(isOnPartitions ? "  " : "▸ ", .cyan)
        title.add("Latest messages", isOnPartitions ? .dim : .bold)
        if topic.partitions.count > TopicTail.mostPartitions {
            title.add(" of \(TopicTail.mostPartitions) of \(topic.partitions.count) partitions", .dim)
        }
        title.add(state.follows ? "  following" : "  End follows", .dim)
        return [facts(state, topic).fitted(width)] + partitions(state, layout, topic) + [title.fitted(width)]
            + messages(state, layout, width)
    }

    private static func facts(_ state: TopState, _ topic: ClusterSnapshot.Topic) -> ScreenLine {
        var line = ScreenLine()
        if topic.leaderless > 0 { line.add("\(topic.leaderless) leaderless  ", .alarm) }
        if topic.underReplicated > 0 { line.add("\(topic.underReplicated) under-replicated  ", .alarm) }
        line.add("in ", .dim)
        line.add("\(Quantity.rate(state.history.incoming(topic.name)))/s ", .bold)
        line.add(Quantity.sparkline(state.history.incomingSteps(topic.name), width: 12), .cyan)
        line.add("  out ", .dim)
        line.add("\(Quantity.rate(state.history.outgoing(topic.name)))/s", .bold)
        line.add(
            "  \(Quantity.count(topic.records)) record\(topic.records == 1 ? "" : "s")  \(Quantity.bytes(state.snapshot?.size(of: topic)))"
        )
        let readers =
            state.snapshot?.groups.filter { $0.topics.contains(topic.name) }.map { SafeText.line($0.id) } ?? []
        if !readers.isEmpty { line.add("  read by \(readers.joined(separator: ", "))", .dim) }
        return line
    }

    // MARK: - Partitions

    private static func partitions(
        _ state: TopState, _ layout: TopLayout, _ topic: ClusterSnapshot.Topic
    ) -> [ScreenLine] {
        let isActive = state.pane == .partitions
        let table = ScreenTable(columns: [
            Column(title: isActive ? "▸ PARTITION" : "  PARTITION", rank: 0, least: 11),
            Column(title: "LEADER", rank: 2, least: 6),
            Column(title: "REPLICAS", rank: 5, least: 8, isNumeric: false),
            Column(title: "ISR", rank: 3, least: 6, isNumeric: false),
            Column(title: "START", rank: 4, least: 9), Column(title: "END", rank: 1, least: 9),
            Column(title: "SIZE", rank: 6, least: 8), Column(title: "IN/S", rank: 2, least: 8),
        ])
        let cursor = state.partitionCursor
        let shown = cursor.shown(layout.partitionRows, of: topic.partitions.count)
        let rows = shown.map { index -> [Cell] in
            let partition = topic.partitions[index]
            let key = TopicPartition(topic.name, partition.number)
            return [
                Cell("\(partition.number)"),
                Cell(partition.leader.map { "\($0)" } ?? "none", partition.leader == nil ? .alarm : .plain),
                Cell(list(partition.replicas)),
                Cell(list(partition.inSync), partition.isUnderReplicated ? .alarm : .plain),
                Cell(partition.start.map { "\($0)" } ?? "–"), Cell(partition.end.map { "\($0)" } ?? "–"),
                Cell(Quantity.bytes(state.snapshot?.size(of: key, leader: partition.leader))),
                Cell(Quantity.rate(state.history.incoming(key))),
            ]
        }
        return table.lines(
            rows, width: state.size.columns, selected: isActive ? cursor.selected - cursor.first : nil)
    }

    private static func list(_ brokers: [BrokerID]) -> String {
        brokers.isEmpty ? "none" : brokers.map { "\($0)" }.joined(separator: ",")
    }

    // MARK: - Messages

    private static func messages(_ state: TopState, _ layout: TopLayout, _ width: Int) -> [ScreenLine] {
        var rows = layout.messageRows
        var lines: [ScreenLine] = []
        let table = ScreenTable(columns: [
            Column(title: "TIME", rank: 3, least: 12, isNumeric: false), Column(title: "P", rank: 1, least: 2),
            Column(title: "OFFSET", rank: 2, least: 6),
            Column(title: "KEY", rank: 1, least: 8, isNumeric: false, isFlexible: true),
            Column(title: "VALUE", rank: 0, least: 12, isNumeric: false, isFlexible: true),
        ])
        if layout.showsBothPanes { rows -= 1 }
        let cursor = state.messageCursor
        let first = max(cursor.first, min(cursor.selected - rows + 1, state.messages.count))
        let shown = max(0, first)..<min(max(0, first) + max(0, rows), state.messages.count)
        let cells = shown.map { index -> [Cell] in
            let message = state.messages[index]
            return [
                Cell(time(message.timestamp), .dim), Cell("\(message.partition.partition)"),
                Cell("\(message.offset)"),
                Cell(cut(TailMessage.line(message.key, limit: 100), max(8, width / 6)), .cyan),
                Cell(
                    cut(TailMessage.line(message.value), width),
                    message.value == nil ? TextStyle(colour: .yellow) : .plain),
            ]
        }
        lines += table.lines(
            cells, width: width, selected: state.pane == .messages ? cursor.selected - shown.lowerBound : nil)
        if state.messages.isEmpty { lines.append(ScreenLine("no messages yet", .dim)) }
        return lines
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        TextWidth.of(text) > width ? TextWidth.cut(text, width - 1) + "…" : text
    }

    /// The time of day, of milliseconds since 1970.
    private static func time(_ timestamp: Int64) -> String {
        let text = MessageView.moment(timestamp)
        return text.count == 23 ? String(text.dropFirst(11)) : text
    }
}

/// One message in full.
package enum MessageView {
    static func lines(_ message: TailMessage, width: Int) -> [ScreenLine] {
        var lines: [ScreenLine] = []
        func add(_ name: String, _ value: String) {
            var line = ScreenLine(TextWidth.padded(name, 11), .dim)
            line.add(value)
            lines.append(line)
        }
        add("partition", "\(message.partition.partition)")
        add("offset", "\(message.offset)")
        add("time", "\(moment(message.timestamp)) (\(message.timestamp))")
        for header in message.headers {
            add("header", "\(SafeText.line(header.name)) = \(TailMessage.line(header.value))")
        }
        for (name, part) in [("Key", message.key), ("Value", message.value)] {
            lines.append(ScreenLine())
            var title = ScreenLine(name, .bold)
            if let part { title.add("  \(Quantity.count(Int64(part.size))) bytes", .dim) }
            lines.append(title)
            for line in TailMessage.lines(part) {
                lines += TextWidth.wrapped(line, max(2, width)).map { ScreenLine($0) }
            }
        }
        return lines
    }

    /// Local time with milliseconds.
    package static func moment(_ timestamp: Int64) -> String {
        guard timestamp >= 0, timestamp < 253_402_300_800_000 else { return "–" }
        return String(Timestamp(microseconds: timestamp * 1000).description.prefix(23))
    }
}
