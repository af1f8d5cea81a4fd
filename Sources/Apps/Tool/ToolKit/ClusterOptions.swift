import AppSupport
import ArgumentParser
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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

    /// The settings of the file, as ``ToolSettings/add(file:)`` reads it.
    package func settings() throws -> ToolSettings {
        var settings = ToolSettings()
        try settings.add(file: commandConfig)
        return settings
    }

    /// Where the cluster is, as a list of `host:port`.
    package func bootstrap(_ settings: ToolSettings) -> [String] {
        let given =
            bootstrapServer ?? settings.value("bootstrap.servers")
            ?? getenv("KAFKA_BOOTSTRAP").map { String(cString: $0) }
        let servers = (given ?? "").split(separator: ",").map { ToolSettings.trimmed(String($0)) }.filter {
            !$0.isEmpty
        }
        return servers.isEmpty ? ["localhost:9092"] : servers
    }
}
