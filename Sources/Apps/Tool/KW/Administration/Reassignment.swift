import AppSupport
import JSONLines
import KafkaWire
import ToolKit

/// What `kw reassign-partitions` does, in the words of `kafka-reassign-partitions`.
struct Reassignment {
    let tool: Tool
    let admin: KafkaAdmin
    let isJSON: Bool

    private func say(_ text: String) { if !isJSON { tool.console.line(tool.shown(text)) } }

    // MARK: - Looking

    func list() async throws {
        let moves = try await admin.listPartitionReassignments().sorted { $0.key < $1.key }
        if isJSON {
            return tool.console.line(
                JSONText.array(
                    moves.map { partition, move in
                        JSONText.object([
                            ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
                            ("replicas", JSONText.array(move.replicas.map { "\($0)" })),
                            ("adding", JSONText.array(move.adding.map { "\($0)" })),
                            ("removing", JSONText.array(move.removing.map { "\($0)" })),
                        ])
                    }))
        }
        say(moves.isEmpty ? "No partition reassignments found." : "Current partition reassignments:")
        for (partition, move) in moves { say(Self.line(partition, move)) }
    }

    static func line(_ partition: TopicPartition, _ move: KafkaAdmin.Reassignment) -> String {
        var line = "\(partition): replicas: \(ReassignmentState.list(move.replicas))."
        if !move.adding.isEmpty { line += " adding: \(ReassignmentState.list(move.adding))." }
        if !move.removing.isEmpty { line += " removing: \(ReassignmentState.list(move.removing))." }
        return line
    }

    func propose(_ topics: [String], over brokers: [BrokerID], isRackAware: Bool) async throws {
        let current = try await replicas(of: topics)
        let nodes = try await admin.describeCluster().nodes.filter { brokers.contains($0.id) }
        let withRack = nodes.filter { $0.rack != nil }.count
        if isRackAware, withRack > 0, withRack < nodes.count {
            throw ToolFailure(
                "not all of these brokers say in which rack they are; add --disable-rack-aware to propose without racks"
            )
        }
        let spread = ReplicaSpread(nodes.map { .init(id: $0.id, rack: isRackAware ? $0.rack : nil) })
        var proposed: [TopicPartition: [BrokerID]] = [:]
        for topic in topics.sorted() {
            let partitions = current.filter { $0.key.topic == topic }.sorted { $0.key < $1.key }
            let factor = partitions.first?.value.count ?? 0
            let places = max(1, nodes.count)
            let assignment = spread.assignment(
                partitions: partitions.count, replicas: factor, start: Int(admin.loop.random() % UInt64(places)),
                shift: Int(admin.loop.random() % UInt64(places)))
            guard let assignment else {
                throw ToolFailure(
                    "topic \(topic) has \(Figures.counted(factor, "replica")) of each partition, and of the brokers in "
                        + "--broker-list there are \(nodes.count)")
            }
            for (entry, replicas) in zip(partitions, assignment) { proposed[entry.key] = replicas }
        }
        if isJSON {
            return tool.console.line(
                JSONText.object([
                    ("current", ReassignmentPlan.text(current)), ("proposed", ReassignmentPlan.text(proposed)),
                ]))
        }
        say("Current partition replica assignment\n\(ReassignmentPlan.text(current))".lines, spaced: true)
        say("Proposed partition reassignment configuration\n\(ReassignmentPlan.text(proposed))".lines)
    }

    private func say(_ lines: [Substring], spaced: Bool = false) {
        for line in lines { say(String(line)) }
        if spaced { say("") }
    }

    func verify(_ plan: ReassignmentPlan, keepsThrottles: Bool) async throws {
        let active = try await admin.listPartitionReassignments()
        let current = try await replicas(of: plan.topics.sorted(), mayBeMissing: true)
        let states = plan.partitions.sorted { $0.partition < $1.partition }.map { partition, target in
            let move = active[partition]
            // While it moves, the brokers that it comes from are among its replicas.
            let isMoving = move.map { !$0.adding.isEmpty || !$0.removing.isEmpty } ?? false
            return ReassignmentState(
                partition: partition, current: current[partition] ?? [], target: target, isMoving: isMoving)
        }
        if isJSON {
            tool.console.line(JSONText.array(states.map(\.json)))
        } else {
            say("Status of partition reassignment:")
            states.forEach { say($0.line) }
        }
        let moves = try await directories(plan)
        moves.forEach { say($0.line) }
        let isOver = active.isEmpty && !moves.contains(where: \.isMoving)
        if isOver, !keepsThrottles { try await liftThrottles(plan) }
    }

    // MARK: - Changing

    func execute(
        _ plan: ReassignmentPlan, isAdditional: Bool, rate: Int64?, directoryRate: Int64?, _ patience: Duration
    ) async throws {
        let active = try await admin.listPartitionReassignments()
        guard isAdditional || active.isEmpty else {
            throw ToolFailure(
                "other moves are under way (\(Figures.counted(active.count, "partition"))): --additional begins these beside "
                    + "them, or changes the throttle of those that are under way")
        }
        let known = Set(try await admin.describeCluster().nodes.map(\.id))
        let unknown = plan.brokers.subtracting(known).sorted()
        guard unknown.isEmpty else {
            throw ToolFailure(
                "there is no broker \(ReassignmentState.list(unknown)); the cluster has \(ReassignmentState.list(known.sorted()))"
            )
        }
        let all = try await replicas(of: plan.topics.sorted())
        let missing = plan.partitions.map(\.partition).filter { all[$0] == nil }
        guard missing.isEmpty else {
            throw ToolFailure(missing.map { "there is no partition \($0)" })
        }
        let current = all.filter { plan.replicas[$0.key] != nil }
        say("Current partition replica assignment\n\n\(ReassignmentPlan.text(current))".lines)
        say("")
        say("Save this to use as the --reassignment-json-file option during rollback")
        if rate != nil || directoryRate != nil {
            say(
                "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is "
                    + "removed.")
        }
        if let rate {
            try await throttle(ReassignmentThrottle.moves(plan.replicas, current: current, active: active), rate)
        }
        if let directoryRate {
            try await set(
                Dictionary(grouping: plan.directories.keys) { $0.broker }.keys.map { .broker($0) },
                [ReassignmentThrottle.brokerSettings[2]: .set("\(directoryRate)")])
            say("The replica-alter-dir throttle limit was set to \(directoryRate) B/s")
        }
        var failures = Failures()
        let results = await admin.alterPartitionReassignments(plan.replicas.mapValues { .some($0) })
        for (_, result) in results.sorted(by: { $0.key < $1.key }) { _ = failures.take(result) }
        try failures.finish()
        let names = plan.replicas.keys.sorted().map { "\($0)" }
        say(
            "Successfully started partition reassignment\(names.count == 1 ? "" : "s") for \(names.joined(separator: ","))"
        )
        if isJSON {
            tool.console.line(JSONText.object([("started", JSONText.array(names.map { JSONText.string($0) }))]))
        }
        try await move(plan.directories, patience)
    }

    func cancel(_ plan: ReassignmentPlan, keepsThrottles: Bool, _ patience: Duration) async throws {
        let active = try await admin.listPartitionReassignments(plan.partitions.map(\.partition))
        let moving = active.filter { !$0.value.adding.isEmpty || !$0.value.removing.isEmpty }.keys.sorted()
        var failures = Failures()
        if !moving.isEmpty {
            let none = Dictionary(moving.map { ($0, [BrokerID]?.none) }) { $1 }
            for (_, result) in await admin.alterPartitionReassignments(none).sorted(by: { $0.key < $1.key }) {
                _ = failures.take(result)
            }
            try failures.finish()
        }
        let names = moving.map { "\($0)" }
        say(
            names.isEmpty
                ? "None of the specified partition reassignments are active."
                : "Successfully cancelled partition reassignment\(names.count == 1 ? "" : "s") for: "
                    + names.joined(separator: ","))
        if isJSON {
            tool.console.line(JSONText.object([("cancelled", JSONText.array(names.map { JSONText.string($0) }))]))
        }
        // Back to the directory in which the replica is now.
        let back = try await directories(plan).filter(\.isMoving)
        if back.isEmpty { say("None of the specified partition moves are active.") }
        try await move(Dictionary(back.compactMap { move in move.current.map { (move.replica, $0) } }) { $1 }, patience)
        if !keepsThrottles { try await liftThrottles(plan) }
    }

    // MARK: - Throttles

    private func throttle(_ moves: [TopicPartition: ReassignmentThrottle.Move], _ rate: Int64) async throws {
        for (topic, changes) in ReassignmentThrottle.topics(moves).sorted(by: { $0.key < $1.key }) {
            try await set([.topic(topic)], changes)
        }
        let brokers = moves.values.reduce(into: Set()) { $0.formUnion($1.sources.union($1.destinations)) }
        let names = ReassignmentThrottle.brokerSettings.prefix(2)
        try await set(
            brokers.sorted().map { .broker($0) }, Dictionary(names.map { ($0, .set("\(rate)")) }) { $1 })
        say("The inter-broker throttle limit was set to \(rate) B/s")
    }

    private func liftThrottles(_ plan: ReassignmentPlan) async throws {
        let brokers = Set(try await admin.describeCluster().nodes.map(\.id)).union(plan.brokers).sorted()
        say(
            "Clearing broker-level throttles on broker\(brokers.count == 1 ? "" : "s") \(ReassignmentState.list(brokers))"
        )
        let deletes: (String) -> (String, KafkaAdmin.ConfigChange) = { ($0, .delete) }
        try await set(
            brokers.map { .broker($0) }, Dictionary(ReassignmentThrottle.brokerSettings.map(deletes)) { $1 })
        let topics = plan.topics.sorted()
        say("Clearing topic-level throttles on topic\(topics.count == 1 ? "" : "s") \(topics.joined(separator: ","))")
        try await set(topics.map { .topic($0) }, Dictionary(ReassignmentThrottle.topicSettings.map(deletes)) { $1 })
    }

    private func set(
        _ resources: [KafkaAdmin.ConfigResource], _ changes: [String: KafkaAdmin.ConfigChange]
    ) async throws {
        guard !resources.isEmpty else { return }
        var failures = Failures()
        let results = await admin.alterConfigs(Dictionary(resources.map { ($0, changes) }) { $1 })
        for resource in resources { _ = failures.take(results[resource]) }
        try failures.finish()
    }

    // MARK: - Partitions and directories

    /// The brokers of all partitions of topics. Throws where one is not there, unless it may be.
    private func replicas(
        of topics: [String], mayBeMissing: Bool = false
    ) async throws -> [TopicPartition: [BrokerID]] {
        var found: [TopicPartition: [BrokerID]] = [:]
        for (topic, result) in await admin.describeTopics(topics).sorted(by: { $0.key < $1.key }) {
            do throws(KafkaError) {
                for partition in try result.get().partitions {
                    found[TopicPartition(topic, partition.partition)] = partition.replicas
                }
            } catch {
                guard mayBeMissing, error.code.broker == .unknownTopicOrPartition else { throw error }
            }
        }
        return found
    }

    /// A replica that a plan wants in a directory, and where it is.
    private struct DirectoryMove {
        var replica: KafkaAdmin.Replica
        var wanted: String
        var current: String?
        var future: String?

        var isMoving: Bool { future != nil }

        var line: String {
            let (partition, broker) = (replica.partition, replica.broker)
            guard let current else {
                return "Partition \(partition) cannot be found in any live log directory on broker \(broker)."
            }
            if let future {
                return future == wanted
                    ? "Reassignment of replica \(partition)-\(broker) is still in progress."
                    : "Partition \(partition) on broker \(broker) is being moved to log dir \(future) instead of \(wanted)."
            }
            return current == wanted
                ? "Reassignment of replica \(partition)-\(broker) completed successfully."
                : "Partition \(partition) on broker \(broker) is not being moved from log dir \(current) to \(wanted)."
        }
    }

    private func directories(_ plan: ReassignmentPlan) async throws -> [DirectoryMove] {
        guard !plan.directories.isEmpty else { return [] }
        let brokers = Set(plan.directories.keys.map(\.broker)).sorted()
        let told = try await admin.describeLogDirs(of: brokers, partitions: plan.directories.keys.map(\.partition))
            .get()
        return plan.directories.sorted { ($0.key.broker, $0.key.partition) < ($1.key.broker, $1.key.partition) }.map {
            replica, wanted in
            let dirs = told[replica.broker] ?? []
            return DirectoryMove(
                replica: replica, wanted: wanted,
                current: dirs.first { $0.replicas[replica.partition] != nil }?.path,
                future: dirs.first { $0.futureReplicas[replica.partition] != nil }?.path)
        }
    }

    /// Has replicas moved to directories, and tries again while their broker has yet to get them.
    private func move(_ wanted: [KafkaAdmin.Replica: String], _ patience: Duration) async throws {
        var left = wanted
        let until = admin.loop.now + patience
        while !left.isEmpty {
            for (replica, result) in await admin.alterReplicaLogDirs(left) {
                switch result {
                case .success:
                    say(
                        "Successfully started moving log directory to \(left[replica] ?? "") for replica "
                            + "\(replica.partition) with broker \(replica.broker)")
                    left[replica] = nil
                case .failure(let error) where error.code.broker == .replicaNotAvailable: continue
                case .failure(let error): throw error
                }
            }
            guard !left.isEmpty else { return }
            guard admin.loop.now < until else {
                let names = left.keys.map { "\($0.partition) at broker \($0.broker)" }.sorted()
                throw ToolFailure(
                    "no move to another directory has begun in time for \(names.joined(separator: ", ")); --timeout says how "
                        + "long to wait")
            }
            try await admin.loop.sleep(for: .milliseconds(100))
        }
    }
}

extension String {
    fileprivate var lines: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }
}
