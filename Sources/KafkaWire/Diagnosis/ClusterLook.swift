/// Looks at what a cluster holds, through the admin client: topics, groups, clocks. Only brokers that can be reached are
/// asked, so that nothing waits for those that cannot.
struct ClusterLook: Sendable {
    let configuration: KafkaDoctor.Configuration
    let admin: KafkaAdmin
    let brokers: BrokerContact.ClusterFacts
    let usable: Set<BrokerID>
    /// How the client is set to say who it is.
    let own: OwnSecurity
    /// How it came in there.
    let login: LoginFacts?
    /// The bootstrap server that answers.
    let bootstrap: String

    private static let mostConfigs = 200
    private static let mostPartitions = 500

    // MARK: - Topics

    func topics() async -> Examination.Outcome<[KafkaAdmin.TopicDescription]> {
        var facts = TopicJudgement.Facts()
        facts.brokers = Set(brokers.brokers.keys)
        facts.unreachable = facts.brokers.subtracting(usable)
        let all: [KafkaAdmin.TopicDescription]
        do throws(KafkaError) { all = try await admin.listTopics() } catch {
            let place = DiagnosisFinding.Place.cluster
            let isDenied = error.code.broker.flatMap(RequiredOperation.Resource.init) != nil
            return (
                "the topics could not be listed",
                [DiagnosisFinding(.problem, isDenied ? .notAuthorized : .lookFailed, place, "\(error.message).")], []
            )
        }
        facts.names = all.map(\.name)
        if configuration.topics.isEmpty {
            facts.topics = all
        } else {
            for (name, outcome) in await admin.describeTopics(configuration.topics).sorted(by: { $0.key < $1.key }) {
                switch outcome {
                case .success(let topic): facts.topics.append(topic)
                case .failure(let error) where error.code.broker == .unknownTopicOrPartition: facts.unknown.append(name)
                case .failure(let error) where error.code.broker == .topicAuthorizationFailed:
                    facts.denied.insert(name)
                case .failure(let error): facts.failures[name] = error.message
                }
            }
        }
        let wanted = facts.topics.prefix(Self.mostConfigs).map { KafkaAdmin.ConfigResource(.topic, $0.name) }
        let name = "min.insync.replicas"
        for (resource, outcome) in await admin.describeConfigs(wanted, names: [name]) {
            guard let value = (try? outcome.get())?.first(where: { $0.name == name })?.value else { continue }
            facts.minimumInSync[resource.name] = Int(value)
        }
        let partitions = facts.topics.reduce(0) { $0 + $1.partitions.count }
        let summary =
            "\(DiagnosisText.count(facts.topics.count, "topic")), \(DiagnosisText.count(partitions, "partition"))"
        return (summary, TopicJudgement.findings(facts), facts.topics)
    }

    // MARK: - Groups

    func groups(_ topics: [KafkaAdmin.TopicDescription]) async -> Examination.Outcome<Void> {
        let listed = await listing()
        guard !configuration.groups.isEmpty else { return glance(listed) }
        let look = self
        let names = listed.names
        let found = await concurrently(configuration.groups) { id -> GroupFacts in
            var facts = await GroupWatch(id: id, look: look).facts()
            facts.names = names
            return facts
        }
        let findings = found.flatMap(GroupJudgement.findings)
        let healthy = found.filter { facts in
            !facts.isDenied && GroupJudgement.findings(facts).allSatisfy { $0.severity == .ok }
        }.count
        let time = found.map(\.watched).max() ?? .zero
        let summary =
            "\(healthy) of \(DiagnosisText.count(found.count, "group")) well"
            + (time > .zero ? ", watched for \(DiagnosisText.time(time))" : "")
        return (summary, findings, ())
    }

    private struct Listing: Sendable {
        var names: [String] = []
        var groups: [KafkaAdmin.GroupListing] = []
        var failures: [String] = []
    }

    /// The groups of the brokers that can be reached.
    private func listing() async -> Listing {
        var listing = Listing()
        guard usable.count == brokers.brokers.count else {
            // The admin client asks every broker, and would wait for those that are not there.
            return listing
        }
        do throws(KafkaError) {
            let gathered = try await admin.listGroups()
            listing.groups = gathered.elements
            listing.names = gathered.elements.map(\.id)
            listing.failures = gathered.failures.inOrder.map(\.value.message)
        } catch {
            listing.failures = [error.message]
        }
        return listing
    }

    /// Without a group to watch: those that are not at rest now.
    private func glance(_ listing: Listing) -> Examination.Outcome<Void> {
        let restless: [KafkaAdmin.GroupState] = [.preparingRebalance, .completingRebalance, .assigning, .reconciling]
        var findings: [DiagnosisFinding] = []
        for group in listing.groups {
            guard let state = group.state, restless.contains(state) else { continue }
            findings.append(
                DiagnosisFinding(
                    .warning, .groupNotStable, .group(group.id),
                    "Group \(group.id) is in state \(state) just now: it is being rebalanced, which is as it should be for a "
                        + "moment only.",
                    advice: "Watch it: kw doctor --group \(group.id)."))
        }
        for failure in listing.failures {
            findings.append(
                DiagnosisFinding(.warning, .lookFailed, .cluster, "Not all groups could be listed: \(failure)."))
        }
        let summary =
            usable.count < brokers.brokers.count
            ? "not listed, as not all brokers can be reached"
            : listing.groups.isEmpty
                ? "no groups" : "\(DiagnosisText.count(listing.groups.count, "group")), and none to watch was named"
        return (summary, findings, ())
    }

    // MARK: - Permissions

    /// What the brokers say that the client may do with the topics and groups that are looked at.
    func permissions(_ topics: [KafkaAdmin.TopicDescription]) async -> Examination.Outcome<Void> {
        var facts = PermissionJudgement.Facts()
        facts.principal = own.principal
        facts.server = bootstrap
        facts.areNamed = !configuration.topics.isEmpty
        let names = facts.areNamed ? configuration.topics : topics.filter { !$0.isInternal }.map(\.name)
        for (name, outcome) in await admin.describeTopics(Array(names.prefix(Self.mostConfigs))) {
            switch outcome {
            case .success(let topic): facts.topics[name] = Self.rights(topic.authorizedOperations)
            case .failure(let error): facts.topics[name] = Self.rights(error)
            }
        }
        for (id, outcome) in await admin.describeGroups(configuration.groups) {
            switch outcome {
            case .success(let group): facts.groups[id] = Self.rights(group.authorizedOperations)
            case .failure(let error): facts.groups[id] = Self.rights(error)
            }
        }
        if facts.topics.values.contains(.missing) {
            facts.cluster = Self.rights((try? await admin.describeCluster())?.authorizedOperations)
        }
        return (PermissionJudgement.summary(facts), PermissionJudgement.findings(facts), ())
    }

    private static func rights(_ operations: Set<KafkaAdmin.AclOperation>?) -> PermissionJudgement.Facts.Rights {
        operations.map { .operations($0) } ?? .untold
    }

    private static func rights(_ error: KafkaError) -> PermissionJudgement.Facts.Rights {
        guard let code = error.code.broker else { return .untold }
        if RequiredOperation.Resource(code) != nil { return .denied(code.name) }
        return [.unknownTopicOrPartition, .groupIdNotFound].contains(code) ? .missing : .untold
    }

    // MARK: - Clocks

    func clocks(_ topics: [KafkaAdmin.TopicDescription]) async -> Examination.Outcome<Void> {
        var facts = ClockJudgement.Facts()
        if let ends = own.token?.ends, let lifetime = login?.lifetime {
            facts.session = .init(
                tokenEnds: ends &* 1000, lifetime: LongMilliseconds(lifetime).rawValue, now: own.now &* 1000)
        }
        let earliest = admin.cluster.loop.wallMilliseconds
        let quorum = try? await admin.describeMetadataQuorum()
        // The coarse clock is a tick behind.
        let latest = admin.cluster.loop.wallMilliseconds + 5
        if let quorum, let leader = quorum.voters.first(where: { $0.id == quorum.leader }), let time = leader.lastFetch
        {
            facts.reading = .init(broker: leader.id, earliest: earliest, latest: latest, time: time)
        }
        let partitions = topics.filter { !$0.isInternal }.flatMap { topic in
            topic.partitions.compactMap { partition -> TopicPartition? in
                partition.leader.map(usable.contains) ?? false ? TopicPartition(topic.name, partition.partition) : nil
            }
        }.prefix(Self.mostPartitions)
        let newest = await admin.listOffsets(
            Dictionary(partitions.map { ($0, KafkaAdmin.OffsetSpec.maxTimestamp) }) { first, _ in first })
        let now = admin.cluster.loop.wallMilliseconds + 5
        var latestByTopic: [String: Int64] = [:]
        for (partition, outcome) in newest {
            guard let listed = try? outcome.get(), listed.timestamp >= 0 else { continue }
            latestByTopic[partition.topic] = max(latestByTopic[partition.topic] ?? -1, listed.timestamp)
        }
        let future = latestByTopic.filter { $0.value > now + ClockJudgement.tolerance }
        let name = "message.timestamp.type"
        let configs = await admin.describeConfigs(
            future.keys.sorted().map { KafkaAdmin.ConfigResource(.topic, $0) }, names: [name])
        for (topic, timestamp) in future.sorted(by: { $0.key < $1.key }) {
            let type = (try? configs[.init(.topic, topic)]?.get())?.first { $0.name == name }?.value
            facts.newest.append(
                .init(topic: topic, timestamp: timestamp, isAppendTime: type == "LogAppendTime", now: now))
        }
        let findings = ClockJudgement.findings(facts)
        let summary =
            facts.reading == nil
            ? "the cluster does not tell its time\(latestByTopic.isEmpty ? "" : "; the records' times were looked at")"
            : findings.contains { $0.code == .clockSkew }
                ? "the clocks differ" : "the controller's clock agrees with ours"
        return (summary, findings, ())
    }
}
