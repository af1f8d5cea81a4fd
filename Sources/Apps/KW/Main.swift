import ArgumentParser

/// The command-line tool: one file per subcommand.
@main struct KW: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kw",
        abstract: "Kafka's wire protocol in the hand: look at bytes, and check them.",
        subcommands: [ExplainCommand.self, ConformanceCommand.self])
}
