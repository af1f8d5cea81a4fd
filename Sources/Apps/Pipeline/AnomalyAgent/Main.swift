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

    func run() async throws {
        let agent = Agent(
            "anomaly-agent", group: "anomaly-detection-group", rule: AnomalyDetector(), options: options)
        throw ExitCode(await agent.run())
    }
}
