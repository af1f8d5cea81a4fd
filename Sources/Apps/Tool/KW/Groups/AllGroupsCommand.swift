import ArgumentParser
import KafkaWire
import ToolKit

/// Which groups the table of all groups shows; at most one way to say it.
struct GroupFilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only groups of that type.", valueName: "classic|consumer|share|streams"),
        completion: .list(["classic", "consumer", "share", "streams"]))
    var groupType: String?

    @Option(name: .customLong("protocol"), help: ArgumentHelp("Only groups of that protocol.", valueName: "name"))
    var protocolType: String?

    @Flag(help: "Only consumer groups: of both types, and groups that have only offsets.")
    var consumer = false

    @Flag(help: "Only share groups.")
    var share = false

    @Flag(help: "Only streams groups.")
    var streams = false

    var isGiven: Bool { groupType != nil || protocolType != nil || consumer || share || streams }

    func check(isList: Bool) throws {
        if isGiven && !isList {
            throw ValidationError("--group-type, --protocol, --consumer, --share and --streams are for --list")
        }
        let ways = [groupType != nil || protocolType != nil, consumer, share, streams]
        guard ways.filter({ $0 }).count <= 1 else {
            throw ValidationError("--consumer, --share, --streams exclude each other, and --group-type and --protocol")
        }
        if let groupType, !["classic", "consumer", "share", "streams"].contains(groupType.lowercased()) {
            throw ValidationError("--group-type must be a valid group type: classic, consumer, share or streams")
        }
    }

    var filter: GroupsList.Filter {
        GroupsList.Filter(
            type: groupType.map { KafkaAdmin.GroupType(rawValue: $0.lowercased()) }, protocolType: protocolType,
            isConsumer: consumer, isShare: share, isStreams: streams)
    }
}

/// `kw all-groups`: what kafka-groups.sh does.
struct AllGroupsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "all-groups",
        abstract: "List groups of all types, with type and protocol: kafka-groups.sh.")

    @OptionGroup
    var cluster: ClusterOptions

    @Flag(help: "List the groups, which is all that this command does.")
    var list = false

    @OptionGroup var filter: GroupFilterOptions

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws { try filter.check(isList: true) }

    func perform(_ tool: Tool) async throws {
        var session = try await GroupsSession(tool, cluster, timeout: .seconds(5), isJSON: json)
        do { try await GroupsList.table(&session, filter.filter) } catch {
            await session.admin.close()
            throw error
        }
        try await session.finish()
    }
}
