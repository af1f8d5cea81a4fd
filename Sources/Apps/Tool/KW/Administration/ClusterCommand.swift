import ArgumentParser
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// `kw cluster`: the cluster's id and brokers, as `kafka-cluster` tells them.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Show the cluster's id and brokers, or forget a broker.",
        subcommands: [ClusterIdCommand.self, ListEndpointsCommand.self, UnregisterCommand.self])
}

/// What all three take.
struct ClusterToolOptions: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    /// Kafka's older name of `--command-config`, and its short form.
    @Option(name: [.customLong("config"), .customShort("c")], help: .hidden)
    var config: String?

    func validate() throws {
        if config != nil, cluster.commandConfig != nil {
            throw ValidationError("--config and --command-config are the same; give one of them")
        }
    }

    func admin(_ tool: Tool) async throws -> KafkaAdmin {
        var cluster = cluster
        cluster.commandConfig = cluster.commandConfig ?? config
        return try await tool.admin(cluster)
    }
}

struct ClusterIdCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "cluster-id", abstract: "Show the cluster's id.")
    static let toolName = "kw cluster cluster-id"

    @OptionGroup var options: ClusterToolOptions

    func perform(_ tool: Tool) async throws {
        let cluster = try await options.admin(tool).describeCluster()
        if options.output.json {
            tool.console.line(
                JSONText.object([("clusterId", cluster.id.isEmpty ? "null" : JSONText.string(cluster.id))]))
        } else if cluster.id.isEmpty {
            tool.console.line("No cluster ID found. The Kafka version is probably too old.")
        } else {
            tool.console.line("Cluster ID: \(tool.shown(cluster.id))")
        }
    }
}

struct ListEndpointsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-endpoints", abstract: "List the brokers with their addresses.")
    static let toolName = "kw cluster list-endpoints"

    @OptionGroup var options: ClusterToolOptions
    @Flag(help: "Also brokers that are registered but take no part (Kafka 4.0 and later).")
    var includeFencedBrokers = false

    func perform(_ tool: Tool) async throws {
        let cluster = try await options.admin(tool).describeCluster(includeFenced: includeFencedBrokers)
        if options.output.json {
            let nodes = cluster.nodes.map { node in
                JSONText.object([
                    ("id", "\(node.id)"), ("host", JSONText.string(node.host)), ("port", "\(node.port)"),
                    ("rack", JSONText.string(node.rack)), ("isFenced", "\(node.isFenced)"),
                    ("endpointType", JSONText.string("broker")),
                ])
            }
            return tool.console.line(
                JSONText.object([
                    ("clusterId", cluster.id.isEmpty ? "null" : JSONText.string(cluster.id)),
                    ("controller", cluster.controller == .none ? "null" : "\(cluster.controller)"),
                    ("brokers", JSONText.array(nodes)),
                ]))
        }
        let rows =
            [["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]]
            + cluster.nodes.map { node in
                [
                    "\(node.id)", tool.shown(node.host), "\(node.port)", tool.shown(node.rack ?? "null"),
                    node.isFenced ? "fenced" : "unfenced", "broker",
                ]
            }
        let host = cluster.nodes.map(\.host.utf16.count).max() ?? 100
        let rack = cluster.nodes.compactMap { $0.rack?.utf16.count }.max() ?? 10
        for row in rows {
            let cells = zip(row, [10, host, 10, rack, 10, 15]).map { TextWidth.padded($0, $1) }
            tool.console.line(cells.joined(separator: " "))
        }
    }
}

struct UnregisterCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "Forget a broker that is gone for good.")
    static let toolName = "kw cluster unregister"

    @OptionGroup var options: ClusterToolOptions
    @Option(name: .shortAndLong, help: ArgumentHelp("The broker.", valueName: "number"))
    var id: Int32

    func perform(_ tool: Tool) async throws {
        let admin = try await options.admin(tool)
        try await admin.unregisterBroker(BrokerID(id))
        tool.console.line(
            options.output.json
                ? JSONText.object([("unregistered", "\(id)")]) : "Broker \(id) is no longer registered.")
    }
}
