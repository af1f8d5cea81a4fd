import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import Screens
import ToolKit

/// `kw connectors offsets`: how far a connector is, and putting it elsewhere.
struct OffsetsOfConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "offsets",
        abstract: "How far a connector is; --reset and --alter put a stopped one elsewhere (Kafka 3.6).",
        discussion:
            "The file of --alter is {\"offsets\": [{\"partition\": {…}, \"offset\": {…}}]}, as --json prints it.")

    @OptionGroup var options: ConnectOptions

    @Argument(help: ArgumentHelp("The connector.", valueName: "name"))
    var name: String

    @Flag(help: "Forget them: it begins anew when it is resumed.")
    var reset = false

    @Option(help: ArgumentHelp("Set those of this file; - is standard input.", valueName: "file"))
    var alter: String?

    func validate() throws {
        guard !(reset && alter != nil) else { throw ValidationError("--reset and --alter do not go together") }
    }

    func ask(_ tool: Tool) async throws {
        var body: Document?
        if let alter {
            guard let document = Document(try FileContent.bytes(alter)), !(document["offsets"]?.elements ?? []).isEmpty
            else {
                throw ToolFailure(
                    "\(SafeText.line(alter)) is no document {\"offsets\": [{\"partition\": …, \"offset\": …}]}.")
            }
            body = document
        }
        let session = try await options.open(tool)
        let path = ["connectors", name, "offsets"]
        if reset || body != nil {
            let answer: Document
            do {
                answer = try await session.call(reset ? .delete : .patch, path, body: body)
            } catch let error as ConnectError where error.description.contains("STOPPED state") {
                let shown = SafeText.line(name)
                throw ToolFailure(
                    "The offsets of \(shown) can be changed only while it is stopped: `kw connectors stop \(shown)` first, "
                        + "and `kw connectors resume \(shown)` afterwards.")
            }
            let message = answer["message"]?.text ?? "Connect has accepted it."
            return tool.console.line(
                options.json ? JSONText.object([("message", JSONText.string(message))]) : SafeText.line(message))
        }
        let answer = try await session.call(.get, path)
        if options.json { return tool.console.line(answer.compact) }
        let offsets = answer["offsets"]?.elements ?? []
        guard !offsets.isEmpty else { return tool.console.note("\(SafeText.line(name)) has no offsets yet.") }
        var table = TextTable([.wide("PARTITION"), .wide("OFFSET")])
        for entry in offsets { table.add([entry["partition"]?.compact ?? "", entry["offset"]?.compact ?? ""]) }
        table.lines(width: tool.width) { tool.console.paint($0, .bold) }.forEach(tool.console.line)
    }
}
