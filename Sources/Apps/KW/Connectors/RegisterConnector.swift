import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors register`: a new connector, and the wait until it runs.
struct RegisterConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register a connector and wait until it and all its tasks are RUNNING.",
        discussion: """
            The connector stands in a file, or its settings are given as options, which also stand over the file's:

            kw connectors register connector.json
            kw connectors register --name activity-connector \
            --class io.debezium.connector.postgresql.PostgresConnector --config database.hostname=localhost …

            A task that FAILED ends the wait, with its reason and status 1; the connector stays registered.
            """)

    @OptionGroup var source: ConnectorSource

    @Option(help: ArgumentHelp("The connector's name, over the file's.", valueName: "name"))
    var name: String?

    @Flag(
        name: [.customLong("replace"), .customLong("update")],
        help: "A connector of that name that exists gets these settings instead of its own.")
    var replace = false

    @Option(help: ArgumentHelp("How it begins: running, paused or stopped (Kafka 3.7).", valueName: "state"))
    var initialState: InitialState = .running

    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    enum InitialState: String, ExpressibleByArgument {
        case running
        case paused
        case stopped

        var goal: ConnectorWait.Goal {
            switch self {
            case .running: .running
            case .paused: .paused
            case .stopped: .stopped
            }
        }
    }

    func validate() throws {
        guard source.file != nil || !source.config.isEmpty || source.connectorClass != nil else {
            throw ValidationError("name a file with the connector, or give its settings with --config")
        }
        guard !(replace && initialState != .running) else {
            throw ValidationError("--initial-state is for new connectors; it does not go with --replace")
        }
    }

    func ask(_ tool: Tool) async throws {
        var (name, config) = try source.read()
        if let given = self.name {
            name = given
            // A config's own name must be the connector's.
            if config["name"] != nil { config.set("name", given) }
        }
        guard let name, !name.isEmpty else {
            throw ToolFailure("The connector has no name; --name gives it one.")
        }
        guard config["connector.class"] != nil else {
            throw ToolFailure("The settings have no connector.class; `kw connectors plugins` shows what there is.")
        }
        let session = try await options.open(tool)
        let status = try await session.change(name, to: initialState.goal, wait, secrets: config.secrets) { bound in
            if replace {
                try await session.call(.put, ["connectors", name, "config"], body: config.document, within: bound)
            } else {
                var fields: [Document.Field] = [
                    .init(name: "name", value: .string(name)), .init(name: "config", value: config.document),
                ]
                if initialState != .running {
                    fields.append(.init(name: "initial_state", value: .string(initialState.rawValue.uppercased())))
                }
                try await session.call(.post, ["connectors"], body: .object(fields), within: bound)
            }
        }
        ConnectorLine.print(tool, options, name, status, "registered")
    }
}

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

/// What a command says of a connector when it is done.
enum ConnectorLine {
    static func print(
        _ tool: Tool, _ options: ConnectOptions, _ name: String, _ status: ConnectorStatus?, _ what: String
    ) {
        if options.json {
            tool.console.line(
                status?.json
                    ?? JSONText.object([("name", JSONText.string(name)), ("accepted", "true")]))
        } else if let status {
            tool.console.line("\(SafeText.line(name)) is \(what): \(status.summary).")
        } else {
            tool.console.line("\(SafeText.line(name)) is \(what); Connect has accepted it, and nobody waited.")
        }
    }
}
