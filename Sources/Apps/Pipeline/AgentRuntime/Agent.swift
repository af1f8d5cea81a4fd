import AppSupport
import ClientSetup
import KafkaWire
import Logging
import PageServing
import ShutdownSignal

/// An agent: reads change events as a member of its own group, applies its rule to each new transaction, and tells of
/// alerts. At least once: what was not committed before a crash is judged again, with the same outcome, since the users'
/// past is read back first.
public struct Agent<Rule: AgentRule>: Sendable {
    private let name: String
    private let group: String
    private let options: AgentOptions
    private let rule: Rule
    private let sheet: RuleSheet<Rule.Numbers>?

    /// An agent of that name with its rule; `group` is used where the options name none.
    ///
    /// - Parameter sheet: The numbers that the rule has, over which those of `--rules` are laid; nil is none that can be set.
    public init(
        _ name: String, group: String, rule: Rule, sheet: RuleSheet<Rule.Numbers>? = nil, options: AgentOptions
    ) {
        self.sheet = sheet
        self.name = name
        self.group = options.group ?? group
        self.rule = rule
        self.options = options
    }

    /// Reads until SIGINT or SIGTERM, then finishes the batch in hand, commits, leaves the group and prints totals.
    /// Gives the process's exit status.
    public func run() async -> Int32 {
        FreedMemory.keep()
        let shutdown = ShutdownSignal.install(
            lastWords:
                "\(name): ended before it was done; left undone: what was not committed yet, which is judged again "
                + "after the next start, and alerts that had not arrived")
        return await run(on: Console(whenClosed: { shutdown.request() })) { await shutdown.wait() }
    }

    /// Reads until `end` returns. `change` is for tests.
    func run(
        on console: Console, change: (inout KafkaConsumer.Configuration) -> Void = { _ in },
        until end: @escaping @Sendable () async -> Void
    ) async -> Int32 {
        let run: AgentRun<Rule>
        let port: PageServer?
        do {
            let rules = try watch()
            let client = try client(console)
            var configuration = consumerConfiguration(client)
            change(&configuration)
            let consumer = try KafkaConsumer(configuration)
            let time = try options.startTime(now: consumer.loop.wallMilliseconds)
            run = AgentRun(
                name, rule, options, at: client.bootstrapServers, consumer, try channel(client, consumer.loop), rules,
                console,
                start: time.map {
                    StartPositions(group: group, topic: options.topic, time: $0, client: client)
                }, registry: try options.registry.client { console.note("\(name): \($0)") })
            port = try await open(run, on: consumer.loop, console)
        } catch {
            console.note("\(name): \(SafeText.line((error as? KafkaError)?.message ?? "\(error)"))")
            return 1
        }
        let status = await run.run(as: group, until: end)
        await port?.stop()
        return status
    }

    /// Answers on the port of metrics, where one is wanted.
    private func open(
        _ run: AgentRun<Rule>, on loop: any EventLoop, _ console: Console
    ) async throws(AgentPortFlaw) -> PageServer? {
        guard let port = options.metricsPort else { return nil }
        let (group, host) = (group, options.metricsHost)
        do throws(NetError) {
            let address = try await PageServer.address(host, port, on: loop)
            let server = try PageServer(
                AgentPort { await run.gauges(of: group) }, at: address,
                logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() })
            await server.start()
            let place = host.contains(":") ? "[\(host)]" : host
            console.note("\(name): metrics at http://\(place):\(server.port)/metrics")
            return server
        } catch {
            throw AgentPortFlaw(
                description:
                    "metrics cannot be served on \(host):\(port): \(error.words); choose another --metrics-port or "
                    + "--metrics-host")
        }
    }

    /// The file of rules, where there is one.
    private func watch() throws(RuleFlaw) -> RuleWatch<Rule.Numbers>? {
        guard let path = options.rules else { return nil }
        guard let sheet else { throw RuleFlaw(description: "the rule has no numbers that --rules could set") }
        return try RuleWatch(path, sheet, RuleWatch<Rule.Numbers>.read(path))
    }

    /// What all connections of the agent have in common, as the options and their file say it.
    private func client(_ console: Console) throws -> ClientConfiguration {
        let (client, remarks) = try options.settings.client(
            at: options.bootstrapServer, standard: "localhost:9094", name: name)
        for remark in remarks { console.note("\(name): \(remark)") }
        return client
    }

    /// Where alerts and dead letters go.
    private func channel(_ client: ClientConfiguration, _ loop: any EventLoop) throws(KafkaError) -> AlertChannel? {
        guard options.alertsTopic != nil || options.deadLetterTopic != nil else { return nil }
        guard options.isExactlyOnce else { return .courier(try AlertCourier(client: client)) }
        let changelog = options.changelogTopic ?? "\(group)-changelog"
        // An instance that has a name shuts out what is left of its life before; others have an id that nobody else has.
        let id = "\(group)-\(options.instanceId ?? String(loop.random(), radix: 36))"
        return .parcels(
            try ParcelSender(id: id, changelog: changelog, client: client),
            ChangelogTopic(name: changelog, events: options.topic, client: client))
    }

    private func consumerConfiguration(_ client: ClientConfiguration) -> KafkaConsumer.Configuration {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, group: group, topics: [options.topic])
        configuration.client = client
        // Half of the defaults: the agent keeps up all the same, in some 20 MB less.
        configuration.fetchMaximumBytes = 1 << 20
        configuration.maximumBuffered = 2 << 20
        configuration.autoCommit = nil
        configuration.groupInstanceId = options.instanceId
        // Who keeps its partitions judges on while the group waits for another, and restores nothing (KIP-429).
        configuration.assignors = [.cooperativeSticky]
        configuration.sessionTimeout = options.sessionTimeout.duration
        configuration.heartbeatInterval = options.sessionTimeout.duration / 4
        configuration.offsetReset = options.offsetReset
        configuration.corruptBatches = options.skipDamaged ? .skip : .stop
        configuration.isolationLevel = options.isolation
        // Where the log ends, reading back ends.
        configuration.tellsEnds = true
        return configuration
    }
}
