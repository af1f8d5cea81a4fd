/// What a watched group says of its members: whether it gets stable, and whether every partition is somebody's. Facts in,
/// findings out; ``ProgressJudgement`` says whether it moves.
package enum GroupJudgement {
    package static func findings(_ facts: GroupFacts) -> [DiagnosisFinding] {
        let place = DiagnosisFinding.Place.group(facts.id)
        if facts.isDenied { return [] }
        if let failure = facts.failure {
            return [
                DiagnosisFinding(.problem, .lookFailed, place, "Group \(facts.id) could not be looked at: \(failure).")
            ]
        }
        guard let last = facts.last else { return [unknown(facts, place)] }
        var findings: [DiagnosisFinding] = []
        if facts.samples.allSatisfy({ $0.group.members.isEmpty && $0.group.state != .preparingRebalance }) {
            findings.append(empty(facts, place))
        } else {
            findings += unrest(facts, place)
            if last.state == .stable { findings += assignment(last, facts, place) }
            if last.state == .stable || last.state == .reconciling || last.state == .assigning {
                findings += ProgressJudgement.findings(facts, last)
            }
        }
        findings += facts.gaps.sorted().map { gap in
            DiagnosisFinding(
                .warning, .lookFailed, place, "Not all of group \(facts.id) could be looked at: \(gap).")
        }
        if findings.isEmpty {
            let lag = facts.after.values.compactMap(\.lag).saturatedSum()
            findings.append(
                DiagnosisFinding(
                    .ok, .groupHealthy, place,
                    "Group \(facts.id) is stable, with \(DiagnosisText.count(last.members.count, "member")) and "
                        + "\(DiagnosisText.count(lag, "record")) to read\(lag > 0 ? ", and moves" : "").")
            )
        }
        return findings
    }

    private static func unknown(_ facts: GroupFacts, _ place: DiagnosisFinding.Place) -> DiagnosisFinding {
        let near = NearestName.suggestions(for: facts.id, among: facts.names)
        let question = near.isEmpty ? "" : "Did you mean \(near.joined(separator: " or "))? "
        return DiagnosisFinding(
            .problem, .unknownGroup, place,
            "There is no group \(facts.id), or this client may not see it: no consumer with that group.id has joined, or "
                + "its offsets have expired (offsets.retention.minutes).",
            advice: question + "Else look whether the consumers run, and with which group.id.")
    }

    private static func empty(_ facts: GroupFacts, _ place: DiagnosisFinding.Place) -> DiagnosisFinding {
        let lag = facts.after.values.compactMap(\.lag).saturatedSum()
        return DiagnosisFinding(
            lag > 0 ? .problem : .warning, .groupWithoutMembers, place,
            "Group \(facts.id) has no members\(facts.watched > .seconds(1) ? ", all the \(DiagnosisText.time(facts.watched)) of the watch" : ""): "
                + "nobody reads\(lag > 0 ? " the \(DiagnosisText.count(lag, "record")) that wait" : "").",
            advice: "Start its consumers. If they run, look at their group.id and bootstrap.servers, and whether they "
                + "call poll: only that makes them join.")
    }

    // MARK: - Unrest

    private static func unrest(_ facts: GroupFacts, _ place: DiagnosisFinding.Place) -> [DiagnosisFinding] {
        let samples = facts.samples
        let stable = samples.filter { $0.group.state == .stable }.count
        var changes = 0
        for (one, next) in zip(samples, samples.dropFirst()) {
            let isOther =
                Set(one.group.members.map(\.id)) != Set(next.group.members.map(\.id))
                || one.group.epoch != next.group.epoch
                || (one.group.state == .stable) != (next.group.state == .stable)
            if isOther { changes += 1 }
        }
        guard stable < samples.count || changes > 0 else { return [] }
        let time = DiagnosisText.time(facts.watched)
        var findings: [DiagnosisFinding] = []
        let slow = slowMembers(samples)
        // A rebalance that began and has not come to its end since is none that passes.
        let tail = Array(samples.suffix(samples.reversed().prefix { $0.group.state != .stable }.count))
        let stalled = facts.watched - (tail.first?.time ?? facts.watched)
        let isStalled = stable > 0 && tail.count > 1 && stalled * 2 >= facts.watched
        let isRestless = stable == 0 && samples.count > 1 || changes >= 3 || isStalled
        let states = samples.map(\.group.state.rawValue).reduce(into: [String]()) { list, state in
            if list.last != state { list.append(state) }
        }
        let way = states.count > 1 ? " (\(DiagnosisText.list(states, limit: 6)))" : ""
        if !isRestless {
            return [
                DiagnosisFinding(
                    .warning, .groupNotStable, place,
                    "Group \(facts.id) was rebalanced while it was watched\(way); members read nothing, or less, meanwhile. "
                        + "Once is as it should be when members start or stop.",
                    advice: "Look again, longer (kw doctor --group \(facts.id) --for 60s), to see whether it settles.")
            ]
        }
        if !slow.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .problem, .memberHoldsUp, place,
                    "Group \(facts.id) waited all the \(time) for \(DiagnosisText.list(slow)), which has not given up "
                        + "partitions that are to go to others, or not taken its own: what others are to get is read by "
                        + "nobody.",
                    advice:
                        "Look what that member does between two polls: longer than max.poll.interval.ms and it is removed. "
                        + "Process less at a time (max.poll.records), or in other threads."))
            return findings
        }
        findings.append(
            DiagnosisFinding(
                .problem, .groupNotStable, place,
                stable == 0
                    ? "Group \(facts.id) was not stable once in \(time)\(way), so that its members read nothing."
                    : isStalled
                        ? "Group \(facts.id) has not been stable for the last \(DiagnosisText.time(stalled))\(way): its rebalance "
                            + "does not come to an end, and its members read nothing meanwhile."
                        : "Group \(facts.id) changed \(changes) times in \(time)\(way): each time members stop, and read again what "
                            + "was not committed.",
                advice: cause(isStalled ? tail : samples)))
        return findings
    }

    /// Members of the newer protocol whose assignment was not the target's in any sample.
    private static func slowMembers(_ samples: [GroupFacts.Sample]) -> [String] {
        var slow: Set<String>?
        var names: [String: String] = [:]
        for sample in samples {
            let now = sample.group.members.filter { member in
                member.targetAssignment.map { Set($0) != Set(member.assignment) } ?? false
            }
            // Who only waits for what others still have is not to blame.
            let held = Set(sample.group.members.flatMap(\.assignment))
            let blamed = now.filter { member in
                let target = Set(member.targetAssignment ?? [])
                return !Set(member.assignment).isSubset(of: target) || target.isDisjoint(with: held)
            }
            for member in blamed { names[member.id] = name(member) }
            slow = (slow ?? Set(blamed.map(\.id))).intersection(blamed.map(\.id))
        }
        return (slow ?? []).sorted().compactMap { names[$0] }
    }

    private static func cause(_ samples: [GroupFacts.Sample]) -> String {
        var seen: [String: KafkaAdmin.GroupMember] = [:]
        for sample in samples { for member in sample.group.members { seen[member.id] = member } }
        let most = samples.map(\.group.members.count).max() ?? 0
        let states = Set(samples.map(\.group.state))
        if seen.count > most {
            let clients = Set(seen.values.map { "\($0.clientId) at \(bare($0.clientHost))" }).sorted()
            return
                "Members come and go: \(seen.count) were seen, \(most) at most at a time (\(DiagnosisText.list(clients, limit: 4))). "
                + "Look whether these clients are restarted or crash, send no heartbeat within session.timeout.ms, or work "
                + "longer than max.poll.interval.ms between two polls, after which they leave and join again. A "
                + "group.instance.id lets a restart pass without a rebalance (KIP-345)."
        }
        if states == [.preparingRebalance] {
            return
                "The coordinator waits for members that have not joined again yet: one that works longer than the others "
                + "between two polls holds them all up, until max.poll.interval.ms has passed. Make the work between polls "
                + "shorter (max.poll.records), or that time; group.protocol=consumer does not stop everybody (KIP-848)."
        }
        if states == [.completingRebalance] {
            return
                "The members wait for the assignment that the leading one has to compute and has not sent: look at the log "
                + "of the oldest member, and at its partition.assignment.strategy."
        }
        return
            "The same members are asked to join again and again: look for members that subscribe to other topics than "
            + "before, topics whose partitions are added or deleted, a regular expression that new topics match, and an "
            + "assignor that fails (their logs tell \"Request joining group due to\")."
    }

    // MARK: - Assignment

    private static func assignment(
        _ group: KafkaAdmin.GroupDescription, _ facts: GroupFacts, _ place: DiagnosisFinding.Place
    ) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        let assigned = Set(group.members.flatMap(\.assignment))
        let subscribed = Set(group.members.flatMap(\.subscribedTopics))
        let wanted = subscribed.union(facts.before.keys.map(\.topic)).union(facts.after.keys.map(\.topic))
        var nobodys: [String: [PartitionID]] = [:]
        for topic in wanted.sorted() {
            for index in 0..<(facts.partitions[topic] ?? 0) {
                let partition = TopicPartition(topic, PartitionID(index: index))
                if !assigned.contains(partition) { nobodys[topic, default: []].append(partition.partition) }
            }
        }
        for (topic, ids) in nobodys.sorted(by: { $0.key < $1.key }) {
            let lag = ids.compactMap { facts.after[TopicPartition(topic, $0)]?.lag }.saturatedSum()
            let isWanted = subscribed.contains(topic) || group.members.contains { $0.subscribedPattern != nil }
            if !isWanted, lag == 0 { continue }
            findings.append(
                DiagnosisFinding(
                    .problem, .partitionNotAssigned, place,
                    DiagnosisText.partitions(ids).capitalizedFirst
                        + " of \(topic) \(ids.count == 1 ? "belongs" : "belong") to no member of group "
                        + "\(facts.id)"
                        + (isWanted
                            ? " though members subscribe to the topic: nobody reads there."
                            : ", which has read there before (\(DiagnosisText.count(lag, "record")) wait): no member subscribes to "
                                + "the topic any more."),
                    advice: isWanted
                        ? "Look at the assignor (\(group.assignor)): a member of the group that subscribes to other topics, or "
                            + "was assigned before partitions were added, may be its leader. A rebalance (restart one member) "
                            + "mends the latter."
                        : "Subscribe to it again, or delete the group's offsets of the topic (kw groups --delete-offsets)."
                ))
        }
        let idle = group.members.filter(\.assignment.isEmpty)
        if !idle.isEmpty, idle.count < group.members.count {
            findings.append(
                DiagnosisFinding(
                    .warning, .idleMembers, place,
                    "\(DiagnosisText.count(idle.count, "member")) of \(group.members.count) in group \(facts.id) "
                        + "\(idle.count == 1 ? "has" : "have") no partition (\(DiagnosisText.list(idle.map(name), limit: 3))): "
                        + "a partition has one reader in a group, and there are \(assigned.count) of them.",
                    advice: "Add partitions to the topic, or stop the spare members, unless they are to stand by."))
        }
        let subscriptions = Set(group.members.filter { !$0.subscribedTopics.isEmpty }.map { Set($0.subscribedTopics) })
        if subscriptions.count > 1 {
            let list = group.members.map { "\(name($0)): \($0.subscribedTopics.sorted().joined(separator: "+"))" }
            findings.append(
                DiagnosisFinding(
                    .warning, .subscriptionsDiffer, place,
                    "The members of group \(facts.id) subscribe to different topics (\(DiagnosisText.list(list, limit: 4))): each "
                        + "change of one rebalances all of them, and part of the members does all work of a topic.",
                    advice: "Give applications that read different things different group.ids."))
        }
        return findings
    }

    static func name(_ member: KafkaAdmin.GroupMember) -> String {
        "\(member.instanceId ?? member.clientId) at \(bare(member.clientHost))"
    }

    /// Kafka writes a slash in front of addresses.
    private static func bare(_ host: String) -> String { host.hasPrefix("/") ? String(host.dropFirst()) : host }
}

extension String {
    /// With a capital letter in front.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
