import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire

/// The options that name the cluster, the same for every command.
///
/// Whichever comes first says where the cluster is: `--bootstrap-server`, `bootstrap.servers` in the file of
/// `--command-config`, the environment's `KAFKA_BOOTSTRAP`, else `localhost:9092`.
package struct ClusterOptions: ParsableArguments {
    @Option(
        name: [.customLong("bootstrap-server"), .customLong("bootstrap-servers"), .customShort("b")],
        help: ArgumentHelp(
            "Brokers to ask first, with commas between them (default: $KAFKA_BOOTSTRAP, else localhost:9092).",
            valueName: "host:port"), completion: .clusterAddresses)
    package var bootstrapServer: String?

    @Option(
        name: .customLong("command-config"),
        help: ArgumentHelp(
            "Settings under Kafka's names, as in bootstrap.servers=…; a Java properties file.", valueName: "file"),
        completion: .file())
    package var commandConfig: String?

    package init() {}

    /// The settings of the file, as ``NamedSettings/add(file:)`` reads it.
    package func settings() throws -> NamedSettings {
        var settings = NamedSettings()
        try settings.add(file: commandConfig)
        return settings
    }

    /// Where the cluster is, as a list of `host:port`.
    package func bootstrap(_ settings: NamedSettings) -> [String] {
        settings.bootstrap(bootstrapServer, standard: "localhost:9092")
    }
}
