import KafkaWire

/// A setting as DescribeConfigs and CreateTopics tell of it.
struct ConfigDescription {
    var name: String
    /// The value in force; nil where there is none, or where it is a secret.
    var value: String?
    var source: ConfigSynonym.Source
    var isReadOnly = false
    var isSensitive = false
    /// Kafka's number of the type; 0 is unknown.
    var kind: Int8
    /// Where the value may come from, the one in force first.
    var synonyms: [ConfigSynonym] = []
    var documentation: String?
}

extension ConfigStore {
    /// A topic's settings, in the order of their names.
    func describe(topic configs: [String: String]) -> [ConfigDescription] {
        TopicConfigs.table.definitions.compactMap { definition in
            if definition.isInternal, configs[definition.name] == nil { return nil }
            let synonyms = synonyms(definition, ofTopic: configs)
            return ConfigDescription(
                name: definition.name, value: value(definition, ofTopic: configs),
                source: synonyms.first?.source ?? .initial, kind: definition.kind.rawValue, synonyms: synonyms,
                documentation: definition.documentation)
        }
    }

    /// The broker's settings; those that all brokers share where `shared` is set, and then only what was changed.
    func describeBroker(shared: Bool) -> [ConfigDescription] {
        let changed = self[ConfigResource(kind: .broker, name: shared ? "" : "\(nodeId)")]
        let both = Set(changed.keys).union(self[ConfigResource(kind: .broker, name: "")].keys)
        let known =
            statics.keys.filter { BrokerConfigs.definition(of: $0) != nil }
            + BrokerConfigs.table.definitions.map(\.name)
        let names = shared ? changed.keys.sorted() : both.union(known).sorted()
        return names.map { name in
            let definition = BrokerConfigs.definition(of: name)
            // Of a name that nobody knows, nobody knows either whether it is a secret.
            let isSensitive = definition?.isSensitive ?? true
            let found = synonyms([name] + (BrokerConfigs.base(of: name).map { [$0] } ?? [])).filter {
                !shared || $0.source == .dynamicDefaultBroker
            }
            return ConfigDescription(
                name: name, value: isSensitive ? nil : found.first?.value, source: found.first?.source ?? .initial,
                isReadOnly: definition.map { !$0.isDynamic } ?? true, isSensitive: isSensitive,
                kind: definition?.kind.rawValue ?? 0, synonyms: isSensitive ? [] : found,
                documentation: definition?.documentation)
        }
    }

    /// The settings of a group or of a subscription to metrics.
    func describe(_ resource: ConfigResource, _ table: ConfigTable, _ source: ConfigSynonym.Source)
        -> [ConfigDescription]
    {
        let own = self[resource]
        return table.definitions.map { definition in
            let name = definition.name
            let mine = own[name].map { [ConfigSynonym(name: name, value: $0, source: source)] } ?? []
            let found = mine + synonyms(definition.serverNames)
            return ConfigDescription(
                name: name, value: found.first?.value ?? definition.initial, source: found.first?.source ?? .initial,
                kind: definition.kind.rawValue, synonyms: found, documentation: definition.documentation)
        }
    }
}
