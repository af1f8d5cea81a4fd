import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw offsets`: offsets of partitions by time or position, as `kafka-get-offsets` tells them.
struct OffsetsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "offsets", abstract: "Show the offsets of topics by time or position.",
        discussion: """
            A line for each partition: topic:partition:offset. A partition without a record that is new enough has no line.

              kw offsets --topic orders
              kw offsets --time earliest --topic-partitions 'orders:0-2,payments:1'
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The topic, or a regular expression for the whole name (default: all).", valueName: "topic"),
        completion: .topicNames)
    var topic: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Partitions of those topics, with commas between (default: all).", valueName: "0,1"))
    var partitions: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Topics with their partitions: a topic or expression, then a number, FROM-BEFORE, FROM- or -BEFORE.",
            valueName: "topic:0-3"))
    var topicPartitions: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Which offset: latest (-1), earliest (-2), max-timestamp (-3), earliest-local (-4), latest-tiered (-5), "
                + "earliest-pending-upload (-6), or that of the first record not older than a time in milliseconds since 1970.",
            valueName: "time"))
    var time = "latest"

    @Flag(help: "Leave out topics of the brokers' own.") var excludeInternalTopics = false

    func perform(_ tool: Tool) async throws {
        if topicPartitions != nil, topic != nil || partitions != nil {
            throw ValidationError("--topic-partitions cannot be used with --topic or --partitions")
        }
        let spec = try spec
        let selection = try PartitionSelection(topic: topic, partitions: partitions, list: topicPartitions)
        let admin = try await tool.admin(cluster)
        var wanted: [TopicPartition: KafkaAdmin.OffsetSpec] = [:]
        for topic in try await admin.listTopics(internals: !excludeInternalTopics) {
            for partition in topic.partitions where selection.contains(topic.name, partition.partition) {
                wanted[TopicPartition(topic.name, partition.partition)] = spec
            }
        }
        guard !wanted.isEmpty else {
            throw ToolFailure(
                "Could not match any topic-partitions with the specified filters; kw topics --list shows the topics")
        }
        var failures = Failures()
        var lines: [String] = []
        // By text, as Kafka's tool: partition 10 stands before partition 2.
        let results = await admin.listOffsets(wanted).map { (name: "\($0.key)", partition: $0.key, result: $0.value) }
        for (_, partition, result) in results.sorted(by: { $0.name < $1.name }) {
            guard let listed = failures.take(result) else { continue }
            if output.json {
                lines.append(Self.json(partition, listed))
            } else if let offset = listed.offset {
                lines.append("\(tool.shown(partition.topic)):\(partition.partition):\(offset)")
            }
        }
        if output.json { lines = [JSONText.array(lines)] }
        for line in lines { tool.console.line(line) }
        try failures.finish()
    }

    private static func json(_ partition: TopicPartition, _ listed: KafkaAdmin.ListedOffset) -> String {
        JSONText.object([
            ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
            ("offset", TopicJSON.number(listed.offset)),
            ("timestamp", listed.timestamp < 0 ? "null" : "\(listed.timestamp)"),
            ("leaderEpoch", listed.leaderEpoch == .none ? "null" : "\(listed.leaderEpoch)"),
        ])
    }

    private var spec: KafkaAdmin.OffsetSpec {
        get throws {
            switch time {
            case "latest", "-1": return .latest
            case "earliest", "-2": return .earliest
            case "max-timestamp", "-3": return .maxTimestamp
            case "earliest-local", "-4": return .earliestLocal
            case "latest-tiered", "-5": return .latestTiered
            case "earliest-pending-upload", "-6": return .earliestPendingUpload
            default:
                guard let time = Int64(time), time >= 0 else {
                    let known = [
                        "latest", "earliest", "max-timestamp", "earliest-local", "latest-tiered",
                        "earliest-pending-upload",
                    ]
                    throw ValidationError(
                        "--time \(time): give milliseconds since 1970, or \(known.joined(separator: ", "))"
                            + ConfigAdvice.question(about: time, among: known))
                }
                return .timestamp(time)
            }
        }
    }
}
