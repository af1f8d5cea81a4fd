import KafkaWire

/// What has settings: a kind and a name.
struct ConfigResource: Hashable {
    /// Kafka's kinds (`ConfigResource.Type`).
    enum Kind: Int8 {
        case topic = 2
        case broker = 4
        case brokerLogger = 8
        case clientMetrics = 16
        case group = 32
    }

    var kind: Kind
    /// The name; a broker's is its id, or empty for what all brokers of the cluster share.
    var name: String
}

/// A value, and where it comes from.
struct ConfigSynonym: Equatable {
    /// Kafka's sources, with DescribeConfigs' numbers (`DescribeConfigsResponse.ConfigSource`).
    enum Source: Int8 {
        case topic = 1
        case dynamicBroker = 2
        case dynamicDefaultBroker = 3
        case staticBroker = 4
        case initial = 5
        case brokerLogger = 6
        case clientMetrics = 7
        case group = 8
    }

    var name: String
    /// The value as it was written, in its own setting's unit.
    var value: String
    var source: Source
}

/// The settings that were changed while the broker runs, except those of topics, which topics have themselves; and what
/// the broker was started with.
struct ConfigStore {
    /// How many bytes of names and values are kept at most; Kafka has no such limit, but keeps them on a disk.
    static let limit = 16 << 20

    /// What the broker was started with.
    var statics: [String: String]
    /// The node whose own settings are meant.
    var nodeId: BrokerID
    private var values: [ConfigResource: [String: String]] = [:]
    /// How many bytes of names and values are kept.
    private(set) var size = 0

    init(statics: [String: String], nodeId: BrokerID) {
        self.statics = statics
        self.nodeId = nodeId
    }

    /// What was set for `resource`.
    subscript(resource: ConfigResource) -> [String: String] {
        get { values[resource] ?? [:] }
        set {
            size += Self.size(newValue, resource) - Self.size(self[resource], resource)
            values[resource] = newValue.isEmpty ? nil : newValue
        }
    }

    /// How many bytes these settings of `resource` take.
    static func size(_ configs: [String: String], _ resource: ConfigResource) -> Int {
        configs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + resource.name.utf8.count }
    }

    /// The names of the resources of that kind for which something was set, in their order.
    func names(_ kind: ConfigResource.Kind) -> [String] {
        values.keys.filter { $0.kind == kind }.map(\.name).sorted()
    }

    /// The values that the broker has for a setting known under `names`, the one in force first.
    func synonyms(_ names: [String]) -> [ConfigSynonym] {
        let own = self[ConfigResource(kind: .broker, name: "\(nodeId)")]
        let shared = self[ConfigResource(kind: .broker, name: "")]
        return names.flatMap { name in
            [
                (own[name], ConfigSynonym.Source.dynamicBroker), (shared[name], .dynamicDefaultBroker),
                (statics[name], .staticBroker), (BrokerConfigs.table[name]?.initial, .initial),
            ].compactMap { value, source in value.map { ConfigSynonym(name: name, value: $0, source: source) } }
        }
    }

    /// After how long partitions forget producers.
    var producerIdExpiration: Duration {
        let text = synonyms(["producer.id.expiration.ms"]).first?.value.trimmed
        return .milliseconds(text.flatMap { Int64($0) } ?? 86_400_000)
    }

    /// A topic's value and where it may come from: its own first, then the broker's.
    func synonyms(_ definition: ConfigDefinition, ofTopic configs: [String: String]) -> [ConfigSynonym] {
        let own = configs[definition.name].map {
            ConfigSynonym(name: definition.name, value: $0, source: .topic)
        }
        return (own.map { [$0] } ?? []) + synonyms(definition.serverNames)
    }

    /// The value in force for a topic, in the unit of the topic's setting.
    func value(_ definition: ConfigDefinition, ofTopic configs: [String: String]) -> String? {
        guard let first = synonyms(definition, ofTopic: configs).first else { return definition.initial }
        let unit = BrokerConfigs.unit(of: first.name)
        guard unit > 1, let number = Int64(first.value.trimmed) else { return first.value }
        return number < 0 ? "\(number)" : "\(number.multipliedReportingOverflow(by: unit).partialValue)"
    }

    /// What takes effect in a topic with these settings.
    func settings(ofTopic configs: [String: String]) -> TopicSettings {
        func text(_ name: String) -> String? {
            TopicConfigs.table[name].flatMap { value($0, ofTopic: configs)?.trimmed }
        }
        func number(_ name: String, _ otherwise: Int) -> Int { text(name).flatMap { Int($0) } ?? otherwise }
        let policy = ConfigDefinition.items(text("cleanup.policy") ?? "delete")
        func retention(_ name: String, _ otherwise: Int) -> Int? {
            let value = number(name, otherwise)
            return value < 0 || !policy.contains("delete") ? nil : value
        }
        /// Kafka's default, which for lz4 is a number, means the codec's own.
        func level(_ codec: Compression) -> Int? {
            let name = "compression.\(codec.name).level"
            return text(name).flatMap { $0 == TopicConfigs.table[name]?.initial ? nil : Int($0) }
        }
        let type = text("compression.type") ?? "producer"
        let codec = type == "uncompressed" ? Compression.none : Compression.allCases.first { $0.name == type }
        return TopicSettings(
            maximumMessageBytes: number("max.message.bytes", 1_048_588),
            retentionBytes: retention("retention.bytes", -1),
            retentionMilliseconds: retention("retention.ms", 604_800_000).map(Int64.init),
            segmentBytes: number("segment.bytes", 1 << 30),
            segmentMilliseconds: Int64(number("segment.ms", 604_800_000)),
            stampsArrival: text("message.timestamp.type") == "LogAppendTime",
            allowsDeletion: policy.contains("delete"),
            compaction: policy.contains("compact")
                ? CompactionRules(
                    dirtyRatio: text("min.cleanable.dirty.ratio").flatMap { Double($0) } ?? 0.5,
                    minimumLag: Int64(number("min.compaction.lag.ms", 0)),
                    maximumLag: Int64(number("max.compaction.lag.ms", .max)),
                    deleteRetention: Int64(number("delete.retention.ms", 86_400_000))) : nil,
            earliest: Int64(number("message.timestamp.before.max.ms", .max)),
            latest: Int64(number("message.timestamp.after.max.ms", 3_600_000)),
            codec: codec, codecLevel: codec.flatMap { level($0) })
    }
}

extension BrokerConfiguration {
    /// What clients are told of where the data are.
    var logDirectory: String { dataDirectory ?? BrokerConfigs.logDirectory }

    /// The replicas of a partition for which nobody asked for a number.
    var replicationFactor: Int { min(max(1, defaultReplicationFactor ?? 3), brokers) }

    /// What this configuration says of a node under Kafka's names, as far as it is not Kafka's default.
    func settings(
        host: String, port: UInt16, rack: String?, further: [(host: String, port: UInt16)] = []
    ) -> [String: String] {
        var settings = properties
        func put(_ name: String, _ value: some CustomStringConvertible) {
            let text = "\(value)"
            if settings[name] != nil || BrokerConfigs.table[name]?.initial != text { settings[name] = text }
        }
        func address(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
        put("node.id", nodeId)
        put("broker.id", nodeId)
        put("process.roles", "broker,controller")
        put("log.dirs", logDirectory)
        let told = [(host: host, port: port)] + further
        let own = zip(addresses, told).map { ($0.host, $0.port == 0 ? $1.port : $0.port) }
        func list(_ addresses: [(String, UInt16)]) -> String {
            zip(listenerNames, addresses).map { "\($0)://\(address($1.0)):\($1.1)" }.joined(separator: ",")
        }
        put("listeners", list(own))
        put("advertised.listeners", list(told))
        put("auto.create.topics.enable", autoCreateTopics)
        if authorization != .off { put("authorizer.class.name", Authorization.className) }
        put("num.partitions", defaultPartitions)
        put("default.replication.factor", replicationFactor)
        put("message.max.bytes", maximumMessageBytes)
        put("socket.request.max.bytes", maximumRequestBytes)
        if let retentionBytes { put("log.retention.bytes", retentionBytes) }
        put("group.initial.rebalance.delay.ms", Milliseconds(initialRebalanceDelay))
        put("group.min.session.timeout.ms", Milliseconds(sessionTimeouts.lowerBound))
        put("group.max.session.timeout.ms", Milliseconds(sessionTimeouts.upperBound))
        put("group.max.size", maximumGroupSize)
        put("group.consumer.max.size", maximumGroupSize)
        put("group.consumer.heartbeat.interval.ms", Milliseconds(consumerHeartbeatInterval))
        put("group.consumer.session.timeout.ms", Milliseconds(consumerSessionTimeout))
        put("group.consumer.assignment.interval.ms", Milliseconds(consumerAssignmentInterval))
        put("max.incremental.fetch.session.cache.slots", fetchSessionLimit)
        put("transaction.max.timeout.ms", Milliseconds(maximumTransactionTimeout))
        put("transactional.id.expiration.ms", Milliseconds(transactionalIdExpiration))
        put("producer.id.expiration.ms", Milliseconds(producerIdExpiration))
        let bounds = connectionBounds
        put("max.connections", bounds.maximum ?? Int(Int32.max))
        put("max.connections.per.ip", bounds.maximumPerAddress ?? Int(Int32.max))
        put("max.connections.per.ip.overrides", bounds.overridesText)
        put("max.connection.creation.rate", bounds.creationRate ?? Int(Int32.max))
        for (name, own) in bounds.listeners.inOrder {
            let prefix = "listener.name.\(name.lowercased())."
            settings[prefix + "max.connections"] = own.maximum.map { "\($0)" }
            settings[prefix + "max.connection.creation.rate"] = own.creationRate.map { "\($0)" }
        }
        put("connections.max.idle.ms", bounds.idle.map { Milliseconds($0).rawValue } ?? -1)
        put("connection.failed.authentication.delay.ms", Milliseconds(bounds.failedAuthenticationDelay))
        for (prefix, window) in [("", quotaWindow), ("controller.", controllerQuotaWindow)] {
            put(prefix + "quota.window.num", window.bounded.samples)
            put(prefix + "quota.window.size.seconds", max(1, window.bounded.lengthMs / 1000))
        }
        if let delegationTokens {
            // Nobody is told passwords; this says that there is one.
            settings["delegation.token.secret.key"] = "\(delegationTokens.secretKey)"
            put("delegation.token.max.lifetime.ms", LongMilliseconds(delegationTokens.maximumLifetime))
            put("delegation.token.expiry.time.ms", LongMilliseconds(delegationTokens.expiryTime))
            put("delegation.token.expiry.check.interval.ms", LongMilliseconds(delegationTokens.expiryCheckInterval))
        }
        settings["broker.rack"] = rack
        settings["replica.selector.class"] = replicaSelector.className
        put("offsets.retention.minutes", max(1, offsetsRetention.components.seconds / 60))
        return settings
    }
}
