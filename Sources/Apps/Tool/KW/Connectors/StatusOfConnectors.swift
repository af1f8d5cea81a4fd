import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import Screens
import ToolKit

/// `kw connectors status`: connectors and their tasks.
struct StatusOfConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "The state of connectors and of each of their tasks, and why one FAILED.",
        discussion: "Without a name, all connectors.")

    @OptionGroup var options: ConnectOptions

    @Argument(help: ArgumentHelp("The connectors (default: all).", valueName: "name"))
    var names: [String] = []

    @Flag(help: "Whole stack traces of what FAILED, behind the table.")
    var trace = false

    @Flag(help: "End with status 1 unless everything is RUNNING.")
    var check = false

    func ask(_ tool: Tool) async throws {
        let session = try await options.open(tool)
        var found: [ConnectorStatus] = []
        var missing: ToolFailure?
        if names.isEmpty {
            found = try await session.all().map(\.status)
        } else {
            do {
                try await session.each(names) { found.append(try await session.requiredStatus($0)) }
            } catch let error as ToolFailure { missing = error }
        }
        if options.json {
            tool.console.line(JSONText.array(found.map(\.json)))
        } else if found.isEmpty, missing == nil {
            tool.console.note("There are no connectors.")
        } else if !found.isEmpty {
            lines(found, tool).forEach(tool.console.line)
        }
        if let missing { throw missing }
        let others = found.filter { !$0.isRunning }
        if check, !others.isEmpty {
            throw ToolFailure(others.map { SafeText.line("\($0.name) is not RUNNING: \($0.summary).") })
        }
    }

    private func lines(_ found: [ConnectorStatus], _ tool: Tool) -> [String] {
        var table = TextTable([
            .text("NAME"), .text("TASK"), .text("STATE"), .text("WORKER"), .wide("WHY"),
        ])
        for status in found {
            for part in status.parts {
                table.add([
                    status.name, part.task.map { "\($0)" } ?? "-", part.state.description, part.worker,
                    part.trace?.firstLine ?? "",
                ])
            }
        }
        var lines = table.lines(width: tool.width) { tool.console.paint($0, .bold) }
        guard trace else { return lines }
        for status in found {
            for part in status.parts {
                guard let trace = part.trace else { continue }
                lines.append("")
                lines.append(tool.console.paint("\(SafeText.line(status.name)), \(part.name)", .bold))
                lines.append(SafeText.text(Array(trace.text.utf8)))
            }
        }
        return lines
    }
}
