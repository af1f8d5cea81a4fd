import AppSupport
import ArgumentParser
import ClientSetup
import FoundationEssentials
import KafkaWire

/// `demo report`: reads the agents' lines and the topic itself, and says whether they agree.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Compare what the agents found with what is in the topic.")

    @Option(help: "Brokers to ask first. (default: $KAFKA_BOOTSTRAP, else localhost:9094)") var bootstrapServer: String?
    @OptionGroup var settings: SettingOptions
    @Option(help: "The topic.") var topic = "dbserver1.public.transactions"
    @Option(help: "The lines that instances of anomaly-agent wrote; may be repeated.") var anomaly: [String] = []
    @Option(help: "The lines that instances of velocity-agent wrote; may be repeated.") var velocity: [String] = []
    @Option(help: "The lines that instances of probe-agent wrote; may be repeated.") var probe: [String] = []
    @Option(help: "The topic that has the agents' alerts, each of them once. (default: none)") var alertsTopic: String?
    @Option(help: "What the names of the agents' groups begin with. (default: nothing)") var groupPrefix = ""

    func run() async throws {
        let console = Console()
        do {
            let client = try settings.client(at: bootstrapServer, console)
            let admin = try KafkaAdmin(client)
            let ends = try await admin.endOffsets(of: topic)
            let expected = try await Expectation.read(ends, client, on: admin.loop)
            var committed: AlertsTopic?
            if let alertsTopic {
                committed = try await .read(try await admin.endOffsets(of: alertsTopic), client)
            }
            var columns: [Column] = []
            for (name, group, files, alerts) in [
                ("anomaly-agent", "anomaly-detection-group", anomaly, expected.anomalies),
                ("velocity-agent", "fraud-detection-group", velocity, expected.velocities),
                ("probe-agent", "probe-detection-group", probe, expected.probes),
            ] {
                let lag = try await admin.lag(of: groupPrefix + group, in: topic).values.reduce(0, +)
                columns.append(
                    Column(
                        name: name, lag: lag, expected: alerts, found: try AgentOutput.read(files),
                        committed: committed.map { $0.alerts[String(name.dropLast("-agent".count))] ?? [:] }))
            }
            await admin.close()
            var problems = columns.flatMap { $0.problems(events: expected.events) }
            if let strangers = committed?.strangers, strangers > 0 {
                problems.append("\(alertsTopic ?? "") has \(strangers) records that are no alerts")
            }
            show(columns, expected, console)
            for problem in problems { console.line(console.paint("  FAILED: \(problem)", .red)) }
            console.line(
                problems.isEmpty
                    ? console.paint(
                        "  every event was handled by all agents, and their alerts are the expected ones"
                            + (committed == nil ? "" : ", each committed once"), .green)
                    : console.paint("  the demo failed", .red))
            console.flush()
            if !problems.isEmpty { throw ExitCode.failure }
        } catch {
            throw Demo.failure(error, console)
        }
    }

    private struct Column {
        var name: String
        var lag: Int64
        /// The places of the alerts that an uninterrupted run raises.
        var expected: Set<RecordPosition>
        var found: AgentOutput
        /// How often the alerts' topic has the alert of each place; nil where there is no such topic.
        var committed: [RecordPosition: Int]?

        /// How many of the topic's alerts are there more than once.
        var doubled: Int { (committed ?? [:]).values.count { $0 > 1 } }

        func problems(events: Int) -> [String] {
            var problems: [String] = []
            if lag != 0 { problems.append("\(name) has a lag of \(lag)") }
            // An instance that was killed has taken its totals with it; its commits and alerts still count.
            if found.restarts == 0, found.events < events {
                problems.append("\(name) handled \(found.events) of \(events) events")
            }
            problems += differences(Set(found.alerts.keys), "missed", "raised")
            if let committed {
                problems += differences(Set(committed.keys), "did not commit", "committed")
                if doubled > 0 { problems.append("\(name) committed \(doubled) alerts more than once") }
            }
            return problems
        }

        private func differences(_ alerts: Set<RecordPosition>, _ missed: String, _ raised: String) -> [String] {
            let missing = expected.subtracting(alerts)
            let extra = alerts.subtracting(expected)
            var problems: [String] = []
            if let first = missing.min() {
                problems.append("\(name) \(missed) \(missing.count) alerts, such as at \(first)")
            }
            if let first = extra.min() {
                problems.append("\(name) \(raised) \(extra.count) alerts too many, such as at \(first)")
            }
            return problems
        }
    }

    private func show(_ columns: [Column], _ expected: Expectation, _ console: Console) {
        func row(_ title: String, _ cell: (Column) -> String) {
            let cells = columns.map { Self.right(cell($0), 16) }.joined()
            console.line("  " + Self.left(title, 30) + cells)
        }
        console.line("")
        console.line(
            console.paint("  What the agents made of \(Figures.grouped(expected.events)) change events", .bold))
        console.line("")
        row("") { $0.name }
        func isAgain(_ column: Column) -> Bool {
            column.found.restarts == 0 && column.found.events > expected.events
        }
        row("events handled") {
            Figures.grouped($0.found.events) + ($0.found.restarts > 0 ? " *" : isAgain($0) ? " +" : "")
        }
        row("transactions in them") {
            $0.found.restarts > 0
                ? "\(Figures.grouped($0.found.transactions)) *" : Figures.grouped($0.found.transactions)
        }
        row("alerts") { Figures.grouped($0.found.alerts.count) }
        row("alerts expected") { Figures.grouped($0.expected.count) }
        row("alerts told twice") { Figures.grouped($0.found.repeated) }
        if columns.contains(where: { $0.committed != nil }) {
            row("alerts committed") { Figures.grouped($0.committed?.count ?? 0) }
            row("of them more than once") { Figures.grouped($0.doubled) }
        }
        row("events per second") { Figures.grouped(Int($0.found.rate)) }
        row("record to verdict, p50") { "\($0.found.p50) ms" }
        row("record to verdict, p99") { "\($0.found.p99) ms" }
        row("lag") { Figures.grouped($0.lag) }
        if columns.contains(where: { $0.found.restarts > 0 }) {
            console.line("  * since the restart: an agent was killed, and what it had counted went with it")
        }
        if columns.contains(where: isAgain) {
            console.line(
                "  + some were judged again, by the instance that got a partition before its last transaction had arrived"
            )
        }
        console.line("")
        console.line("  for example")
        for column in columns {
            for line in column.found.examples { console.line("    " + line) }
        }
        console.line("")
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
