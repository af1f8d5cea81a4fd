import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors config`: a connector's settings, without its passwords.
struct ConfigOfConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "A connector's settings; passwords are not shown.")

    @OptionGroup var options: ConnectOptions

    @Argument(help: ArgumentHelp("The connector.", valueName: "name"))
    var name: String

    func ask(_ tool: Tool) async throws {
        let answer = try await options.open(tool).call(.get, ["connectors", name, "config"])
        let shown = try ConnectorConfig(answer, source: "Connect's answer").shown
        if options.json {
            return tool.console.line(JSONText.object(shown.map { ($0.name, JSONText.string($0.value)) }))
        }
        for entry in shown { tool.console.line("\(SafeText.line(entry.name))=\(SafeText.line(entry.value))") }
    }
}
