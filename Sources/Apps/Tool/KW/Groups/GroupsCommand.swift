import AppSupport
import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw groups`: what kafka-consumer-groups.sh does, and the table of kafka-groups.sh.
struct GroupsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "List groups, show where they stand and who reads, move or delete their offsets.",
        discussion: """
            The flags are those of kafka-consumer-groups.sh. With --group-type, --protocol, --consumer, --share or \
            --streams, --list prints the table of kafka-groups.sh, which kw all-groups prints too.

            Examples:
              kw groups --list --state
              kw groups --describe --group billing
              kw groups --describe --all-groups --members --verbose
              kw groups --reset-offsets --group billing --topic orders:0,1 \\
                  --to-earliest --execute
            """,
        aliases: ["consumer-groups"])

    @OptionGroup
    var cluster: ClusterOptions

    @Flag(help: "List the groups.")
    var list = false

    @Flag(help: "Show where groups stand and how far behind they are, or with --members or --state, that.")
    var describe = false

    @Flag(help: "Delete groups that have no members, with their offsets.")
    var delete = false

    @Flag(help: "Move the offsets of groups that have no members, as the section Reset offsets says.")
    var resetOffsets = false

    @Flag(help: "Make one group forget its offsets in the topics of --topic.")
    var deleteOffsets = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Say whether a pattern of topics is one that brokers take (RE2).", valueName: "pattern"))
    var validateRegex: String?

    @Option(help: ArgumentHelp("The group; may be repeated.", valueName: "name"), completion: .groupNames)
    var group: [String] = []

    @Flag(help: "All consumer groups.")
    var allGroups = false

    @Option(
        help: ArgumentHelp(
            "A topic, or some of its partitions as in orders:0,1; may be repeated. For --reset-offsets and "
                + "--delete-offsets.", valueName: "topic"), completion: .topicNames)
    var topic: [String] = []

    @Flag(help: "All topics in which the group has committed something. For --reset-offsets.")
    var allTopics = false

    @Flag(help: "With --describe: offsets and lag, which is the default.")
    var offsets = false

    @Flag(help: "With --describe: the members; with --verbose their partitions too.")
    var members = false

    @Option(
        name: .long, defaultAsFlag: "", parsing: .next,
        help: ArgumentHelp(
            "With --describe: the state. With --list: the states too, or only groups in some of them, as in "
                + "Stable,Empty.", valueName: "states"),
        completion: .list(["Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"]))
    var state: String?

    @Option(
        name: .long, defaultAsFlag: "", parsing: .next,
        help: ArgumentHelp("With --list: the types too, or only some of them.", valueName: "classic,consumer"),
        completion: .list(["classic", "consumer"]))
    var type: String?

    @Flag(help: "With --describe: more columns.")
    var verbose = false

    @OptionGroup(title: "Groups of all types")
    var filter: GroupFilterOptions

    @OptionGroup(title: "Reset offsets")
    var reset: ResetOptions

    @Option(help: ArgumentHelp("How long an action may take.", valueName: "milliseconds"))
    var timeout: Int64 = 5000

    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        let actions = [list, describe, delete, resetOffsets, deleteOffsets, validateRegex != nil]
        guard actions.filter({ $0 }).count == 1 else {
            throw ValidationError(
                "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
                    + "--delete-offsets, --validate-regex")
        }
        guard (1...Int64(Int32.max)).contains(timeout) else {
            throw ValidationError("--timeout is a number of milliseconds, at least 1")
        }
        try checkDescription()
        try checkScope()
        if resetOffsets {
            try reset.check(hasScope: allTopics || !topic.isEmpty)
            if reset.export && json { throw ValidationError("--export and --json exclude each other") }
        } else if let option = reset.given.first {
            throw ValidationError("\(option) is for --reset-offsets")
        }
        try filter.check(isList: list)
        if filter.isGiven && (state != nil || type != nil) {
            throw ValidationError("--state and --type do not go with the table of all groups; use --group-type")
        }
    }

    private func checkDescription() throws {
        let parts = [("--members", members), ("--offsets", offsets), ("--state", describe && state != nil)].filter(\.1)
        if let part = parts.first, !describe { throw ValidationError("\(part.0) is for --describe") }
        if verbose && !describe { throw ValidationError("--verbose is for --describe") }
        guard parts.count <= 1 else {
            throw ValidationError("--describe takes at most one of --members, --offsets, --state")
        }
        if describe, let state, !state.isEmpty { throw ValidationError("--describe does not take a value for --state") }
        if state != nil && !describe && !list { throw ValidationError("--state is for --list and --describe") }
        if type != nil && !list { throw ValidationError("--type is for --list") }
        if list {
            _ = try GroupsList.states(state)
            _ = try GroupsList.types(type)
        }
    }

    private func checkScope() throws {
        let needsGroup = describe || delete || resetOffsets || deleteOffsets
        if !group.isEmpty && allGroups { throw ValidationError("--group and --all-groups exclude each other") }
        if needsGroup && group.isEmpty && (deleteOffsets || !allGroups) {
            throw ValidationError("name the group with --group\(deleteOffsets ? "" : ", or say --all-groups")")
        }
        if !needsGroup && (allGroups || !group.isEmpty) {
            throw ValidationError(
                "--group and --all-groups are for --describe, --delete, --reset-offsets and --delete-offsets")
        }
        if deleteOffsets {
            guard group.count == 1, !allGroups else { throw ValidationError("--delete-offsets takes one --group") }
            guard !topic.isEmpty else { throw ValidationError("--delete-offsets needs --topic") }
        }
        if !resetOffsets {
            if allTopics { throw ValidationError("--all-topics is for --reset-offsets") }
            if !topic.isEmpty && !deleteOffsets {
                throw ValidationError("--topic is for --reset-offsets and --delete-offsets")
            }
        }
        if allTopics && !topic.isEmpty { throw ValidationError("--all-topics and --topic exclude each other") }
        _ = try choices
    }

    private var choices: [PartitionChoice] {
        get throws {
            do throws(PartitionChoice.Malformed) {
                var choices: [PartitionChoice] = []
                for text in topic { choices.append(try PartitionChoice(text)) }
                return choices
            } catch { throw ValidationError("\(error)") }
        }
    }

    func perform(_ tool: Tool) async throws {
        if let validateRegex { return try PatternCheck.run(tool, validateRegex, isJSON: json) }
        // A file is read before the cluster is asked.
        let goal =
            resetOffsets
            ? try reset.goal(
                now: tool.loop.wallMilliseconds, group: group.count == 1 ? group.first : nil) : nil
        var session = try await GroupsSession(tool, cluster, timeout: .milliseconds(timeout), isJSON: json)
        do {
            if let goal { try await reset(&session, goal) } else { try await act(&session) }
        } catch {
            await session.admin.close()
            throw error
        }
        try await session.finish()
    }

    private func act(_ session: inout GroupsSession) async throws {
        if list {
            if filter.isGiven { return try await GroupsList.table(&session, filter.filter) }
            return try await GroupsList.run(
                &session, states: try GroupsList.states(state), types: try GroupsList.types(type),
                showsState: state != nil, showsType: type != nil)
        }
        if deleteOffsets, let group = group.first {
            return try await GroupsDelete.offsets(&session, of: group, try choices)
        }
        let ids = try await session.chosen(group, all: allGroups)
        if delete { return try await GroupsDelete.groups(&session, ids) }
        let part: GroupsDescribe.Part = members ? .members : state != nil ? .state : .offsets
        try await GroupsDescribe(part: part, isVerbose: verbose).run(&session, ids)
    }

    private func reset(_ session: inout GroupsSession, _ goal: OffsetReset.Goal) async throws {
        if !reset.execute && !reset.dryRun {
            session.tool.console.note(
                "WARN: No action will be performed as the --execute option is missing. Say --dry-run to show the new "
                    + "offsets without this line; a later release of Kafka's tool will ask instead.")
        }
        var scope = OffsetReset.Scope.plan
        if case .plan = goal {} else { scope = allTopics ? .committed : .topics(try choices) }
        let output: OffsetReset.Output =
            reset.export ? .plan(withGroup: group.count != 1) : json ? .json : .table
        let ids = try await session.chosen(group, all: allGroups)
        try await OffsetReset(goal: goal, scope: scope, executes: reset.execute, output: output).run(&session, ids)
    }
}
