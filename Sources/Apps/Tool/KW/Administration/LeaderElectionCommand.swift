import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw leader-election`: has leaders elected, as `kafka-leader-election` does.
struct LeaderElectionCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "leader-election", abstract: "Give partitions back to their preferred leaders, or any leader.",
        discussion: """
            An unclean election takes a replica that is not in sync, for partitions without a leader: records may be lost.

              kw leader-election --election-type preferred --all-topic-partitions
            """)

    enum ElectionType: String, ExpressibleByArgument {
        case preferred
        case unclean

        init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    }

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    /// Kafka's older name of `--command-config`.
    @Option(name: .customLong("admin.config"), help: .hidden) var adminConfig: String?

    @Option(help: ArgumentHelp("preferred or unclean.", valueName: "type")) var electionType: ElectionType
    @Option(
        parsing: .unconditional, help: ArgumentHelp("The topic of --partition.", valueName: "topic"),
        completion: .topicNames)
    var topic: String?
    @Option(help: ArgumentHelp("The partition of --topic.", valueName: "number")) var partition: Int32?
    @Flag(help: "All partitions that need it.") var allTopicPartitions = false
    @Option(
        help: ArgumentHelp(
            "A JSON file: {\"partitions\": [{\"topic\": \"orders\", \"partition\": 1}]}.", valueName: "file"))
    var pathToJsonFile: String?

    func perform(_ tool: Tool) async throws {
        _ = try requireOne([
            ("--topic", topic != nil), ("--all-topic-partitions", allTopicPartitions),
            ("--path-to-json-file", pathToJsonFile != nil),
        ])
        if (topic == nil) != (partition == nil) { throw ValidationError("--topic and --partition go together") }
        var wanted: [TopicPartition]?
        if let topic, let partition { wanted = [TopicPartition(topic, PartitionID(partition))] }
        if let pathToJsonFile { wanted = try Self.partitions(pathToJsonFile) }
        var cluster = cluster
        cluster.commandConfig = cluster.commandConfig ?? adminConfig
        let admin = try await tool.admin(cluster)
        let type: KafkaAdmin.ElectionType = electionType == .preferred ? .preferred : .unclean
        var failures = Failures()
        var elected: [TopicPartition] = []
        var unneeded: [TopicPartition] = []
        for (partition, result) in try await admin.electLeaders(type, wanted).sorted(by: { $0.key < $1.key }) {
            switch result {
            case .success: elected.append(partition)
            case .failure(let error) where error.code.broker == .electionNotNeeded: unneeded.append(partition)
            case .failure(let error): failures.add(error)
            }
        }
        if output.json {
            tool.console.line(
                JSONText.object([
                    ("elected", JSONText.array(elected.map(Self.json))),
                    ("alreadyElected", JSONText.array(unneeded.map(Self.json))),
                ]))
        } else {
            let name = electionType.rawValue.uppercased()
            if !elected.isEmpty {
                tool.console.line(
                    "Successfully completed leader election (\(name)) for partitions \(list(elected, tool))")
            }
            if !unneeded.isEmpty {
                tool.console.line("Valid replica already elected for partitions \(list(unneeded, tool))")
            }
        }
        try failures.finish()
    }

    private func list(_ partitions: [TopicPartition], _ tool: Tool) -> String {
        tool.shown(
            JavaOrder.hashMap(partitions, hash: { JavaOrder.hash($0) }).map { "\($0)" }.joined(separator: ", "))
    }

    private static func json(_ partition: TopicPartition) -> String {
        JSONText.object([("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)")])
    }

    private static func partitions(_ file: String) throws -> [TopicPartition] {
        let text = String(decoding: try FileContent.bytes(file), as: UTF8.self)
        guard case .array(let entries)? = JSON(text)?["partitions"] else {
            throw ToolFailure("\(file): this is no JSON with a list \"partitions\"")
        }
        var found: [TopicPartition] = []
        for (index, entry) in entries.enumerated() {
            guard let topic = entry["topic"].text, let number = entry["partition"].number.flatMap(Int32.init(exactly:))
            else { throw ToolFailure("\(file): entry \(index + 1) needs a topic and a partition") }
            let partition = TopicPartition(topic, PartitionID(number))
            if found.contains(partition) { throw ToolFailure("\(file): partition \(partition) is named twice") }
            found.append(partition)
        }
        return found
    }
}
