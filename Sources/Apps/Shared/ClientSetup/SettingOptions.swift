import ArgumentParser
import KafkaWire

/// The options by which a program is told settings under Kafka's names: how it logs in, whom it believes, how long it waits.
///
/// Passwords belong in the file: what stands on a command line, every user of the machine can read.
public struct SettingOptions: ParsableArguments, Sendable {
    /// A Java properties file.
    @Option(
        name: .customLong("command-config"),
        help: ArgumentHelp(
            "Settings of the client under Kafka's names, as in security.protocol=SASL_SSL; a Java properties file.",
            valueName: "file"),
        completion: .file())
    public var commandConfig: String?

    /// Settings over those of the file.
    @Option(
        name: .customLong("command-property"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "One such setting, over the file's; may be repeated. Others on this machine can read it: passwords belong in the "
                + "file.", valueName: "name=value"))
    public var commandProperty: [String] = []

    /// Nothing is set; the parser then sets what was given.
    public init() {}

    /// The settings of the file, and the others over them. Throws where the file cannot be read.
    public func settings() throws -> NamedSettings {
        var settings = NamedSettings()
        try settings.add(file: commandConfig)
        settings.add(commandProperty, option: "--command-property")
        return settings
    }

    /// A client's configuration of these settings.
    ///
    /// ```swift
    /// let (client, remarks) = try settings.client(at: bootstrapServer, standard: "localhost:9094", name: "demo")
    /// ```
    ///
    /// - Parameter server: What the program's own option says of where the cluster is.
    /// - Parameter standard: Where the cluster is when nothing says so.
    /// - Parameter name: What the client is called (`client.id`), unless a setting says otherwise.
    /// - Returns: The configuration, and what is to be told of the settings.
    public func client(
        at server: String?, standard: String, name: String
    ) throws -> (configuration: ClientConfiguration, remarks: [String]) {
        let settings = try settings()
        var configuration = ClientConfiguration(bootstrapServers: settings.bootstrap(server, standard: standard))
        configuration.clientId = name
        let remarks = try settings.apply(to: &configuration)
        return (configuration, remarks)
    }
}
