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
    let statics: [String: String]
    let nodeId: BrokerID
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
        let retention = number("retention.bytes", -1)
        return TopicSettings(
            maximumMessageBytes: number("max.message.bytes", 1_048_588),
            retentionBytes: retention < 0 ? nil : retention, segmentBytes: number("segment.bytes", 1 << 30),
            stampsArrival: text("message.timestamp.type") == "LogAppendTime",
            allowsDeletion: ConfigDefinition.items(text("cleanup.policy") ?? "delete").contains("delete"))
    }
}

/// What a topic's settings come to, as far as they take effect.
struct TopicSettings: Equatable {
    /// `max.message.bytes`.
    var maximumMessageBytes: Int
    /// `retention.bytes`; nil is without limit.
    var retentionBytes: Int?
    /// `segment.bytes`.
    var segmentBytes: Int
    /// Whether `message.timestamp.type` is LogAppendTime.
    var stampsArrival: Bool
    /// Whether `cleanup.policy` contains delete.
    var allowsDeletion: Bool

    /// How large a segment in memory becomes. Retention removes whole segments: an eighth of what is kept, so that
    /// little more than that is held.
    var segmentSize: Int { min(4 << 20, segmentBytes, max(16 << 10, (retentionBytes ?? .max) / 8)) }
}

extension KafkaBroker.Configuration {
    /// What this configuration says under Kafka's names, as far as it is not Kafka's default.
    func settings(host: String, port: UInt16) -> [String: String] {
        var settings: [String: String] = [:]
        func put(_ name: String, _ value: some CustomStringConvertible) {
            let text = "\(value)"
            if BrokerConfigs.table[name]?.initial != text { settings[name] = text }
        }
        func address(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
        put("node.id", nodeId)
        put("broker.id", nodeId)
        put("process.roles", "broker,controller")
        put("log.dirs", BrokerConfigs.logDirectory)
        put("listeners", "PLAINTEXT://\(address(self.host)):\(self.port == 0 ? port : self.port)")
        put("advertised.listeners", "PLAINTEXT://\(address(host)):\(port)")
        put("auto.create.topics.enable", autoCreateTopics)
        put("num.partitions", defaultPartitions)
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
        put("offsets.retention.minutes", max(1, offsetsRetention.components.seconds / 60))
        return settings
    }
}
