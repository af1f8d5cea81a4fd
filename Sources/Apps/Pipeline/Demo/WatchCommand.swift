import AppSupport
import ArgumentParser
import ClientSetup
import FraudView
import KafkaWire
import Screens
import ShutdownSignal

/// `demo watch`: a live view of the alerts, of the transactions behind them, and of the pipeline.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watch alerts as they come, and the pipeline behind them.",
        discussion: """
            Keys: 1 to 5 or Tab choose alerts, rules, users, merchants or the pipeline; Enter looks into an alert, with the \
            last transactions of its user, or at the alerts of a rule, a user, a merchant; s sorts, r reverses, / filters, \
            p pauses, + and - change the interval, h helps, q quits. Alerts are read as they are committed; nothing is \
            committed, created or changed.

            demo watch --bootstrap-server localhost:9094
            demo watch --once --json
            """)

    @Option(help: "Brokers to ask first. (default: $KAFKA_BOOTSTRAP, else localhost:9094)") var bootstrapServer: String?
    @OptionGroup var settings: SettingOptions
    @Option(help: "The topic of the change events.") var topic = "dbserver1.public.transactions"
    @Option(help: "The topic that has the agents' alerts.") var alertsTopic = "fraud-alerts"
    @Option(help: "A group whose lag is shown; may be repeated.")
    var group = ["anomaly-detection-group", "fraud-detection-group", "probe-detection-group"]
    @Flag(help: "Print the view once, as tables, and end.") var once = false
    @Flag(help: "With --once: print one JSON document.") var json = false
    @Option(help: "How often to look at the cluster; with --once, how long to look.")
    var interval = TimeSpan(.seconds(2))

    func validate() throws {
        guard interval.duration >= .milliseconds(100), interval.duration <= .seconds(3600) else {
            throw ValidationError("--interval is 100ms to 1h.")
        }
        guard once || !json else { throw ValidationError("--json needs --once: a live view is no document.") }
        guard topic != alertsTopic else { throw ValidationError("--topic and --alerts-topic are two topics.") }
    }

    func run() async throws {
        let shutdown = ShutdownSignal.install(lastWords: "demo watch: did not end in time; nothing was changed")
        let console = Console(whenClosed: shutdown.request)
        do {
            if !once { try LiveScreen.check(console) }
            var client = try settings.client(at: bootstrapServer, console)
            // A person waits: a cluster that does not answer is told of soon.
            client.connectTimeout = min(client.connectTimeout, .seconds(3))
            client.requestTimeout = min(client.requestTimeout, .seconds(5))
            client.apiTimeout = min(client.apiTimeout, .seconds(5))
            let screen = once ? nil : try LiveScreen(console)
            let feed = try WatchFeed(client, WatchPlan(topic: topic, alertsTopic: alertsTopic, groups: unique(group)))
            do { try await watch(feed, screen, shutdown, console) } catch {
                await feed.close()
                throw error
            }
            await feed.close()
        } catch let error as LiveScreen.Impossible {
            console.note("demo: \(error)")
            throw ExitCode.validationFailure
        } catch {
            throw Demo.failure(error, console)
        }
    }

    private func watch(
        _ feed: WatchFeed, _ screen: LiveScreen?, _ shutdown: ShutdownSignal, _ console: Console
    ) async throws {
        let plan = WatchPlan(topic: topic, alertsTopic: alertsTopic, groups: unique(group))
        if let screen {
            var session = WatchSession(feed, plan, screen, interval: interval.duration)
            await session.run(until: shutdown)
        } else {
            let look = WatchOnce(feed, plan, interval: interval.duration)
            let state = try await look.state(until: shutdown, console)
            print(state, console)
            guard state.sentences.allSatisfy({ !$0.isError }) else { throw ExitCode.failure }
        }
    }

    /// The groups, each once.
    private func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private func print(_ state: WatchState, _ console: Console) {
        let report = WatchReport(state)
        if json {
            console.line(report.json)
        } else {
            for line in report.lines(width: Terminal.outputWidth, title: { console.paint($0, .bold) }) {
                console.line(line)
            }
        }
        console.flush()
        for sentence in state.sentences { console.note("demo: \(SafeText.line(sentence.text))") }
    }
}
