/// Holds what members of groups read against the logs, against each other, and against what was committed.
struct ReadingCheck {
    /// What a member has of a partition.
    private struct Holding {
        var generation: Int?
        /// What it reads next at least.
        var next: Int64
        /// When it was given.
        var since: Duration
        /// Whether the coordinator that gave it still knows it.
        var isRemembered = true
    }

    private struct Place: Hashable {
        var member: String
        var partition: History.Partition
    }

    private let history: History
    /// The group of each member, by who it is.
    private var groups: [String: String] = [:]

    init(_ history: History) {
        self.history = history
        for event in history.events {
            if case .assigned(let group, _, _) = event.what { groups[event.who] = group }
        }
    }

    func objections(_ promises: History.Promises) -> [Objection] {
        walk(promises) + (promises.isDrained ? everythingIsRead() : [])
    }

    /// One walk over what happened, with what each member holds.
    private func walk(_ promises: History.Promises) -> [Objection] {
        var found: [Objection] = []
        var holdings: [Place: Holding] = [:]
        /// Up to where each group has committed, and let go of the partition since.
        var settled: [String: [History.Partition: Int64]] = [:]
        var committed: [String: [History.Partition: Int64]] = [:]
        /// The generation in which each member was last given each partition and when, and when it has last begun to commit.
        var given: [Place: (generation: Int?, at: Duration)] = [:]
        var commits: [String: Duration] = [:]
        let records = history.logs.mapValues { log in
            Dictionary(log.map { ($0.offset, $0.record) }, uniquingKeysWith: { first, _ in first })
        }
        for event in history.events {
            switch event.what {
            case .assigned(let group, let positions, let generation):
                for (partition, offset) in positions.sorted(by: { $0.key < $1.key }) {
                    let place = Place(member: event.who, partition: partition)
                    holdings[place] = Holding(generation: generation, next: offset, since: event.time)
                    given[place] = (generation, event.time)
                    if promises.readsOnce, !promises.lossy.contains(partition),
                        let end = settled[group]?[partition], offset < end
                    {
                        found.append(
                            Objection(
                                .readOnceWhenCommitted,
                                "\(event.who) begins at \(partition)@\(offset), and \(end) was committed before it was let "
                                    + "go of", at: event.time))
                    }
                }
                if let generation { found += owners(&holdings, event, of: group, in: generation) }
            case .joined(let group, let generation):
                found += owners(&holdings, event, of: group, in: generation)
            case .released(let group, let partitions, let lost):
                if lost, promises.isCalm, let first = partitions.min() {
                    found.append(
                        Objection(
                            .keepsItsShare, "\(event.who) has lost \(first) of \(group) though nothing has befallen it",
                            at: event.time))
                }
                for partition in partitions {
                    holdings[Place(member: event.who, partition: partition)] = nil
                    if !lost, let end = committed[group]?[partition] { settled[group, default: [:]][partition] = end }
                }
            case .called(_, "commit", _): commits[event.who] = event.time
            case .forgotMembers:
                for place in holdings.keys { holdings[place]?.isRemembered = false }
            case .killed, .closed:
                for place in holdings.keys.filter({ $0.member == event.who }) { holdings[place] = nil }
            case .moved(let partition, let offset):
                holdings[Place(member: event.who, partition: partition)]?.next = offset
                // What was told may be read again.
                for group in settled.keys where offset < settled[group]?[partition] ?? 0 {
                    settled[group]?[partition] = offset
                }
            case .received(let partition, let offset, let record):
                let place = Place(member: event.who, partition: partition)
                if holdings[place] == nil, groups[event.who] != nil {
                    found.append(
                        Objection(
                            .ownersRead,
                            "\(event.who) reads \(partition)@\(offset), and has not been given it, or not since it let go of it",
                            at: event.time))
                }
                if let next = holdings[place]?.next, offset < next {
                    found.append(
                        Objection(
                            .noWayBack, "\(event.who) reads \(partition)@\(offset), and was to read on at \(next)",
                            at: event.time))
                }
                holdings[place]?.next = offset &+ 1
                if promises.keeps, !promises.lossy.contains(partition), let log = records[partition],
                    log[offset] != record || log[offset] == nil
                {
                    let there = (log[offset] ?? nil).map { "\($0)" } ?? "nothing"
                    found.append(
                        Objection(
                            .readIsThere,
                            "\(event.who) read \(record.map { "\($0)" } ?? "something") at \(partition)@\(offset), where the "
                                + "log has \(there)", at: event.time))
                }
            case .committed(let group, let positions):
                for (partition, offset) in positions.sorted(by: { $0.key < $1.key }) {
                    committed[group, default: [:]][partition] = offset
                    guard let begun = commits[event.who],
                        let own = given[Place(member: event.who, partition: partition)],
                        let generation = own.generation
                    else { continue }
                    // A coordinator that has lost its memory counts generations from 1 again: what was given before is none
                    // that came after.
                    let later = holdings.filter { place, other in
                        place.partition == partition && place.member != event.who && groups[place.member] == group
                            && other.since > own.at && other.since < begun && (other.generation ?? 0) > generation
                    }
                    for member in later.keys.map(\.member).sorted() {
                        found.append(
                            Objection(
                                .ownersCommit,
                                "\(event.who) has committed \(partition)@\(offset), which \(member) had been given when it "
                                    + "began to", at: event.time))
                    }
                }
            default: break
            }
        }
        return found
    }

    /// The member is in that generation with all that it has: what it was told to keep it keeps untold.
    private func owners(
        _ holdings: inout [Place: Holding], _ event: History.Event, of group: String, in generation: Int
    ) -> [Objection] {
        var found: [Objection] = []
        let own = holdings.keys.filter { $0.member == event.who }.sorted { $0.partition < $1.partition }
        for place in own {
            holdings[place]?.generation = generation
            holdings[place]?.isRemembered = true
            let others = holdings.filter { other, holding in
                other.partition == place.partition && other.member != event.who && groups[other.member] == group
                    && holding.generation == generation && holding.isRemembered
            }
            for member in others.keys.map(\.member).sorted() {
                found.append(
                    Objection(
                        .oneOwner,
                        "\(event.who) and \(member) both have \(place.partition) in generation \(generation)",
                        at: event.time))
            }
        }
        return found
    }

    /// The records of transactions that were not committed for certain: who reads what is committed need not see them.
    private var uncommitted: Set<History.Record> {
        var records: [History.Transaction: [History.Record]] = [:]
        var committed: Set<History.Transaction> = []
        for event in history.events {
            switch event.what {
            case .transacted(.sent(let record, let transaction)): records[transaction, default: []].append(record)
            case .transacted(.ended(let transaction, .committed)): committed.insert(transaction)
            default: break
            }
        }
        return Set(records.filter { !committed.contains($0.key) }.flatMap(\.value))
    }

    /// Each group has read all that the logs of its topics have, from where it began.
    private func everythingIsRead() -> [Objection] {
        let uncommitted = uncommitted
        let strict = Set(history.events.filter { $0.what == .transacted(.readsCommitted) }.map(\.who))
        var begun: [String: [History.Partition: Int64]] = [:]
        var read: [String: [History.Partition: Set<Int64>]] = [:]
        for event in history.events {
            switch event.what {
            case .assigned(let group, let positions, _):
                for (partition, offset) in positions {
                    let first = begun[group]?[partition] ?? offset
                    begun[group, default: [:]][partition] = min(first, offset)
                }
            case .received(let partition, let offset, _):
                guard let group = groups[event.who] else { continue }
                read[group, default: [:]][partition, default: []].insert(offset)
            default: break
            }
        }
        var found: [Objection] = []
        for (group, partitions) in begun.sorted(by: { $0.key < $1.key }) {
            let isStrict = groups.contains { $0.value == group && strict.contains($0.key) }
            let topics = Set(partitions.keys.map(\.topic))
            for (partition, log) in history.logs.sorted(by: { $0.key < $1.key }) where topics.contains(partition.topic)
            {
                let start = partitions[partition] ?? 0
                let missed = log.filter { logged in
                    logged.offset >= start && !(read[group]?[partition]?.contains(logged.offset) ?? false)
                        && !(isStrict && logged.record.map(uncommitted.contains) ?? false)
                }
                guard let first = missed.first else { continue }
                let what = first.record.map { "\($0)" } ?? "a record"
                found.append(
                    Objection(
                        .everythingIsRead,
                        "\(group) has not read \(what) at \(partition)@\(first.offset)"
                            + (missed.count > 1 ? ", and \(missed.count - 1) more" : "")))
            }
        }
        return found
    }
}
