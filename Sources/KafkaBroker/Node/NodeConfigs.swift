import KafkaWire

// The settings of what the node has: looked up and changed.

extension BrokerNode {
    /// The settings of `resource` itself, to be changed. Throws where there is no such resource.
    func ownConfigs(of resource: ConfigResource) throws(ConfigRefusal) -> [String: String] {
        switch resource.kind {
        case .topic:
            guard !resource.name.isEmpty else {
                throw ConfigRefusal(.invalidRequest, "Default topic resources are not allowed.")
            }
            guard let topic = topics[resource.name] else {
                throw ConfigRefusal(.unknownTopicOrPartition, "The topic '\(resource.name)' does not exist.")
            }
            return topic.configs
        case .broker:
            guard resource.name.isEmpty || isNode(resource.name) else {
                throw ConfigRefusal(
                    .invalidRequest,
                    "Unexpected broker id, expected \(configuration.nodeId), but received "
                        + resource.name)
            }
        case .brokerLogger:
            throw ConfigRefusal(
                .invalidRequest, "the levels of this broker's loggers are set by the program that it runs in")
        case .clientMetrics, .group:
            guard !resource.name.isEmpty else {
                throw ConfigRefusal(
                    .invalidRequest,
                    "Default \(resource.kind == .group ? "group" : "client metrics") resources are not allowed.")
            }
        }
        return configs[resource]
    }

    /// Gives `resource` these settings, if they are in order; only says so where `validateOnly` is set.
    func replaceConfigs(of resource: ConfigResource, by new: [String: String], validateOnly: Bool)
        throws(ConfigRefusal)
    {
        let old = try ownConfigs(of: resource)
        // What is appended to makes longer values than any request can bring, or answer carry.
        if let long = new.filter({ $0.value.utf8.count > ConfigDefinition.longestValue }).keys.min() {
            throw ConfigRefusal(
                .invalidConfig, "the value of \(long) would have more than \(ConfigDefinition.longestValue) bytes")
        }
        switch resource.kind {
        case .topic:
            if let objection = TopicConfigs.objection(to: new) { throw ConfigRefusal(.invalidConfig, objection) }
        case .broker:
            // KAFKA-13609: a broker's setting that does not fit is an invalid request.
            let changed = new.filter { old[$0.key] != $0.value }
            if let objection = BrokerConfigs.objection(to: changed) { throw ConfigRefusal(.invalidRequest, objection) }
        case .brokerLogger, .clientMetrics, .group:
            for (name, value) in new.sorted(by: { $0.key < $1.key }) {
                guard let definition = resource.kind.table?[name] else {
                    let what = resource.kind == .group ? "group" : "client metrics"
                    let code: ErrorCode = resource.kind == .group ? .invalidConfig : .invalidRequest
                    throw ConfigRefusal(code, "Unknown \(what) config name: \(name)")
                }
                if let objection = definition.objection(to: value) { throw ConfigRefusal(.invalidConfig, objection) }
            }
        }
        let growth = ConfigStore.size(new, resource) - ConfigStore.size(old, resource)
        if resource.kind != .topic, growth > 0, configs.size + growth > ConfigStore.limit {
            throw ConfigRefusal(
                .policyViolation, "this broker keeps at most \(ConfigStore.limit) bytes of changed settings")
        }
        guard !validateOnly else { return }
        storage?.note(ClusterMetadata.changes(of: resource, from: old, to: new))
        if let topic = resource.kind == .topic ? topics[resource.name] : nil {
            topic.configs = new
            topic.settings = configs.settings(ofTopic: new)
        } else {
            configs[resource] = new
            guard resource.kind == .broker else { return }
            connectionBounds = configs.connectionBounds(configuration)
            maintenance.set(producersExpireAfter: configs.producerIdExpiration, now: time.now())
            // Most topics have the same settings of their own, which are none.
            var known: [[String: String]: TopicSettings] = [:]
            for topic in topics.byName.values {
                let settings = known[topic.configs] ?? configs.settings(ofTopic: topic.configs)
                known[topic.configs] = settings
                topic.settings = settings
            }
        }
    }
}
