import ArgumentParser
import ConnectREST
import JSONLines
import Screens
import ToolKit

/// `kw connectors plugins`: what the worker can run.
struct ConnectorPlugins: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "The connectors that are installed at the worker.")

    @OptionGroup var options: ConnectOptions

    @Flag(help: "Converters, transformations and predicates too.")
    var all = false

    func ask(_ tool: Tool) async throws {
        let query = all ? [("connectorsOnly", "false")] : []
        let answer = try await options.open(tool).call(.get, ["connector-plugins"], query: query)
        let plugins = answer.elements.map { plugin in
            (
                name: plugin["class"]?.text ?? "", type: plugin["type"]?.text ?? "",
                version: plugin["version"]?.text
            )
        }.sorted { ($0.type, $0.name) < ($1.type, $1.name) }
        if options.json {
            return tool.console.line(
                JSONText.array(
                    plugins.map {
                        JSONText.object([
                            ("class", JSONText.string($0.name)), ("type", JSONText.string($0.type)),
                            ("version", JSONText.string($0.version)),
                        ])
                    }))
        }
        var table = TextTable([.wide("CLASS"), .text("TYPE"), .text("VERSION")])
        for plugin in plugins { table.add([plugin.name, plugin.type, plugin.version ?? ""]) }
        table.lines(width: tool.width) { tool.console.paint($0, .bold) }.forEach(tool.console.line)
    }
}
