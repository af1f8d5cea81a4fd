import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire
import RecordText
import ToolKit

/// What a `kw consume` reads: the consumer's configuration from options and settings.
struct ConsumePlan {
    private(set) var configuration: KafkaConsumer.Configuration

    init(_ command: ConsumeCommand, _ tool: Tool) throws {
        let settings = try Self.settings(command)
        let groups = Set([command.group, settings.value("group.id")].compactMap { $0 })
        guard groups.count <= 1 else {
            throw ToolFailure(
                "--group says \(SafeText.line(command.group ?? "")) and \(settings.entry("group.id")?.place ?? "") "
                    + "\(SafeText.line(settings.value("group.id") ?? "")); give one group")
        }
        let start = try Self.start(command, settings, now: tool.loop.wallMilliseconds)
        let servers = command.cluster.bootstrap(settings)
        let topics: KafkaConsumer.Topics
        if let include = command.include {
            topics = .matching(try TopicPattern(include))
        } else {
            topics = .named([command.topic ?? ""])
        }
        if let group = groups.first {
            if command.partition != nil {
                throw ValidationError(
                    "a group decides itself who reads which partition; leave out --group or --partition")
            }
            guard command.offset == nil, command.fromTime == nil else {
                throw ValidationError(
                    "a group goes on where it has committed; leave out --group, or set its offsets with kw groups "
                        + "--reset-offsets")
            }
            configuration = .init(bootstrapServers: servers, group: group, topics: [])
            configuration.source = .group(group, topics: topics)
        } else if let partition = command.partition {
            let one = TopicPartition(command.topic ?? "", PartitionID(partition))
            configuration = .init(bootstrapServers: servers, partitions: [one: start])
        } else {
            configuration = .init(bootstrapServers: servers, topics: topics, from: start)
        }
        // As Kafka's tool: what was written before is passed over, unless it is asked for.
        configuration.offsetReset = command.fromBeginning ? .earliest : .latest
        configuration.client.clientId = "console-consumer"
        configuration.client.connectTimeout = .seconds(4)
        configuration.tellsEnds = command.exitAtEnd
        if command.exitAtEnd { configuration.fetchMaximumWait = .milliseconds(100) }
        try settings.apply(to: &configuration, tool)
    }

    private static func settings(_ command: ConsumeCommand) throws -> NamedSettings {
        var settings = try command.cluster.settings()
        try settings.add(file: command.consumerConfig)
        settings.add(command.property, option: "--command-property")
        if let level = command.isolationLevel { settings.set("isolation.level", level, place: "--isolation-level") }
        if command.fromBeginning, let reset = settings.entry("auto.offset.reset"), reset.value != "earliest" {
            throw ToolFailure(
                "\(reset.place): auto.offset.reset is \(SafeText.line(reset.value)), and --from-beginning says earliest; "
                    + "give one of them")
        }
        return settings
    }

    /// Where to begin without a group.
    private static func start(
        _ command: ConsumeCommand, _ settings: NamedSettings, now: Int64
    ) throws -> KafkaConsumer.StartingOffset {
        if let text = command.fromTime { return .time(try moment(text, "--from-time", now)) }
        guard let text = command.offset else {
            let isEarliest = command.fromBeginning || settings.value("auto.offset.reset") == "earliest"
            return isEarliest ? .earliest : .latest
        }
        switch text.lowercased() {
        case "earliest", "beginning": return .earliest
        case "latest", "end": return .latest
        default: break
        }
        if let number = Int64(text) {
            // A minus is a count from the end, of which there may be 0.
            return text.hasPrefix("-") ? .last(number == .min ? .max : -number) : .offset(Offset(number))
        }
        return .time(try moment(text, "--offset", now))
    }

    private static func moment(_ text: String, _ option: String, _ now: Int64) throws -> Int64 {
        guard let moment = Moment(text, now: now) else {
            let offsets = option == "--offset" ? "a number, earliest, latest, -10 for the last ten, or " : ""
            throw ValidationError(
                "\(option) \(SafeText.line(text)) is no place in a topic; write \(offsets)a time such as "
                    + "2026-01-07T22:00:00Z")
        }
        return moment.milliseconds
    }
}
