/// A history that broke a promise, as a person reads it: what was to happen, what does not hold, and of all that happened the
/// faults, and what those objections are about.
public struct Timeline: Sendable {
    /// A line of the middle part.
    private struct Entry {
        var time: Duration
        var who: String
        var text: String
        /// Shown whatever else is left out.
        var isMark = false
    }

    private let plan: ScenarioPlan
    private let history: History
    private let objections: [Objection]
    /// How many more there are of each rule.
    private let more: [(rule: Objection.Rule, count: Int)]
    /// Why the run broke off.
    private let failure: String?
    /// The name of what was tried; nil where it has none.
    private let scenario: String?
    private let limit: Int

    /// What one mistake breaks, it breaks many times.
    private static let objectionsOfARule = 2

    /// - Parameters:
    ///   - failure: Why the run broke off; nil where it came to its end.
    ///   - scenario: The name that the plan goes by.
    ///   - limit: How many events are shown at most, beside the faults: those next to what does not hold.
    public init(
        _ plan: ScenarioPlan, _ history: History, _ objections: [Objection], failure: String? = nil,
        scenario: String? = nil, limit: Int = 80
    ) {
        (self.plan, self.history) = (plan, history)
        var shown: [Objection] = []
        var more: [(rule: Objection.Rule, count: Int)] = []
        for rule in Objection.Rule.allCases {
            let all = objections.filter { $0.rule == rule }
            shown += all.prefix(Self.objectionsOfARule)
            if all.count > Self.objectionsOfARule { more.append((rule, all.count - Self.objectionsOfARule)) }
        }
        (self.objections, self.more) = (shown, more)
        (self.failure, self.scenario, self.limit) = (failure, scenario, max(0, limit))
    }

    /// The lines, without their ends.
    public var lines: [String] {
        let concern = Concern(failure.map { [$0] } ?? objections.map(\.text), in: history)
        var lines = [head, "", "What does not hold:"] + objections.map { "  \($0)" }
        if let failure { lines.append("  it broke off: \(failure)") }
        lines += more.map { "  \($0.rule.rawValue): \($0.count) times more" }
        lines += ["", "What happened, by seconds:"] + table(shown(concern))
        let logs = logs(concern)
        if !logs.isEmpty { lines += ["", "The logs at the end:"] + logs }
        return lines
    }

    /// What the plan was, in a sentence.
    private var head: String {
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        return "Seed \(plan.seed)\(scenario.map { ", \($0)" } ?? ""): \(count(plan.nodes, "broker")), "
            + "\(count(plan.partitions, "partition")), \(count(plan.producers, "producer")) of "
            + "\(count(plan.records, "record")) each, \(count(plan.members, "member")), "
            + (plan.transactors > 0 ? "\(count(plan.transactors, "transactor")), " : "")
            + (plan.copiers > 0 ? "\(count(plan.copiers, "copier")), " : "")
            + (plan.authentication.map { "\($0), " } ?? "")
            + "\(count(plan.faults.count, "fault")) in \(plan.duration.text)."
    }

    // MARK: - Events

    private func shown(_ concern: Concern) -> [Entry] {
        var entries = history.events.compactMap { event -> Entry? in
            guard let part = concern.part(of: event) else { return nil }
            if case .fault(let text) = part { return Entry(time: event.time, who: "(fault)", text: text, isMark: true) }
            return Entry(time: event.time, who: event.who, text: part.description)
        }
        entries = together(entries)
        for objection in objections {
            guard let time = objection.time else { continue }
            let place = entries.firstIndex { $0.time > time } ?? entries.endIndex
            let text = "does not hold: \(objection.rule.rawValue)"
            entries.insert(Entry(time: time, who: "(broken)", text: text, isMark: true), at: place)
        }
        return nearest(entries)
    }

    /// What one party does several times in a row is said once.
    private func together(_ entries: [Entry]) -> [Entry] {
        var found: [Entry] = []
        var times = 1
        for entry in entries {
            if let last = found.last, !entry.isMark, last.who == entry.who,
                last.text == entry.text || last.text.hasPrefix("\(entry.text) (")
            {
                times += 1
                found[found.count - 1].text = "\(entry.text) (\(times) times until \(History.text(entry.time)))"
            } else {
                times = 1
                found.append(entry)
            }
        }
        return found
    }

    /// As many as may be shown, those next in time to what does not hold; what was left out is counted.
    private func nearest(_ entries: [Entry]) -> [Entry] {
        let others = entries.indices.filter { !entries[$0].isMark }
        guard others.count > limit else { return entries }
        let end = entries.last?.time ?? .zero
        let times = failure == nil ? objections.map { $0.time ?? end } : [end]
        func distance(_ index: Int) -> Duration {
            times.map { time in
                let entry = entries[index].time
                return entry < time ? time - entry : entry - time
            }.min() ?? .zero
        }
        let far = others.sorted { (distance($0), $0) < (distance($1), $1) }[limit...]
        let left = Set(far)
        var found: [Entry] = []
        var gone = 0
        func tellGap(_ time: Duration) {
            if gone > 0 { found.append(Entry(time: time, who: "…", text: "\(gone) more")) }
            gone = 0
        }
        for index in entries.indices {
            if left.contains(index) {
                gone += 1
            } else {
                tellGap(entries[max(0, index - 1)].time)
                found.append(entries[index])
            }
        }
        tellGap(entries.last?.time ?? .zero)
        return found
    }

    private func table(_ entries: [Entry]) -> [String] {
        let rows = entries.map { (History.text($0.time), $0.who, $0.text) }
        let (wide, named) = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
        return rows.map { time, who, text in
            "  " + String(repeating: " ", count: wide - time.count) + time + "  " + who
                + String(repeating: " ", count: named - who.count) + "  " + text
        }
    }

    // MARK: - Logs

    /// What the logs have at the places that it is about, and beside them.
    private func logs(_ concern: Concern) -> [String] {
        history.partitions.filter(concern.partitions.contains).map { partition in
            let log = history.logs[partition] ?? []
            let near = concern.places[partition] == nil ? [] : log.filter { concern.isNear(partition, $0.offset) }
            let records = near.map { "\($0.record.map { "\($0)" } ?? "no record")@\($0.offset)" }
            return "  \(partition) has \(log.count) record\(log.count == 1 ? "" : "s")"
                + (log.last.map { " up to @\($0.offset)" } ?? "")
                + (records.isEmpty ? "" : ", there: \(records.joined(separator: " "))")
        }
    }
}
