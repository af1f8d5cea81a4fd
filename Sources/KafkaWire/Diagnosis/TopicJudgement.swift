/// What topics say: leaders, replicas, and whether acks=all can work. Facts in, findings out.
package enum TopicJudgement {
    /// What was seen.
    package struct Facts: Sendable, Equatable {
        /// The topics that were described.
        package var topics: [KafkaAdmin.TopicDescription] = []
        /// The topic's `min.insync.replicas`, where it was asked for.
        package var minimumInSync: [String: Int] = [:]
        /// The brokers that cannot be worked with from here.
        package var unreachable: Set<BrokerID> = []
        /// The brokers that the cluster knows.
        package var brokers: Set<BrokerID> = []
        /// Topics that were asked for and are not there.
        package var unknown: [String] = []
        /// Topics that this client may not see: which permissions it needs, is another judgement.
        package var denied: Set<String> = []
        /// The names that are there, for the nearest one.
        package var names: [String] = []
        /// Topics that could not be looked at, and why.
        package var failures: [String: String] = [:]

        package init() {}
    }

    package static func findings(_ facts: Facts) -> [DiagnosisFinding] {
        var findings = facts.unknown.sorted().map { unknown($0, facts.names) }
        for (topic, words) in facts.failures.sorted(by: { $0.key < $1.key }) {
            findings.append(
                DiagnosisFinding(
                    .problem, .lookFailed, .topic(topic), "Topic \(topic) could not be looked at: \(words)."))
        }
        for topic in facts.topics { findings += judge(topic, facts) }
        if findings.isEmpty, !facts.topics.isEmpty || facts.denied.isEmpty {
            let partitions = facts.topics.reduce(0) { $0 + $1.partitions.count }
            findings.append(
                DiagnosisFinding(
                    .ok, .topicsHealthy, facts.topics.count == 1 ? .topic(facts.topics[0].name) : .cluster,
                    facts.topics.isEmpty
                        ? "There are no topics yet."
                        : "\(facts.topics.count == 1 ? "Topic \(facts.topics[0].name)" : "\(facts.topics.count) topics") with "
                            + "\(DiagnosisText.count(partitions, "partition")): each has a leader, and all replicas are in sync."
                ))
        }
        return findings
    }

    private static func unknown(_ name: String, _ names: [String]) -> DiagnosisFinding {
        let near = NearestName.suggestions(for: name, among: names)
        let question = near.isEmpty ? "" : "Did you mean \(near.joined(separator: " or "))? "
        return DiagnosisFinding(
            .problem, .unknownTopic, .topic(name),
            "There is no topic \(name), or this client may not see it. Producers wait for it until max.block.ms is over, and "
                + "consumers of it get nothing.",
            advice: question + "Else create it (kw topics --create --topic \(name)), or grant Describe on it (ACL).")
    }

    private static func judge(_ topic: KafkaAdmin.TopicDescription, _ facts: Facts) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        let place = DiagnosisFinding.Place.topic(topic.name)
        let leaderless = topic.partitions.filter { $0.leader == nil }
        if !leaderless.isEmpty {
            let absent = missing(leaderless, facts)
            findings.append(
                DiagnosisFinding(
                    .problem, .noLeader, place,
                    "\(named(leaderless, topic)) \(leaderless.count == 1 ? "has" : "have") no leader: nothing can be written "
                        + "there or read from there.\(absent)",
                    advice:
                        "Start the brokers that hold the replicas again; one that was in sync becomes the leader by itself. "
                        + "If they are lost for good, unclean.leader.election.enable=true gives up what only they had.")
            )
        }
        let behind = topic.partitions.filter {
            guard let leader = $0.leader else { return false }
            return facts.unreachable.contains(leader)
        }
        if !behind.isEmpty {
            let leaders = Set(behind.compactMap(\.leader)).sorted().map { "\($0)" }
            findings.append(
                DiagnosisFinding(
                    .problem, .leaderUnreachable, place,
                    "\(named(behind, topic)) \(behind.count == 1 ? "is" : "are") led by broker "
                        + "\(DiagnosisText.list(leaders)), which cannot be reached from here: this client can neither write "
                        + "nor read there, though the cluster itself is fine with it.",
                    advice: "See what is said of that broker's advertised address."))
        }
        let minimum = facts.minimumInSync[topic.name]
        let below = topic.partitions.filter { partition in
            guard partition.leader != nil, let minimum else { return false }
            return partition.inSync.count < minimum
        }
        if let minimum, !below.isEmpty {
            let isImpossible = below.contains { $0.replicas.count < minimum }
            findings.append(
                DiagnosisFinding(
                    .problem, .belowMinimumInSync, place,
                    "\(named(below, topic)) \(below.count == 1 ? "has" : "have") fewer replicas in sync than "
                        + "min.insync.replicas=\(minimum) wants: producers with acks=all, the default, are refused with "
                        + "NOT_ENOUGH_REPLICAS, while reading goes on.\(missing(below, facts))",
                    advice: isImpossible
                        ? "The topic has fewer replicas than that at all: add replicas (kafka-reassign-partitions.sh), or set "
                            + "min.insync.replicas to at most their number."
                        : "Start the missing brokers. Lowering min.insync.replicas lets producers go on at the price of "
                            + "records that one broker alone holds."))
        }
        let refused = Set(below.map(\.partition))
        let under = topic.partitions.filter {
            $0.leader != nil && $0.inSync.count < $0.replicas.count && !refused.contains($0.partition)
        }
        if !under.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .warning, .underReplicated, place,
                    "\(named(under, topic)) \(under.count == 1 ? "has" : "have") replicas that are not in sync: clients do not "
                        + "notice, but fewer brokers may fail now before records are lost.\(missing(under, facts))",
                    advice:
                        "Start the missing brokers; if all run, look at replica.lag.time.max.ms and at the load and the "
                        + "disks of those that lag."))
        }
        return findings
    }

    private static func named(
        _ partitions: [KafkaAdmin.PartitionDescription], _ topic: KafkaAdmin.TopicDescription
    ) -> String {
        if partitions.count == topic.partitions.count, partitions.count > 1 {
            return "All \(partitions.count) partitions of \(topic.name)"
        }
        let text = "\(DiagnosisText.partitions(partitions.map(\.partition))) of \(topic.name)"
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    /// Which brokers are to blame, in a sentence with a space in front.
    private static func missing(_ partitions: [KafkaAdmin.PartitionDescription], _ facts: Facts) -> String {
        let out = Set(partitions.flatMap { Set($0.replicas).subtracting($0.inSync) })
        let gone = Set(partitions.flatMap(\.offline)).union(out.subtracting(facts.brokers)).intersection(out)
        let lagging = out.subtracting(gone)
        func brokers(_ ids: Set<BrokerID>) -> String {
            (ids.count == 1 ? "broker " : "brokers ") + DiagnosisText.list(ids.sorted().map { "\($0)" })
        }
        var parts: [String] = []
        if !gone.isEmpty {
            parts.append("\(brokers(gone)) \(gone.count == 1 ? "does" : "do") not run, or lost the disk")
        }
        if !lagging.isEmpty { parts.append("\(brokers(lagging)) \(lagging.count == 1 ? "lags" : "lag") behind") }
        guard !parts.isEmpty else { return "" }
        let text = parts.joined(separator: "; ")
        return " " + text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}
