/// The broker's settings that clients and tools read, as Kafka 4.3 has them. Not all of Kafka's some three hundred:
/// those that a topic's settings fall back to, those that this broker has values for, and those that tools ask for.
///
/// Of those that can be changed while the broker runs, `message.max.bytes`, `log.retention.bytes`,
/// `log.segment.bytes` and `log.message.timestamp.type` take effect, for topics that have no value of their own. The
/// others are checked, kept and described.
enum BrokerConfigs {
    private typealias Definition = ConfigDefinition

    /// What the broker tells of where its records are; there is no such directory, since they are in memory.
    static let logDirectory = "/kafkawire-memory"

    static let table = ConfigTable(topicDefaults + groupDefaults + network + cluster + coordinators + access)

    /// What a setting may hold; one of a listener's own (`listener.name.NAME.max.connections`) what that of all may, where
    /// it can be changed while the broker runs.
    static func definition(of name: String) -> ConfigDefinition? {
        if let definition = table[name] { return definition }
        guard let base = base(of: name), let definition = table[base], definition.isDynamic else { return nil }
        return definition
    }

    /// The setting of all listeners over which one of a listener's own stands; nil of others.
    static func base(of name: String) -> String? {
        let prefix = "listener.name."
        guard name.hasPrefix(prefix), let dot = name.dropFirst(prefix.count).firstIndex(of: ".") else { return nil }
        return String(name[name.index(after: dot)...])
    }

    /// By what a value of that setting is multiplied to be in the unit of the topic's setting that falls back to it.
    static func unit(of name: String) -> Int64 {
        if name.hasSuffix(".hours") { return 3_600_000 }
        return name.hasSuffix(".minutes") ? 60_000 : 1
    }

    /// What topics fall back to. Rules and texts are those of the topic's own settings.
    private static let topicDefaults: [ConfigDefinition] = {
        /// Where the broker's default is null, because a setting in a larger unit has one, or because it is not used.
        let unset: Set<String> = [
            "log.retention.ms", "log.retention.minutes", "log.roll.ms", "log.roll.jitter.ms", "log.flush.interval.ms",
        ]
        let initial = [
            "log.retention.hours": "168", "log.roll.hours": "168", "log.roll.jitter.hours": "0",
            "log.flush.scheduler.interval.ms": "9223372036854775807",
        ]
        /// Read once, when the broker starts.
        let fixed: Set<String> = [
            "log.retention.hours", "log.retention.minutes", "log.roll.hours", "log.roll.jitter.hours",
            "log.flush.scheduler.interval.ms",
        ]
        return TopicConfigs.table.definitions.flatMap { topic in
            topic.serverNames.map { name in
                let kind: ConfigDefinition.Kind = unit(of: name) == 1 ? topic.kind : .int
                return Definition(
                    name, kind, unset.contains(name) ? nil : initial[name] ?? topic.initial, topic.rule,
                    dynamic: !fixed.contains(name),
                    "For topics without \(topic.name) of their own. "
                        + topic.documentation)
            }
        }
    }()

    /// What groups fall back to; read once, when the broker starts.
    private static let groupDefaults = GroupConfigs.table.definitions.flatMap { group in
        group.serverNames.map { name in
            Definition(
                name, group.kind, group.initial, group.rule,
                "For groups without \(group.name) of their own. " + group.documentation)
        }
    }

    private static let network = [
        // Dynamic with ZooKeeper, and with KRaft (since 4.0) no more.
        Definition("advertised.listeners", .list, nil, .any, "Where clients are told to connect to."),
        Definition(
            "connection.failed.authentication.delay.ms", .int, "100", .atLeast(0),
            "After what time a connection is closed whose client could not say who it is."),
        Definition("connections.max.idle.ms", .long, "600000", .any, "After what time an idle connection is closed."),
        Definition("fetch.max.bytes", .int, "57671680", .atLeast(1024), "The largest answer to a fetch."),
        Definition(
            "listener.security.protocol.map", .string,
            "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", dynamic: true,
            "The security protocol of each listener."),
        Definition("listeners", .list, "PLAINTEXT://:9092", dynamic: true, "Where the broker listens."),
        Definition(
            "controller.quota.window.num", .int, "11", .atLeast(1),
            "Over how many samples the quotas of what changes topics are measured."),
        Definition(
            "controller.quota.window.size.seconds", .int, "1", .atLeast(1), "How long such a sample is."),
        Definition(
            "max.connection.creation.rate", .int, "2147483647", .atLeast(0), dynamic: true,
            "How many connections are taken in a second."),
        Definition(
            "max.connections", .int, "2147483647", .atLeast(0), dynamic: true, "How many connections there may be."),
        Definition(
            "max.connections.per.ip", .int, "2147483647", .atLeast(0), dynamic: true,
            "How many connections there may be from one address."),
        Definition(
            "max.connections.per.ip.overrides", .string, "", .any, dynamic: true,
            "The addresses that have another such limit: 127.0.0.1:100,::1:200."),
        Definition(
            "max.incremental.fetch.session.cache.slots", .int, "1000", .atLeast(0), "How many fetch sessions are kept."
        ),
        Definition(
            "num.io.threads", .int, "8", .atLeast(1), dynamic: true, "How many threads handle requests; here one."),
        Definition(
            "num.network.threads", .int, "3", .atLeast(1), dynamic: true,
            "How many threads read and write connections; here one."),
        Definition(
            "quota.window.num", .int, "11", .atLeast(1), "Over how many samples the quotas of clients are measured."),
        Definition("quota.window.size.seconds", .int, "1", .atLeast(1), "How long such a sample is."),
        Definition("queued.max.requests", .int, "500", .atLeast(1), "How many requests may wait."),
        Definition("request.timeout.ms", .int, "30000", .any, "How long the broker waits for other brokers."),
        Definition("sasl.enabled.mechanisms", .list, "GSSAPI", dynamic: true, "The mechanisms of SASL."),
        Definition("security.inter.broker.protocol", .string, "PLAINTEXT", .any, "How brokers talk to each other."),
        Definition("socket.receive.buffer.bytes", .int, "102400", .any, "The size of a socket's receive buffer."),
        Definition("socket.request.max.bytes", .int, "104857600", .atLeast(1), "The largest request, in bytes."),
        Definition("socket.send.buffer.bytes", .int, "102400", .any, "The size of a socket's send buffer."),
        Definition("ssl.keystore.location", .string, nil, dynamic: true, "The file with the broker's key."),
        Definition("ssl.keystore.password", .password, nil, dynamic: true, "The password of the key's file."),
        Definition("ssl.truststore.location", .string, nil, dynamic: true, "The file with trusted certificates."),
        Definition(
            "ssl.truststore.password", .password, nil, dynamic: true, "The password of the certificates' file."),
    ]

    private static let cluster = [
        Definition("authorizer.class.name", .string, "", .any, "Who decides what clients may do; nobody where empty."),
        Definition("auto.create.topics.enable", .boolean, "true", .any, "Whether asking for a topic creates it."),
        Definition("auto.leader.rebalance.enable", .boolean, "true", .any, "Whether leadership is spread by itself."),
        Definition("background.threads", .int, "10", .atLeast(1), dynamic: true, "How many threads do other work."),
        Definition("broker.id", .int, "-1", .any, "The broker's id under its old name."),
        Definition("broker.rack", .string, nil, .any, "Where the broker stands; replicas are spread over racks."),
        Definition("controller.listener.names", .string, nil, .any, "The listeners of the controllers."),
        Definition("default.replication.factor", .int, "1", .any, "The number of replicas where none is asked for."),
        Definition("delete.topic.enable", .boolean, "true", .any, "Whether topics can be deleted."),
        Definition("inter.broker.protocol.version", .string, "4.3-IV0", .any, "The version that brokers speak."),
        Definition("log.cleaner.enable", .boolean, "true", .any, "Whether compacted topics are compacted."),
        Definition("log.cleaner.threads", .int, "1", .atLeast(0), dynamic: true, "How many threads compact."),
        Definition("log.dir", .string, "/tmp/kafka-logs", .any, "Where records are kept, if log.dirs says nothing."),
        Definition("log.dirs", .list, nil, .any, "Where records are kept; here they are in memory."),
        Definition(
            "log.retention.check.interval.ms", .long, "300000", .atLeast(1), "How often old segments are looked for."),
        Definition("metric.reporters", .list, "", dynamic: true, "What takes the broker's metrics."),
        Definition("node.id", .int, nil, .any, "The broker's id."),
        Definition("num.partitions", .int, "1", .atLeast(1), "The number of partitions where none is asked for."),
        Definition(
            "num.recovery.threads.per.data.dir", .int, "2", .atLeast(1), dynamic: true,
            "How many threads read the logs at the start."),
        Definition(
            "num.replica.fetchers", .int, "1", .atLeast(1), dynamic: true, "How many threads copy from leaders."),
        Definition("process.roles", .list, nil, .any, "What the process is: broker, controller, or both."),
        Definition(
            "remote.log.storage.system.enable", .boolean, "false", .any, "Whether there is remote storage (KIP-405)."),
        Definition("replica.fetch.max.bytes", .int, "1048576", .atLeast(0), "How much a follower fetches at once."),
        Definition("replica.lag.time.max.ms", .long, "30000", .any, "How long a follower may lag and be in sync."),
        Definition(
            "replica.selector.class", .string, nil, .any,
            "What sends consumers to the closest replica (KIP-392); where it is not set, they read from leaders."),
    ]

    private static let coordinators = [
        Definition(
            "group.consumer.assignors", .list, "uniform,range", .any,
            "What decides who reads what in consumer groups, the default first."),
        Definition(
            "group.consumer.max.size", .int, "2147483647", .atLeast(1), "How many members a consumer group may have."),
        Definition(
            "group.consumer.migration.policy", .string, "bidirectional",
            .oneOf(["bidirectional", "disabled", "downgrade", "upgrade"]),
            "Which groups with members change their protocol."),
        Definition(
            "group.coordinator.rebalance.protocols", .list, "classic,consumer,streams",
            .listOf(["classic", "consumer", "share", "streams"]), "The kinds of groups; here classic and consumer."),
        Definition(
            "group.initial.rebalance.delay.ms", .int, "3000", .any, "How long a new group waits for further members."),
        Definition("group.max.session.timeout.ms", .int, "1800000", .any, "The longest session that may be asked for."),
        Definition("group.max.size", .int, "2147483647", .atLeast(1), "How many members a group may have."),
        Definition("group.min.session.timeout.ms", .int, "6000", .any, "The shortest session that may be asked for."),
        Definition(
            "offset.metadata.max.bytes", .int, "4096", .any, "How much a consumer may store with a position, in bytes."),
        Definition(
            "offsets.retention.check.interval.ms", .long, "600000", .atLeast(1),
            "How often positions are looked through for what nobody needs."),
        Definition(
            "offsets.retention.minutes", .int, "10080", .atLeast(1),
            "How long positions are kept that no member of a group needs."),
        Definition("offsets.topic.num.partitions", .int, "50", .atLeast(1), "Here there is no such topic."),
        Definition("offsets.topic.replication.factor", .short, "3", .atLeast(1), "Here there is no such topic."),
        Definition(
            "producer.id.expiration.ms", .int, "86400000", .atLeast(1), dynamic: true,
            "How long a producer that is silent is remembered."),
        Definition("transaction.max.timeout.ms", .int, "900000", .atLeast(1), "The longest transaction."),
        Definition("transaction.state.log.min.isr", .int, "2", .atLeast(1), "Here there is no such topic."),
        Definition("transaction.state.log.num.partitions", .int, "50", .atLeast(1), "Here there is no such topic."),
        Definition(
            "transaction.state.log.replication.factor", .short, "3", .atLeast(1), "Here there is no such topic."),
        Definition(
            "transactional.id.expiration.ms", .int, "604800000", .atLeast(1),
            "How long an unused transactional id is remembered."),
    ]

    private static let access = [
        Definition(
            "delegation.token.expiry.check.interval.ms", .long, "3600000", .atLeast(1),
            "How often delegation tokens are looked through for those that are over."),
        Definition(
            "delegation.token.expiry.time.ms", .long, "86400000", .atLeast(1),
            "How long a delegation token is good before it has to be renewed."),
        Definition(
            "delegation.token.max.lifetime.ms", .long, "604800000", .atLeast(1),
            "How long a delegation token lives at most, however often it is renewed."),
        Definition(
            "delegation.token.secret.key", .password, nil, .any,
            "What the codes of delegation tokens are computed with; without it there are none."),
    ]

    /// What Kafka's listeners take part in changing (`ListenerConnectionQuota`).
    private static let bounding: Set<String> = ["max.connections", "max.connection.creation.rate"]

    /// Why the broker cannot be changed to these settings while it runs, or nil. Names that Kafka does not know are
    /// taken, as Kafka takes them for its plug-ins.
    static func objection(to changes: [String: String]) -> String? {
        let fixed = changes.keys.filter { table[$0]?.isDynamic == false }.sorted()
        guard fixed.isEmpty else {
            return "Cannot update these configs dynamically: \(fixed.joined(separator: ", "))"
        }
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            if let objection = definition(of: name)?.objection(to: value, of: name) { return objection }
            // Each listener has what the node has where it has no bound of its own, and while it runs must have one at least.
            if bounding.contains(base(of: name) ?? name), Int(value.trimmed) == 0 {
                return "Invalid value 0 for configuration \(name): Value must be at least 1 while the broker runs"
            }
        }
        return nil
    }
}
