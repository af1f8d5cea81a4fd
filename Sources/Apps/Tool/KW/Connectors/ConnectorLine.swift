import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// What a command says of a connector when it is done.
enum ConnectorLine {
    static func print(
        _ tool: Tool, _ options: ConnectOptions, _ name: String, _ status: ConnectorStatus?, _ what: String
    ) {
        if options.json {
            tool.console.line(
                status?.json
                    ?? JSONText.object([("name", JSONText.string(name)), ("accepted", "true")]))
        } else if let status {
            tool.console.line("\(SafeText.line(name)) is \(what): \(status.summary).")
        } else {
            tool.console.line("\(SafeText.line(name)) is \(what); Connect has accepted it, and nobody waited.")
        }
    }
}
