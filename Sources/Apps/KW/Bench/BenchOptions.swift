import ArgumentParser
import KafkaWire
import ToolKit

/// The options that every benchmark has.
struct BenchOptions: ParsableArguments {
    @Option(help: "The topic.")
    var topic: String

    @Option(help: ArgumentHelp("How often a line tells how it goes.", valueName: "ms"))
    var reportingInterval: Int = 5000

    @Option(
        // Kafka's older tools have the other two.
        name: [.customLong("command-property"), .customLong("producer-props"), .customLong("consumer-property")],
        parsing: .upToNextOption,
        help: ArgumentHelp("Settings of the client under Kafka's names, over the file's.", valueName: "name=value"),
        transform: NamedSetting.init)
    var commandProperty: [NamedSetting] = []

    @Option(
        name: [.customLong("producer.config"), .customLong("consumer.config")],
        help: ArgumentHelp("The same as --command-config.", valueName: "file"))
    var olderConfig: String?

    @Flag(help: "One JSON object a measurement, on standard output, instead of lines.")
    var json = false

    func validate() throws {
        guard reportingInterval > 0 else { throw ValidationError("--reporting-interval is above 0, in milliseconds") }
    }

    /// The settings of the file, and those of the options over them.
    func settings(_ cluster: ClusterOptions) throws -> ToolSettings {
        var cluster = cluster
        cluster.commandConfig = cluster.commandConfig ?? olderConfig
        var settings = try cluster.settings()
        for property in commandProperty {
            settings.set(property.name, property.value, place: "--command-property")
        }
        return settings
    }

    /// Creates the topic where it is missing, and says how many partitions it has. Throws at once where no broker can be
    /// reached.
    func partitions(_ tool: Tool, _ client: ClientConfiguration) async throws -> Int32 {
        let admin = try await tool.admin(client)
        let outcome: Result<Int32, any Error>
        do { outcome = .success(try await Self.partitions(of: topic, admin)) } catch { outcome = .failure(error) }
        await admin.close()
        return try outcome.get()
    }

    private static func partitions(of topic: String, _ admin: KafkaAdmin) async throws -> Int32 {
        switch await admin.describeTopics([topic])[topic] {
        case .success(let description): return Int32(clamping: description.partitions.count)
        case .failure(let error) where error.code == .broker(.unknownTopicOrPartition):
            let created = try await admin.createTopics([.init(topic)]).get()
            return created[topic]?.partitions ?? 1
        case .failure(let error): throw error
        case nil: throw ToolFailure("no broker told about topic \(topic)")
        }
    }
}

/// A list with commas, such as `100,1000`.
struct ListOption<Element: Sendable>: Sendable {
    var elements: [Element]

    /// Reads each part with `read`; where that gives nil, the part "is \(wrong)".
    init(_ text: String, wrong: String, _ read: (String) -> Element?) throws {
        elements = try text.split(separator: ",").map { part in
            guard let element = read(String(part)) else { throw ValidationError("\"\(part)\" is \(wrong)") }
            return element
        }
        guard !elements.isEmpty else { throw ValidationError("an empty list is \(wrong)") }
    }
}
