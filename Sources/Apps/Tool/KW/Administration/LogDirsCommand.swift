import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// `kw log-dirs`: what is in the brokers' directories, as `kafka-log-dirs` tells it.
struct LogDirsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-dirs", abstract: "Show the brokers' directories, and how large the logs in them are.",
        discussion: """
            On a terminal it is a table; elsewhere JSON, as that of Kafka's tool, and with --json without the two lines in \
            front of it.
            """)

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
        let isTable = !output.json && tool.width != nil
        if !output.json, !isTable { tool.console.line("Querying brokers for log directories information") }
        var failures = Failures()
        var documents: [String] = []
        var table = Self.table
        let results = try await admin.describeLogDirs(of: brokers)
        for broker in brokers {
            guard let dirs = failures.take(results[broker]) else { continue }
            if isTable {
                for dir in dirs { Self.rows(of: dir, at: broker, topics).forEach { table.add($0) } }
                continue
            }
            documents.append(
                JavaOrder.object([
                    ("broker", "\(broker)"),
                    ("logDirs", JSONText.array(dirs.map { document($0, topics) })),
                ]))
        }
        if isTable {
            table.lines(width: tool.width) { tool.console.paint($0, .bold) }.forEach(tool.console.line)
            return try failures.finish()
        }
        if !output.json { tool.console.line("Received log directory information from brokers \(list(brokers))") }
        tool.console.line(JavaOrder.object([("version", "1"), ("brokers", JSONText.array(documents))]))
        try failures.finish()
    }

    private func list(_ brokers: [BrokerID]) -> String { brokers.map { "\($0)" }.joined(separator: ",") }

    static var table: TextTable {
        TextTable([
            .number("BROKER"), .wide("DIRECTORY"), .wide("PARTITION"), .number("BYTES"), .number("LAG"), .text("STATE"),
        ])
    }

    /// A row for each partition in a directory; one without partitions where there are none.
    static func rows(of dir: KafkaAdmin.LogDir, at broker: BrokerID, _ topics: Set<String>) -> [[String]] {
        let state = dir.error?.name ?? "ok"
        let rows = replicas(of: dir, topics).map { entry in
            [
                "\(broker)", dir.path, "\(entry.partition)", Figures.grouped(entry.replica.size),
                Figures.grouped(entry.replica.lag), entry.isFuture ? "on its way here" : state,
            ]
        }
        return rows.isEmpty ? [["\(broker)", dir.path, "–", "–", "–", state]] : rows
    }

    private typealias Entry = (partition: TopicPartition, replica: KafkaAdmin.LogDir.Replica, isFuture: Bool)

    private static func replicas(of dir: KafkaAdmin.LogDir, _ topics: Set<String>) -> [Entry] {
        let replicas =
            dir.replicas.map { (partition: $0.key, replica: $0.value, isFuture: false) }
            + dir.futureReplicas.map { (partition: $0.key, replica: $0.value, isFuture: true) }
        return replicas.filter { topics.isEmpty || topics.contains($0.partition.topic) }
            .sorted { $0.partition < $1.partition }
    }

    private func document(_ dir: KafkaAdmin.LogDir, _ topics: Set<String>) -> String {
        let partitions = JavaOrder.hashMap(Self.replicas(of: dir, topics), hash: { JavaOrder.hash($0.partition) }).map {
            entry in
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
