import AppSupport
import ArgumentParser
import ChangeEvents
import ClientSetup
import KafkaWire

/// The options that all agents share.
public struct AgentOptions: ParsableArguments, Sendable {
    /// Brokers to ask first, as `host:port`, separated by commas. Default: what the settings say, `$KAFKA_BOOTSTRAP`, else
    /// `localhost:9094`.
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Brokers to ask first, separated by commas. (default: $KAFKA_BOOTSTRAP, else localhost:9094)",
            valueName: "host:port"))
    public var bootstrapServer: String?

    /// How the agent logs in, whom it believes, how long it waits, under Kafka's names.
    @OptionGroup public var settings: SettingOptions

    /// The topic with Debezium's change events.
    @Option(name: .shortAndLong, help: "The topic with Debezium's change events.")
    public var topic = "dbserver1.public.transactions"

    /// The consumer group; nil is the agent's own.
    @Option(name: .shortAndLong, help: "The consumer group. (default: the agent's own)")
    public var group: String?

    /// Where a group that has committed nothing begins; nil is the earliest event.
    @Option(
        help: ArgumentHelp(
            "Where a group that has committed nothing begins: earliest or latest. (default: earliest)",
            valueName: "from"))
    public var from: Start?

    /// The time of the first event of a group that has committed nothing; nil leaves it to ``from``.
    @Option(
        help: ArgumentHelp(
            "Where a group that has committed nothing begins: with the first event that was written then or later. "
                + "2026-01-07T22:00:00Z (UTC without a zone), @ and milliseconds since 1970, or a span such as 2h for two hours "
                + "ago.", valueName: "time"))
    public var fromTime: String?

    /// The topic to which each alert is produced too, as JSON with the user as its key; nil is none.
    @Option(help: ArgumentHelp("Also produce each alert as JSON, keyed by user, to this topic.", valueName: "topic"))
    public var alertsTopic: String?

    /// The topic to which events that cannot be used go, with the reason and their place in headers; nil is none.
    @Option(
        help: ArgumentHelp(
            "Send events that cannot be used to this topic, with the reason and their place in headers.",
            valueName: "topic"))
    public var deadLetterTopic: String?

    /// How often an alert may be in its topic. Default: exactly once.
    @Option(
        help: ArgumentHelp(
            "With --alerts-topic: exactly-once (alerts, dead letters, positions and the users' past are committed in one "
                + "transaction) or at-least-once.", valueName: "guarantee"))
    public var guarantee = Guarantee.exactlyOnce

    /// The compacted topic with the users' past; nil is the group's name and `-changelog`.
    @Option(
        help: ArgumentHelp(
            "The compacted topic that keeps the users' past, with --alerts-topic. (default: the group's name and "
                + "\"-changelog\")", valueName: "topic"))
    public var changelogTopic: String?

    /// The file with numbers of the rule, which is looked at while the agent runs; nil is none.
    @Option(
        help: ArgumentHelp(
            "A file with the rule's numbers, lines name=value under the names of the options. It is looked at while the agent "
                + "runs: what changes there counts from the next batch on.", valueName: "file"))
    public var rules: String?

    /// Whether JSON objects are printed in place of the exercise's lines.
    @Flag(name: .long, help: "Print JSON objects instead of the exercise's lines.")
    public var json = false

    /// Whether every transaction is printed, and not only alerts.
    @Flag(name: .shortAndLong, help: "Print every transaction, not only alerts.")
    public var verbose = false

    /// The table whose new rows are transactions.
    @Option(help: "The table whose new rows are transactions.")
    public var table = "transactions"

    /// How events without schemas write amounts. Default: found out from the value.
    @Option(
        help: ArgumentHelp(
            "How events without schemas write amounts: auto, base64, double or string.", valueName: "form"))
    public var amount = AmountForm.auto

    /// The scale of base64 amounts in events without schemas: how many digits stand behind the point, 0 to 18.
    @Option(help: "The scale of base64 amounts in events without schemas.")
    public var scale = 2

    /// The unit of times in events without schemas. Default: told by the number.
    @Option(
        help: ArgumentHelp(
            "The unit of times in events without schemas: automatic, milliseconds, microseconds or nanoseconds.",
            valueName: "unit"))
    public var timeUnit = TimeUnit.automatic

    /// How many events in front of the committed offsets are read back at most, so that a restart forgets nobody.
    @Option(
        help: ArgumentHelp(
            "How many events before the committed offsets to read back at most, so that a restart forgets nobody.",
            valueName: "events"))
    public var history = 2_000_000

    /// How long one partition is read back at most; the others are judged meanwhile.
    @Option(
        help: ArgumentHelp(
            "How long to read back one partition at most; the others are judged meanwhile.", valueName: "time"))
    public var historyTime = TimeSpan(.seconds(600))

    /// Which events of transactions count (`isolation.level`). Default: those that were not aborted.
    @Option(
        help: ArgumentHelp(
            "Which events of transactions count: read_committed (not those that were aborted) or read_uncommitted.",
            valueName: "level"))
    public var isolationLevel = Isolation.committed

    /// The schema registry by which values of its converters (Avro, JSON Schema) are read; without one those are refused.
    @OptionGroup public var registry: RegistryOptions

    /// Where `/metrics`, `/healthz` and `/readyz` are answered over HTTP; nil is nowhere, 0 any free port.
    @Option(
        help: ArgumentHelp(
            "Answer /metrics (Prometheus), /healthz and /readyz over HTTP on this port; 0 is any free one. (default: none)",
            valueName: "port"))
    public var metricsPort: UInt16?

    /// The address of that port.
    @Option(help: ArgumentHelp("The address of that port; 0.0.0.0 is every one of this machine.", valueName: "address"))
    public var metricsHost = "127.0.0.1"

    /// A name that is this instance's own (`group.instance.id`, KIP-345); nil makes it a dynamic member.
    @Option(
        help: ArgumentHelp(
            "A name that is this instance's own: restarted under it, the agent gets its partitions back at once.",
            valueName: "name"))
    public var instanceId: String?

    /// After how long without a heartbeat the group takes this instance for dead; a second at least.
    @Option(help: "After how long without a heartbeat the group takes this instance for dead.")
    public var sessionTimeout = TimeSpan(.seconds(10))

    /// How often to commit while there is much to do; with nothing left to read it is done at once. Default: 100 ms where alerts are
    /// sent exactly once, and else a second.
    @Option(
        help: ArgumentHelp(
            "How often to commit while there is much to do; with nothing left to read it is done at once. (default: 100ms with "
                + "exactly-once alerts, else 1s)", valueName: "time"))
    public var commitInterval: TimeSpan?

    /// Whether record batches whose checksum is wrong are passed over, also when reading back, and do not stop the
    /// agent.
    @Flag(help: "Pass over record batches whose checksum is wrong, instead of stopping; also when reading back.")
    public var skipDamaged = false

    /// All options at their defaults; the parser then sets those that were given.
    public init() {}

    /// Where to begin without a commit.
    public enum Start: String, ExpressibleByArgument, Sendable { case earliest, latest }

    /// How often an alert may be in its topic.
    public enum Guarantee: String, ExpressibleByArgument, Sendable {
        case exactlyOnce = "exactly-once"
        case atLeastOnce = "at-least-once"
    }

    /// How amounts are written.
    public enum AmountForm: String, ExpressibleByArgument, Sendable { case auto, base64, double, string }

    /// Which events of transactions count, by Kafka's names.
    public enum Isolation: String, ExpressibleByArgument, Sendable {
        case committed = "read_committed"
        case uncommitted = "read_uncommitted"
    }

    /// Holds scale, session time-out and history to their bounds; throws a sentence for the command line.
    public func validate() throws {
        if !(0...18).contains(scale) { throw ValidationError("--scale must be 0 to 18, not \(scale).") }
        if sessionTimeout.duration < .seconds(1) { throw ValidationError("--session-timeout must be at least 1s.") }
        // Only how long ago 1970 was depends on the moment: at the start of 2026, which no run is before, it is long enough ago.
        _ = try startTime(now: 1_767_225_600_000)
        if from != nil, fromTime != nil {
            throw ValidationError("--from and --from-time both say where to begin; give one.")
        }
        if let deadLetterTopic, [topic, alertsTopic, changelogTopic].contains(deadLetterTopic) {
            throw ValidationError(
                "--dead-letter-topic must be a topic of its own, not one that the agent reads or writes otherwise.")
        }
        if history < 0 { throw ValidationError("--history must not be below 0.") }
    }

    /// Whether alerts, positions and memory go into one transaction.
    var isExactlyOnce: Bool { alertsTopic != nil && guarantee == .exactlyOnce }

    /// How long there are no commits at most while events come.
    var timeBetweenCommits: Duration {
        commitInterval?.duration ?? (isExactlyOnce ? .milliseconds(100) : .seconds(1))
    }

    /// What `--from-time` says, in milliseconds since 1970; a span is counted back from `now`.
    func startTime(now: Int64) throws -> Int64? {
        guard let fromTime else { return nil }
        guard let moment = Moment(fromTime, now: now) else {
            throw ValidationError(
                "--from-time \(SafeText.line(fromTime)) is no time; write one such as 2026-01-07T22:00:00Z, or a span such as 2h "
                    + "for two hours ago.")
        }
        return moment.milliseconds
    }

    /// Where the consumer begins without a commit.
    var offsetReset: KafkaConsumer.OffsetReset { from == .latest ? .latest : .earliest }

    var isolation: IsolationLevel { isolationLevel == .committed ? .readCommitted : .readUncommitted }

    var amountEncoding: AmountEncoding {
        switch amount {
        case .auto: .automatic(scale: scale)
        case .base64: .base64(scale: scale)
        case .double: .double
        case .string: .string
        }
    }
}

extension TimeUnit: ExpressibleByArgument {}
