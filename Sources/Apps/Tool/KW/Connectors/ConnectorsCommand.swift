import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors`: Kafka Connect over its REST API.
struct ConnectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors",
        abstract: "Register, watch and steer the connectors of Kafka Connect.",
        discussion: """
            Asks a worker's REST API. --connect, or the environment's CONNECT_URL, says where it is; of several addresses \
            with commas between them the first that answers is asked.

            kw connectors register activity-connector.json
            kw connectors register --name files --config file=/tmp/in \\
                --config connector.class=FileStreamSource --config topic=lines
            kw connectors status
            kw connectors restart activity-connector --include-tasks --only-failed
            """,
        subcommands: [
            ListConnectors.self, ConnectorPlugins.self, RegisterConnector.self, UpdateConnector.self,
            StatusOfConnectors.self, ConfigOfConnector.self, RestartConnectors.self, PauseConnectors.self,
            ResumeConnectors.self, StopConnectors.self, DeleteConnectors.self, OffsetsOfConnector.self,
            TopicsOfConnector.self, ValidateConnector.self,
        ],
        defaultSubcommand: ListConnectors.self)
}

/// A command below `kw connectors`.
protocol ConnectorsSubcommand: ToolCommand {
    /// Does the work. What Connect refuses becomes sentences.
    func ask(_ tool: Tool) async throws
}

extension ConnectorsSubcommand {
    static var toolName: String { "kw connectors \(_commandName)" }

    func perform(_ tool: Tool) async throws {
        do { try await ask(tool) } catch let error as ConnectError { throw ToolFailure(error.sentences) }
    }
}

/// Where Connect is, and how its answers are shown.
struct ConnectOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Connect's REST address; several with commas between them (default: $CONNECT_URL, else "
                + "http://localhost:8083).", valueName: "url"))
    var connect: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    /// A session with the first worker that answers.
    func open(_ tool: Tool) async throws -> ConnectSession {
        ConnectSession(client: try await ConnectClient.open(try ConnectAddress.list(connect)), tool: tool)
    }
}

/// How long to wait for what was asked for.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long to wait until it is so, and while Connect rebalances.", valueName: "duration"))
    var wait = TimeSpan(.seconds(60))

    @Flag(help: "Return as soon as Connect has accepted it.")
    var noWait = false

    func validate() throws {
        guard wait.duration > .zero else {
            throw ValidationError("--wait is longer than nothing; --no-wait does not wait")
        }
    }
}

/// The connectors that a command is about.
struct ConnectorNames: ParsableArguments {
    @Argument(help: ArgumentHelp("The connectors.", valueName: "name"))
    var names: [String]
}
