import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors topics`: the topics that a connector has used.
struct TopicsOfConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "The topics that a connector has written to or read from.")

    @OptionGroup var options: ConnectOptions

    @Argument(help: ArgumentHelp("The connector.", valueName: "name"))
    var name: String

    @Flag(help: "Forget them; those that are still used come back.")
    var reset = false

    func ask(_ tool: Tool) async throws {
        let session = try await options.open(tool)
        if reset {
            try await session.call(.put, ["connectors", name, "topics", "reset"])
            return tool.console.line(
                options.json ? #"{"reset":true}"# : "The topics of \(SafeText.line(name)) are forgotten.")
        }
        let answer = try await session.call(.get, ["connectors", name, "topics"])
        let topics = (answer[name]?["topics"]?.elements ?? []).compactMap(\.text).sorted()
        if options.json { return tool.console.line(JSONText.array(topics.map { JSONText.string($0) })) }
        if topics.isEmpty { tool.console.note("\(SafeText.line(name)) has used no topics so far.") }
        topics.forEach { tool.console.line(SafeText.line($0)) }
    }
}
