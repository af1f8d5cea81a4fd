import AppSupport
import ArgumentParser
import ClusterView
import KafkaWire
import Screens
import ToolKit

/// `kw top`: a live view of the cluster.
struct TopCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a cluster: brokers, topics, groups, their rates, lag and messages.",
        discussion: """
            Keys: 1 2 3 or Tab choose brokers, topics or groups; Enter looks into a topic (its partitions and latest \
            messages) or a group (its members, their partitions and lag); s sorts, r reverses, / filters, p pauses, + and \
            - change the interval, h helps, q quits. Nothing is committed, created or changed. With --topic or --group, \
            the brokers' figures are of what is shown too.

            kw top --bootstrap-server localhost:9092
            kw top --once --json --group billing
            """)
    static let endsItself = true
    static let leavesUndone = "the look that was under way; nothing was changed"

    @OptionGroup var cluster: ClusterOptions

    @Flag(help: "Print the view once, as tables, and end.")
    var once = false

    @Flag(help: "With --once: print one JSON document.")
    var json = false

    @Flag(help: "With --once: look one time only, at once, and tell no rates.")
    var noRates = false

    @Option(
        help: ArgumentHelp("Only this topic, and groups that read it; may be repeated.", valueName: "name"),
        completion: .topicNames)
    var topic: [String] = []

    @Option(
        help: ArgumentHelp("Only this group, and topics that it reads; may be repeated.", valueName: "id"),
        completion: .groupNames)
    var group: [String] = []

    @Option(
        help: ArgumentHelp(
            "How often to look; with --once, how long to measure rates, which takes up to 13 s where a group commits rarely.",
            valueName: "duration"))
    var interval = TimeSpan(.seconds(2))

    func validate() throws {
        guard interval.duration >= .milliseconds(100), interval.duration <= .seconds(3600) else {
            throw ValidationError("--interval is 100ms to 1h")
        }
        guard once || !json else { throw ValidationError("--json needs --once: a live view is no document") }
        guard once || !noRates else { throw ValidationError("--no-rates needs --once") }
    }

    func perform(_ tool: Tool) async throws {
        if !once {
            do { try LiveScreen.check(tool.console) } catch { throw ValidationError(error.description) }
        }
        let settings = try cluster.settings()
        let servers = cluster.bootstrap(settings)
        var client = Self.client(servers)
        try settings.apply(to: &client, tool)
        let scope = ClusterSampler.Scope(topics: Set(topic), groups: Set(group))
        let admin = try KafkaAdmin(client)
        let sampler = ClusterSampler(admin, bootstrap: servers.joined(separator: ","), scope: scope)
        if once {
            do { try await print(sampler, tool) } catch {
                await admin.close()
                throw error
            }
            await admin.close()
            return
        }
        let screen: LiveScreen
        do { screen = try LiveScreen(tool.console) } catch { throw ValidationError(error.description) }
        var session = try TopSession(tool, screen, sampler, client, interval: interval.duration)
        await session.run()
        await admin.close()
    }

    /// A cluster that does not answer is told of within five seconds.
    private static func client(_ servers: [String]) -> ClientConfiguration {
        var client = ClientConfiguration(bootstrapServers: servers)
        client.clientId = "kw-top"
        client.connectTimeout = .seconds(3)
        client.requestTimeout = .seconds(5)
        client.apiTimeout = .seconds(5)
        return client
    }

    /// So long `--once` looks at most where `--interval` is shorter.
    private static let longestLook = Forecast.patience + .seconds(2)

    /// Waits, and ends the command where Ctrl-C is pressed meanwhile.
    private func pause(_ duration: Duration, _ tool: Tool) async throws {
        let loop = try tool.loop
        let waiting = Task { try await loop.sleep(for: duration) }
        let watcher = Task {
            await tool.shutdown.wait()
            waiting.cancel()
        }
        let isOver = (try? await waiting.value) != nil
        watcher.cancel()
        guard isOver || !tool.shutdown.isRequested else {
            tool.console.endProgress()
            throw ExitCode(130)
        }
    }

    private func print(_ sampler: ClusterSampler, _ tool: Tool) async throws {
        var history = ClusterHistory()
        var snapshot = try await sampler.look(allSizes: true)
        history.add(snapshot)
        var measured: Duration?
        if !noRates {
            let first = snapshot.at
            tool.console.progress("measuring rates for \(interval.words)…")
            try await pause(interval.duration, tool)
            snapshot = try await sampler.look(allSizes: true)
            history.add(snapshot)
            // Whether a group keeps pace is seen over several of its commits.
            while history.isUndecided(snapshot), snapshot.at - first < Self.longestLook {
                tool.console.progress("waiting for commits of groups that have members…")
                try await pause(.seconds(1), tool)
                snapshot = try await sampler.look()
                history.add(snapshot)
            }
            tool.console.endProgress()
            measured = snapshot.at - first
        }
        let report = SnapshotReport(snapshot, history, hasRates: !noRates)
        if json {
            tool.console.line(report.json(measured: measured))
        } else {
            for line in report.lines(width: tool.width, title: { tool.console.paint($0, .bold) }) {
                tool.console.line(line)
            }
        }
        tool.console.flush()
        snapshot.troubles.forEach(tool.complain)
        if !snapshot.troubles.isEmpty { throw ExitCode(1) }
    }
}
