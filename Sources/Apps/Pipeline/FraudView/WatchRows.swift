import AppSupport

/// A line of the lists of rules, users and merchants.
package struct TallyRow: Sendable, Equatable, Identifiable {
    package var id: String
    package var pick: WatchState.Pick
    package var tally: Tally
    /// Alerts within the last minute.
    package var lastMinute: Int

    package enum Sort: Int, CaseIterable, Sendable { case count, name, lastMinute, total, largest, lastSeen }
}

/// The orders of the list of alerts.
package enum AlertSort: Int, CaseIterable, Sendable { case time, rule, user, merchant, amount, latency }

/// The rows of the tab that is shown, filtered and in their order. Of equal ones the order of before decides.
enum WatchRows {
    static func alerts(_ state: WatchState) -> [SeenAlert] {
        let filter = state.filter.text.lowercased()
        // The newest come first.
        let shown = state.seen.alerts.reversed().filter { matches($0, state.pick) && matches($0, filter) }
        let isReversed = state.isReversed[.alerts] ?? false
        switch AlertSort(rawValue: state.sorts[.alerts] ?? 0) ?? .time {
        // Alerts of several partitions come in the order of their reading.
        case .time: return sorted(shown, descending: !isReversed) { $0.recordedAt }
        case .rule: return sorted(shown, descending: isReversed) { $0.rule }
        case .user: return sorted(shown, descending: isReversed) { $0.user }
        case .merchant: return sorted(shown, descending: isReversed) { $0.merchant ?? .max }
        case .amount: return sorted(shown, descending: !isReversed) { $0.value }
        case .latency: return sorted(shown, descending: !isReversed) { $0.sinceRecord ?? .min }
        }
    }

    static func tallies(_ state: WatchState) -> [TallyRow] {
        let filter = state.filter.text.lowercased()
        let rows = all(state).filter { filter.isEmpty || $0.id.lowercased().contains(filter) }
        let isReversed = state.isReversed[state.tab] ?? false
        switch TallyRow.Sort(rawValue: state.sorts[state.tab] ?? 0) ?? .count {
        case .count: return sorted(rows, descending: !isReversed) { $0.tally.count }
        case .name: return isReversed ? rows.reversed() : rows
        case .lastMinute: return sorted(rows, descending: !isReversed) { $0.lastMinute }
        case .total: return sorted(rows, descending: !isReversed) { $0.tally.total }
        case .largest: return sorted(rows, descending: !isReversed) { $0.tally.largest }
        case .lastSeen: return sorted(rows, descending: !isReversed) { $0.tally.lastSeen }
        }
    }

    /// The rows of the shown tab in the order of what they are of.
    private static func all(_ state: WatchState) -> [TallyRow] {
        switch state.tab {
        case .rules: rules(state.seen, now: state.now)
        case .users: users(state.seen, now: state.now)
        case .merchants: merchants(state.seen, now: state.now)
        case .alerts, .pipeline: []
        }
    }

    static func rules(_ ledger: FraudLedger, now: Int64) -> [TallyRow] {
        rows(ledger.rules, now) { .rule($0) }
    }

    static func users(_ ledger: FraudLedger, now: Int64) -> [TallyRow] {
        rows(ledger.users, now) { .user($0) }
    }

    static func merchants(_ ledger: FraudLedger, now: Int64) -> [TallyRow] {
        rows(ledger.merchants, now) { .merchant($0) }
    }

    private static func rows<Key>(
        _ table: TallyTable<Key>, _ now: Int64, _ pick: (Key) -> WatchState.Pick
    ) -> [TallyRow] {
        table.all.map { key, tally in
            TallyRow(id: "\(key)", pick: pick(key), tally: tally, lastMinute: tally.lastMinute(now))
        }
    }

    private static func matches(_ alert: SeenAlert, _ pick: WatchState.Pick?) -> Bool {
        switch pick {
        case nil: true
        case .rule(let rule)?: alert.rule == rule
        case .user(let user)?: alert.user == user
        case .merchant(let merchant)?: alert.merchant == merchant
        }
    }

    private static func matches(_ alert: SeenAlert, _ filter: String) -> Bool {
        guard !filter.isEmpty else { return true }
        let texts = [
            alert.rule, "\(alert.user)", alert.merchant.map { "\($0)" } ?? "", alert.amount, alert.finding,
            alert.transaction.map { "\($0)" } ?? "",
        ]
        return texts.contains { $0.lowercased().contains(filter) }
    }

    private static func sorted<Row, Value: Comparable>(
        _ rows: some Sequence<Row>, descending: Bool, by value: (Row) -> Value
    ) -> [Row] {
        let valued = rows.enumerated().map { (place: $0.offset, row: $0.element, value: value($0.element)) }
        let ordered = valued.sorted { a, b in
            if a.value == b.value { return a.place < b.place }
            return descending ? a.value > b.value : a.value < b.value
        }
        return ordered.map(\.row)
    }
}
