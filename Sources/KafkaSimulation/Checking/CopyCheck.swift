/// Holds what applications have made of what they read, in one transaction with its position, against what there was to read:
/// of each record there is one copy, whoever was killed, fenced or put out of its group meanwhile.
struct CopyCheck {
    private struct Copy {
        var record: History.Record
        var transaction: History.Transaction
        /// How often its reader was told before to go on in front of what it copies: then it is read again.
        var round: Int
    }

    private var copies: [History.Partition: [Int64: [Copy]]] = [:]
    private var transactions: [History.Record: History.Transaction] = [:]
    private var endings: [History.Transaction: History.Ending] = [:]
    /// Who copies, who sees what was committed and nothing else, and what those have seen.
    private var copiers: Set<String> = []
    private var strict: Set<String> = []
    private var seen: Set<History.Record> = []
    private var groups: [String: Set<String>] = [:]
    private var topics: [String: Set<String>] = [:]
    /// From where each group began.
    private var begun: [String: [History.Partition: Int64]] = [:]
    private let logs: [History.Partition: [History.Logged]]
    /// In which log each record is.
    private var places: [History.Record: History.Partition] = [:]

    init(_ history: History) {
        logs = history.logs
        for (partition, log) in logs.sorted(by: { $0.key < $1.key }) {
            for case let record? in log.map(\.record) { places[record] = partition }
        }
        for event in history.events {
            switch event.what {
            case .transacted(.sent(let record, let transaction)): transactions[record] = transaction
            case .transacted(.ended(let transaction, let ending)): endings[transaction] = ending
            case .transacted(.readsCommitted): strict.insert(event.who)
            case .received(_, _, let record?) where strict.contains(event.who): seen.insert(record)
            case .assigned(let group, let positions, _):
                groups[group, default: []].insert(event.who)
                for (partition, offset) in positions {
                    topics[group, default: []].insert(partition.topic)
                    let first = begun[group]?[partition] ?? offset
                    begun[group, default: [:]][partition] = min(first, offset)
                }
            case .transacted(.copied): copiers.insert(event.who)
            default: break
            }
        }
        var ways: [History.Partition: [Int64]] = [:]
        for event in history.events {
            switch event.what {
            case .moved(let partition, let offset) where copiers.contains(event.who):
                ways[partition, default: []].append(offset)
            case .transacted(.copied(let partition, let offset, let record)):
                guard let transaction = transactions[record] else { continue }
                let round = (ways[partition] ?? []).count { $0 <= offset }
                copies[partition, default: [:]][offset, default: []].append(
                    Copy(record: record, transaction: transaction, round: round))
            default: break
            }
        }
    }

    func objections(_ promises: History.Promises) -> [Objection] {
        guard promises.keeps, promises.readsOnce, promises.lossy.isEmpty else { return [] }
        return copiedTwice() + (promises.isDrained ? notCopied() : [])
    }

    /// Whether the copy is there for certain: its client was told so, or somebody has seen it who sees nothing else.
    private func isThere(_ copy: Copy) -> Bool {
        switch endings[copy.transaction] {
        case .committed: true
        case .aborted: false
        case .unknown, nil: seen.contains(copy.record)
        }
    }

    private func copiedTwice() -> [Objection] {
        copies.sorted { $0.key < $1.key }.flatMap { partition, offsets in
            offsets.sorted { $0.key < $1.key }.compactMap { offset, copies in
                let rounds = Dictionary(grouping: copies.filter(isThere), by: \.round)
                guard let there = rounds.sorted(by: { $0.key < $1.key }).map(\.value).first(where: { $0.count > 1 })
                else { return nil }
                let names = there.map { "\($0.record) of \($0.transaction)" }.joined(separator: " and ")
                return Objection(.copiedOnce, "\(partition)@\(offset) was copied as \(names)")
            }
        }
    }

    /// What a group that copies has left out.
    private func notCopied() -> [Objection] {
        var found: [Objection] = []
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) where !members.isDisjoint(with: copiers) {
            let isStrict = !members.isDisjoint(with: strict)
            let wanted = topics[group] ?? []
            for (partition, log) in logs.sorted(by: { $0.key < $1.key }) where wanted.contains(partition.topic) {
                let start = begun[group]?[partition] ?? 0
                let missing = log.filter { logged in
                    guard logged.offset >= start else { return false }
                    // What was not committed for certain need not be seen.
                    if isStrict, let record = logged.record, let transaction = transactions[record],
                        endings[transaction] != .committed
                    {
                        return false
                    }
                    return !(copies[partition]?[logged.offset] ?? []).contains(where: mayBeThere)
                }
                guard let first = missing.first else { continue }
                found.append(
                    Objection(
                        .copiedOnce,
                        "\(group) has committed no copy of \(first.record.map { "\($0)" } ?? "the record") at "
                            + "\(partition)@\(first.offset)"
                            + (missing.count > 1 ? ", and of \(missing.count - 1) more" : "")))
            }
        }
        return found
    }

    /// Whether it may be there: where a group sees all that was committed, what it has not seen was not.
    private func mayBeThere(_ copy: Copy) -> Bool {
        if isThere(copy) { return true }
        return endings[copy.transaction] != .aborted && !isWatched(copy.record)
    }

    /// Whether the record would have been seen, had it been committed.
    private func isWatched(_ record: History.Record) -> Bool {
        guard let partition = places[record] else { return true }
        return groups.contains { group, members in
            members.isSubset(of: strict) && topics[group]?.contains(partition.topic) ?? false
        }
    }
}
