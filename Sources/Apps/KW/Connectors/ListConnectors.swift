import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors list`: the connectors, one a line.
struct ListConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Connectors with their states, how many tasks run, and their class.")

    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        let all = try await options.open(tool).all()
        if options.json {
            let elements = all.map { entry in
                let status = entry.status.json.dropLast()
                return status + ",\"connectorClass\":\(JSONText.string(entry.config["connector.class"]))}"
            }
            return tool.console.line(JSONText.array(elements.map { String($0) }))
        }
        guard !all.isEmpty else { return tool.console.note("There are no connectors.") }
        var table = TextTable([
            .text("NAME"), .text("TYPE"), .text("STATE"), .number("RUNNING"), .text("WORKER"), .wide("CLASS"),
        ])
        for (status, config) in all {
            let running = status.tasks.count { $0.state == .running }
            table.add([
                status.name, status.type, status.connector.state.description, "\(running)/\(status.tasks.count)",
                status.connector.worker, config["connector.class"] ?? "",
            ])
        }
        table.lines(width: tool.width) { tool.console.paint($0, .bold) }.forEach(tool.console.line)
    }
}

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
