import AppSupport
import KafkaWire
import Screens

/// One group: its members, their partitions, and how far they have got.
enum GroupView {
    enum Row: Equatable {
        case member(ClusterSnapshot.Member)
        /// Partitions that the group has offsets of, and no member has.
        case nobody([TopicPartition])
        case partition(TopicPartition)
    }

    static func rows(_ group: ClusterSnapshot.Group) -> [Row] {
        var rows: [Row] = []
        var assigned: Set<TopicPartition> = []
        for member in group.members.sorted(by: { ($0.clientId, $0.id) < ($1.clientId, $1.id) }) {
            rows.append(.member(member))
            rows += member.assignment.map { .partition($0) }
            assigned.formUnion(member.assignment)
        }
        let others = group.committed.keys.filter { !assigned.contains($0) }.sorted()
        if !others.isEmpty { rows += [.nobody(others)] + others.map { .partition($0) } }
        return rows
    }

    static func lines(_ state: TopState, _ layout: TopLayout, _ id: String) -> [ScreenLine] {
        guard let group = state.snapshot?.group(id) else {
            return [ScreenLine("the group is not there any more; Esc goes back", .yellow)]
        }
        let width = state.size.columns
        let row = TopRows.groups(state.snapshot ?? ClusterSnapshot(at: .zero), state.history).first { $0.id == id }
        var lines = facts(state, group, row).prefix(layout.groupFacts).map { $0.fitted(width) }
        let rows = rows(group)
        let cursor = state.detailCursor
        let shown = cursor.shown(layout.groupRows, of: rows.count)
        let table = ScreenTable(columns: [
            .init(title: "MEMBER / PARTITION", rank: 0, least: 18, isNumeric: false, isFlexible: true),
            .init(title: "COMMITTED", rank: 3, least: 9), .init(title: "END", rank: 4, least: 9),
            .init(title: "LAG", rank: 0, least: 9), .init(title: "IN/S", rank: 2, least: 8),
            .init(title: "RATE/S", rank: 1, least: 8),
        ])
        lines += table.lines(
            shown.map { cells(rows[$0], state, group) }, width: width, selected: cursor.selected - cursor.first)
        if rows.isEmpty { lines.append(ScreenLine("it has neither members nor offsets", .dim)) }
        return lines
    }

    private static func facts(
        _ state: TopState, _ group: ClusterSnapshot.Group, _ row: GroupRow?
    ) -> [ScreenLine] {
        var first = ScreenLine("lag ", .dim)
        first.add(Quantity.count(row?.lag), .bold)
        let forecast = row?.forecast ?? .unknown
        first.add("  \(forecast.words)", ListView.forecastStyle(forecast))
        first.add("  in ", .dim)
        first.add("\(Quantity.rate(state.history.incoming(group: group.id)))/s")
        first.add("  takes ", .dim)
        first.add("\(Quantity.rate(row?.consumed))/s")
        let width = max(8, min(48, (state.size.columns - 24) / 2))
        var second = ScreenLine("lag  ", .dim)
        second.add(Quantity.sparkline(row?.lags ?? [], width: width), .cyan)
        second.add("   rate  ", .dim)
        second.add(Quantity.sparkline(state.history.consumedSteps(group.id), width: width), .cyan)
        var third = ScreenLine(SafeText.line(group.state.isEmpty ? "–" : group.state), ListView.stateStyle(group.state))
        third.add("  \(SafeText.line(group.type)) group", .dim)
        if !group.assignor.isEmpty { third.add("  assignor \(SafeText.line(group.assignor))", .dim) }
        if let coordinator = group.coordinator { third.add("  coordinator \(coordinator)", .dim) }
        third.add("  \(Quantity.counted(group.members.count, "member"))", .dim)
        return [first, second, third]
    }

    private static func cells(
        _ row: Row, _ state: TopState, _ group: ClusterSnapshot.Group
    ) -> [ScreenTable.Cell] {
        func sums(_ name: String, _ partitions: [TopicPartition], _ style: TextStyle) -> [ScreenTable.Cell] {
            let lags = partitions.compactMap { state.history.lag(group, $0) }
            let rates = partitions.compactMap { state.history.consumed(group.id, $0) }
            return [
                .init(name, style), .init(""), .init(""),
                .init(lags.isEmpty ? "–" : Quantity.count(lags.saturatedSum()), style), .init(""),
                .init(rates.isEmpty ? "–" : Quantity.rate(rates.reduce(0, +)), style),
            ]
        }
        switch row {
        case .member(let member):
            let names = [member.clientId, member.host, member.instanceId ?? member.id].filter { !$0.isEmpty }
            return sums(names.map { SafeText.line($0) }.joined(separator: "  "), member.assignment, .bold)
        case .nobody(let partitions): return sums("nobody", partitions, TextStyle(colour: .yellow, isBold: true))
        case .partition(let partition):
            let topic = state.snapshot?.topic(partition.topic)
            let end = topic?.partitions.first { $0.number == partition.partition }?.end
            let lag = state.history.lag(group, partition)
            return [
                .init("  \(SafeText.line(partition.topic))-\(partition.partition)"),
                .init(group.committed[partition].map { "\($0)" } ?? "–"), .init(end.map { "\($0)" } ?? "–"),
                .init(Quantity.count(lag), lag ?? 0 > 0 ? .yellow : .plain),
                .init(Quantity.rate(state.history.incoming(partition))),
                .init(Quantity.rate(state.history.consumed(group.id, partition))),
            ]
        }
    }
}
