// velocity-agent: scores transactions by how fast they follow each other and how high they are.

import AgentRuntime
import ArgumentParser
import Detectors

@main struct VelocityAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "velocity-agent",
        abstract: "Reads change events from Kafka and scores each transaction by velocity and amount.",
        discussion: """
            More than 5 transactions of a user within 60 seconds give 40 points, an amount over 4000 gives 50; a score \
            over 70 is an alert. The 60 seconds are those of the events (created_at), so that a replay does not make \
            everybody look fast. New rows count, updates and deletes do not. Alerts are printed, everything else only \
            with --verbose.

              velocity-agent --bootstrap-server localhost:9094
              velocity-agent --json --alerts-topic alerts

            Ctrl-C or SIGTERM finishes the batch in hand, commits, leaves the group and prints totals. A restarted \
            agent reads back what lies before its commits, so that it has forgotten nobody, and judges each partition as \
            soon as its past is read. A row is judged once, however often it is delivered. Alerts whose partition has no \
            leader are sent when it has one; until then nothing behind their events is committed.

            Exit status: 0 done, 1 failed or not all committed, 64 wrong usage; 130 or 143 when it did not come to its end \
            within 1.5 s of the first signal: what was not committed is judged again.
            """)

    @OptionGroup var options: AgentOptions

    @Option(help: "Whose clock the 60 seconds are measured with: event (created_at) or arrival (the wall clock).")
    var clock = Clock.event

    @Option(help: "More transactions than this within the window are too fast, 1 to 60. (default: 5)") var most: String?
    @Option(help: ArgumentHelp("The window. (default: 60s)", valueName: "time")) var window: String?
    @Option(help: ArgumentHelp("An amount over this is high. (default: 4000)", valueName: "amount")) var high: String?
    @Option(help: ArgumentHelp("The score of being too fast. (default: 40)", valueName: "points")) var velocityScore:
        String?
    @Option(help: ArgumentHelp("The score of a high amount. (default: 50)", valueName: "points")) var amountScore:
        String?
    @Option(help: ArgumentHelp("A score over this is an alert. (default: 70)", valueName: "points")) var alertScore:
        String?
    @Option(help: "So many users are kept, 1 to 10000000; those not seen lately make room. (default: 100000)")
    var users: String?

    enum Clock: String, ExpressibleByArgument { case event, arrival }

    func validate() throws { _ = try sheet() }

    private func sheet() throws -> RuleSheet<VelocityDetector.Rule> {
        var rule = VelocityDetector.Rule()
        rule.clock = clock == .event ? .event : .arrival
        return try ruleSheet(
            rule, VelocityDetector.numbers,
            [
                ("most", most), ("window", window), ("high", high), ("velocity-score", velocityScore),
                ("amount-score", amountScore), ("alert-score", alertScore), ("users", users),
            ])
    }

    func run() async throws {
        let sheet = try sheet()
        let agent = Agent(
            "velocity-agent", group: "fraud-detection-group", rule: VelocityDetector(sheet.numbers), sheet: sheet,
            options: options)
        throw ExitCode(await agent.run())
    }
}
