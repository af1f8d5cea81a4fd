import AppSupport
import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// A connector as a command line gives it: a file, options, or both, in which case the options stand over the file.
struct ConnectorSource: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "{\"name\": …, \"config\": {…}}, or the settings alone; - is standard input.", valueName: "file"))
    var file: String?

    @Option(
        help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"), transform: ConnectorSetting.init)
    var config: [ConnectorSetting] = []

    @Option(
        name: .customLong("class"), help: ArgumentHelp("The same as --config connector.class=…", valueName: "class"))
    var connectorClass: String?

    /// The file's settings with the options' over them.
    func read() throws -> (name: String?, config: ConnectorConfig) {
        var name: String?
        var all = ConnectorConfig()
        if let file {
            let source = file == "-" ? "standard input" : SafeText.line(file)
            (name, all) = try ConnectorConfig.document(try FileContent.bytes(file), source: source)
        }
        if let connectorClass { all.set("connector.class", connectorClass) }
        for setting in config { all.set(setting.key, setting.value) }
        let masked = all.masked
        guard masked.isEmpty else {
            throw ToolFailure(
                "\(masked.joined(separator: ", ")) is \(ConnectorConfig.mask), which only stands for a password; put "
                    + "the password there, or a reference such as ${file:/path:key}.")
        }
        return (name, all)
    }
}

/// `key=value`; the value may have equals signs.
struct ConnectorSetting: Equatable {
    let key: String
    let value: String

    init(_ text: String) throws {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw ValidationError("a setting is written key=value, not \"\(SafeText.line(text))\"")
        }
        key = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }
}
