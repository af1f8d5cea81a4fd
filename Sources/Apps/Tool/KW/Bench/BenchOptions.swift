import ArgumentParser
import ClientSetup
import KafkaWire
import ToolKit

/// The options that every benchmark has.
struct BenchOptions: ParsableArguments {
    @Option(help: "The topic.", completion: .topicNames)
    var topic: String

    @Option(help: ArgumentHelp("How often a line tells how it goes.", valueName: "ms"))
    var reportingInterval: Int = 5000

    @Option(
        // Kafka's older tools have the other two.
        name: [.customLong("command-property"), .customLong("producer-props"), .customLong("consumer-property")],
        parsing: .upToNextOption,
        help: ArgumentHelp("Settings of the client under Kafka's names, over the file's.", valueName: "name=value"),
        completion: .settings(of: SettingName.Side.allCases))
    var commandProperty: [String] = []

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
    func settings(_ cluster: ClusterOptions) throws -> NamedSettings {
        var cluster = cluster
        cluster.commandConfig = cluster.commandConfig ?? olderConfig
        var settings = try cluster.settings()
        settings.add(commandProperty, option: "--command-property")
        return settings
    }

    /// Creates the topic where it is missing. Throws at once where no broker can be reached.
    func requireTopic(_ tool: Tool, _ client: ClientConfiguration) async throws {
        _ = try await withAdmin(tool, client) { admin in try await Self.create(topic, admin) }
    }

    /// The same, and where each partition ends.
    func ends(_ tool: Tool, _ client: ClientConfiguration) async throws -> [TopicPartition: Offset] {
        try await withAdmin(tool, client) { admin in
            try await Self.create(topic, admin)
            return try await admin.endOffsets(of: topic)
        }
    }

    private func withAdmin<R: Sendable>(
        _ tool: Tool, _ client: ClientConfiguration, _ body: (KafkaAdmin) async throws -> R
    ) async throws -> R {
        let admin = try await tool.admin(client)
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(admin)) } catch { outcome = .failure(error) }
        await admin.close()
        return try outcome.get()
    }

    private static func create(_ topic: String, _ admin: KafkaAdmin) async throws {
        guard case .failure(let error) = await admin.describeTopics([topic])[topic] else { return }
        guard error.code == .broker(.unknownTopicOrPartition) else { throw error }
        _ = try await admin.createTopics([.init(topic)]).get()
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
