/// What the brokers say that the client may do (KIP-430), held against what producers and consumers need. Facts in, findings
/// out.
package enum PermissionJudgement {
    /// What was seen.
    package struct Facts: Sendable, Equatable {
        /// What may be done with something.
        package enum Rights: Sendable, Equatable {
            /// These operations.
            case operations(Set<KafkaAdmin.AclOperation>)
            /// The broker does not say.
            case untold
            /// It may not even be seen; the error's name.
            case denied(String)
            /// It is not there.
            case missing
        }

        /// Whom the brokers take the client for, as far as that is known.
        package var principal: String?
        /// Where the cluster is.
        package var server = ""
        /// By name.
        package var topics: [String: Rights] = [:]
        /// Whether the topics were named by who asks: then they are what the client is for.
        package var areNamed = false
        package var groups: [String: Rights] = [:]
        package var cluster = Rights.untold

        package init() {}

        fileprivate var who: String { principal ?? "this client" }
    }

    package static func findings(_ facts: Facts) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        if facts.areNamed {
            for (name, rights) in facts.topics.inOrder { findings += topic(name, rights, facts) }
        } else if let finding = overview(facts) {
            findings.append(finding)
        }
        for (name, rights) in facts.groups.inOrder { findings += group(name, rights, facts) }
        let isTold = facts.topics.values.contains { if case .operations = $0 { true } else { false } }
        if findings.isEmpty, isTold {
            findings.append(
                DiagnosisFinding(
                    .ok, .authorized, .cluster,
                    "\(capitalized(facts.who)) may do what producers and consumers of "
                        + "\(facts.areNamed ? DiagnosisText.list(facts.topics.keys.sorted()) : "all topics") need."))
        }
        return findings
    }

    /// In half a sentence, for the step's line.
    package static func summary(_ facts: Facts) -> String {
        let told = facts.topics.values.filter { if case .operations = $0 { true } else { false } }
        guard !told.isEmpty else {
            let denied = facts.topics.values.filter { if case .denied = $0 { true } else { false } }.count
            if denied > 0 { return "\(facts.who) may see none of \(DiagnosisText.count(denied, "topic"))" }
            return facts.topics.isEmpty ? "no topics to look at" : "the brokers do not tell"
        }
        let all = facts.topics.count
        let writes = facts.topics.values.filter { allows(.write, $0) }.count
        let reads = facts.topics.values.filter { allows(.read, $0) }.count
        return "\(facts.who) may write \(writes) and read \(reads) of \(DiagnosisText.count(all, "topic"))"
    }

    private static func allows(_ operation: KafkaAdmin.AclOperation, _ rights: Facts.Rights) -> Bool {
        guard case .operations(let operations) = rights else { return false }
        return operations.contains(operation) || operations.contains(.all)
    }

    // MARK: - Topics

    private static func topic(_ name: String, _ rights: Facts.Rights, _ facts: Facts) -> [DiagnosisFinding] {
        let place = DiagnosisFinding.Place.topic(name)
        switch rights {
        case .untold: return []
        case .missing:
            // That it is missing is told elsewhere; here, who may make it.
            guard case .operations = facts.cluster, !allows(.create, facts.cluster) else { return [] }
            return [
                DiagnosisFinding(
                    .ok, .notAuthorized, place,
                    "\(capitalized(facts.who)) has no CREATE on the cluster, so that a topic \(name) comes to be by its hand "
                        + "only if CREATE is granted for that name.",
                    advice: grant([.create], .topic, name, facts))
            ]
        case .denied(let code):
            return [
                DiagnosisFinding(
                    .problem, .notAuthorized, place,
                    "\(capitalized(facts.who)) may not DESCRIBE topic \(name), and so neither write nor read it: brokers "
                        + "answer \(code).",
                    advice: grant([.read, .write], .topic, name, facts) + " Read or Write, each includes Describe.")
            ]
        case .operations:
            let (writes, reads) = (allows(.write, rights), allows(.read, rights))
            if writes && reads { return [] }
            // A group reads; nobody has said that anything is written.
            let isReader = !facts.groups.isEmpty
            var missing: [KafkaAdmin.AclOperation] = []
            if !reads { missing.append(.read) }
            if !writes { missing.append(.write) }
            let severity: DiagnosisFinding.Severity =
                !reads && (isReader || !writes) ? .problem : isReader ? .ok : .warning
            let who = missing.map { $0 == .read ? "consumers" : "producers" }
            return [
                DiagnosisFinding(
                    severity, .notAuthorized, place,
                    "\(capitalized(facts.who)) may not \(missing.map(\.description).joined(separator: " or ")) topic \(name)"
                        + "\(held(rights)): as \(who.joined(separator: " or ")) it is refused with "
                        + "TOPIC_AUTHORIZATION_FAILED.",
                    advice: grant(missing, .topic, name, facts))
            ]
        }
    }

    /// What it may do, in a clause.
    private static func held(_ rights: Facts.Rights) -> String {
        guard case .operations(let operations) = rights else { return "" }
        let names = operations.sorted { $0.rawValue < $1.rawValue }.map(\.description)
        return names.isEmpty ? "" : " (only \(DiagnosisText.list(names)))"
    }

    /// Of all topics, what may not be done with some; told as it is, since nobody has said what for.
    private static func overview(_ facts: Facts) -> DiagnosisFinding? {
        let told = facts.topics.filter { if case .operations = $0.value { true } else { false } }
        let unwritable = told.keys.filter { name in told[name].map { !allows(.write, $0) } ?? false }.sorted()
        let unreadable = told.keys.filter { name in told[name].map { !allows(.read, $0) } ?? false }.sorted()
        guard !unwritable.isEmpty || !unreadable.isEmpty else { return nil }
        var parts: [String] = []
        if !unwritable.isEmpty { parts.append("WRITE \(DiagnosisText.list(unwritable))") }
        if !unreadable.isEmpty { parts.append("READ \(DiagnosisText.list(unreadable))") }
        return DiagnosisFinding(
            .ok, .notAuthorized, .cluster,
            "Of the topics that it sees, \(facts.who) may not \(parts.joined(separator: ", and not ")).",
            advice: "Name the topics that the client is for (--topic), to be told what is missing for them.")
    }

    // MARK: - Groups

    private static func group(_ name: String, _ rights: Facts.Rights, _ facts: Facts) -> [DiagnosisFinding] {
        let what: String
        switch rights {
        case .untold, .missing: return []
        case .denied(let code): what = "may not DESCRIBE group \(name): brokers answer \(code)"
        case .operations:
            if allows(.read, rights) { return [] }
            what =
                "may not READ group \(name)\(held(rights)): who joins it or commits for it is refused with "
                + "GROUP_AUTHORIZATION_FAILED"
        }
        return [
            DiagnosisFinding(
                .problem, .notAuthorized, .group(name), "\(capitalized(facts.who)) \(what).",
                advice: grant([.read], .group, name, facts))
        ]
    }

    // MARK: - What grants it

    private enum Kind: String {
        case topic
        case group
    }

    /// The line that an administrator types.
    private static func grant(
        _ operations: [KafkaAdmin.AclOperation], _ kind: Kind, _ name: String, _ facts: Facts
    ) -> String {
        let options = operations.map { "--operation \(commandName($0))" }.joined(separator: " ")
        return "An administrator grants it: kafka-acls.sh --bootstrap-server \(facts.server) --add --allow-principal "
            + "\(quoted(facts.principal ?? "User:NAME")) \(options) --\(kind.rawValue) \(quoted(name))."
    }

    /// As Kafka's tool writes it: `DescribeConfigs`.
    private static func commandName(_ operation: KafkaAdmin.AclOperation) -> String {
        operation.description.split(separator: "_").map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
    }

    /// As a shell takes it.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || ":._-".utf8.contains($0)
        }
        guard !isPlain else { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
