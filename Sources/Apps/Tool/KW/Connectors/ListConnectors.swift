import ArgumentParser
import ConnectREST
import JSONLines
import Screens
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
