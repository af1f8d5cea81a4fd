import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw log-dirs`: what is in the brokers' directories, as `kafka-log-dirs` tells it.
struct LogDirsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-dirs", abstract: "Show the brokers' directories, and how large the logs in them are.",
        discussion: "The answer is JSON, as that of Kafka's tool; with --json without the two lines in front of it.")

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Show the directories: all that there is to do.") var describe = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The brokers, with commas between them (default: all).", valueName: "1,2"))
    var brokerList = ""
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The topics, with commas between them (default: all).", valueName: "topic,topic"))
    var topicList = ""

    func perform(_ tool: Tool) async throws {
        if !describe { throw ValidationError("log-dirs needs --describe") }
        let wanted = try brokerList.split(separator: ",").map { text in
            guard let id = Int32(text) else { throw ValidationError("--broker-list: \(text) is no broker's id") }
            return BrokerID(id)
        }
        let topics = Set(topicList.split(separator: ",").map(String.init))
        let admin = try await tool.admin(cluster)
        let all = try await admin.describeCluster().nodes.map(\.id)
        let unknown = wanted.filter { !all.contains($0) }
        guard unknown.isEmpty else {
            throw ToolFailure("there is no broker \(list(unknown)); the cluster has \(list(all))")
        }
        let brokers = wanted.isEmpty ? all : Set(wanted).sorted()
        if !output.json { tool.console.line("Querying brokers for log directories information") }
        var failures = Failures()
        var documents: [String] = []
        let results = try await admin.describeLogDirs(of: brokers)
        for broker in brokers {
            guard let dirs = failures.take(results[broker]) else { continue }
            documents.append(
                JavaOrder.object([
                    ("broker", "\(broker)"),
                    ("logDirs", JSONText.array(dirs.map { document($0, topics) })),
                ]))
        }
        if !output.json { tool.console.line("Received log directory information from brokers \(list(brokers))") }
        tool.console.line(JavaOrder.object([("version", "1"), ("brokers", JSONText.array(documents))]))
        try failures.finish()
    }

    private func list(_ brokers: [BrokerID]) -> String { brokers.map { "\($0)" }.joined(separator: ",") }

    private func document(_ dir: KafkaAdmin.LogDir, _ topics: Set<String>) -> String {
        let replicas =
            dir.replicas.map { (partition: $0.key, replica: $0.value, isFuture: false) }
            + dir.futureReplicas.map { (partition: $0.key, replica: $0.value, isFuture: true) }
        let shown = replicas.filter { topics.isEmpty || topics.contains($0.partition.topic) }
            .sorted { $0.partition < $1.partition }
        let partitions = JavaOrder.hashMap(shown, hash: { JavaOrder.hash($0.partition) }).map { entry in
            JavaOrder.object([
                ("partition", JSONText.string("\(entry.partition)")), ("size", "\(entry.replica.size)"),
                ("offsetLag", "\(entry.replica.lag)"), ("isFuture", "\(entry.isFuture)"),
            ])
        }
        return JavaOrder.object([
            ("logDir", JSONText.string(dir.path)), ("error", JSONText.string(dir.error?.name)),
            ("partitions", JSONText.array(partitions)),
        ])
    }
}
