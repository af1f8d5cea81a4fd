import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw metadata-quorum`: the controllers, as `kafka-metadata-quorum` describes them.
struct MetadataQuorumCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata-quorum", abstract: "Describe the controllers and how far they have got.",
        subcommands: [DescribeQuorumCommand.self])

    // Kafka's tool takes these in front of the subcommand.
    @OptionGroup var options: TransactionOptions
}

struct DescribeQuorumCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "describe", abstract: "Describe the quorum.")
    static let toolName = "kw metadata-quorum describe"

    @OptionGroup var options: TransactionOptions
    @Flag(help: "A summary.") var status = false
    @Flag(help: "Each controller and broker.") var replication = false
    @Flag(help: "With --replication: how long ago, instead of when.") var humanReadable = false

    private typealias Replica = KafkaAdmin.MetadataQuorum.Replica

    func perform(_ tool: Tool) async throws {
        _ = try requireOne([("--status", status), ("--replication", replication)])
        if humanReadable, !replication { throw ValidationError("--human-readable goes with --replication") }
        let admin = try await tool.admin(options.cluster)
        let quorum = try await admin.describeMetadataQuorum()
        guard let leader = quorum.voters.first(where: { $0.id == quorum.leader }) else {
            throw ToolFailure("the metadata quorum has no leader at present; try again")
        }
        if options.output.json { return tool.console.line(json(quorum, leader)) }
        if replication { return writeReplicas(quorum, leader, tool, now: admin.loop.wallMilliseconds) }
        let last = quorum.voters.min { $0.logEnd < $1.logEnd } ?? leader
        var lagTime: Int64 = last == leader ? 0 : -1
        if last != leader, let there = leader.lastCaughtUp, let here = last.lastCaughtUp { lagTime = there - here }
        tool.console.line("ClusterId:              \(tool.shown(try await admin.describeCluster().id))")
        tool.console.line("LeaderId:               \(quorum.leader)")
        tool.console.line("LeaderEpoch:            \(quorum.leaderEpoch)")
        tool.console.line("HighWatermark:          \(quorum.highWatermark)")
        tool.console.line("MaxFollowerLag:         \(leader.logEnd - last.logEnd)")
        tool.console.line("MaxFollowerLagTimeMs:   \(lagTime)")
        tool.console.line("CurrentVoters:          \(nodes(quorum.voters, quorum, tool))")
        tool.console.line("CurrentObservers:       \(nodes(quorum.observers, quorum, tool))")
    }

    private func nodes(_ replicas: [Replica], _ quorum: KafkaAdmin.MetadataQuorum, _ tool: Tool) -> String {
        let nodes = replicas.map { replica in
            var text = "{\"id\": \(replica.id), \"directoryId\": "
            text += replica.directory == .zero ? "null" : "\"\(replica.directory)\""
            if let endpoints = quorum.endpoints[replica.id], !endpoints.isEmpty {
                text += ", \"endpoints\": [\(endpoints.map { "\"\(tool.shown($0))\"" }.joined(separator: ", "))]"
            }
            return text + "}"
        }
        return "[\(nodes.joined(separator: ", "))]"
    }

    private func roles(_ quorum: KafkaAdmin.MetadataQuorum, _ leader: Replica) -> [(replica: Replica, role: String)] {
        [(leader, "Leader")] + quorum.voters.filter { $0.id != leader.id }.map { ($0, "Follower") }
            + quorum.observers.map { ($0, "Observer") }
    }

    private func writeReplicas(_ quorum: KafkaAdmin.MetadataQuorum, _ leader: Replica, _ tool: Tool, now: Int64) {
        func time(_ milliseconds: Int64?) -> String {
            guard let milliseconds else { return "-1" }
            return humanReadable ? "\(max(0, now - milliseconds)) ms ago" : "\(milliseconds)"
        }
        var table = KafkaTable.tabbed([
            "NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status",
        ])
        table.rows = roles(quorum, leader).map { replica, role in
            [
                "\(replica.id)", "\(replica.directory)", "\(replica.logEnd)",
                "\(leader.logEnd - replica.logEnd)", time(replica.lastFetch),
                time(replica.lastCaughtUp), role,
            ]
        }
        table.print(tool, spaced: false)
    }

    private func json(_ quorum: KafkaAdmin.MetadataQuorum, _ leader: Replica) -> String {
        let replicas = roles(quorum, leader).map { replica, role in
            JSONText.object([
                ("nodeId", "\(replica.id)"),
                ("directoryId", replica.directory == .zero ? "null" : JSONText.string(replica.directory.description)),
                ("logEndOffset", "\(replica.logEnd)"),
                ("lag", "\(leader.logEnd - replica.logEnd)"),
                ("lastFetchTimestamp", TopicJSON.number(replica.lastFetch)),
                ("lastCaughtUpTimestamp", TopicJSON.number(replica.lastCaughtUp)),
                ("status", JSONText.string(role)),
                ("endpoints", JSONText.array((quorum.endpoints[replica.id] ?? []).map { JSONText.string($0) })),
            ])
        }
        return JSONText.object([
            ("leaderId", "\(quorum.leader)"), ("leaderEpoch", "\(quorum.leaderEpoch)"),
            ("highWatermark", "\(quorum.highWatermark)"), ("replicas", JSONText.array(replicas)),
        ])
    }
}
