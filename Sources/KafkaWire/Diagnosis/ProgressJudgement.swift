/// Whether the members of a group that is stable read what there is, and why not. Facts in, findings out.
///
/// What members do is not seen from outside: neither their fetches nor their settings. Seen are the commits, the log's
/// ends, its last stable offset and its open transactions; what these explain is said as a fact, and the rest as what is
/// left.
package enum ProgressJudgement {
    /// Consumers that commit by themselves do so every five seconds (`auto.commit.interval.ms`): a shorter watch may miss
    /// it.
    package static let sureFrom: Duration = .seconds(6)
    /// A transaction that has been open for longer than its own time-out should have been aborted (KIP-664).
    private static let longTransaction: Duration = .seconds(60)

    package static func findings(
        _ facts: GroupFacts, _ group: KafkaAdmin.GroupDescription
    ) -> [DiagnosisFinding] {
        var owners: [TopicPartition: KafkaAdmin.GroupMember] = [:]
        for member in group.members { for partition in member.assignment { owners[partition] = member } }
        var findings = leaderless(facts, owners)
        findings += outOfRange(facts, owners)
        var explained = facts.withoutLeader.union(gone(facts, owners).keys)
        let open = transactions(facts, owners, except: explained)
        findings += open.findings
        explained.formUnion(open.partitions)
        findings += stuck(facts, owners, except: explained)
        findings += uncommitted(facts, owners, except: explained)
        if findings.isEmpty { findings += behind(facts, owners) }
        return findings
    }

    private static func place(_ facts: GroupFacts) -> DiagnosisFinding.Place { .group(facts.id) }

    private static func leaderless(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember]
    ) -> [DiagnosisFinding] {
        let partitions = facts.withoutLeader.filter { owners[$0] != nil }.sorted()
        guard !partitions.isEmpty else { return [] }
        return [
            DiagnosisFinding(
                .problem, .noLeader, place(facts),
                "Group \(facts.id) is to read \(list(partitions)), and \(partitions.count == 1 ? "that has" : "those have") no "
                    + "leader, or none that can be reached from here: the members wait for it.",
                advice: "See what is said of the topic, and of its brokers.")
        ]
    }

    // MARK: - Out of range

    private static func gone(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember]
    ) -> [TopicPartition: GroupFacts.Position] {
        facts.after.filter { partition, position in
            guard owners[partition] != nil, let committed = position.committed else { return false }
            // Who goes on from there has committed another one by the end of the watch.
            guard facts.before[partition]?.committed == committed else { return false }
            return position.start.map { committed < $0 } ?? false || position.end.map { committed > $0 } ?? false
        }
    }

    private static func outOfRange(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember]
    ) -> [DiagnosisFinding] {
        gone(facts, owners).sorted { $0.key < $1.key }.map { partition, position in
            let (committed, start) = (position.committed ?? 0, position.start ?? 0)
            let end = position.end ?? 0
            let isBehind = committed < start
            return DiagnosisFinding(
                .problem, .committedOffsetGone, place(facts),
                isBehind
                    ? "Group \(facts.id) has committed \(committed) of \(partition), and the log begins at \(start) by now: "
                        + "\(DiagnosisText.count(start - committed, "record")) were deleted before they were "
                        + "read. A consumer with auto.offset.reset=none stops with an error there; with earliest or "
                        + "latest it goes on with a gap, once it reads."
                    : "Group \(facts.id) has committed \(committed) of \(partition), and the log ends at \(end): the topic was "
                        + "created anew, or lost records. The consumer's fetches fail with OFFSET_OUT_OF_RANGE, and it goes on "
                        + "where auto.offset.reset says, or not at all with none.",
                advice:
                    "Stop the members, choose where to go on (kw groups --reset-offsets --group \(facts.id) --topic "
                    + "\(partition.topic) --to-earliest --execute), and start them again."
                    + (isBehind ? " Raise retention.ms or retention.bytes if that must not happen again." : ""))
        }
    }

    // MARK: - Transactions

    private static func transactions(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember], except explained: Set<TopicPartition>
    ) -> (findings: [DiagnosisFinding], partitions: Set<TopicPartition>) {
        var findings: [DiagnosisFinding] = []
        var partitions: Set<TopicPartition> = []
        for partition in facts.still where owners[partition] != nil && !explained.contains(partition) {
            guard let position = facts.after[partition], let stable = position.lastStable, let end = position.end,
                let committed = position.committed, stable < end, committed >= stable
            else { continue }
            partitions.insert(partition)
            let open = (facts.transactions[partition] ?? []).min { $0.start < $1.start }
            let age = open?.startTime.map { Duration.milliseconds(max(0, facts.now.subtractingSaturated($0))) }
            let who =
                open.map { transaction in
                    transaction.transactionalId.map { "of transactional.id \($0)" }
                        ?? "of producer \(transaction.producerId), which no coordinator knows,"
                } ?? "of a producer that could not be asked for"
            let since = age.map { " since \(DiagnosisText.time($0))" } ?? ""
            let isHanging = open.map { $0.transactionalId == nil } ?? false
            let isLong = age.map { $0 > (open?.timeout ?? longTransaction) || $0 > longTransaction } ?? false
            let limit = open?.timeout.map {
                " Its time-out is \(DiagnosisText.time($0)), after which the broker aborts it."
            }
            findings.append(
                DiagnosisFinding(
                    isHanging || isLong ? .problem : .warning, .openTransaction, place(facts),
                    "Group \(facts.id) stands at \(committed) of \(partition), because a transaction \(who) is open there\(since), "
                        + "from offset \(open?.start ?? stable) on: readers with isolation.level=read_committed get nothing "
                        + "behind it, and \(DiagnosisText.count(end - stable, "record")) wait.",
                    advice: isHanging
                        ? "Nobody will end it: abort it (kafka-transactions.sh abort --topic \(partition.topic) --partition "
                            + "\(partition.partition) --start-offset \(open?.start ?? stable), KIP-664)."
                        : "Look at the producer\(open?.transactionalId.map { " \($0)" } ?? ""): it has to commit or abort; if it "
                            + "is dead, start it anew, which aborts what it left open.\(limit ?? "")"))
        }
        return (findings, partitions)
    }

    // MARK: - No progress

    private static func stuck(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember], except explained: Set<TopicPartition>
    ) -> [DiagnosisFinding] {
        var byMember: [String: [TopicPartition]] = [:]
        for partition in facts.still where !explained.contains(partition) {
            // What is left may be the marker that ended a transaction, which no consumer commits.
            if facts.withMarkers.contains(partition), facts.after[partition]?.lag == 1 { continue }
            if let member = owners[partition] { byMember[member.id, default: []].append(partition) }
        }
        return byMember.sorted { $0.key < $1.key }.map { _, partitions in
            let member = owners[partitions[0]]
            let lag = partitions.compactMap { facts.after[$0]?.lag }.saturatedSum()
            let grows = lag > partitions.compactMap { facts.before[$0]?.lag }.saturatedSum()
            let isSure = facts.watched >= sureFrom
            let all = partitions.count == (member?.assignment.count ?? 0)
            return DiagnosisFinding(
                isSure ? .problem : .warning, .consumerStuck, place(facts),
                "\(member.map(GroupJudgement.name) ?? "A member") of group \(facts.id) has \(list(partitions)), where "
                    + "\(DiagnosisText.count(lag, "record")) wait\(grows ? ", and more come" : ""), and committed nothing in "
                    + "\(DiagnosisText.time(facts.watched)). It sends its heartbeats, so that nobody takes over.",
                advice: (isSure ? "" : "Look longer (--for 10s), as consumers commit by themselves every 5 s only. ")
                    + "Either it hangs in its processing, or it reads and does not commit (enable.auto.commit=false without "
                    + "a commit), or "
                    + (all
                        ? "it has paused, or every fetch fails in it."
                        : "it has paused these partitions, or fails at a record there, as it moves elsewhere.")
                    + " A stack dump of it, or its log, tells which.")
        }
    }

    private static func uncommitted(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember], except explained: Set<TopicPartition>
    ) -> [DiagnosisFinding] {
        let partitions = owners.keys.filter { partition in
            guard !explained.contains(partition), let now = facts.after[partition], now.committed == nil,
                facts.before[partition] != nil, let start = now.start, let end = now.end
            else { return false }
            return end > start
        }.sorted()
        guard !partitions.isEmpty else { return [] }
        return [
            DiagnosisFinding(
                .warning, .noCommittedOffset, place(facts),
                "Group \(facts.id) has never committed anything of \(list(partitions)), where there are records: when a member "
                    + "starts, or the partition moves, reading begins where auto.offset.reset says, and with latest, the "
                    + "default, skips what came meanwhile.",
                advice: "Look whether the members commit (enable.auto.commit, or commit calls), and set "
                    + "auto.offset.reset=earliest if nothing may be skipped.")
        ]
    }

    private static func behind(
        _ facts: GroupFacts, _ owners: [TopicPartition: KafkaAdmin.GroupMember]
    ) -> [DiagnosisFinding] {
        let seconds = facts.watched / .seconds(1)
        guard facts.watched >= sureFrom, seconds > 0 else { return [] }
        var (read, written, lag) = (Int64(0), Int64(0), Int64(0))
        for partition in owners.keys {
            guard let then = facts.before[partition], let now = facts.after[partition], let lagNow = now.lag,
                let committed = now.committed, let earlier = then.committed, let end = now.end, let endThen = then.end
            else { continue }
            read = read.addingSaturated(committed - earlier)
            written = written.addingSaturated(end - endThen)
            lag = lag.addingSaturated(lagNow)
        }
        // Commits come every five seconds: that much may be read and not told yet.
        let pending = Int64(Double(written) / seconds * 5)
        guard written.subtractingSaturated(read) > max(100, pending), lag > 100 else { return [] }
        return [
            DiagnosisFinding(
                .warning, .consumerFallsBehind, place(facts),
                "Group \(facts.id) falls behind: \(Int64(Double(written) / seconds)) records a second come, and "
                    + "\(Int64(Double(read) / seconds)) are read and committed; \(lag) wait.",
                advice:
                    "Add members, as long as there are partitions for them (\(owners.count)), or make the processing of a "
                    + "record faster; then raise fetch.min.bytes and max.poll.records.")
        ]
    }

    private static func list(_ partitions: [TopicPartition]) -> String {
        let topics = Dictionary(grouping: partitions, by: \.topic).sorted { $0.key < $1.key }
        return DiagnosisText.list(
            topics.map { "\(DiagnosisText.partitions($0.value.map(\.partition))) of \($0.key)" }, limit: 4)
    }
}
