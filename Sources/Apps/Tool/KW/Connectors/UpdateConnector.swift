import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors update`: other settings for a connector that is there.
struct UpdateConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a connector's settings and wait until it is RUNNING again.",
        discussion: """
            With a file, its settings replace the connector's. Without one, the connector keeps its settings but for those \
            given with --config and --remove.
            """)

    @Argument(help: ArgumentHelp("The connector.", valueName: "name"))
    var name: String

    @OptionGroup var source: ConnectorSource

    @Option(help: ArgumentHelp("A setting that goes; may be repeated.", valueName: "key"))
    var remove: [String] = []

    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    func validate() throws {
        guard source.file != nil || !source.config.isEmpty || source.connectorClass != nil || !remove.isEmpty else {
            throw ValidationError("name a file with the settings, or give some with --config or --remove")
        }
    }

    func ask(_ tool: Tool) async throws {
        let (_, given) = try source.read()
        let session = try await options.open(tool)
        // Asked in any case: PUT would make a connector that does not exist.
        let current = try await session.call(.get, ["connectors", name, "config"])
        var config = source.file == nil ? try ConnectorConfig(current, source: "Connect's answer") : ConnectorConfig()
        for entry in given.entries { config.set(entry.name, entry.value) }
        for key in remove { config.remove(key) }
        config.set("name", name)
        let isPaused = try await session.status(name)?.connector.state
        let goal: ConnectorWait.Goal = isPaused == .paused ? .paused : isPaused == .stopped ? .stopped : .running
        let body = config.document
        let status = try await session.change(name, to: goal, wait, secrets: config.secrets) { bound in
            try await session.call(.put, ["connectors", name, "config"], body: body, within: bound)
        }
        ConnectorLine.print(tool, options, name, status, "changed")
    }
}
