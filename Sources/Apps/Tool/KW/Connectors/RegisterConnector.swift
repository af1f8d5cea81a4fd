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
            kw connectors register --name activity-connector \\
              --class io.debezium.connector.postgresql.PostgresConnector \\
              --config database.hostname=localhost

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
