// demo: feeds change events to a broker and judges what the agents made of them. `scripts/demo.sh` runs it.

import ArgumentParser

@main struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Feeds change events to a broker, and judges what the agents made of them.",
        discussion: "`make demo` starts the broker and the agents, and calls all three commands.",
        subcommands: [BrokerCommand.self, FeedCommand.self, ReportCommand.self])
}
