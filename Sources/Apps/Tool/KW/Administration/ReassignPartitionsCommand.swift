import ArgumentParser
import ClientSetup
import JSONLines
import KafkaWire
import ToolKit

/// `kw reassign-partitions`: moves partitions between brokers, as `kafka-reassign-partitions` does.
struct ReassignPartitionsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "reassign-partitions",
        abstract: "Move partitions to other brokers: propose, begin, look how far it is, cancel.",
        discussion: """
            --generate proposes and changes nothing; what it prints is the file that --execute takes. --verify looks how far \
            the moves are, and lifts --throttle when they are done: call it until then.

              kw reassign-partitions --generate --topics-to-move-json-file t.json \\
                  --broker-list 1,2,3
              kw reassign-partitions --execute --reassignment-json-file plan.json
              kw reassign-partitions --verify --reassignment-json-file plan.json
              kw reassign-partitions --list
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Propose where the partitions of topics could be.") var generate = false
    @Flag(help: "Begin to move partitions.") var execute = false
    @Flag(help: "Say how far the moves of a file are.") var verify = false
    @Flag(help: "Cancel the moves of a file that are under way.") var cancel = false
    @Flag(help: "List the moves that are under way.") var list = false

    @Option(help: ArgumentHelp("Which partitions are to be where.", valueName: "file"), completion: .file())
    var reassignmentJsonFile: String?
    @Option(help: ArgumentHelp("The topics for --generate.", valueName: "file"), completion: .file())
    var topicsToMoveJsonFile: String?
    @Option(help: ArgumentHelp("The brokers for --generate, with commas between them.", valueName: "1,2,3"))
    var brokerList: String?
    @Flag(help: "Propose without looking at racks.") var disableRackAware = false
    @Flag(help: "Begin although other moves are under way.") var additional = false
    @Option(help: ArgumentHelp("Bytes a second that moves between brokers may take.", valueName: "bytes/s"))
    var throttle: Int64?
    @Option(
        help: ArgumentHelp("Bytes a second that moves between a broker's directories may take.", valueName: "bytes/s"))
    var replicaAlterLogDirsThrottle: Int64?
    @Option(help: ArgumentHelp("How long moves between directories may take to begin.", valueName: "milliseconds"))
    var timeout: Int64 = 10_000
    @Flag(help: "Leave the settings of --throttle as they are.") var preserveThrottles = false

    func validate() throws {
        let action = try requireOne([
            ("--generate", generate), ("--execute", execute), ("--verify", verify), ("--cancel", cancel),
            ("--list", list),
        ])
        let options: [(name: String, isGiven: Bool, actions: [String], isNeeded: Bool)] = [
            ("--reassignment-json-file", reassignmentJsonFile != nil, ["--execute", "--verify", "--cancel"], true),
            ("--topics-to-move-json-file", topicsToMoveJsonFile != nil, ["--generate"], true),
            ("--broker-list", brokerList != nil, ["--generate"], true),
            ("--disable-rack-aware", disableRackAware, ["--generate"], false),
            ("--additional", additional, ["--execute"], false), ("--throttle", throttle != nil, ["--execute"], false),
            ("--replica-alter-log-dirs-throttle", replicaAlterLogDirsThrottle != nil, ["--execute"], false),
            ("--preserve-throttles", preserveThrottles, ["--verify", "--cancel"], false),
        ]
        for option in options {
            let isTaken = option.actions.contains(action)
            if isTaken, option.isNeeded, !option.isGiven { throw ValidationError("\(action) needs \(option.name)") }
            if option.isGiven, !isTaken {
                throw ValidationError(
                    "\(option.name) goes with \(option.actions.joined(separator: ", ")), not with \(action)")
            }
        }
        guard throttle ?? 0 >= 0, replicaAlterLogDirsThrottle ?? 0 >= 0, timeout >= 0 else {
            throw ValidationError("--throttle, --replica-alter-log-dirs-throttle and --timeout are not below 0")
        }
    }

    func perform(_ tool: Tool) async throws {
        // Files are read before the cluster is asked.
        let plan = try reassignmentJsonFile.map { file in
            try ReassignmentPlan(String(decoding: try FileContent.bytes(file), as: UTF8.self), in: file)
        }
        let topics = try topicsToMoveJsonFile.map { file in
            try ReassignmentPlan.topics(String(decoding: try FileContent.bytes(file), as: UTF8.self), in: file)
        }
        let wanted = try Self.brokers(brokerList)
        let run = Reassignment(tool: tool, admin: try await tool.admin(cluster), isJSON: output.json)
        if list { return try await run.list() }
        if let topics { return try await run.propose(topics, over: wanted, isRackAware: !disableRackAware) }
        guard let plan else { return }
        if verify { return try await run.verify(plan, keepsThrottles: preserveThrottles) }
        let patience = Duration.milliseconds(timeout)
        if cancel { return try await run.cancel(plan, keepsThrottles: preserveThrottles, patience) }
        try await run.execute(
            plan, isAdditional: additional, rate: throttle, directoryRate: replicaAlterLogDirsThrottle, patience)
    }

    static func brokers(_ list: String?) throws -> [BrokerID] {
        let brokers = try (list ?? "").split(separator: ",").map { text in
            guard let id = Int32(NamedSettings.trimmed(String(text))) else {
                throw ValidationError("--broker-list: \(text) is no broker's id")
            }
            return BrokerID(id)
        }
        guard Set(brokers).count == brokers.count else { throw ValidationError("--broker-list names a broker twice") }
        return brokers
    }
}
