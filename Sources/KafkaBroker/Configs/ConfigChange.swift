import KafkaWire

/// Why settings are not shown or not changed.
struct ConfigRefusal: Error, Equatable {
    var code: ErrorCode
    var message: String?

    init(_ code: ErrorCode, _ message: String?) {
        self.code = code
        self.message = message
    }
}

/// What a request wants done to one setting (IncrementalAlterConfigs' operations).
struct ConfigChange {
    enum Operation: Int8 {
        case set = 0
        case delete = 1
        case append = 2
        case subtract = 3
    }

    var name: String
    var operation: Operation
    var value: String

    /// `configs` after `changes`, of which the lists know their items' order. Throws where an operation does not suit
    /// its setting.
    static func apply(_ changes: [ConfigChange], to configs: [String: String], _ resource: ConfigResource)
        throws(ConfigRefusal) -> [String: String]
    {
        var configs = configs
        for change in changes {
            switch change.operation {
            case .set: configs[change.name] = change.value
            case .delete: configs[change.name] = nil
            case .append, .subtract:
                let definition = resource.kind.table?[change.name]
                guard definition?.kind == .list else {
                    throw ConfigRefusal(
                        .invalidConfig,
                        "Can't \(change.operation == .append ? "APPEND" : "SUBTRACT") to key \(change.name) because its "
                            + "type is not LIST.")
                }
                // Without a value of its own, the list that is changed is the default.
                var items = ConfigDefinition.items(configs[change.name] ?? definition?.initial ?? "")
                let named = ConfigDefinition.items(change.value)
                if change.operation == .subtract {
                    let gone = Set(named)
                    items.removeAll { gone.contains($0) }
                } else {
                    var known = Set(items)
                    items += named.filter { known.insert($0).inserted }
                }
                configs[change.name] = items.joined(separator: ",")
            }
        }
        return configs
    }
}

extension ConfigResource.Kind {
    /// The settings that resources of this kind have; nil where none can be changed.
    var table: ConfigTable? {
        switch self {
        case .topic: TopicConfigs.table
        case .broker: BrokerConfigs.table
        case .brokerLogger: nil
        case .clientMetrics: ClientMetricsConfigs.table
        case .group: GroupConfigs.table
        }
    }
}
