import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors validate`: what Connect and the plugin think of settings, without registering anything.
struct ValidateConnector: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check settings at the worker without registering them; status 1 where something is wrong.")

    @OptionGroup var source: ConnectorSource
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        var (name, config) = try source.read()
        guard let type = config["connector.class"] else {
            throw ToolFailure("The settings have no connector.class; `kw connectors plugins` shows what there is.")
        }
        config.set("name", config["name"] ?? name ?? "unnamed")
        let session = try await options.open(tool)
        let path = ["connector-plugins", type, "config", "validate"]
        let answer: Document
        do {
            answer = try await session.call(.put, path, body: config.document)
        } catch let error as ConnectError { throw error.mapped { SafeText.line(config.secrets.hidden(in: $0)) } }
        let wrong = Self.errors(answer).map { ($0.setting, $0.errors.map { config.secrets.hidden(in: $0) }) }
        if options.json {
            let elements = wrong.map { setting, errors in
                JSONText.object([
                    ("name", JSONText.string(setting)), ("errors", JSONText.array(errors.map { JSONText.string($0) })),
                ])
            }
            tool.console.line(
                JSONText.object([
                    ("connectorClass", JSONText.string(type)), ("isValid", "\(wrong.isEmpty)"),
                    ("errors", JSONText.array(elements)),
                ]))
            if !wrong.isEmpty { throw ExitCode(1) }
        } else if wrong.isEmpty {
            tool.console.line("The settings are valid.")
        } else {
            throw ToolFailure(
                wrong.flatMap { setting, errors in
                    errors.map { SafeText.line("\(setting): \(ConnectError.sentence($0))") }
                })
        }
    }

    /// The settings with errors, in Connect's order.
    private static func errors(_ answer: Document) -> [(setting: String, errors: [String])] {
        (answer["configs"]?.elements ?? []).compactMap { config in
            let errors = (config["value"]?["errors"]?.elements ?? []).compactMap(\.text)
            return errors.isEmpty ? nil : (config["value"]?["name"]?.text ?? "", errors)
        }
    }
}
