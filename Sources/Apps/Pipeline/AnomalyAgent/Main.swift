// anomaly-agent: tells of transactions far above what their user usually spends.

import AgentRuntime
import ArgumentParser
import Detectors

@main struct AnomalyAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anomaly-agent",
        abstract: "Reads change events from Kafka and tells of amounts far above their user's average.",
        discussion: """
            Per user the last 50 amounts are remembered; with at least 3 before it, an amount over 3 times their mean \
            and over 500 is an anomaly. New rows count, updates and deletes do not. Alerts are printed, everything \
            else only with --verbose. Several instances share the work when events are keyed by user.

              anomaly-agent --bootstrap-server localhost:9094
              anomaly-agent --json --alerts-topic alerts

            Ctrl-C or SIGTERM finishes the batch in hand, commits, leaves the group and prints totals. A restarted \
            agent reads back what lies before its commits, so that it has forgotten nobody, and judges each partition as \
            soon as its past is read. A row is judged once, however often it is delivered. Alerts whose partition has no \
            leader are sent when it has one; until then nothing behind their events is committed.

            Exit status: 0 done, 1 failed or not all committed, 64 wrong usage; 130 or 143 when it did not come to its end \
            within 1.5 s of the first signal: what was not committed is judged again.
            """)

    @OptionGroup var options: AgentOptions

    @Option(help: "An anomaly is over this many times the mean, 1 to 1000. (default: 3)") var factor: String?
    @Option(help: "An anomaly is over this amount. (default: 500)") var minimum: String?
    @Option(help: "So many amounts there have to be before it, 1 to 50. (default: 3)") var least: String?
    @Option(help: ArgumentHelp("So many amounts of a user are kept, 1 to 50. (default: 50)", valueName: "amounts"))
    var keep: String?
    @Option(help: "So many users are kept, 1 to 10000000; those not seen lately make room. (default: 100000)")
    var users: String?

    func validate() throws { _ = try sheet() }

    private func sheet() throws -> RuleSheet<AnomalyDetector.Rule> {
        try ruleSheet(
            AnomalyDetector.Rule(), AnomalyDetector.numbers,
            [("factor", factor), ("minimum", minimum), ("least", least), ("keep", keep), ("users", users)])
    }

    func run() async throws {
        let sheet = try sheet()
        let agent = Agent(
            "anomaly-agent", group: "anomaly-detection-group", rule: AnomalyDetector(sheet.numbers), sheet: sheet,
            options: options)
        throw ExitCode(await agent.run())
    }
}
