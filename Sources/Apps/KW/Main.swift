import ArgumentParser

/// The command-line tool: one file per subcommand.
@main struct KW: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kw",
        abstract: "Kafka's wire protocol in the hand: run a broker, look at bytes, and check them.",
        subcommands: [
            BrokerCommand.self, ExplainCommand.self, ConformanceCommand.self, ProxyCommand.self, ReplayCommand.self,
        ])
}
