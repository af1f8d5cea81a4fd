import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

/// `kw connectors restart`: what runs or FAILED begins anew.
struct RestartConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart connectors, or tasks of theirs, and wait until they are RUNNING.",
        discussion: """
            By itself it restarts the connector and leaves its tasks alone, as Connect does; --include-tasks restarts them \
            too, --only-failed leaves alone what has not FAILED.
            """)

    @OptionGroup var which: ConnectorNames

    @Flag(help: "The connector's tasks too.")
    var includeTasks = false

    @Flag(help: "Only what FAILED.")
    var onlyFailed = false

    @Option(help: ArgumentHelp("This task alone.", valueName: "number"))
    var task: Int?

    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    func validate() throws {
        guard task ?? 0 >= 0 else { throw ValidationError("--task is 0 or more") }
        guard task == nil || (which.names.count == 1 && !includeTasks && !onlyFailed) else {
            throw ValidationError("--task goes with one connector, and without --include-tasks and --only-failed")
        }
    }

    func ask(_ tool: Tool) async throws {
        let session = try await options.open(tool)
        try await session.each(which.names) { name in
            let status = try await session.change(name, to: .running, wait) { bound in
                if let task {
                    try await session.call(
                        .post, ["connectors", name, "tasks", "\(task)", "restart"], within: bound)
                } else {
                    let query = [("includeTasks", "\(includeTasks)"), ("onlyFailed", "\(onlyFailed)")]
                    try await session.call(.post, ["connectors", name, "restart"], query: query, within: bound)
                }
            }
            ConnectorLine.print(tool, options, name, status, "restarted")
        }
    }
}

/// `kw connectors pause`: tasks stay, and do nothing.
struct PauseConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let connectors and their tasks rest, and wait until they are PAUSED.")

    @OptionGroup var which: ConnectorNames
    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        try await ConnectorState.put("pause", "paused", .paused, which.names, wait, options, tool)
    }
}

/// `kw connectors resume`: what is paused or stopped goes on.
struct ResumeConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let paused or stopped connectors go on, and wait until they are RUNNING.")

    @OptionGroup var which: ConnectorNames
    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        try await ConnectorState.put("resume", "resumed", .running, which.names, wait, options, tool)
    }
}

/// `kw connectors stop`: tasks end; settings and offsets stay.
struct StopConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract:
            "End the tasks of connectors, and wait until they are STOPPED; `resume` starts them again (Kafka 3.5).")

    @OptionGroup var which: ConnectorNames
    @OptionGroup var wait: WaitOptions
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        try await ConnectorState.put("stop", "stopped", .stopped, which.names, wait, options, tool)
    }
}

/// What pause, resume and stop share.
private enum ConnectorState {
    static func put(
        _ verb: String, _ done: String, _ goal: ConnectorWait.Goal, _ names: [String], _ wait: WaitOptions,
        _ options: ConnectOptions, _ tool: Tool
    ) async throws {
        let session = try await options.open(tool)
        try await session.each(names) { name in
            // Connect accepts these of connectors that do not exist, and then nothing happens.
            _ = try await session.requiredStatus(name)
            let status = try await session.change(name, to: goal, wait) { bound in
                try await session.call(.put, ["connectors", name, verb], within: bound)
            }
            ConnectorLine.print(tool, options, name, status, done)
        }
    }
}

/// `kw connectors delete`: they are gone; their offsets stay.
struct DeleteConnectors: ConnectorsSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete connectors. Their offsets stay: one registered again under the name goes on there.")

    @OptionGroup var which: ConnectorNames
    @OptionGroup var options: ConnectOptions

    func ask(_ tool: Tool) async throws {
        let session = try await options.open(tool)
        var deleted: [String] = []
        defer {
            if options.json { tool.console.line(JSONText.object([("deleted", JSONText.array(deleted))])) }
        }
        try await session.each(which.names) { name in
            try await session.call(.delete, ["connectors", name])
            deleted.append(JSONText.string(name))
            if !options.json { tool.console.line("\(SafeText.line(name)) is deleted.") }
        }
    }
}
