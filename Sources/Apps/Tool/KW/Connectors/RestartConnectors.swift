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
