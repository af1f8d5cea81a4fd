import KafkaWire

/// Looks at a cluster: asks what ``ClusterSnapshot`` holds, in few requests however many topics and groups there are. What
/// one broker does not tell is left out, with a sentence; only where nobody answers, looking fails.
package actor ClusterSampler {
    /// What is looked at; empty is all of it.
    package struct Scope: Sendable, Equatable {
        package var topics: Set<String>
        package var groups: Set<String>
        /// Whether what is named may not be there yet: a look then tells of the rest.
        package var mayBeAbsent: Bool

        package init(topics: Set<String> = [], groups: Set<String> = [], mayBeAbsent: Bool = false) {
            self.topics = topics
            self.groups = groups
            self.mayBeAbsent = mayBeAbsent
        }
    }

    /// Up to so many partitions their starts are asked for each time; beyond, as rarely as log directories.
    private static let fewPartitions = 1000

    private let admin: KafkaAdmin
    private let bootstrap: String
    private let scope: Scope
    private let origin: Instant
    private let rarely: Duration
    private var logs: ClusterSnapshot.Logs?
    private var logsAskedAt: Duration?
    private var starts: [TopicPartition: Int64] = [:]
    private var startsAskedAt: Duration?

    /// - Parameters:
    ///   - bootstrap: Where the cluster is, as it is shown.
    ///   - rarely: How often log directories are asked for, which costs brokers a walk over their files.
    package init(_ admin: KafkaAdmin, bootstrap: String, scope: Scope = Scope(), rarely: Duration = .seconds(10)) {
        self.admin = admin
        origin = admin.loop.now
        self.bootstrap = bootstrap
        self.scope = scope
        self.rarely = rarely
    }

    private var now: Duration { admin.loop.now - origin }

    /// A look at the cluster.
    ///
    /// - Parameter allSizes: Whether to ask for the log directories even if they were asked for just now.
    package func look(allSizes: Bool = false) async throws(KafkaError) -> ClusterSnapshot {
        let cluster = try await admin.describeCluster()
        var snapshot = ClusterSnapshot(at: now, id: cluster.id, controller: cluster.controller, bootstrap: bootstrap)
        snapshot.brokers = cluster.nodes.map { .init(id: $0.id, address: $0.address, rack: $0.rack) }
        let listed = try await groups(&snapshot)
        let topics = try await topics(listed)
        let wanted = topics.flatMap { topic in
            topic.partitions.filter { $0.leader != nil }.map { TopicPartition(topic.name, $0.partition) }
        }
        let ends = await offsets(wanted, .latest, &snapshot)
        if wanted.count <= Self.fewPartitions || startsAskedAt.map({ now - $0 >= rarely }) ?? true {
            starts = await offsets(wanted, .earliest, &snapshot)
            startsAskedAt = now
        }
        snapshot.at = now
        snapshot.topics = topics.map { topic in
            .init(
                topic.name, id: topic.id, isInternal: topic.isInternal,
                partitions: topic.partitions.map { partition in
                    let key = TopicPartition(topic.name, partition.partition)
                    return .init(
                        partition.partition, leader: partition.leader, replicas: partition.replicas,
                        inSync: partition.inSync, start: starts[key], end: ends[key])
                })
        }
        if !scope.topics.isEmpty {
            snapshot.groups.removeAll { $0.topics.isDisjoint(with: scope.topics) && !scope.groups.contains($0.id) }
        }
        await askLogs(&snapshot, always: allSizes)
        return snapshot
    }

    // MARK: - Topics

    /// The topics to look at: all, the named ones, or those that the named groups use.
    private func topics(_ groups: [ClusterSnapshot.Group]) async throws(KafkaError) -> [KafkaAdmin.TopicDescription] {
        guard !scope.topics.isEmpty || !scope.groups.isEmpty else { return try await admin.listTopics() }
        let names = scope.topics.isEmpty ? groups.reduce(into: Set()) { $0.formUnion($1.topics) } : scope.topics
        var found: [KafkaAdmin.TopicDescription] = []
        for (name, result) in await admin.describeTopics(names.sorted()) {
            do throws(KafkaError) { found.append(try result.get()) } catch {
                // A topic that a group still has offsets of may be gone.
                if scope.topics.contains(name), !isWaitedFor(error) { throw error }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Whether a topic is only not there yet.
    private func isWaitedFor(_ error: KafkaError) -> Bool {
        scope.mayBeAbsent && error.code == .broker(.unknownTopicOrPartition)
    }

    private func offsets(
        _ partitions: [TopicPartition], _ spec: KafkaAdmin.OffsetSpec, _ snapshot: inout ClusterSnapshot
    ) async -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        var offsets: [TopicPartition: Int64] = [:]
        var failures = 0
        var first: (TopicPartition, KafkaError)?
        let results = await admin.listOffsets(Dictionary(partitions.map { ($0, spec) }) { one, _ in one })
        for (partition, result) in results {
            switch result {
            case .success(let listed): offsets[partition] = listed.offset?.rawValue
            case .failure(let error):
                failures += 1
                if first.map({ partition < $0.0 }) ?? true { first = (partition, error) }
            }
        }
        if let first, spec == .latest {
            let others = failures > 1 ? " (and \(failures - 1) more)" : ""
            snapshot.troubles.append("\(first.1.message)\(others)")
        }
        return offsets
    }

    // MARK: - Groups

    private func groups(_ snapshot: inout ClusterSnapshot) async throws(KafkaError) -> [ClusterSnapshot.Group] {
        var groups: [String: ClusterSnapshot.Group] = [:]
        let gathered = try await admin.listGroups()
        for (broker, error) in gathered.failures.sorted(by: { $0.key < $1.key }) {
            snapshot.troubles.append("broker \(broker) does not tell its groups: \(error.message)")
        }
        for listing in gathered.elements where scope.groups.isEmpty || scope.groups.contains(listing.id) {
            groups[listing.id] = .init(
                listing.id, type: listing.type?.rawValue ?? "", state: listing.state?.rawValue ?? "",
                protocolType: listing.protocolType)
        }
        if let missing = scope.groups.subtracting(groups.keys).min(), gathered.failures.isEmpty, !scope.mayBeAbsent {
            throw KafkaError(
                .broker(.groupIdNotFound), "there is no group \(missing); look at its spelling", isRetriable: false)
        }
        // Share and streams groups are neither described nor do they commit as others do.
        let usual = groups.values.filter { !["share", "streams"].contains($0.type) }.map(\.id)
        async let described = admin.describeGroups(usual.sorted())
        async let committed = admin.listGroupOffsets(Dictionary(usual.map { ($0, nil) }) { one, _ in one })
        for (id, result) in await described {
            switch result {
            case .success(let group):
                groups[id]?.type = group.type.rawValue
                groups[id]?.state = group.state.rawValue
                groups[id]?.assignor = group.assignor
                groups[id]?.coordinator = group.coordinator
                groups[id]?.members = group.members.map {
                    .init(
                        id: $0.id, clientId: $0.clientId, host: $0.clientHost, instanceId: $0.instanceId,
                        assignment: $0.assignment)
                }
            case .failure(let error):
                // It may have been deleted meanwhile.
                guard error.code != .broker(.groupIdNotFound) else { continue }
                snapshot.troubles.append(error.message)
            }
        }
        for (id, result) in await committed {
            switch result {
            case .success(let offsets):
                groups[id]?.committed = offsets.compactMapValues { try? $0.get().offset.rawValue }
                if let failure = offsets.failures().min(by: { $0.key < $1.key }) {
                    snapshot.troubles.append(failure.value.message)
                }
            case .failure(let error): snapshot.troubles.append(error.message)
            }
        }
        snapshot.groups = groups.values.sorted { $0.id < $1.id }
        return snapshot.groups
    }

    // MARK: - Log directories

    private func askLogs(_ snapshot: inout ClusterSnapshot, always: Bool) async {
        let isDue = logsAskedAt.map { now - $0 >= rarely } ?? true
        if isDue || always {
            logsAskedAt = now
            var told = ClusterSnapshot.Logs(at: now)
            let scoped =
                scope == Scope()
                ? nil
                : snapshot.topics.flatMap { topic in
                    topic.partitions.map { TopicPartition(topic.name, $0.number) }
                }
            let answers = try? await admin.describeLogDirs(of: snapshot.brokers.map(\.id), partitions: scoped)
            for (broker, answer) in answers ?? [:] {
                // Who may not ask, or asks an old broker, sees the rest without sizes.
                guard let dirs = try? answer.get() else { continue }
                var sizes: [TopicPartition: Int64] = [:]
                for dir in dirs { sizes.merge(dir.replicas.mapValues(\.size)) { $0.addingSaturated($1) } }
                told.sizes[broker] = sizes
                let free = dirs.compactMap(\.usableBytes)
                if !free.isEmpty { told.free[broker] = free.saturatedSum() }
            }
            if !told.sizes.isEmpty {
                told.at = now
                logs = told
            }
        }
        snapshot.logs = logs
    }
}
