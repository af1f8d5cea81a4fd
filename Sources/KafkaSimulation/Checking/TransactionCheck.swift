/// Holds what members see that read what is committed (`isolation.level=read_committed`) against the ends of transactions.
///
/// Of a transaction whose client was told neither that it was committed nor that it was aborted all may be seen, or nothing.
struct TransactionCheck {
    /// What is known of a transaction.
    private struct Known {
        var records: [History.Record] = []
        var began: Duration
        /// When its commit was asked for; nil where that never was.
        var committing: Duration?
        var ending: History.Ending?
    }

    /// A record as a member saw it.
    private struct Sight {
        var who: String
        var time: Duration
        var partition: History.Partition
        var offset: Int64
    }

    private var transactions: [History.Transaction: Known] = [:]
    private var whole: [History.Record: History.Transaction] = [:]
    private var sentAt: [History.Record: Duration] = [:]
    /// When a client was fenced, by its name.
    private var fenced: [String: Duration] = [:]
    /// Who has each transactional id, and since which epoch.
    private var owners: [String: (client: String, epoch: Int?)] = [:]
    /// What those saw who read what is committed.
    private var sights: [History.Record: [Sight]] = [:]
    /// Who reads so, the groups in which all do, and from where each group began.
    private var readers: Set<String> = []
    private var groups: [String: Set<String>] = [:]
    private var begun: [String: [History.Partition: Int64]] = [:]
    private let logs: [History.Partition: [History.Logged]]

    init(_ history: History) {
        logs = history.logs
        for event in history.events {
            switch event.what {
            case .transacted(.readsCommitted): readers.insert(event.who)
            case .transacted(let what): note(what, at: event.time)
            case .assigned(let group, let positions, _):
                groups[group, default: []].insert(event.who)
                for (partition, offset) in positions {
                    let first = begun[group]?[partition] ?? offset
                    begun[group, default: [:]][partition] = min(first, offset)
                }
            case .received(let partition, let offset, let record?) where readers.contains(event.who):
                sights[record, default: []].append(
                    Sight(who: event.who, time: event.time, partition: partition, offset: offset))
            default: break
            }
        }
    }

    private mutating func note(_ what: History.Transacted, at time: Duration) {
        switch what {
        case .owned(let id, let client, let epoch):
            guard let before = owners[id] else { return owners[id] = (client, epoch) }
            // Who was told late of an epoch has been fenced meanwhile.
            let isLate = if let epoch, let known = before.epoch { epoch < known } else { false }
            let loser = isLate ? client : before.client
            if before.client != client, fenced[loser] == nil { fenced[loser] = time }
            if !isLate { owners[id] = (client, epoch) }
        case .began(let transaction): transactions[transaction] = Known(began: time)
        case .sent(let record, let transaction):
            transactions[transaction, default: Known(began: time)].records.append(record)
            whole[record] = transaction
            sentAt[record] = time
        case .ending(let transaction, let commits): if commits { transactions[transaction]?.committing = time }
        case .ended(let transaction, let ending): transactions[transaction]?.ending = ending
        case .copied, .readsCommitted: break
        }
    }

    func objections(_ promises: History.Promises) -> [Objection] {
        guard !transactions.isEmpty else { return [] }
        // Where what was acknowledged may be gone, so may be the ends of transactions, and who was fenced.
        guard promises.keeps else { return seenTooOften(promises) }
        return seenTooMuch() + seenTooOften(promises) + (promises.isDrained ? seenTooLittle() : [])
            + fencedHasEnded()
    }

    // MARK: - Too much

    /// Records of what was aborted, was not ended, or was sent by somebody who was fenced.
    private func seenTooMuch() -> [Objection] {
        sights.sorted { $0.key < $1.key }.flatMap { record, sights -> [Objection] in
            guard let name = whole[record], let transaction = transactions[name], let first = sights.first else {
                return []
            }
            func objection(_ rule: Objection.Rule, _ why: String) -> Objection {
                Objection(
                    rule, "\(first.who) read \(record) at \(first.partition)@\(first.offset), \(why)", at: first.time)
            }
            var found: [Objection] = []
            if transaction.ending == .aborted { found.append(objection(.abortedIsUnseen, "and \(name) was aborted")) }
            // Where nobody asked for a commit, nobody can have committed.
            if transaction.committing.map({ first.time < $0 }) ?? true, transaction.ending != .aborted {
                found.append(objection(.openIsUnseen, "and nobody had asked for the commit of \(name)"))
            }
            if let time = fenced[name.producer], let sent = sentAt[record], sent > time {
                found.append(objection(.fencedIsUnseen, "and \(name.producer) was fenced when it sent that"))
            }
            return found
        }
    }

    /// Who was fenced is not told that it has committed what it asked for afterwards.
    private func fencedHasEnded() -> [Objection] {
        transactions.sorted { $0.key < $1.key }.compactMap { name, transaction in
            guard let time = fenced[name.producer], transaction.ending == .committed,
                let asked = transaction.committing, asked > time
            else { return nil }
            return Objection(
                .fencedIsUnseen, "\(name.producer) has committed \(name), and was fenced before it asked for that",
                at: asked)
        }
    }

    /// A record is seen at one place.
    private func seenTooOften(_ promises: History.Promises) -> [Objection] {
        sights.sorted { $0.key < $1.key }.compactMap { record, sights in
            guard let name = whole[record], let first = sights.first, promises.isExact(record, in: first.partition),
                let other = sights.first(where: { $0.partition != first.partition || $0.offset != first.offset })
            else { return nil }
            return Objection(
                .committedIsSeen,
                "\(record) of \(name) was read at \(first.partition)@\(first.offset) and at "
                    + "\(other.partition)@\(other.offset)", at: other.time)
        }
    }

    // MARK: - Too little

    /// What of a committed transaction was not seen, and of others where some was.
    private func seenTooLittle() -> [Objection] {
        var found: [Objection] = []
        let places = places
        // A group in which somebody shows everything says nothing of what is committed.
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) where members.isSubset(of: readers) {
            for (name, transaction) in transactions.sorted(by: { $0.key < $1.key }) {
                let due = transaction.records.filter { isDue($0, to: group, places[$0]) }
                let missing = due.filter { record in
                    !(sights[record] ?? []).contains { members.contains($0.who) }
                }
                guard let first = missing.first else { continue }
                let text = "\(group) has not read \(first) of \(name)"
                if transaction.ending == .committed {
                    found.append(
                        Objection(
                            .committedIsSeen,
                            text + (missing.count > 1 ? ", and \(missing.count - 1) more" : "")
                                + ", which was committed"))
                } else if missing.count < due.count, transaction.ending != .aborted {
                    found.append(Objection(.allOrNothing, text + ", and others of it it has"))
                }
            }
        }
        return found
    }

    /// Where each record is in the logs.
    private var places: [History.Record: (partition: History.Partition, offset: Int64)] {
        var found: [History.Record: (partition: History.Partition, offset: Int64)] = [:]
        for (partition, log) in logs.sorted(by: { $0.key < $1.key }) {
            for logged in log {
                if let record = logged.record, found[record] == nil { found[record] = (partition, logged.offset) }
            }
        }
        return found
    }

    /// Whether a group that reads all from where it began meets the record. One that is in no log was lost, or never sent: for
    /// a committed transaction that is a matter of the group's as well.
    private func isDue(
        _ record: History.Record, to group: String, _ place: (partition: History.Partition, offset: Int64)?
    ) -> Bool {
        guard let place else { return whole[record].flatMap { transactions[$0]?.ending } == .committed }
        guard let first = begun[group]?[place.partition] else { return false }
        return place.offset >= first
    }
}
