// probe-agent: tells of large payments behind small ones by which a card was tried out.

import AgentRuntime
import ArgumentParser
import Detectors

@main struct ProbeAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe-agent",
        abstract: "Reads change events from Kafka and tells of cards that were tried out before a large payment.",
        discussion: """
            A payment over 500 is an alert where its user has paid 100 or less at 3 different merchants within the 10 minutes \
            before. Time is that of the events (created_at): what comes out of order within a minute takes its place, what is \
            later is counted and not judged. New rows count, updates and deletes do not. Alerts are printed, everything else \
            only with --verbose.

              probe-agent --bootstrap-server localhost:9094
              probe-agent --json --alerts-topic alerts --dead-letter-topic unreadable

            Ctrl-C or SIGTERM finishes the batch in hand, commits, leaves the group and prints totals. A restarted \
            agent reads back what lies before its commits, so that it has forgotten nobody, and judges each partition as \
            soon as its past is read. A row is judged once, however often it is delivered.

            Exit status: 0 done, 1 failed or not all committed, 64 wrong usage; 130 or 143 when it did not come to its end \
            within 1.5 s of the first signal: what was not committed is judged again.
            """)

    @OptionGroup var options: AgentOptions

    @Option(help: ArgumentHelp("A payment of up to this is small. (default: 100)", valueName: "amount")) var small:
        String?
    @Option(help: ArgumentHelp("A payment over this is large. (default: 500)", valueName: "amount")) var large: String?
    @Option(
        help: ArgumentHelp(
            "At so many merchants small amounts are an alert, 1 to 15. (default: 3)", valueName: "merchants"))
    var least: String?
    @Option(help: ArgumentHelp("How long a small payment counts. (default: 10m)", valueName: "time")) var window:
        String?
    @Option(
        help: ArgumentHelp(
            "How far behind the latest of its partition an event may be; what is later is not judged. (default: 1m)",
            valueName: "time"))
    var lateness: String?
    @Option(help: "So many users are kept, 1 to 10000000; those not seen lately make room. (default: 100000)")
    var users: String?

    func validate() throws { _ = try sheet() }

    private func sheet() throws -> RuleSheet<ProbeDetector.Rule> {
        try ruleSheet(
            ProbeDetector.Rule(), ProbeDetector.numbers,
            [
                ("small", small), ("large", large), ("least", least), ("window", window), ("lateness", lateness),
                ("users", users),
            ])
    }

    func run() async throws {
        let sheet = try sheet()
        let agent = Agent(
            "probe-agent", group: "probe-detection-group", rule: ProbeDetector(sheet.numbers), sheet: sheet,
            options: options)
        throw ExitCode(await agent.run())
    }
}
