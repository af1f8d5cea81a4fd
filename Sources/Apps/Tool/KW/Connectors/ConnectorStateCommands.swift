import ArgumentParser
import ConnectREST
import JSONLines
import ToolKit

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
