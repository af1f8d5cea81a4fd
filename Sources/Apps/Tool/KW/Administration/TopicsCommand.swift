import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw topics`: creates, lists, describes, grows and deletes topics, as `kafka-topics` does.
struct TopicsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "Create, list, describe, alter and delete topics.",
        discussion: """
            One of --create, --list, --describe, --alter and --delete says what to do. But for --create, --topic is a \
            regular expression that has to match the whole name; commas part alternatives.

              kw topics --create --topic orders --partitions 4 --config retention.ms=3600000
              kw topics --describe --topic 'orders|payments'
              kw topics --alter --topic orders --partitions 8
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Create a topic.") var create = false
    @Flag(help: "List the topics' names.") var list = false
    @Flag(help: "Show partitions, leaders, replicas and what was configured.") var describe = false
    @Flag(help: "Add partitions to topics.") var alter = false
    @Flag(help: "Delete topics with all that is in them.") var delete = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The topic; but for --create also a regular expression.", valueName: "topic"),
        completion: .topicNames)
    var topic: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Describe the topic with that id, whatever its name is.", valueName: "id"))
    var topicId: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Partitions to create, or to have after --alter (default: the broker's).", valueName: "number"))
    var partitions: Int32?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Replicas of each partition to create (default: the broker's).", valueName: "number"))
    var replicationFactor: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Which brokers hold each partition: colons between a partition's brokers, the preferred leader first, and commas "
                + "between partitions.", valueName: "1:2,2:3"))
    var replicaAssignment: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A setting of the topic to create; may come several times.", valueName: "name=value"))
    var config: [String] = []

    @Option(parsing: .unconditionalSingleValue, help: .hidden)
    var deleteConfig: [String] = []

    @Flag(help: "Describe only partitions that lack replicas in sync.") var underReplicatedPartitions = false
    @Flag(help: "Describe only partitions without a leader.") var unavailablePartitions = false
    @Flag(help: "Describe only partitions with fewer replicas in sync than min.insync.replicas.")
    var underMinIsrPartitions = false
    @Flag(help: "Describe only partitions with just min.insync.replicas replicas in sync.")
    var atMinIsrPartitions = false
    @Flag(help: "Describe only topics with settings of their own, without their partitions.")
    var topicsWithOverrides = false
    @Flag(help: "Do nothing where the topic is not there, instead of failing.") var ifExists = false
    @Flag(help: "Do nothing where the topic is there already, instead of failing.") var ifNotExists = false
    @Flag(help: "List or describe no topics of the brokers' own.") var excludeInternal = false

    @Option(
        help: ArgumentHelp("Partitions in one answer of the broker when describing.", valueName: "number"))
    var partitionSizeLimitPerResponse: Int32 = 2000

    // MARK: - Usage

    /// Not `validate()`, which would complain of what is missing before a misspelt option is named.
    private func checkUsage() throws {
        let action = try requireOne([
            ("--list", list), ("--describe", describe), ("--create", create), ("--alter", alter), ("--delete", delete),
        ])
        if topic == nil, !list, !describe { throw ValidationError("\(action) needs --topic") }
        if alter, !config.isEmpty {
            throw ValidationError(
                "--alter changes no settings; use kw configs --alter --topic NAME --add-config NAME=VALUE")
        }
        if alter, partitions == nil { throw ValidationError("--alter needs --partitions, the number to have then") }
        let isFiltered =
            underReplicatedPartitions || unavailablePartitions || underMinIsrPartitions || atMinIsrPartitions
        for (option, isGiven, actions) in [
            ("--config", !config.isEmpty, ["--create"]), ("--partitions", partitions != nil, ["--create", "--alter"]),
            ("--replication-factor", replicationFactor != nil, ["--create"]),
            ("--replica-assignment", replicaAssignment != nil, ["--create", "--alter"]),
            ("--under-replicated-partitions", underReplicatedPartitions, ["--describe"]),
            ("--unavailable-partitions", unavailablePartitions, ["--describe"]),
            ("--under-min-isr-partitions", underMinIsrPartitions, ["--describe"]),
            ("--at-min-isr-partitions", atMinIsrPartitions, ["--describe"]),
            ("--topics-with-overrides", topicsWithOverrides, ["--describe"]),
            ("--topic-id", topicId != nil, ["--describe"]),
            ("--if-exists", ifExists, ["--alter", "--delete", "--describe"]),
            ("--if-not-exists", ifNotExists, ["--create"]),
            ("--exclude-internal", excludeInternal, ["--list", "--describe"]),
        ] where isGiven && !actions.contains(action) {
            throw ValidationError("\(option) goes with \(actions.joined(separator: " or ")), not with \(action)")
        }
        if topicsWithOverrides, isFiltered {
            throw ValidationError("--topics-with-overrides shows no partitions; leave the other filter out")
        }
        if create, replicaAssignment != nil, partitions != nil || replicationFactor != nil {
            throw ValidationError(
                "--replica-assignment says how many partitions and replicas there are; leave --partitions and "
                    + "--replication-factor out")
        }
        if let replicationFactor, !(1...Int(Int16.max)).contains(replicationFactor) {
            throw ValidationError("--replication-factor is a number from 1 to 32767")
        }
        if let partitions, partitions < 1 { throw ValidationError("--partitions is 1 or more") }
        if partitionSizeLimitPerResponse < 1 {
            throw ValidationError("--partition-size-limit-per-response is 1 or more")
        }
        if describe, ifExists, topic == nil, topicId == nil {
            throw ValidationError("--describe --if-exists needs --topic or --topic-id")
        }
        _ = try assignments
        _ = try configs
    }

    /// The brokers of each partition.
    private var assignments: [[BrokerID]]? {
        get throws {
            guard let replicaAssignment, !replicaAssignment.isEmpty else { return nil }
            let all = try replicaAssignment.split(separator: ",", omittingEmptySubsequences: false).map { partition in
                try partition.split(separator: ":", omittingEmptySubsequences: false).map { broker in
                    guard let id = Int32(broker.filter { $0 != " " }) else {
                        throw ValidationError("--replica-assignment: \"\(broker)\" is no broker's id")
                    }
                    return BrokerID(id)
                }
            }
            for (index, brokers) in all.enumerated() {
                if Set(brokers).count < brokers.count {
                    throw ValidationError("--replica-assignment: partition \(index) names a broker twice")
                }
                if brokers.count != all[0].count {
                    throw ValidationError(
                        "--replica-assignment: partition \(index) has another number of replicas than partition 0")
                }
            }
            return all
        }
    }

    private var configs: [String: String] {
        get throws {
            var values: [String: String] = [:]
            for setting in config {
                guard let sign = setting.firstIndex(of: "="), sign != setting.startIndex else {
                    throw ValidationError("--config \(setting): write it as NAME=VALUE")
                }
                let value = trimmed(setting[setting.index(after: sign)...])
                values[trimmed(setting[..<sign])] = value
            }
            return values
        }
    }

    // MARK: - Work

    func perform(_ tool: Tool) async throws {
        try checkUsage()
        if !deleteConfig.isEmpty {
            tool.complain("--delete-config has no effect since Kafka 4.0; use kw configs --alter --delete-config")
        }
        let admin = try await tool.admin(cluster)
        if create { return try await create(with: admin, tool) }
        if describe { return try await TopicReport(command: self, admin: admin, tool: tool).write() }
        let topics = try await chosen(with: admin)
        if list { return write(list: topics, tool) }
        if alter { return try await grow(topics, with: admin, tool) }
        try await delete(topics, with: admin, tool)
    }

    private func create(with admin: KafkaAdmin, _ tool: Tool) async throws {
        let name = topic ?? ""
        if !output.json, name.contains(".") || name.contains("_") {
            tool.console.line(
                "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide."
                    + " To avoid issues it is best to use either, but not both.")
        }
        let new = KafkaAdmin.NewTopic(
            name, partitions: partitions, replicationFactor: replicationFactor.map { Int16(clamping: $0) },
            assignments: try assignments, configs: try configs)
        do {
            let created = try await admin.createTopics([new]).get()
            if output.json {
                tool.console.line(JSONText.array(created.map { TopicJSON.created($0.key, $0.value) }))
            } else {
                tool.console.line("Created topic \(tool.shown(name)).")
            }
        } catch {
            if error.code.broker == .topicAlreadyExists, ifNotExists {
                if output.json { tool.console.line("[]") }
                return
            }
            throw ConfigAdvice.advised(error, given: try configs.keys, known: ConfigAdvice.topicNames)
        }
    }

    /// The topics that the options mean, in the order of their names.
    func chosen(with admin: KafkaAdmin) async throws -> [KafkaAdmin.TopicDescription] {
        let pattern = try topic.map { try NamePattern($0) } ?? .any
        let all = try await admin.listTopics(internals: !excludeInternal)
        let found = all.filter { pattern.matches($0.name) }
        if !list, found.isEmpty, let topic, !topic.isEmpty, !ifExists { throw missing(topic, among: all) }
        return found
    }

    private func missing(_ topic: String, among all: [KafkaAdmin.TopicDescription]) -> ToolFailure {
        ToolFailure(
            "Topic '\(SafeText.line(topic))' does not exist as expected"
                + ConfigAdvice.question(about: topic, among: all.map { SafeText.line($0.name) }))
    }

    private func write(list topics: [KafkaAdmin.TopicDescription], _ tool: Tool) {
        if output.json {
            tool.console.line(JSONText.array(topics.map { TopicJSON.listed($0) }))
        } else if topics.isEmpty {
            // As Kafka's tool: one line, also where there is nothing to put on it.
            tool.console.line("")
        } else {
            for topic in topics { tool.console.line(tool.shown(topic.name)) }
        }
    }

    private func grow(_ topics: [KafkaAdmin.TopicDescription], with admin: KafkaAdmin, _ tool: Tool) async throws {
        let assignments = try assignments
        var changes: [String: KafkaAdmin.NewPartitions] = [:]
        for topic in topics {
            changes[topic.name] = .init(
                total: partitions ?? 0,
                assignments: assignments.map { Array($0.dropFirst(topic.partitions.count)) })
        }
        try await finish(await admin.addPartitions(changes), tool) { name in
            [("name", JSONText.string(name)), ("partitionCount", "\(partitions ?? 0)")]
        }
    }

    private func delete(_ topics: [KafkaAdmin.TopicDescription], with admin: KafkaAdmin, _ tool: Tool) async throws {
        try await finish(await admin.deleteTopics(topics.map(\.name)), tool) { [("name", JSONText.string($0))] }
    }

    /// Says, as JSON, what worked, and in sentences what did not. Kafka's tool is silent where all worked.
    private func finish(
        _ results: KafkaAdmin.Results<String, Void>, _ tool: Tool, _ fields: (String) -> [(String, String)]
    ) async throws {
        var failures = Failures()
        var done: [String] = []
        for (name, result) in results.sorted(by: { $0.key < $1.key }) {
            if failures.take(result) != nil { done.append(JSONText.object(fields(name))) }
        }
        if output.json { tool.console.line(JSONText.array(done)) }
        try failures.finish()
    }

    private func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
