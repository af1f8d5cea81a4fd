import AppSupport
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// A topic as `kw topics --describe` shows it.
struct DescribedTopic {
    var description: KafkaAdmin.TopicDescription
    /// Its settings, defaults included.
    var configs: [KafkaAdmin.ConfigEntry]
    var reassignments: [TopicPartition: KafkaAdmin.Reassignment]
    /// The brokers that run.
    var live: Set<BrokerID>
    /// The partitions that were asked for.
    var shown: [KafkaAdmin.PartitionDescription] = []

    func reassignment(of partition: KafkaAdmin.PartitionDescription) -> KafkaAdmin.Reassignment? {
        reassignments[TopicPartition(description.name, partition.partition)]
    }

    /// The leader; nil where there is none, or where it does not run.
    func leader(of partition: KafkaAdmin.PartitionDescription) -> BrokerID? {
        partition.leader.flatMap { live.contains($0) ? $0 : nil }
    }

    /// How many replicas a partition shall have: while it moves there are more.
    func replicationFactor(of partition: KafkaAdmin.PartitionDescription) -> Int {
        guard let move = reassignment(of: partition),
            partition.replicas.contains(where: { move.adding.contains($0) || move.removing.contains($0) })
        else { return partition.replicas.count }
        return move.replicas.count - move.adding.count
    }

    var replicationFactor: Int { description.partitions.first.map { replicationFactor(of: $0) } ?? 0 }

    var minimumInSync: Int {
        configs.first { $0.name == "min.insync.replicas" }?.value.flatMap { Int($0) } ?? 1
    }
}

/// `kw topics --describe`.
struct TopicReport {
    let command: TopicsCommand
    let admin: KafkaAdmin
    let tool: Tool

    func write() async throws {
        var failures = Failures()
        let found = try await found()
        var topics: [DescribedTopic] = []
        if !found.isEmpty { topics = try await described(found, &failures) }
        topics = topics.map { topic in
            var topic = topic
            topic.shown = shown(of: topic)
            return topic
        }
        if command.topicsWithOverrides { topics = topics.filter { $0.configs.contains { $0.source != .standard } } }
        if command.output.json {
            if isFiltered { topics = topics.filter { !$0.shown.isEmpty } }
            tool.console.line(JSONText.array(topics.map { TopicJSON.described($0) }))
        } else if let width = tool.width {
            for topic in topics where !isFiltered || !topic.shown.isEmpty { writeTable(topic, width) }
        } else {
            // The order in which the Java client hands them to Kafka's tool.
            for topic in JavaOrder.hashMap(
                topics, capacity: topics.count, hash: { JavaOrder.hash($0.description.name) })
            {
                writeText(topic)
            }
        }
        try failures.finish()
    }

    /// The id that was asked for; nil where topics are chosen by name.
    private var topicId: String? { command.topicId.flatMap { $0 == Uuid.zero.description ? nil : $0 } }

    private func found() async throws -> [KafkaAdmin.TopicDescription] {
        guard let topicId else { return try await command.chosen(with: admin) }
        if command.ifExists, command.topic != nil {
            tool.console.line(
                "Only topic id will be used when both --topic and --topic-id are specified and topicId is not"
                    + " Uuid.ZERO_UUID")
        }
        let found = try await admin.listTopics(internals: !command.excludeInternal)
            .filter { $0.id.rawValue.description == topicId }
        if found.isEmpty, !command.ifExists {
            throw ToolFailure("TopicId '\(SafeText.line(topicId))' does not exist as expected")
        }
        return found
    }

    private func described(
        _ topics: [KafkaAdmin.TopicDescription], _ failures: inout Failures
    ) async throws -> [DescribedTopic] {
        let names = topics.map(\.name)
        async let descriptions = descriptions(of: topics)
        async let configurations = admin.describeConfigs(names.map { .topic($0) })
        async let brokers = admin.describeCluster()
        async let moves = reassignments()
        let live = Set(try await brokers.nodes.map(\.id))
        let (found, configs, reassignments) = (await descriptions, await configurations, try await moves)
        var described: [DescribedTopic] = []
        for name in names.sorted() {
            guard let description = failures.take(found[name]) else { continue }
            guard let settings = failures.take(configs[.topic(name)]) else { continue }
            described.append(
                DescribedTopic(
                    description: description, configs: settings, reassignments: reassignments, live: live))
        }
        return described
    }

    private func descriptions(
        of topics: [KafkaAdmin.TopicDescription]
    ) async -> KafkaAdmin.Results<String, KafkaAdmin.TopicDescription> {
        // What was found by its id was described by it: there is no request that tells more.
        guard topicId == nil else {
            return Dictionary(topics.map { ($0.name, .success($0)) }, uniquingKeysWith: { first, _ in first })
        }
        return await admin.describeTopics(topics.map(\.name), pageSize: command.partitionSizeLimitPerResponse)
    }

    /// What moves at present. Brokers that cannot tell, or may not, are no reason to tell nothing.
    private func reassignments() async throws(KafkaError) -> [TopicPartition: KafkaAdmin.Reassignment] {
        do throws(KafkaError) { return try await admin.listPartitionReassignments() } catch {
            guard error.code == .unsupportedVersion || error.code.broker == .clusterAuthorizationFailed else {
                throw error
            }
            return [:]
        }
    }

    // MARK: - What is shown

    private var isFiltered: Bool {
        command.underReplicatedPartitions || command.unavailablePartitions || command.underMinIsrPartitions
            || command.atMinIsrPartitions
    }

    private func shown(of topic: DescribedTopic) -> [KafkaAdmin.PartitionDescription] {
        if command.topicsWithOverrides { return [] }
        guard isFiltered else { return topic.description.partitions }
        return topic.description.partitions.filter { partition in
            let leader = topic.leader(of: partition)
            let inSync = partition.inSync.count
            return command.underReplicatedPartitions && topic.replicationFactor(of: partition) > inSync
                || command.unavailablePartitions && leader == nil
                || command.underMinIsrPartitions && (leader == nil || inSync < topic.minimumInSync)
                || command.atMinIsrPartitions && inSync == topic.minimumInSync
        }
    }

    /// The settings that are not Kafka's defaults, in the order of the Java client's map.
    private func overrides(_ topic: DescribedTopic) -> String {
        JavaOrder.hashMap(topic.configs, hash: { JavaOrder.hash($0.name) })
            .filter { $0.source != .standard }
            .map { "\($0.name)=\($0.value ?? "null")" }.joined(separator: ",")
    }

    private func writeText(_ topic: DescribedTopic) {
        let name = topic.description.name
        if !isFiltered {
            let id = topic.description.id == .zero ? "" : "\tTopicId: \(topic.description.id.rawValue)"
            tool.console.line(
                "Topic: \(name)\(id)\tPartitionCount: \(topic.description.partitions.count)"
                    + "\tReplicationFactor: \(topic.replicationFactor)\tConfigs: \(overrides(topic))")
        }
        for partition in topic.shown {
            var line = "\tTopic: \(name)\tPartition: \(partition.partition)"
            line += "\tLeader: \(topic.leader(of: partition).map { "\($0)" } ?? "none")"
            line += "\tReplicas: \(ids(partition.replicas))\tIsr: \(ids(partition.inSync))"
            if let move = topic.reassignment(of: partition) {
                line += "\tAdding Replicas: \(ids(move.adding))\tRemoving Replicas: \(ids(move.removing))"
            }
            line += "\tElr: \(partition.eligibleLeaders.map(ids) ?? "N/A")"
            line += "\tLastKnownElr: \(partition.lastKnownEligibleLeaders.map(ids) ?? "N/A")"
            tool.console.line(line)
        }
    }

    private func ids(_ brokers: [BrokerID]) -> String { brokers.map { "\($0)" }.joined(separator: ",") }

    /// For people: a heading, the settings, and a table of the partitions.
    private func writeTable(_ topic: DescribedTopic, _ width: Int) {
        let count = topic.description.partitions.count
        tool.console.line(tool.console.paint(SafeText.line(topic.description.name), .bold))
        let facts =
            "  \(count) partition\(count == 1 ? "" : "s"), \(topic.replicationFactor) "
            + "replica\(topic.replicationFactor == 1 ? "" : "s") each"
            + (topic.description.id == .zero ? "" : ", id \(topic.description.id.rawValue)")
            + (topic.description.isInternal ? ", internal" : "")
        for line in TextWidth.hanging(facts, width, indent: 2) { tool.console.line(line) }
        for entry in topic.configs where entry.source != .standard {
            let setting = "  \(SafeText.line("\(entry.name)=\(entry.value ?? "null")"))"
            for line in TextWidth.hanging(setting, width, indent: 4) { tool.console.line(line) }
        }
        guard !topic.shown.isEmpty else { return }
        let isMoving = topic.shown.contains { topic.reassignment(of: $0) != nil }
        let hasEligible = topic.shown.contains { $0.eligibleLeaders?.isEmpty == false }
        var columns: [TextTable.Column] = [
            .number("  PARTITION"), .number("LEADER"), .wide("REPLICAS"), .wide("IN SYNC"),
        ]
        if isMoving { columns += [.wide("ADDING"), .wide("REMOVING")] }
        if hasEligible { columns.append(.wide("MAY LEAD")) }
        var table = TextTable(columns)
        for partition in topic.shown {
            var row = [
                "\(partition.partition)", topic.leader(of: partition).map { "\($0)" } ?? "none",
                ids(partition.replicas), ids(partition.inSync),
            ]
            let move = topic.reassignment(of: partition)
            if isMoving { row += [ids(move?.adding ?? []), ids(move?.removing ?? [])] }
            if hasEligible { row.append(ids(partition.eligibleLeaders ?? [])) }
            table.add(row)
        }
        for line in table.lines(width: width, title: { tool.console.paint($0, .dim) }) { tool.console.line(line) }
    }
}
