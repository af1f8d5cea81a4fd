import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors delete`: they are gone; their offsets stay.
struct DeleteConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete connectors. Their offsets stay: one registered again under the name goes on there.")

    @OptionGroup var which: ConnectorNames
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        let session = try await options.open(tool)
        var deleted: [String] = []
        defer {
            if options.json { tool.console.line(JSONText.object([("deleted", JSONText.array(deleted))])) }
        }
        try await session.each(which.names) { name in
            try await session.call(.delete, ["connectors", name])
            deleted.append(JSONText.string(name))
            if !options.json { tool.console.line("\(SafeText.line(name)) is deleted.") }
        }
    }
}
